# SPDX-License-Identifier: Apache-2.0
"""Case 2: sorted(key=), list.sort with __lt__, and one inside the other."""
CHAINS = ["turn key_plain", "turn __lt__ compare",
          "turn key_nested __lt__ compare"]
NUMBERS = list(range(24, 0, -1))


def compare(a, b):
    for i in range(10):
        a = a + i - i
    return a < b


class Ordered:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        return compare(self.value, other.value)


ORDERED = [Ordered(number) for number in NUMBERS]


def key_plain(number):
    x = number
    for i in range(20):
        x += i
    return -number


def key_nested(number):
    list(ORDERED).sort()
    return number


def turn():
    sorted(NUMBERS, key=key_plain)
    list(ORDERED).sort()
    sorted(NUMBERS[:3], key=key_nested)
