# SPDX-License-Identifier: Apache-2.0
"""Case 6: __del__ inside STORE_FAST, and as a frame is cleared on return.

When a frame is cleared, the interpreter has left it: whether the finalizer's
caller is the function that returned, or that one's caller, differs by version.
"""
CHAINS = ["turn stored __del__ farewell",
          "turn returned? __del__ farewell",
          "turn in_list __del__ farewell", "turn in_list <listcomp>",
          "turn raised? __del__ farewell", "turn __init__"]


def farewell():
    x = 0
    for i in range(60):
        x += i
    return x


class Mortal:
    def __del__(self):
        farewell()


def stored():
    x = Mortal()
    for _ in range(5):
        x = Mortal()
    x = 1
    return x


def returned():
    x = Mortal()
    y = [x, Mortal()]
    return len(y)


def in_list():
    x = [Mortal() for _ in range(5)]
    x.clear()


def raised():
    x = Mortal()
    raise ValueError(len(str(x)))


def turn():
    stored()
    returned()
    in_list()
    try:
        raised()
    except ValueError:
        pass
