# SPDX-License-Identifier: Apache-2.0
"""What the recorded images are of: a thread at the end of one long call chain,
which tells its own stack and then blocks. Runs on every version from 3.6 on.

Prints a line "TID", then a line for each frame of that thread, leaf first:
"qualified name <tab> file <tab> line", then "end".
"""
import ctypes
import functools
import os
import sys
import threading

GETTID = 186  # of x86-64
lock = threading.Lock()


def name_of(code):
    return getattr(code, "co_qualname", code.co_name)


def tell(frame):
    lines = [str(ctypes.CDLL(None).syscall(GETTID))]
    line = frame.f_code.co_firstlineno + 2  # where it will block
    while frame:
        code = frame.f_code
        lines.append("%s\t%s\t%d" % (name_of(code),
                                     os.path.basename(code.co_filename), line))
        frame = frame.f_back
        line = frame.f_lineno if frame else 0
    text = "\n".join(lines + ["end", ""])
    os.write(1, text.encode("utf-8", "backslashreplace"))


def block():
    tell(sys._getframe())
    os.read(0, 1)


MADE = """
def \xe9lan(f):
    return [f()

            for _ in (1,)]


def \u0444\u0443\u043d(f):
    return \xe9lan(f)


def \U00010400(f):
    return (
        \u0444\u0443\u043d(
            f))
"""


def made():
    names = {}
    exec(compile(MADE, "<made>", "exec"), names)
    return names["\U00010400"](block)


class Shy:
    def __init__(self, depth):
        if depth:
            Shy(depth - 1)
        else:
            self.missing

    def __getattr__(self, name):
        return made()


def count(depth):
    if depth:
        yield from count(depth - 1)
    else:
        yield Shy(2)


def drain():
    for _ in count(3):
        pass


async def inner():
    drain()


async def outer():
    await inner()


def run_coroutine():
    try:
        outer().send(None)
    except StopIteration:
        pass


def by_reduce():
    return functools.reduce(lambda a, b: run_coroutine(), [1, 2])


def recurse(depth):
    if depth == 0:
        return sorted([1, 2], key=lambda _: by_reduce())
    return recurse(depth - 1)


def work():
    try:
        raise KeyError
    except KeyError:
        recurse(12)


thread = threading.Thread(target=work)
thread.daemon = True
thread.start()
thread.join()
