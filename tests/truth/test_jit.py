# SPDX-License-Identifier: Apache-2.0
"""Truth 11: the same with code that CPython 3.14 and 3.15 compiled at run time,
which lies in no file and keeps frames as it likes."""
import os
import runpy

import targets
import test_grammar
from stored import Stored, python_frames
from tally import Tally

PROGRAM = os.path.join(targets.PROGRAMS, "hot_loops.py")
VERSIONS = ((3, 14), (3, 15))
SECONDS, FULL_SECONDS = 4, 60
RATE = 999
GOAL = 99.0  # of what is not up to other programs on this host
COMPILED_MIN = 0.1  # of the samples; else the JIT was not tested


def wrong_calls(callers, stack):
    """Calls in @stack that the program has not."""
    ours = [frame.function for _, frame in python_frames(stack)
            if (frame.file or "").endswith("hot_loops.py")]
    return ["%s called by %s" % (callee, caller)
            for caller, callee in zip(ours, ours[1:])
            if callers.get(callee) != caller]


def is_compiled(stack):
    """A frame of native code that no file has."""
    return any(frame.function == "[unmapped code]" for frame in stack)


def judge(stored, callers):
    """(Tally, how many samples have compiled code on the stack)"""
    tally, compiled = Tally(), 0
    for sample in stored.samples:
        stack = stored.stack(sample)
        tally.add(sample, stack, wrong_calls(callers, stack))
        compiled += is_compiled(stack)
    return tally, compiled


def run_hot(place, verdicts, label, command, seconds):
    callers = runpy.run_path(PROGRAM)["CALLERS"]
    recording = targets.record(place, ["-F", RATE],
                               [*command, PROGRAM, seconds])
    name = "jit hot loops " + label
    if recording.status:
        test_grammar.report(place, verdicts, name, recording, None)
        return
    with Stored(recording.database) as stored:
        tally, compiled = judge(stored, callers)
    holds = (tally.wrong_proven() == 0 and tally.told() >= GOAL and
             compiled > COMPILED_MIN * tally.checked > 2)
    if not verdicts.ok(name, holds, "%d with compiled code; %s" % (
            compiled, tally.figures())):
        verdicts.say("\n".join(tally.examples))
        targets.keep(place, recording, name.replace(" ", "_"))


def run_cells(place, verdicts, pythons, seconds):
    program = place.program("grammar_writer.py", 6, 300)
    for python in pythons:
        if python.version not in VERSIONS:
            continue
        plain = python.command
        python.command = ["env", "PYTHON_JIT=1", *plain]
        try:
            run_hot(place, verdicts, python.label, python.command, seconds)
            found = test_grammar.run_one(place, python, program, ["-F", RATE],
                                         seconds)
            test_grammar.report(place, verdicts, "jit grammar " + python.label,
                                *found)
        finally:
            python.command = plain


def run(place, verdicts, pythons):
    run_cells(place, verdicts, pythons, SECONDS)


def run_full(place, verdicts, pythons):
    run_cells(place, verdicts, pythons, FULL_SECONDS)
