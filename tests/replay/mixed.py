# SPDX-License-Identifier: Apache-2.0
"""What the recorded samples are of: every way in which Python and C call each
other, one function each, so that a stack can be read as a sentence.

usage: mixed.py [SECONDS]
"""
import asyncio
import ctypes
import functools
import re
import sys
import threading
import time
import zlib


def burn(rounds=400):
    total = 0
    for step in range(rounds):
        total += step * step
    return total


def stripes(depth):
    """Python, C, Python, C: sorted() and reduce() call back in turn."""
    if depth == 0:
        return burn()
    if depth % 2:
        return sorted([1], key=lambda _: stripes(depth - 1))
    return functools.reduce(lambda _, __: stripes(depth - 1), [0, 1])


def count_up(limit):
    for number in range(limit):
        yield number + burn(60) % 2


def delegate(limit):
    yield from count_up(limit)


def drain_generators():
    return sum(number for number in delegate(8))


def recurse(depth):
    return burn(200) if depth == 0 else recurse(depth - 1)


class Made:
    def __init__(self):
        self.value = burn()

    def __del__(self):
        burn()

    def __getattr__(self, name):
        return burn()


def make_and_drop():
    made = Made()
    return made.missing


async def leaf_coroutine():
    burn()
    await asyncio.sleep(0)
    return burn()


async def gather_coroutines():
    await asyncio.gather(leaf_coroutine(), leaf_coroutine())


def run_coroutines():
    if sys.version_info >= (3, 7):
        return asyncio.run(gather_coroutines())
    loop = asyncio.new_event_loop()
    loop.run_until_complete(gather_coroutines())
    return loop.close()


COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                           ctypes.POINTER(ctypes.c_int))
QSORT = ctypes.CDLL(None).qsort
QSORT.restype = None


@COMPARE
def compare_numbers(left, right):
    burn(60)
    return left[0] - right[0]


def sort_by_libc():
    numbers = (ctypes.c_int * 4)(3, 1, 2, 0)
    QSORT(numbers, 4, ctypes.sizeof(ctypes.c_int), compare_numbers)


def replace_words():
    return re.sub(r"\w+", lambda match: str(burn(100)), "one two three")


def compress(data=bytes(range(256)) * 40):
    return zlib.compress(data, 6)


def fail_and_catch():
    try:
        recurse(3)
        raise ValueError
    except ValueError:
        return burn()


def work(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        stripes(6)
        drain_generators()
        recurse(40)
        make_and_drop()
        run_coroutines()
        sort_by_libc()
        replace_words()
        compress()
        fail_and_catch()


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    thread = threading.Thread(target=work, args=(seconds,), name="second")
    thread.start()
    work(seconds)
    thread.join()


if __name__ == "__main__":
    main()
