# SPDX-License-Identifier: Apache-2.0
"""A short life, for processes.py."""
import atexit


def exit_end():
    x = 0
    for i in range(20000):
        x += i


def at_exit():
    exit_end()


def late_end():
    x = 0
    for _ in (None,) * 20000:
        x += 1


class Late:
    def __init__(self):
        self.late_end = late_end

    def __del__(self):
        self.late_end()


def end_spawned():
    x = 0
    for i in range(20000):
        x += i


def inner_spawned():
    end_spawned()


def spawned():
    inner_spawned()


atexit.register(at_exit)
LATE = Late()
spawned()
