# SPDX-License-Identifier: Apache-2.0
"""Case 26: interpreters with a lock of their own, on threads of their own."""
import sys
import threading

if sys.version_info < (3, 12):
    SKIP = "no lock per interpreter before 3.12"
import interpreters

CHAINS = ["turn ~", "^~ in_thread enter ~ <module> sub_outer sub_inner sub_end"]
begin, finish = interpreters.begin, interpreters.finish


def in_thread(number):
    for _ in range(5):
        interpreters.enter(number)


def turn():
    made = [threading.Thread(target=in_thread, args=(number,))
            for number in interpreters.IDS]
    for thread in made:
        thread.start()
    for thread in made:
        thread.join()
