# SPDX-License-Identifier: Apache-2.0
"""Case 11: __init__, entered by the interpreter itself since 3.13: no shim of
its own may show; with super(), and __new__."""
CHAINS = ["turn build __init__ grandchild __init__ child work_in",
          "turn build __new__ work_new"]


def work_in():
    x = 0
    for i in range(40):
        x += i
    return x


def work_new():
    x = 0
    for i in range(40):
        x -= i
    return x


def child(this):
    this.value = work_in()


class Child:
    def __init__(self):
        child(self)


def grandchild(this):
    this.child = Child()


class Parent:
    def __init__(self):
        grandchild(self)


class Made:
    def __new__(cls):
        work_new()
        return object.__new__(cls)


def build():
    for _ in range(10):
        Parent()
        Made()


def turn():
    build()
