# SPDX-License-Identifier: Apache-2.0
"""Case 38: threads that wait: for the interpreter's lock, asleep, for a file, a lock,
a page; and for a child, in state D."""
import _thread
import select
import sys
import time

from nastylib import LIBRARY

CHAINS = ["turn by_sleep", "turn by_poll", "turn by_lock", "turn by_fault",
          "turn by_child", "turn contended contended_end",
          "^hungry hungry_end"]
WAIT_S = 0.002
WAIT_US = 2000
LOCKED = _thread.allocate_lock()
LOCKED.acquire()
ENDED = _thread.allocate_lock()
CONTENDS = [False]
NO_GIL = not getattr(sys, "_is_gil_enabled", lambda: True)()
# Without the right to userfaultfd no page can be waited for.
FAULTS = LIBRARY.nasty_fault(WAIT_US) == 0
SEEN = {"off-cpu": ["by_sleep", "by_poll", "by_lock", "by_child"] +
        ["by_fault"] * FAULTS + ["contended"] * (not NO_GIL)}


def by_sleep():
    time.sleep(WAIT_S)


def by_poll():
    select.poll().poll(WAIT_S * 1000)


def by_lock():
    LOCKED.acquire(True, WAIT_S)


def by_fault():
    LIBRARY.nasty_fault(WAIT_US)


def by_child():
    LIBRARY.nasty_child(WAIT_US)


def hungry_end():
    x = 0
    for i in range(1000):
        x += i


def hungry():
    while CONTENDS[0]:
        hungry_end()
    ENDED.release()


def contended_end():
    x = 0
    for i in range(1000):
        x -= i


def contended():
    ENDED.acquire()
    CONTENDS[0] = True
    _thread.start_new_thread(hungry, ())
    for _ in range(60):
        contended_end()
    CONTENDS[0] = False
    ENDED.acquire()
    ENDED.release()


def begin():
    sys.setswitchinterval(0.0005)


def finish():
    sys.setswitchinterval(0.005)


def turn():
    by_sleep()
    by_poll()
    by_lock()
    by_fault()
    by_child()
    contended()
