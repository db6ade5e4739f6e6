# SPDX-License-Identifier: Apache-2.0
"""Case 26: another interpreter on the same thread, below this one's frames; it
calls its own functions only, and imports its own library."""
try:
    import _interpreters as api
except ImportError:
    import _xxsubinterpreters as api

CHAINS = ["turn enter ~ <module> sub_outer sub_inner sub_end",
          "turn enter ~ <module> sub_nests ~ <module> sub_outer sub_inner"
          " sub_end"]
TEXT = """
def sub_end():
    x = 0
    for i in range(200):
        x += i
def sub_inner():
    sub_end()
def sub_outer():
    for i in range(20):
        sub_inner()
sub_outer()
"""
# In it, it runs the other one.
NESTED = """
try:
    import _interpreters as api
except ImportError:
    import _xxsubinterpreters as api
def sub_nests():
    (getattr(api, "exec", None) or api.run_string)(%d, %r)
sub_nests()
"""
IDS = []


def enter(number, text=TEXT):
    run(number, text)


def begin():
    IDS.extend(api.create() for _ in range(2))


def finish():
    for number in IDS:
        api.destroy(number)
    del IDS[:]


run = getattr(api, "exec", None) or api.run_string


def turn():
    for number in IDS:
        enter(number)
    enter(IDS[0], NESTED % (int(IDS[1]), TEXT))
