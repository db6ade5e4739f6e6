# SPDX-License-Identifier: Apache-2.0
"""A Python whose interpreter leads a reader into a page that never comes.

usage: hanging.py FILE SECONDS [LATE]; FILE is one of fuse_mute. The thread that
computes patches its own data stack: the chunk before its present one seems to
lie in a mapping of FILE. LATE: seconds of honest life before that.
"""
import ctypes
import os
import sys
import threading
import time

# PyThreadState.datastack_chunk, and native_thread_id to check it by.
CHUNK = {(3, 11): (296, 160), (3, 12): (232, 144), (3, 13): (232, 160)}
PAGES = 1 << 16


def map_file(path):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                          ctypes.c_int, ctypes.c_int, ctypes.c_long]
    file = os.open(path, os.O_RDONLY)
    return libc.mmap(None, PAGES, 1, 2, file, 0)


def spin(until):
    total = 0
    while time.monotonic() < until:
        for number in range(1000):
            total += number
    return total


def computes(path, seconds, late):
    spin(time.monotonic() + late)
    get = ctypes.pythonapi.PyThreadState_Get
    get.restype = ctypes.c_void_p
    state = get()
    chunk, tid = CHUNK[sys.version_info[:2]]
    word = ctypes.c_uint64.from_address
    assert word(state + tid).value == threading.get_native_id()
    present = word(word(state + chunk).value)  # its first word: the previous
    honest = present.value
    present.value = map_file(path)
    spin(time.monotonic() + seconds)
    present.value = honest


def main():
    late = float(sys.argv[3]) if len(sys.argv) > 3 else 0
    thread = threading.Thread(target=computes, args=(
        sys.argv[1], float(sys.argv[2]), late))
    thread.start()
    thread.join()


main()
