# SPDX-License-Identifier: Apache-2.0
"""Case 3: map and filter, consumed by list(), and one feeding the other."""
CHAINS = ["turn double", "turn odd", "turn triple"]
NUMBERS = list(range(30))


def double(x):
    for i in range(20):
        x += i
    return 2 * x


def triple(x):
    for i in range(20):
        x -= i
    return 3 * x


def odd(x):
    for i in range(20):
        x += i & 1
    return x & 1


def turn():
    list(map(double, NUMBERS))
    list(filter(odd, map(triple, NUMBERS)))
