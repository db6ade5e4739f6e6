# SPDX-License-Identifier: Apache-2.0
"""Case 24: threads of a moment; thread states and ids are used again."""
import _thread
import threading

CHAINS = ["turn <listcomp>? ~", "turn start_raw", "^~ brief_python brief_end",
          "^raw_thread raw_end",
          "^raw_thread ~"]
DONE = threading.Semaphore(0)


def brief_end():
    x = 0
    for i in range(300):
        x += i


def raw_end():
    x = 0
    for i in range(300):
        x += i


def brief_python():
    brief_end()


def raw_thread():
    raw_end()
    DONE.release()


def start_raw():
    _thread.start_new_thread(raw_thread, ())


def turn():
    made = [threading.Thread(target=brief_python) for _ in range(4)]
    for thread in made:
        thread.start()
    for _ in range(4):
        start_raw()
    for thread in made:
        thread.join()
    for _ in range(4):
        DONE.acquire()
