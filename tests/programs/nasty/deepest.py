# SPDX-License-Identifier: Apache-2.0
"""Case 13: thirty thousand frames."""
import deep

CHAINS = [chain.replace("thread_main", "thread_main thread_deep")
          for chain in deep.CHAINS]
begin, finish = deep.begin, deep.finish


def thread_deep():
    for _ in range(3):
        try:
            deep.fall(30000)
        except RecursionError:
            pass  # trampolines take C stack, which is counted


def thread_main():
    thread_deep()


def turn():
    thread = deep.threading.Thread(target=thread_main)
    thread.start()
    thread.join()
