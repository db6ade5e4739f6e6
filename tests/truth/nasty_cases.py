# SPDX-License-Identifier: Apache-2.0
"""Which nasty cases there are, and what each needs to be run.

A case is programs/nasty/NAME.py; its number is its row in the list of nasty
cases that its first line names, too. Those that can run one after the other in one
process do so when time is short. A case says itself, by SKIP or by what it
imports, on which interpreters it cannot run.
"""
import collections

# @seconds of a full cell; @together: may share a process with others; @quick: runs
# when time is short; @events: what is recorded; @filtered: its processes do nothing
# that the recorder must not do.
Case = collections.namedtuple(
    "Case", "name numbers seconds together quick events filtered")
Case.__new__.__defaults__ = (False, "cpu-clock", True)

CASES = [
    Case("reduce", "1", 3, True),
    Case("sorting", "2", 3, True),
    Case("mapping", "3", 3, True),
    Case("callback", "4", 3, True),
    Case("database", "5", 3, True),
    Case("deleted", "6", 3, True),
    Case("json_default", "7", 3, True),
    Case("substitute", "8", 3, True),
    Case("attributes", "9", 3, True),
    Case("metaclass", "10", 3, True),
    Case("construct", "11", 3, True),
    Case("recursion", "12", 3, True),
    Case("deep", "13", 3, True),
    Case("deepest", "13", 4, False),
    Case("big_stack", "14, 15", 3, True),
    Case("generators", "16", 3, True),
    Case("collected", "17", 3, True),
    Case("tasks", "18", 4, True),
    Case("exceptions", "19", 3, True),
    Case("signals", "20", 3, True),
    Case("fresh", "21, 23", 3, True),
    Case("twins", "22", 3, True),
    Case("short_threads", "24", 3, True),
    Case("processes", "25, 39", 4, False),
    Case("interpreters", "26", 3, True),
    Case("own_gil", "26", 3, False),
    Case("switched", "28", 3, True),
    Case("names", "29", 3, True),
    Case("bodies", "30", 3, True),
    Case("lines", "31", 3, True),
    Case("trampolines", "32", 3, False),
    Case("traced", "34", 3, True),
    Case("debugged", "34", 3, True),
    Case("evaluated", "35", 3, True),
    Case("foreign_threads", "36", 3, True),
    Case("blocked", "38", 3, False, True, "cpu-clock,off-cpu"),
    Case("stopped", "47", 3, False, True, filtered=False),
    Case("kept", "49", 3, True),
]

# Interpreters started in another way: label, options, environment, and
# whether @python (targets.Python) can be started like that. CPython makes no
# trampolines for musl.
Mode = collections.namedtuple("Mode", "label options environment suits")

MODES = [
    Mode("", (), {}, lambda python: True),
    Mode(" perf", ("-X", "perf"), {}, lambda python:
         python.version >= (3, 12) and not python.musl),
    Mode(" jit", (), {"PYTHON_JIT": "1"}, lambda python:
         python.version >= (3, 14)),
]
