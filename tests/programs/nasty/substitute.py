# SPDX-License-Identifier: Apache-2.0
"""Case 8: re.sub with a function, which calls re.sub with another."""
import re

CHAINS = ["turn ~ outer_sub ~ inner_sub letter"]
OUTER = re.compile("a")
INNER = re.compile("b")


def letter():
    x = 0
    for i in range(60):
        x += i
    return "c"


def inner_sub(_):
    return letter()


def outer_sub(_):
    return INNER.sub(inner_sub, "xbxb")


def turn():
    OUTER.sub(outer_sub, "xaxaxa")
