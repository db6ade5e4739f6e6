# SPDX-License-Identifier: Apache-2.0
"""What else the recorded samples are of: stacks that C goes inwards by. throw()
passes generators that wait for each other, and code that a JIT compiled calls C
functions of several arguments, which call back.

usage: inward.py [SECONDS]
"""
import itertools
import re
import sys
import time

LETTERS = re.compile("[a-z]")
TURNS = itertools.count()
WARM = 100000  # turns, after which by_sub() has been compiled


def burn(rounds=100):
    total = 0
    for step in range(rounds):
        total += step * step
    return total


def caught():
    while True:
        try:
            yield
        except ValueError:
            burn(2000)


def passed():
    yield from caught()


def entered():
    yield from passed()


def by_throw():
    generator = entered()
    next(generator)
    for _ in range(4):
        generator.throw(ValueError())


def when_warm():
    burn(200)


def letter(match):
    if next(TURNS) > WARM:
        when_warm()
    return match.group().upper()


def by_sub():
    for _ in range(100):
        LETTERS.sub(letter, "some words", 0)


def work(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        by_throw()
        by_sub()


if __name__ == "__main__":
    work(float(sys.argv[1]) if len(sys.argv) > 1 else 1)
