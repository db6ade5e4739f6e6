# SPDX-License-Identifier: Apache-2.0
"""Case 35: PEP 523, frames that somebody else's function has evaluated: at once;
with calls of Python before, when the frame is not on the stack yet, and after, when
it is no more; below a C frame of 100 KiB."""
import ctypes

from nastylib import FUNCTION, LIBRARY

CHAINS = ["turn plainly plain_inner plain_gen plain_end",
          "turn plainly plain_inner __lt__ plain_end",
          "turn widely wide_inner wide_end",
          "turn calling call_inner call_gen call_end"]
# Before and after each frame, on top of the one that called.
CHAINS += ["turn %s hooked hook_end" % below for below in (
    "", "calling", "calling call_inner", "calling call_inner call_gen")]
PLAIN, CALLS, WIDE = range(3)
SLOTS = 1000  # of a PyInterpreterState; its member is in the first half


def plain_end():
    x = 0
    for i in range(100):
        x += i
    return x


class Plain:
    def __lt__(self, other):
        return plain_end() < 0


TWO = [Plain(), Plain()]


def plain_gen():
    for _ in range(3):
        yield plain_end()


def plain_inner():
    for _ in plain_gen():
        pass
    sorted(TWO)


def plainly():
    for _ in range(5):
        plain_inner()


def wide_end():
    x = 0
    for i in range(100):
        x -= i
    return x


def wide_inner():
    return wide_end()


def widely():
    for _ in range(10):
        wide_inner()


def call_end():
    x = 0
    for i in range(60):
        x += i
    return x


def call_gen():
    for _ in range(3):
        yield call_end()


def call_inner():
    for _ in call_gen():
        pass


def calling():
    for _ in range(3):
        call_inner()


def hook_end():
    x = 0
    for i in range(30):
        x += i
    return 0


def hooked(_):
    return hook_end()


CALL = FUNCTION(hooked)
PYTHON = ctypes.pythonapi
EVAL = ctypes.cast(PYTHON._PyEval_EvalFrameDefault, ctypes.c_void_p)
HOOK = ctypes.cast(LIBRARY.nasty_hook, ctypes.c_void_p)
PYTHON.PyInterpreterState_Head.restype = ctypes.c_void_p
STATE = PYTHON.PyInterpreterState_Head()
SETTERS = ("_PyInterpreterState_SetEvalFrameFunc",
           "PyUnstable_InterpreterState_SetEvalFrameFunc")


def find_setter():
    for name in SETTERS:
        if hasattr(PYTHON, name):
            found = getattr(PYTHON, name)
            found.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
            found.restype = None
            return found
    return None


SETTER = find_setter()


def switch(before, after):
    if SETTER:
        SETTER(STATE, after)
    elif LIBRARY.nasty_hook_put(STATE, SLOTS, before, after):
        raise RuntimeError("no evaluator in the interpreter's state")


def begin():
    LIBRARY.nasty_hook_set(EVAL, CALL, PLAIN)
    switch(EVAL, HOOK)


def finish():
    LIBRARY.nasty_hook_set(EVAL, CALL, PLAIN)
    switch(HOOK, EVAL)


def turn():
    plainly()
    LIBRARY.nasty_hook_set(EVAL, CALL, WIDE)
    widely()
    LIBRARY.nasty_hook_set(EVAL, CALL, CALLS)
    calling()
    LIBRARY.nasty_hook_set(EVAL, CALL, PLAIN)
