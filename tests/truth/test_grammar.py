# SPDX-License-Identifier: Apache-2.0
"""Truth 1: generated functions with one legal caller each."""
import json
import os
import subprocess

import check_grammar
import targets
from stored import Stored
from tally import Tally

LOADS = {"idle": 0, "busy": 2, "oversubscribed": 4}
# Percent that have to be proven, of what is not up to other programs on this
# host (tally.RACES); and of all.
GOAL = {99: 99.9, 999: 99.5}
GOAL_ALL = 99.5
# Of one interpreter there are too few samples for more. musl's free() gives memory
# back at once: six samples of a hundred are in munmap(), where a thread may hold
# the lock that reading it takes (docs/proof.md).
GOAL_MUSL, GOAL_ALL_MUSL = 99.5, 98.0
PARTS = {"": "", "musl": " with musl"}
SECONDS = {99: 8, 999: 4}
FULL_SECONDS = {99: 60, 999: 30, 4999: 20}


def judge(stored, grammar, python, log):
    """A Tally of all samples."""
    tally, known = Tally(), {}
    for sample in stored.samples:
        stack = stored.stack(sample)
        seen = (sample.callsite, sample.end == "root")
        if seen not in known:
            known[seen] = check_grammar.check(grammar, stack, python.version,
                                              python.named, seen[1])
        tally.add(sample, stack, known[seen])
        inside = log["start"] < sample.time_ns < log["end"]
        if (inside and sample.tid == log["tid"] and
                not any(f.kind in ("python", "other") for f in stack)):
            tally.add_empty(sample, stack)
    return tally


def run_one(place, python, program, options, seconds):
    """(recording, tally or None)"""
    log = place.path(".json")
    recording = targets.record(
        place, options,
        [*python.command, program, seconds, 2, 40, log])
    if recording.status or not os.path.exists(log):
        return recording, None
    with open(log) as text:
        window = json.load(text)
    grammar = check_grammar.Grammar(program, python.version)
    with Stored(recording.database) as stored:
        return recording, judge(stored, grammar, python, window)


def report(place, verdicts, name, recording, tally):
    if not tally:
        verdicts.ok(name, False, "exit status %d: %s" % (
            recording.status, recording.text.strip()[-300:]))
        return Tally()
    holds = (tally.wrong_proven() == 0 and tally.empty == 0 and
             tally.checked > 20)
    if not verdicts.ok(name, holds, tally.figures()):
        verdicts.say("\n".join(tally.examples))
        targets.keep(place, recording, name.replace(" ", "_"))
    return tally


def run_matrix(place, verdicts, pythons, seed, seconds):
    pooled = {(rate, part): Tally() for rate in seconds for part in PARTS}
    program = place.program("grammar_writer.py", seed, 300)
    for python in pythons:
        for load in LOADS if python.core else ["busy"]:
            for rate in seconds:
                with targets.hogs(place, LOADS[load]):
                    found = run_one(place, python, program, ["-F", rate],
                                    seconds[rate])
                name = "grammar %s %s %d Hz" % (python.label, load, rate)
                part = "musl" if python.musl else ""
                pooled[rate, part].merge(
                    report(place, verdicts, name, *found))
    for (rate, part), tally in pooled.items():
        if tally.checked:
            goals = (GOAL_MUSL, GOAL_ALL_MUSL) if part else (
                GOAL.get(rate, GOAL[999]), GOAL_ALL)
            judge_share(verdicts, "at %d Hz%s" % (rate, PARTS[part]), tally,
                        *goals)


def judge_share(verdicts, name, tally, goal, goal_all):
    ours = tally.trust["unproven"] - tally.raced()
    verdicts.ok("grammar proven share " + name,
                tally.reaches(goal, ours) and tally.reaches(goal_all),
                "%.3f %%, goal %.1f; but for the host's schedule %.3f %%, goal "
                "%.1f; %s" % (tally.share(), goal_all, tally.told(), goal,
                              tally.figures()))


def run_software_proof(place, verdicts, pythons, seconds):
    """The proof without the tracepoint, by the switch event."""
    program = place.program("grammar_writer.py", 4, 200)
    total = Tally()
    for python in pythons:
        with targets.hogs(place, 2):
            found = run_one(place, python, program,
                            ["-F", 999, "--proof-by-software"], seconds)
        total.merge(report(place, verdicts, "grammar proof by software event "
                           + python.label, *found))
    judge_share(verdicts, "by software event", total, GOAL[999], GOAL_ALL)


def start(place, python, program, seconds):
    """(interpreter, its log, its process)"""
    log = place.path(".json")
    return python, log, subprocess.Popen(
        [*python.command, program, str(seconds), "2", "40", log],
        stdout=subprocess.DEVNULL)


def run_everyone(place, verdicts, pythons, seconds):
    """The whole host, where not every switch is recorded, with two programs at a
    time: their threads fight for two locks, by 20,000 switches a second and CPU."""
    program = place.program("grammar_writer.py", 6, 300)
    total = Tally()
    for pair in zip(pythons[::2], pythons[1::2]):
        running = [start(place, python, program, seconds) for python in pair]
        recording = targets.record(place, ["-a", "-F", 999, "-d", seconds - 1])
        for python, log, process in running:
            process.wait()
            grammar = check_grammar.Grammar(program, python.version)
            with open(log) as text, Stored(recording.database) as stored:
                tally = judge(stored.of(process.pid), grammar, python,
                              json.load(text))
            total.merge(report(place, verdicts, "grammar of everyone " +
                               python.label, recording, tally))
    judge_share(verdicts, "of everyone", total, GOAL[999], GOAL_ALL)


def run_off_cpu(place, verdicts, pythons, seconds):
    """Threads that wait for the interpreter's lock, wherever they stand."""
    program = place.program("grammar_writer.py", 5, 200)
    total = Tally()
    for python in pythons:
        found = run_one(place, python, program, [
            "-F", 999, "-e", "cpu-clock,off-cpu@999,page-faults@999"], seconds)
        total.merge(report(place, verdicts, "grammar with off-cpu " +
                           python.label, *found))
    verdicts.ok("grammar proven share with off-cpu", total.share() >= 98,
                "%.3f %%" % total.share())


def run(place, verdicts, pythons):
    run_matrix(place, verdicts, pythons, 1, SECONDS)
    pythons = [python for python in pythons if python.core]
    if pythons:
        run_software_proof(place, verdicts, pythons, 2)
        run_everyone(place, verdicts, pythons, 4)
        run_off_cpu(place, verdicts, pythons, 2)


def run_full(place, verdicts, pythons):
    for seed in (1, 2, 3):
        run_matrix(place, verdicts, pythons, seed, FULL_SECONDS)
    run_software_proof(place, verdicts, pythons, 30)
    run_everyone(place, verdicts, pythons, 30)
    run_off_cpu(place, verdicts, pythons, 30)
