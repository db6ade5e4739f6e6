# SPDX-License-Identifier: Apache-2.0
"""Case 13: three thousand frames, on a thread with a stack for them."""
import sys
import threading

CHAINS = ["turn ~", "^~ thread_main fall+ landed"]
DEPTH = 3000


def landed():
    x = 0
    for _ in range(30):
        for i in range(1000):
            x += i
    return x


def fall(left):
    if left:
        return fall(left - 1) + 1
    return landed()


def thread_main():
    for _ in range(5):
        fall(DEPTH)


def begin():
    sys.setrecursionlimit(1000000)
    threading.stack_size(256 << 20)


def finish():
    sys.setrecursionlimit(1500)
    threading.stack_size(0)


def turn():
    thread = threading.Thread(target=thread_main)
    thread.start()
    thread.join()
