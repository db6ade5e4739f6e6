# SPDX-License-Identifier: Apache-2.0
"""A stack of so many Python frames that calls and returns at its top.

usage: FILE FRAMES SECONDS [idle]
"""
import sys
import time

IDLE = sys.argv[3:] == ["idle"]


def top(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def spin(seconds):
    end = time.time() + seconds
    while time.time() < end:
        top(20000 if IDLE else 100)
        if IDLE:
            time.sleep(0.004)


def deep(frames, seconds):
    if frames:
        deep(frames - 1, seconds)
    else:
        spin(seconds)


if __name__ == "__main__":
    sys.setrecursionlimit(20000)
    # Not of it: <module>, spin, top, and this function at 0.
    deep(max(0, int(sys.argv[1]) - 4), float(sys.argv[2]))
