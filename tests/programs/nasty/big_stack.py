# SPDX-License-Identifier: Apache-2.0
"""Cases 14 and 15: more C stack than the kernel copies, between two activations of
Python: one frame of 200 KiB, and a recursion of C over 100 KiB."""
from nastylib import FUNCTION, LIBRARY

CHAINS = ["turn wide in_wide end_wide", "turn tall in_tall end_tall",
          "turn both in_both in_wide end_wide"]


def end_wide():
    x = 0
    for i in range(300):
        x += i
    return 0


def end_tall():
    x = 0
    for i in range(300):
        x -= i
    return 0


def in_wide(_):
    return end_wide()


def in_tall(_):
    return end_tall()


def in_both(_):
    return LIBRARY.nasty_alloca(WIDE, 1, 200 << 10)


WIDE, TALL, BOTH = FUNCTION(in_wide), FUNCTION(in_tall), FUNCTION(in_both)


def wide():
    LIBRARY.nasty_alloca(WIDE, 1, 200 << 10)


def tall():
    LIBRARY.nasty_recurse(TALL, 1, 100)


def both():
    LIBRARY.nasty_recurse(BOTH, 1, 100)


def turn():
    for _ in range(5):
        wide()
        tall()
        both()
