# SPDX-License-Identifier: Apache-2.0
"""Python and C++ call each other, by way of pybind11.

A template for expand.py. usage: FILE SECONDS LOG
"""
from foreign_pybind import Shape, cpp_area, cpp_call, cpp_catch, cpp_unlocked

RUNS = []


# each
def leaf_K(n):  # from called_K|freed_K|area_K|bad_K|then_K direct
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def called_K(x):  # from call_K with cpp_call
    return leaf_K(300) % 9  # call leaf_K


def call_K():  # from run_K direct
    cpp_call(called_K, 1)  # call called_K


def freed_K(x):  # from free_K with cpp_unlocked
    return leaf_K(300) % 9  # call leaf_K


def free_K():  # from run_K direct
    cpp_unlocked(freed_K)  # call freed_K


class Shape_K(Shape):
    def area_K(self, side):  # from shape_K with cpp_area
        return leaf_K(300) % 9  # call leaf_K

    area = area_K


def shape_K():  # from run_K direct
    cpp_area(Shape_K())  # call area_K


def bad_K():  # from catch_K with cpp_catch
    leaf_K(200)  # call leaf_K
    raise ValueError("met")


def then_K(x):  # from catch_K with cpp_catch
    return leaf_K(200) % 9  # call leaf_K


def catch_K():  # from run_K direct
    cpp_catch(bad_K, then_K)  # call any


def run_K():  # from main direct
    for what in (call_K, free_K, shape_K, catch_K):
        what()  # call any


RUNS.append(run_K)
# done
# put in turns.py
