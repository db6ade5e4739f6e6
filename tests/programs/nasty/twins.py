# SPDX-License-Identifier: Apache-2.0
"""Case 22: twins made by code.replace(), alike but for the name, freed and made
again at the same addresses; each is called by its own caller only."""
import types

SKIP = None if hasattr(types.CodeType, "replace") else "no code.replace()"
CHAINS = ["turn caller_%d twin_%d" % (i, i) for i in range(8)]
CALLER = """
def caller_{0}():
    twin = Function(CODE.replace(co_name="twin_{0}"{1}), GLOBALS)
    twin()
"""
GLOBALS = {"range": range}
Function = types.FunctionType


def twin():
    x = 0
    for i in range(150):
        x += i
    return x


CODE = twin.__code__
for number in range(8):
    qualified = (', co_qualname="twin_%d"' % number
                 if hasattr(CODE, "co_qualname") else "")
    exec(compile(CALLER.format(number, qualified), "<nasty twins>", "exec"))
CALLERS = [globals()["caller_%d" % i] for i in range(8)]


def turn():
    for call in CALLERS:
        call()
