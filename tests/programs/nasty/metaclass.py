# SPDX-License-Identifier: Apache-2.0
"""Case 10: a metaclass's __call__, __new__, __prepare__; __init_subclass__,
__set_name__; and the class body that runs as a frame."""
CHAINS = ["turn __call__ __init__ constructed", "turn make Base",
          "turn make __prepare__", "turn make __new__ __set_name__ named",
          "turn make __new__ __init_subclass__ initiated",
          "turn make Derived bodied"]


WORK = """
def {0}():
    x = 0
    for i in range(30):
        x += i
"""
for name in ("constructed", "named", "initiated", "bodied"):
    exec(compile(WORK.format(name), "<nasty metaclass>", "exec"))


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        return {}

    def __new__(mcs, name, bases, space):
        return super().__new__(mcs, name, bases, space)

    def __call__(cls):
        return super().__call__()


class Named:
    def __set_name__(self, owner, name):
        named()


class Base(metaclass=Meta):
    def __init__(self):
        constructed()

    def __init_subclass__(cls):
        initiated()


def make():
    class Derived(Base):
        field = Named()
        bodied()
    return Derived


def turn():
    for _ in range(5):
        Base()
    make()
