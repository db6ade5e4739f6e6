# cython: language_level=3
# SPDX-License-Identifier: Apache-2.0
"""Functions of Cython's that call Python."""
from libc.stdlib cimport qsort

cdef object KEY = None


def cy_call(function):
    return function()


def cy_items(function, int count):
    """A generator: each item is what Python says."""
    for i in range(count):
        yield function(i)


cdef class Held:
    cdef object function

    def __cinit__(self, function):
        self.function = function

    def __call__(self, x):
        return self.function(x)

    @property
    def value(self):
        return self.function(0)


cdef int cy_compare(const void *a, const void *b) noexcept with gil:
    return KEY((<int *>a)[0], (<int *>b)[0])


def cy_sort(function):
    """The C library calls back, by a function that takes the lock again."""
    global KEY
    cdef int[4] numbers = [3, 1, 2, 0]
    KEY = function
    with nogil:
        qsort(numbers, 4, sizeof(int), cy_compare)
    return numbers[0]


def cy_raise(function):
    try:
        raise ValueError("met")
    except ValueError:
        return function()
