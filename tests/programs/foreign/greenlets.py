# SPDX-License-Identifier: Apache-2.0
"""Greenlets that switch to each other from several depths of C and Python.

A template for expand.py. usage: FILE SECONDS LOG
"""
import json
import random
import re
import sys
import threading
import time

import greenlet

ONE = (1,)
LETTER = re.compile("a")
GREENLETS = {}
END = 0.0


# each
def leaf_K(n):  # from mid_K|key_K|sub_K direct
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def hop_K():  # from key_K|sub_K|mid_K direct
    if time.monotonic() < END:
        random.choice(list(GREENLETS.values())).switch()


def key_K(x):  # from mid_K by list_?sort|builtin_sorted
    leaf_K(300)  # call leaf_K
    hop_K()  # call hop_K
    return x


def sub_K(match):  # from mid_K by pattern_sub
    hop_K()  # call hop_K
    leaf_K(200)  # call leaf_K
    return ""


def mid_K(depth):  # from mid_K|run_K direct
    if depth:
        leaf_K(50)  # call leaf_K
        return mid_K(depth - 1)  # call mid_K
    leaf_K(300)  # call leaf_K
    sorted(ONE, key=key_K)  # call key_K
    LETTER.sub(sub_K, "a")  # call sub_K
    hop_K()  # call hop_K
    return 0


def run_K():  # from - with [Gg]reenlet
    while time.monotonic() < END:
        mid_K(random.randrange(6))  # call mid_K


GREENLETS[K] = run_K
# done
def begin(names, depth):  # from begin|main direct
    """Starts them from several depths of this stack."""
    if depth:
        return begin(names, depth - 1)  # call begin
    for name in names:
        GREENLETS[name].switch()
    return None


def burn(n):  # from main direct
    total = 0
    for i in range(n):
        total += i * i % 5
    return total


def main(seconds, log):  # from <module>
    global END
    start = time.monotonic_ns()
    END = time.monotonic() + float(seconds)
    names = list(GREENLETS)
    for name in names:
        GREENLETS[name] = greenlet.greenlet(GREENLETS[name])
    for depth in range(0, len(names) // 2):  # the others begin each other
        begin([names[depth]], depth)  # call begin
    while time.monotonic() < END:
        burn(400)  # call burn
        alive = [g for g in GREENLETS.values() if not g.dead]
        if alive:
            random.choice(alive).switch()
    end = time.monotonic_ns()
    for g in list(GREENLETS.values()):
        while not g.dead:
            g.switch()
    with open(log, "w") as text:
        json.dump({"tid": threading.get_native_id(), "start": start,
                   "end": end}, text)


main(*sys.argv[1:])
