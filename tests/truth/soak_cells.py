# SPDX-License-Identifier: Apache-2.0
"""What the soak of the truth tests runs: programs, the interpreters that they run
on, and how what was sampled of them is judged.

A program is a row of PROGRAMS or a nasty case. Its judge is that of the test
of the same name.
"""
import collections
import json
import os
import runpy
import traceback

import check_grammar
import chains
import nasty_cases
import packages
import targets
import test_foreign
import test_grammar
import test_jit
import test_names
import test_nasty
import test_shared
import test_stripes
from tally import Tally

NASTY_SECONDS = 0.15    # of a case, for each second of another program
ALONE_SECONDS = 0.5     # of one that needs a process for itself
# Recorded alone: for its children's sake, whose samples are judged, too; because its
# stacks fill the tables of any recording, and take long to judge; and what is recorded
# in a way of its own.
APART = {"processes": 0.5, "deepest": 0.01}
APART.update((case.name, ALONE_SECONDS) for case in nasty_cases.CASES
             if not case.filtered or case.events != "cpu-clock")
STRIPES = 40            # levels; all of them in the default copy of a stack
JIT = ("/usr/bin/env", "PYTHON_JIT=1")

# @command: (place, seed) to a function of (seconds, log) that gives arguments;
# @judge: (stored, log) to a list of Found; @seconds for each of the run.
Cell = collections.namedtuple("Cell", "program label seconds command judge")
# @case of the program, "" if it has none; @broken says why there is no tally.
Found = collections.namedtuple("Found", "case tally broken")


def read_json(path):
    with open(path) as text:
        return json.load(text)


def grammar(python, label, prefix=()):
    def path(place, seed):
        return place.once("grammar_writer.py", seed, 300)

    def command(place, seed):
        return lambda seconds, log: [
            *prefix, *python.command, path(place, seed), seconds, 2, 40, log]

    def judge(place, seed, stored, log):
        text = check_grammar.Grammar(path(place, seed), python.version)
        return test_grammar.judge(stored, text, python, read_json(log))
    return Cell("grammar", label, 1, command, judge)


def with_log(name, python, program, judge):
    """Of a program that is started with SECONDS LOG."""
    def command(place, _):
        path = program if isinstance(program, str) else program(place)
        return lambda seconds, log: [*python.command, path, seconds, log]
    return Cell(name, python.label, 1, command,
                lambda place, seed, stored, log: judge(stored, log))


def shared(python):
    return with_log("shared helper", python,
                    os.path.join(targets.PROGRAMS, "shared_helper.py"),
                    lambda stored, log: test_shared.judge(
                        stored, test_shared.read_log(log)))


def names(python):
    return with_log("short-lived code", python,
                    os.path.join(targets.PROGRAMS, "exec_churn.py"),
                    lambda stored, log: test_names.judge(
                        stored, read_json(log))[0])


def stripes(python):
    return with_log("stripes", python,
                    lambda place: place.once("stripes_writer.py", STRIPES),
                    lambda stored, log: test_stripes.judge(
                        stored, python, read_json(log))[0])


def hot_loops(python):
    callers = runpy.run_path(test_jit.PROGRAM)["CALLERS"]
    return Cell("hot loops", python.label + " jit", 1,
                lambda place, seed: lambda seconds, log: [
                    *JIT, *python.command, test_jit.PROGRAM, seconds],
                lambda place, seed, stored, log: test_jit.judge(
                    stored, callers)[0])


def foreign(place, python, folder, case):
    program, begin = test_foreign.prepare(place, python, folder, case)
    text = chains.Chains(program, python.version, python.named)
    return Cell(case[0], python.label, 1,
                lambda _, seed: lambda seconds, log: [*begin, seconds, log],
                lambda _, seed, stored, log: test_foreign.judge(
                    stored, text, read_json(log)))


def nasty(python, mode, cases, seconds):
    """Cases that run one after the other in one process."""
    label = python.label + mode.label
    words = ["%s=%s" % pair for pair in mode.environment.items()]

    def command(place, _):
        return lambda each, log: [
            "/usr/bin/env", *words, *python.command, "-B", "-W", "ignore",
            *mode.options, os.path.join(test_nasty.FOLDER, "run.py"),
            each / len(cases), log,
            place.library(test_nasty.LIBRARY, python), *cases]

    def judge(place, seed, stored, log):
        ran = read_json(log)
        return [judge_case(stored, label, name, ran) for name in cases]
    return Cell("nasty", label, seconds * len(cases), command, judge)


def judge_case(stored, label, name, ran):
    case = ran["cases"][name]
    cell = test_nasty.Cell(name, label, 0)
    if "skip" in case:
        return Found(name, cell.tally, None)
    test_nasty.judge(cell, stored, case, ran["pid"])
    cell.tally.examples = cell.examples
    return Found(name, cell.tally, cell.broken)


def nasty_of(python, mode):
    cases = [case for case in nasty_cases.CASES if case.name not in APART]
    together = [case.name for case in cases if case.together]
    half = len(together) // 2
    yield nasty(python, mode, together[:half], NASTY_SECONDS)
    yield nasty(python, mode, together[half:], NASTY_SECONDS)
    for case in cases:
        if not case.together:
            yield nasty(python, mode, [case.name], ALONE_SECONDS)


def modes_of(python):
    return [mode for mode in nasty_cases.MODES if mode.suits(python)]


def run_apart(place, python, name, seconds):
    """(Found, recording)"""
    cells, recording = test_nasty.run_cells(
        place, python, nasty_cases.MODES[0], [name], seconds)
    cell = cells[0]
    cell.tally.examples = cell.examples
    return Found(cell.case, cell.tally, cell.broken), recording


def cells_of(place, python):
    yield grammar(python, python.label)
    if test_shared.can_run(python):
        yield shared(python)
        yield names(python)
    if python.core:
        yield stripes(python)
    if python.version in test_jit.VERSIONS:
        yield grammar(python, python.label + " jit", JIT)
        yield hot_loops(python)
    for mode in modes_of(python):
        yield from nasty_of(python, mode)
    found = packages.of(python.label)
    for case in test_foreign.CASES if found.folder else ():
        yield foreign(place, python, found.folder, case)


def judged(cell, place, seed, stored, log, status):
    """A list of Found, whatever has become of the program."""
    if status:
        return [Found("", Tally(), "exit status %d" % status)]
    try:
        found = cell.judge(place, seed, stored, log)
    except Exception:  # one cell that is judged by a broken judge
        return [Found("", Tally(), traceback.format_exc())]
    return found if isinstance(found, list) else [Found("", found, None)]
