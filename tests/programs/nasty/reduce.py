# SPDX-License-Identifier: Apache-2.0
"""Case 1: functools.reduce, one level of C between two of Python."""
import functools

CHAINS = ["turn add_a tail_a", "turn add_b tail_b"]
NUMBERS = list(range(20))


def tail_a(x):
    for i in range(30):
        x += i * i
    return x


def tail_b(x):
    for i in range(30):
        x -= i * i
    return x


def add_a(x, y):
    return tail_a(x) + y


def add_b(x, y):
    return tail_b(x) - y


def turn():
    functools.reduce(add_a, NUMBERS)
    functools.reduce(add_b, NUMBERS)
