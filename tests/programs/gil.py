# SPDX-License-Identifier: Apache-2.0
"""Threads that hold the interpreter's lock, run without it, and wait for it.

usage: gil.py SECONDS LOG; the log has a line for each thread: tid, function.
"""
import hashlib
import sys
import threading
import time

BIG = b"x" * (4 << 20)  # hashed in milliseconds


def holds(stop):
    while time.monotonic() < stop:
        total = 0
        for number in range(20000):
            total += number


def releases(stop):
    while time.monotonic() < stop:
        hashlib.sha256(BIG).digest()


def sleeps(stop):
    while time.monotonic() < stop:
        time.sleep(0.01)


def main():
    stop = time.monotonic() + float(sys.argv[1])
    threads = [threading.Thread(target=function, args=(stop,))
               for function in (holds, holds, releases, sleeps)]
    for thread in threads:
        thread.start()
    with open(sys.argv[2], "w") as log:
        for thread, function in zip(threads,
                                    ("holds", "holds", "releases", "sleeps")):
            print(thread.native_id, function, file=log)
    for thread in threads:
        thread.join()


main()
