# SPDX-License-Identifier: Apache-2.0
"""Truth: code objects that are freed at once are named right, or not at all."""
import json
import os
import re

import targets
from stored import Stored, python_frames
from tally import Tally

NUMBER = re.compile(r"(?:_|<churn )(\d{6})")
FILE = re.compile(r"<churn (\d{6})>$")
LINES = 1000
# Lines that a function spans, by how its name begins; see exec_churn.py.
SPANS = {"c_": (1, 2), "m_": (2, 6), "f_": (7, 8), "g_": (9, 10)}
UNRESOLVED_MAX = 0.03  # of the frames in proven samples


def line_problem(frame):
    """A line outside of the function that it is said to be in."""
    made = FILE.match(frame.file or "")
    if not made or not frame.line:
        return None
    own = [part for part in frame.function.split(".")
           if part[:2] in SPANS][-1:]
    first, last = SPANS[own[0][:2]] if own else (1, 11)
    at = frame.line - int(made[1]) % LINES
    if not first <= at <= last:
        return "%s in line %d of its text" % (frame.function, at)
    return None


def problems_of(stack):
    """Frames of two generations in one stack, or lines of another function."""
    numbers, problems = set(), []
    for _, frame in python_frames(stack):
        if frame.status == "unresolved":
            continue
        numbers.update(NUMBER.findall(frame.function or ""))
        numbers.update(NUMBER.findall(frame.file or ""))
        problem = line_problem(frame)
        if problem:
            problems.append(problem)
    if len(numbers) > 1:
        problems.append("generations %s in one stack" % sorted(numbers))
    return problems


def judge(stored, window):
    """(tally, Python frames in proven samples)"""
    tally, frames = Tally(), 0
    for sample in stored.samples:
        if (sample.tid != window["tid"] or
                not window["start"] < sample.time_ns < window["end"]):
            continue
        stack = stored.stack(sample)
        tally.add(sample, stack, problems_of(stack))
        if sample.trust == "proven":
            frames += len(python_frames(stack))
        if not python_frames(stack):
            tally.add_empty(sample, stack)
    return tally, frames


def can_run(python):
    """The program asks for its thread's id."""
    return python.version >= (3, 8)


def run(place, verdicts, pythons, seconds=4):
    program = os.path.join(targets.PROGRAMS, "exec_churn.py")
    for python in filter(can_run, pythons):
        name = "names of short-lived code " + python.label
        log = place.path(".json")
        recording = targets.record(place, ["-F", 999],
                                   [*python.command, program, seconds, log])
        if recording.status or not os.path.exists(log):
            verdicts.ok(name, False, "exit status %d: %s" % (
                recording.status, recording.text.strip()[-300:]))
            continue
        with open(log) as text:
            window = json.load(text)
        with Stored(recording.database) as stored:
            tally, frames = judge(stored, window)
        holds = (tally.wrong_proven() == 0 and tally.empty == 0 and
                 tally.checked > 20 and
                 tally.unresolved <= UNRESOLVED_MAX * frames)
        figures = "%d generations, %d frames; %s" % (
            window["generations"], frames, tally.figures())
        if not verdicts.ok(name, holds, figures):
            verdicts.say("\n".join(tally.examples))
            targets.keep(place, recording, name.replace(" ", "_"))


def run_full(place, verdicts, pythons):
    run(place, verdicts, pythons, 30)
