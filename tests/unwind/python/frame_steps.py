# SPDX-License-Identifier: Apache-2.0
"""As steps.py, for CPython up to 3.10: what can become of frame objects.

A function a_b is called by b only, a_b_c by b or by c. All of it runs beneath so
many calls that the frames need more than a page. What throw() does to generators
that wait for another's yield is not here: nothing is told then of 3.9 and 3.10.
"""
import functools
import marshal
import signal

LEVELS = 8
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)


def yield_work(x):
    y = yield x
    yield y


def open_work():
    try:
        yield
    finally:
        close_open()


def close_open():
    pass


def fall_work():
    try:
        through_fall()
    finally:
        pass


def through_fall():
    last_through(1, 2)


def last_through(*a):
    raise KeyError


def enter_work(guard):
    pass


def exit_work(guard, *what):
    return leave_exit()


def leave_exit():
    return True


# Code has no longer name than its own.
class Guard:
    __enter__, __exit__ = enter_work, exit_work


def fold_work(a, b):
    return a


def key_work(x):
    return -x


def back_work(x):
    return again_back_again(x)


# The first has the frame that its code keeps, the others one of the free list.
def again_back_again(n):
    return n and again_back_again(n - 1)


def spread_work(x):
    a, *b = x
    return b


def gone_local_work(thing):
    pass


class Gone:
    __del__ = gone_local_work


# Its frame is taken down when it is not the current one any more.
def local_work():
    thing = Gone()


def keep_work():
    raise KeyError


def new_work():
    pass


FRESH = marshal.dumps(new_work.__code__)
back = CALLBACK(back_work)


def work_loop():
    made = yield_work(1)
    frame = made.gi_frame
    next(made)
    frame.f_lasti
    made.send(None)
    made = open_work()
    next(made)
    made.gi_frame.clear()
    made = open_work()
    next(made)
    made = None
    try:
        fall_work()
    except KeyError:
        pass
    with Guard():
        raise KeyError
    with Guard():
        pass
    functools.reduce(fold_work, "ab")
    sorted([2, 1], key=key_work)
    back(2)
    spread_work("ab")
    local_work()
    try:
        keep_work()
    except KeyError as error:
        kept = error.__traceback__
    try:
        keep_work()
    except KeyError:
        kept = None
    exec(marshal.loads(FRESH))


def handle_loop(*a):
    pass


def loop_floor():
    signal.signal(signal.SIGUSR1, handle_loop)
    for i in range(9):
        work_loop()
    print('%d%02d' % sys.version_info[:2], 0, id(type(work_loop.__code__)),
          os.getpid(), 0, flush=True)
    signal.pause()
    while True:
        work_loop()


def floor_floor(n):
    return floor_floor(n - 1) if n else loop_floor()


floor_floor(LEVELS)
