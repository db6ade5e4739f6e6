# SPDX-License-Identifier: Apache-2.0
"""Case 36: threads that Python did not start enter it, by PyGILState_Ensure with a
fresh thread state each time; no activation of Python is below."""
from nastylib import FUNCTION, LIBRARY

CHAINS = ["turn outside", "^visitor visit_end"]


def visit_end():
    x = 0
    for i in range(300):
        x += i
    return 0


def visitor(_):
    return visit_end()


VISITOR = FUNCTION(visitor)


def outside():
    LIBRARY.nasty_thread(VISITOR, 1, 30)


def turn():
    outside()
