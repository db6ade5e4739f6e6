# SPDX-License-Identifier: Apache-2.0
"""Case 30: class bodies, comprehensions in them and in each other (frames of their
own up to 3.11), defaults, decorators, lambdas, generator expressions."""
CHAINS = ["turn listed <listcomp>? body_work",
          "turn nested <listcomp>? <listcomp>? body_work",
          "turn dicted <dictcomp>? body_work",
          "turn set_of <setcomp>? body_work",
          "turn generated <genexpr> body_work",
          "turn classed Inner body_work",
          "turn classed Inner <listcomp>? body_work",
          "turn classed Inner Innermost body_work",
          "turn decorated decorator body_work",
          "turn decorated wrapper <lambda> body_work",
          "turn defaults body_work"]


def body_work(x=0):
    for i in range(30):
        x += i
    return x


def listed():
    return [body_work(i) for i in range(5)]


def nested():
    return [[body_work(j) for j in range(2)] for i in range(3)]


def dicted():
    return {i: body_work(i) for i in range(5)}


def set_of():
    return {body_work(i) for i in range(5)}


def generated():
    return sum(body_work(i) for i in range(5))


def classed():
    class Inner:
        one = body_work()
        many = [body_work(i) for i in range(3)]

        class Innermost:
            two = body_work()
    return Inner


def decorator(function):
    body_work()

    def wrapper():
        return function()
    return wrapper


def decorated():
    call = decorator(lambda: body_work())
    for _ in range(5):
        call()


def defaults():
    def one(x=body_work(), y=body_work()):
        return x
    return one


def turn():
    listed()
    nested()
    dicted()
    set_of()
    generated()
    classed()
    decorated()
    defaults()
