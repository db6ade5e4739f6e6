# SPDX-License-Identifier: Apache-2.0
"""Case 28: C switches the stack and calls Python on the other one. What is below
the switch cannot be reached by unwinding; what is above it is right."""
from nastylib import FUNCTION, LIBRARY

CHAINS = ["turn switch on_other end_other", "^on_other end_other"]


def end_other():
    x = 0
    for i in range(300):
        x += i
    return 0


def on_other(_):
    return end_other()


OTHER = FUNCTION(on_other)


def switch():
    return LIBRARY.nasty_switched(OTHER, 1)


if switch() < 0:
    SKIP = "the C library cannot switch stacks"


def turn():
    for _ in range(10):
        switch()
