# SPDX-License-Identifier: Apache-2.0
"""Works at a steady pace below a stack of 8 Python and about 20 native frames
and counts its turns where another process can read them.

usage: steady.py COUNTER_FILE [PROCESSES]
COUNTER_FILE: one native 64-bit word for each process
"""
import functools
import mmap
import os
import re
import struct
import sys

PATTERN = re.compile("a")
WORD = struct.Struct("=Q")


def leaf(counter, at):
    turns = 0
    while True:
        x = 0
        for i in range(100):
            x += i * i
        turns += 1
        WORD.pack_into(counter, at, turns)


def fourth(counter, at):
    leaf(counter, at)


def third(counter, at):
    sorted((1,), key=lambda _: fourth(counter, at))


def second(counter, at):
    PATTERN.sub(lambda _: third(counter, at), "a")


def first(counter, at):
    functools.reduce(lambda a, b: second(counter, at), (1, 2))


def main(path, processes):
    with open(path, "w+b") as backing:
        backing.truncate(8 * processes)
        counter = mmap.mmap(backing.fileno(), 8 * processes)
    at = 0
    for number in range(1, processes):
        if not os.fork():
            at = 8 * number
            break
    first(counter, at)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
