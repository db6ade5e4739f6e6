# SPDX-License-Identifier: Apache-2.0
"""Case 19: raise and catch, finally, __exit__, errors while unwinding, too deep
recursion, StopIteration through C, an interrupt by signal."""
import signal
import sys

CHAINS = ["turn raising middle thrower thrown", "turn finals end_finally",
          "turn finals middle thrower thrown",
          "turn managed __exit__ end_exit", "turn managed __enter__",
          "turn managed middle thrower thrown",
          "turn too_deep endless+", "turn chained second_error",
          "turn chained middle thrower thrown",
          "turn by_signal interrupted"]


def thrown():
    x = 0
    for i in range(20):
        x += i
    raise ValueError(x)


def thrower():
    thrown()


def middle():
    thrower()


def raising():
    try:
        middle()
    except ValueError:
        pass


def end_finally():
    x = 0
    for i in range(20):
        x += i


def finals():
    try:
        try:
            middle()
        finally:
            end_finally()
    except ValueError:
        pass


def end_exit():
    x = 0
    for i in range(20):
        x += i
    return True


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return end_exit()


def managed():
    with Manager():
        middle()


def endless():
    endless()


def too_deep():
    try:
        endless()
    except RecursionError:
        pass


def second_error():
    x = 0
    for i in range(20):
        x += i
    return {}["absent"]


def chained():
    try:
        try:
            middle()
        except ValueError:
            second_error()
    except KeyError:
        pass


def interrupted(*_):
    raise KeyboardInterrupt


def by_signal():
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0001)
        x = 0
        for i in range(100000):
            x += i
    except KeyboardInterrupt:
        pass


def begin():
    signal.signal(signal.SIGALRM, interrupted)


def finish():
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)


def turn():
    for _ in range(20):
        raising()
        finals()
        managed()
        chained()
    too_deep()
    by_signal()
    sys.exc_info()
