# SPDX-License-Identifier: Apache-2.0
"""A Python whose code object hides, once it is known, in a page that never comes.

usage: hanging_code.py FILE SECONDS; FILE is one of fuse_mute. It says "hidden"
when it is, after some honest CPU time. The code object is so large that it has pages of its own, and the loop that runs lies at its end:
the thread does not miss the first page, but who checks whether the object is
still the same one does.
"""
import ctypes
import os
import sys
import threading
import time

STATEMENTS = 20000
HONEST_CPU_S = 0.8
PAGE = 4096
PROT_READ, MAP_PRIVATE_FIXED = 1, 2 | 16


def make():
    lines = ["def hides():", " total = 0"]
    lines += [" total = 1"] * STATEMENTS
    lines += [" while True:", "  total += 1"]
    names = {}
    exec("\n".join(lines), names)
    return names["hides"]


# Of the object nothing is touched any more, not even its reference count.
def hide(page, path):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                          ctypes.c_int, ctypes.c_int, ctypes.c_long]
    file = os.open(path, os.O_RDONLY)
    assert libc.mmap(page, PAGE, PROT_READ, MAP_PRIVATE_FIXED, file, 0) == page


def main():
    if "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        os.environ["MALLOC_MMAP_THRESHOLD_"] = "65536"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    function = make()
    page = id(function.__code__) & -PAGE
    threading.Thread(target=function, daemon=True).start()
    while time.process_time() < HONEST_CPU_S:
        time.sleep(0.02)
    hide(page, sys.argv[1])
    print("hidden", flush=True)
    time.sleep(float(sys.argv[2]))
    os._exit(0)


main()
