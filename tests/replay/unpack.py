# SPDX-License-Identifier: Apache-2.0
"""What else the recorded samples are of: functions that unpack an iterable into
variables, for which 3.6 to 3.9 need the register that has the frame.

usage: unpack.py [SECONDS]
"""
import sys
import time


def leaf():
    a, b, c, d, e, f, g, h = range(8)
    return a + b + c + d + e + f + g + h


def middle():
    return sum(leaf() for _ in range(50))


def work():
    return middle()


def main(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        work()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
