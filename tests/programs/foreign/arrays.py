# SPDX-License-Identifier: Apache-2.0
"""numpy calls Python: vectorize, frompyfunc, apply_along_axis, sort keys.

A template for expand.py. usage: FILE SECONDS LOG
"""
import numpy

NUMBERS = numpy.arange(8)
TABLE = numpy.arange(12.0).reshape(4, 3)
RUNS = []


# each
def leaf_K(n):  # from item_K|row_K|plain_K|made_K|part_K direct
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def item_K(x):  # from vector_K via numpy
    return leaf_K(150)  # call leaf_K


VECTOR_K = numpy.vectorize(item_K)


def vector_K():  # from run_K direct
    return VECTOR_K(NUMBERS)


def plain_K(x):  # from loop_K with ufunc|PyUFunc|generic_loop|_umath
    leaf_K(150)  # call leaf_K
    return x


PLAIN_K = numpy.frompyfunc(plain_K, 1, 1)


def loop_K():  # from run_K direct
    return PLAIN_K(NUMBERS)


def row_K(row):  # from axis_K via numpy
    leaf_K(300)  # call leaf_K
    return row.sum()


def axis_K():  # from run_K direct
    return numpy.apply_along_axis(row_K, 1, TABLE)


def made_K(i, j):  # from grid_K via numpy
    leaf_K(300)  # call leaf_K
    return i + j


def grid_K():  # from run_K direct
    return numpy.fromfunction(made_K, (2, 2))


def part_K(x):  # from piece_K via numpy
    leaf_K(300)  # call leaf_K
    return x


def piece_K():  # from run_K direct
    return numpy.piecewise(TABLE, [TABLE < 3, TABLE >= 3], [part_K, 1])


def run_K():  # from main direct
    for what in (vector_K, loop_K, axis_K, grid_K, piece_K):
        what()  # call any


RUNS.append(run_K)
# done
# put in turns.py
