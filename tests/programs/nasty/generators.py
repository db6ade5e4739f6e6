# SPDX-License-Identifier: Apache-2.0
"""Case 16: fifty generators on one stack, by yield from, resumed by next(),
by a loop, by send(), by throw()."""
import sys

LEVELS = 50
NAMES = ["level_%d" % i for i in range(LEVELS + 1)]
CHAINS = ["turn %s %s innermost" % (how, " ".join(NAMES))
          for how in ("by_next", "by_loop", "by_send", "by_throw")]
LEVEL = """
def level_{0}():
    yield from level_{1}()
"""


def innermost():
    x = 0
    for i in range(80):
        x += i
    return x


def level_50():
    for _ in range(6):
        try:
            yield innermost()
        except ValueError:
            pass


# One that is dropped is closed from the innermost generator outwards, each by C;
# by then its owner may have been left.
CHAINS += ["turn %s? %s" % (how, name) for name in NAMES
           for how in ("by_next", "by_send", "by_throw")]
if sys.version_info < (3, 10):
    # throw() goes inwards in C: the interpreter itself sees the innermost only.
    CHAINS += ["turn by_throw level_50 innermost"]
for number in range(LEVELS):
    exec(compile(LEVEL.format(number, number + 1), "<nasty generators>",
                 "exec"))


def by_next():
    made = level_0()
    for _ in range(6):
        next(made)


def by_loop():
    for _ in level_0():
        pass


def by_send():
    made = level_0()
    next(made)
    for i in range(5):
        made.send(i)


def by_throw():
    made = level_0()
    next(made)
    for i in range(5):
        made.throw(ValueError(i))


def turn():
    by_next()
    by_loop()
    by_send()
    by_throw()
