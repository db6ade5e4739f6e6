# SPDX-License-Identifier: Apache-2.0
"""Runs in a circle through functions that name their one legal caller.

A function a_b is called by b only; a method of class a_b as well. Runs after
live_python.c's prelude, and waits for SIGUSR1 before it begins.
"""
import functools
import signal


def leaf_fold(x):
    return x + 1


def fold_work(a, b):
    return a + leaf_fold(b)


def key_work(x):
    for y in gen_key(x):
        x += y
    return x


def gen_key(n):
    yield n
    yield from sub_gen(n)


def sub_gen(n):
    for i in range(2):
        yield step_sub(i)


def step_sub(i):
    return i


class object_work:
    def __init__(self, x):
        self.x = x

    def __del__(self):
        gone_object(self.x)

    def __getattr__(self, name):
        return 1

    def __getitem__(self, i):
        return self.x + i

    def __lt__(self, other):
        return True

    def __enter__(self):
        pass

    def __exit__(self, *what):
        leave_object()


def gone_object(x):
    return x


def leave_object():
    pass


def make_work(x):
    def cell_make(y):
        return x + y
    return cell_make(1)


async def co_work():
    await wait_co()


async def wait_co():
    return 1


def raise_work():
    try:
        fail_raise()
    finally:
        pass


def fail_raise():
    raise ValueError


def map_work(x):
    return x


def many_work(a, b=2, *c, d=3, **e):
    return a


def deep_work(a):
    return deeper_deep(a, 1, 2, 3)


def deeper_deep(*a):
    return deepest_deeper(*a)


def deepest_deeper(*a, **k):
    return len(a)


def work_root():
    functools.reduce(fold_work, [1, 2, 3])
    sorted([2, 1], key=key_work)
    thing = object_work(1)
    thing.missing, thing[1]
    min([thing, thing])
    with thing:
        pass
    del thing
    object_work(2)
    make_work(1)
    try:
        co_work().send(None)
    except StopIteration:
        pass
    try:
        raise_work()
    except ValueError:
        pass
    list(map(map_work, [1, 2]))
    many_work(1, d=4, f=5)
    deep_work(1)


def handle_loop(*a):
    pass


def loop():
    signal.signal(signal.SIGUSR1, handle_loop)
    for i in range(200):
        work_root()
    runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi,
                                                    '_PyRuntime'))
    print('%d%02d' % sys.version_info[:2], runtime, id(type(loop.__code__)),
          threading.get_native_id(), 0, flush=True)
    signal.pause()
    while True:
        work_root()


loop()
