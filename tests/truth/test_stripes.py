# SPDX-License-Identifier: Apache-2.0
"""Truth 3: Python and C alternate exactly as the program says."""
import json
import os
import re

import check_grammar
import targets
from stored import Stored, python_frames
from tally import Tally

NAME = re.compile(r"^s_(\d+)_(\w+?)(?:\.__init__)?$")
# 3.12 counts C calls too and refuses more than 1,500.
DEEPEST = {(3, 12): 480}
TWICE = re.compile(r"functools_reduce$|map_next$|pattern_sub$")


def level(frame):
    found = NAME.match(frame.function or "")
    return int(found[1]) if found else None


def check(stack, version, named, whole):
    """Counting from the leaf down, no level may be missing or repeated."""
    problems = []
    frames = [(at, f) for at, f in python_frames(stack)
              if level(f) is not None or f.status == "unresolved"]
    for (outer_at, outer), (at, frame) in zip(frames, frames[1:]):
        if "unresolved" in (outer.status, frame.status):
            continue
        if level(frame) != level(outer) + 1:
            problems.append("level %d under %d" % (level(frame), level(outer)))
            break
        found = check_grammar.natives(stack, outer_at + 1, at)
        problem = check_grammar.gap_problem(NAME.match(frame.function)[2],
                                            found, version, named)
        if not problem and len([n for n in found if TWICE.search(n)]) > 1:
            problem = "a C function stands twice: %s" % found
        if problem:
            problems.append("level %d: %s" % (level(frame), problem))
            break
    if whole and frames and level(frames[0][1]) not in (0, None):
        problems.append("root reached without level 0")
    return problems


def judge(stored, python, window):
    """(tally, deepest level seen in a whole walk, whole walks at all)"""
    tally = Tally()
    deepest = 0
    whole_count = 0
    for sample in stored.samples:
        if not (sample.tid == window["tid"] and
                window["start"] < sample.time_ns < window["end"]):
            continue
        stack = stored.stack(sample)
        whole = sample.end == "root"
        tally.add(sample, stack,
                  check(stack, python.version, python.named, whole))
        if not python_frames(stack):
            tally.add_empty(sample, stack)
        levels = [level(f) for _, f in python_frames(stack)]
        if whole and levels and levels[-1] is not None:
            deepest = max(deepest, levels[-1])
            whole_count += 1
    return tally, deepest, whole_count


def run_one(place, python, depth, options, seconds):
    log = place.path(".json")
    program = place.program("stripes_writer.py", depth)
    recording = targets.record(place, options,
                               [*python.command, program, seconds, log])
    if recording.status or not os.path.exists(log):
        return recording, None
    with open(log) as text:
        window = json.load(text)
    with Stored(recording.database) as stored:
        return recording, judge(stored, python, window)


# The deepest stacks are megabytes each; at 499 Hz no worker keeps up with them.
def run(place, verdicts, pythons, runs=((8, 16384), (60, 65528),
                                        (2000, 65528))):
    for python in pythons:
        for depth, stack_bytes in runs:
            depth = min(depth, DEEPEST.get(python.version, depth))
            name = "stripes %s depth %d" % (python.label, depth)
            recording, judged = run_one(
                place, python, depth,
                ["-F", 99 if depth > 100 else 499, "--stack-size",
                 stack_bytes], 5 if depth > 100 else 2)
            if not judged:
                verdicts.ok(name, False, "exit status %d: %s" % (
                    recording.status, recording.text.strip()[-300:]))
                continue
            tally, deepest, whole = judged
            holds = (tally.wrong_proven() == 0 and tally.empty == 0 and
                     tally.checked > 20)
            # A deep stack may be cut by the kernel's copy, and must say so;
            # one that is smaller than the copy has no excuse.
            if depth == 60:
                holds = holds and deepest == depth
            figures = "deepest whole walk %d, %d walks whole; %s" % (
                deepest, whole, tally.figures())
            if not verdicts.ok(name, holds, figures):
                verdicts.say("\n".join(tally.examples)[:6000])
                targets.keep(place, recording, name.replace(" ", "_"))
