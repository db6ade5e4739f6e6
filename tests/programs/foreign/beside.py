# SPDX-License-Identifier: Apache-2.0
"""What places.py does, without modules that are files of their own.

A template for expand.py.
usage: FILE SECONDS
"""
import sys
import time

ONE = (1,)


# each
def leaf_K(n):  # from mid_K|key_K direct
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def key_K(x):  # from mid_K by list_?sort|builtin_sorted
    leaf_K(300)  # call leaf_K
    return x


def mid_K(depth):  # from mid_K|run_K direct
    if depth:
        leaf_K(50)  # call leaf_K
        return mid_K(depth - 1)  # call mid_K
    leaf_K(300)  # call leaf_K
    sorted(ONE, key=key_K)  # call key_K
    return 0


def run_K(end):  # from <module> direct
    depth = 0
    while time.time() < end:
        mid_K(depth)  # call mid_K
        depth = (depth + 1) % 7


run_K(time.time() + float(sys.argv[1]))  # call run_K
# done
