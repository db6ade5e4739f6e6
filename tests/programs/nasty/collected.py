# SPDX-License-Identifier: Apache-2.0
"""Case 17: garbage: __del__ of cycles, close() of a generator that ends half
way, weakref and gc callbacks, all inside of whatever allocates."""
import gc
import weakref

CHAINS = ["turn fill __init__ half", "* __del__ buried", "* half ended",
          "* gone reported", "* watch watched"]


def buried():
    x = 0
    for i in range(40):
        x += i


def ended():
    x = 0
    for i in range(40):
        x += i


def reported():
    x = 0
    for i in range(40):
        x += i


def watched():
    x = 0
    for i in range(40):
        x += i


def half():
    try:
        yield 1
        yield 2
    finally:
        ended()


def gone(_):
    reported()


class Cycle:
    def __init__(self):
        self.me = self
        self.half = half()
        next(self.half)

    def __del__(self):
        buried()


class Plain:
    pass


def watch(phase, info):
    watched()


def begin():
    gc.set_threshold(60, 5, 5)
    gc.callbacks.append(watch)


def finish():
    gc.callbacks.remove(watch)
    gc.set_threshold(700, 10, 10)


def fill():
    for _ in range(40):
        Cycle()
        plain = Plain()
        plain.me = plain
        WATCHED[:] = WATCHED[-20:] + [weakref.ref(plain, gone)]


WATCHED = []


def turn():
    fill()
