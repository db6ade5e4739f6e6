# SPDX-License-Identifier: Apache-2.0
"""Case 20: signal handlers in Python inside of Python and inside of C; one with a
stack of its own is installed by faulthandler."""
import faulthandler
import signal

CHAINS = ["turn counting", "turn in_c keyed", "* handled tail_handled"]
NUMBERS = list(range(2000))
EACH_S = 0.0003


def tail_handled():
    x = 0
    for i in range(100):
        x += i


def handled(*_):
    tail_handled()
    # The next, which may come before this one has returned.
    signal.setitimer(signal.ITIMER_REAL, EACH_S)


def counting():
    x = 0
    for i in range(3000):
        x += i


def keyed(x):
    return -x


def in_c():
    sorted(NUMBERS, key=keyed)


def begin():
    faulthandler.enable(open("/dev/null", "w"))
    signal.signal(signal.SIGALRM, handled)
    signal.setitimer(signal.ITIMER_REAL, EACH_S)


def finish():
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.disable()


def turn():
    counting()
    in_c()
