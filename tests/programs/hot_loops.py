# SPDX-License-Identifier: Apache-2.0
"""Hot loops, which a JIT compiles soon. Each function has one legal caller; see
CALLERS, which the truth test reads too.

usage: hot_loops.py SECONDS
"""
import sys
import time

CALLERS = {"work": "<module>", "nest": "work", "leaf": "nest",
           "objects": "work", "Point.__init__": "objects",
           "Point.spread": "objects", "use": "work", "numbers": "use",
           "order": "work", "order.<locals>.<lambda>": "order",
           "fold": "work", "Sum.__init__": "fold", "Sum.__add__": "fold"}


def leaf(count):
    total = 0
    for number in range(count):
        total += number * number % 7
    return total


def nest(count):
    total = 0
    for number in range(20):
        total += leaf(count + number)
    return total


class Point:
    def __init__(self, x):
        self.x = x

    def spread(self, count):
        return [self.x + number for number in range(count)]


def objects(count):
    total = 0
    for number in range(count):
        total += len(Point(number).spread(5))
    return total


def numbers(count):
    for number in range(count):
        yield number * 2


def use(count):
    total = 0
    for number in numbers(count):
        total += number
    return total


def order(count):
    return sorted(range(count), key=lambda number: -number)[0]


class Sum:
    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        self.value += other
        return self


def fold(count):
    total = Sum(0)
    for number in range(count):
        total = total + number
    return total


def work(end):
    while time.monotonic() < end:
        nest(200)
        objects(300)
        use(500)
        order(200)
        fold(300)


if __name__ == "__main__":
    work(time.monotonic() + float(sys.argv[1]))
