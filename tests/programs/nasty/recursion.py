# SPDX-License-Identifier: Apache-2.0
"""Case 12: recursion over many chunks of the data stack, and leaves that push and
pop a chunk with each call, wherever its seam may lie."""
import sys

CHAINS = ["turn down+ leaf"]
DEPTH = 900


def leaf(x):
    a, b, c, d, e, f, g, h = range(8)
    return x + a + b + c + d + e + f + g + h


def down(left):
    if left:
        return down(left - 1)
    x = 0
    for _ in range(30):
        x += leaf(1)
    return x


def begin():
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 1500))


def turn():
    for depth in (DEPTH, 23, 170, 171, 172, 173, 174, 175, 340, 512):
        try:
            down(depth)
        except RecursionError:
            pass  # trampolines take C stack, which is counted
