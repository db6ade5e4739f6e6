# SPDX-License-Identifier: Apache-2.0
"""Python and Cython call each other.

A template for expand.py. usage: FILE SECONDS LOG
"""
from foreign_cython import Held, cy_call, cy_items, cy_raise, cy_sort

RUNS = []


# each
def leaf_K(n):  # from called_K|item_K|held_K|order_K|except_K direct
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def called_K():  # from call_K with cy_call
    return leaf_K(300)  # call leaf_K


def call_K():  # from run_K direct
    cy_call(called_K)  # call called_K


def item_K(i):  # from items_K with generator
    return leaf_K(100 + i)  # call leaf_K


def items_K():  # from run_K direct
    for _ in cy_items(item_K, 4):  # call item_K
        pass


def held_K(x):  # from hold_K|take_K with Held|foreign_cython
    return leaf_K(300)  # call leaf_K


HELD_K = Held(held_K)


def hold_K():  # from run_K direct
    HELD_K(1)  # call held_K


def take_K():  # from run_K direct
    return HELD_K.value  # call held_K


def order_K(a, b):  # from sort_K with cy_compare
    leaf_K(100)  # call leaf_K
    return a - b


def sort_K():  # from run_K direct
    cy_sort(order_K)  # call order_K


def except_K():  # from raise_K with cy_raise
    return leaf_K(300)  # call leaf_K


def raise_K():  # from run_K direct
    cy_raise(except_K)  # call except_K


def run_K():  # from main direct
    for what in (call_K, items_K, hold_K, take_K, sort_K, raise_K):
        what()  # call any


RUNS.append(run_K)
# done
# put in turns.py
