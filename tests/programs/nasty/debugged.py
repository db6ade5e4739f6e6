# SPDX-License-Identifier: Apache-2.0
"""Case 34: a debugger, pdb, that steps through functions, above whose frames its
own stand with each line."""
import io
import pdb

CHAINS = ["turn ~ work ~", "turn ~ work helper ~"]
COMMANDS = "step\n" * 12 + "next\n" * 3 + "where\ncontinue\n"


def helper(count):
    total = 0
    for number in range(count):
        total += number
    return total


def work():
    first = helper(2)
    second = helper(3)
    return first + second


def turn():
    debugger = pdb.Pdb(stdin=io.StringIO(COMMANDS), stdout=io.StringIO(),
                       nosigint=True, readrc=False)
    debugger.runcall(work)
