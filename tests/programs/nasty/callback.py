# SPDX-License-Identifier: Apache-2.0
"""Case 4: ctypes callbacks, two of them on one stack."""
import ctypes

CHAINS = ["turn back_one back_two deep_end", "turn order_by"]
FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                           ctypes.POINTER(ctypes.c_int))
QSORT = ctypes.CDLL(None).qsort
QSORT.restype = None
NUMBERS = list(range(12, 0, -1))


def deep_end(x):
    for i in range(60):
        x += i
    return x & 7


def back_two(x):
    return deep_end(x)


def back_one(x):
    return TWO(x)


def order_by(a, b):
    return a[0] - b[0]


ONE = FUNCTION(back_one)
TWO = FUNCTION(back_two)
ORDER = COMPARE(order_by)


def turn():
    for i in range(10):
        ONE(i)
    QSORT((ctypes.c_int * 12)(*NUMBERS), 12, 4, ORDER)
