# SPDX-License-Identifier: Apache-2.0
"""Calls that every version has, wherever its interpreter lives.

A template for expand.py.
usage: FILE SECONDS LOG [alone | spawn COMMAND... | exec COMMAND...]
"spawn" runs the command beside it, "exec" afterwards, in its place. "alone"
starts no second thread.
"""
import _thread
import os
import subprocess
import sys
import time

ONE = (1,)


# each
def leaf_K(n):  # from mid_K|key_K|steps_K direct
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def key_K(x):  # from mid_K by list_?sort|builtin_sorted
    leaf_K(300)  # call leaf_K
    return x


def steps_K():  # from mid_K
    for _ in ONE:
        leaf_K(200)  # call leaf_K
        yield 1


def mid_K(depth):  # from mid_K|run_K direct
    if depth:
        leaf_K(50)  # call leaf_K
        return mid_K(depth - 1)  # call mid_K
    leaf_K(300)  # call leaf_K
    sorted(ONE, key=key_K)  # call key_K
    for _ in steps_K():  # call steps_K
        pass
    return 0


def run_K(end):  # from main_K|- direct
    depth = 0
    while time.time() < end:
        mid_K(depth)  # call mid_K
        depth = (depth + 1) % 7


def main_K(seconds, log, how=None, *command):  # from <module>
    child = subprocess.Popen(command) if how == "spawn" else None
    with open(log + ".ready", "w"):
        pass
    end = time.time() + float(seconds)
    if how != "alone":
        _thread.start_new_thread(run_K, (end,))
    run_K(end)  # call run_K
    if child:
        child.wait()
    with open(log, "a") as text:
        text.write("%d\n" % os.getpid())
    if how == "exec":
        os.execv(command[0], command)


main_K(*sys.argv[1:])
# done
