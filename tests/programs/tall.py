# SPDX-License-Identifier: Apache-2.0
"""A tall stack that stays: usage: tall.py SECONDS. Some 60 Python frames, half
of them called from C, with some 300 native frames in between."""
import functools
import itertools
import sys
import time

FROM_C = 33
PLAIN = 24


def spin(seconds):
    end = time.monotonic() + seconds
    turns = 0
    while time.monotonic() < end:
        turns += 1
    return turns


def plain(depth, seconds):
    return plain(depth - 1, seconds) if depth else spin(seconds)


def through_c(depth, seconds):
    if not depth:
        return plain(PLAIN, seconds)
    inner = functools.partial(through_c, depth - 1)
    turns = filter(None, map(inner, [seconds]))
    return sorted(itertools.chain(zip(turns)))[0][0]


if __name__ == "__main__":
    through_c(FROM_C, float(sys.argv[1]))
