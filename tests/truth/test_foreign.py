# SPDX-License-Identifier: Apache-2.0
"""Truth 7: native code of other people's that calls Python, moves stacks, or
makes Python functions of its own: greenlet, gevent, Cython, pybind11, numpy.
Each sample is right, or unproven."""
import json
import os
import subprocess

import chains
import packages
import targets
from stored import Stored, python_frames
from tally import Tally

FOREIGN = os.path.join(targets.PROGRAMS, "foreign")


def judge(stored, text, window):
    """A Tally of the samples of the thread that ran the chains of @text."""
    tally = Tally()
    for sample in stored.samples:
        if not (sample.tid == window["tid"] and
                window["start"] < sample.time_ns < window["end"]):
            continue
        stack = stored.stack(sample)
        complete = sample.trust == "proven" or sample.end == "root"
        tally.add(sample, stack, chains.check(text, stack, complete))
        # Between two greenlets there is no Python frame.
        if (sample.trust != "unproven" and not python_frames(stack) and
                not any("/_greenlet." in (f.module or "") for f in stack)):
            tally.add_empty(sample, stack)
    return tally


def expand(place, template, first=0, count=1):
    path = place.path(".py")
    subprocess.check_call([targets.sys.executable,
                           os.path.join(FOREIGN, "expand.py"), path,
                           os.path.join(FOREIGN, template), str(first),
                           str(count)])
    return path


def run_one(place, python, command, program, options):
    """(recording, tally or None)"""
    log = place.path(".json")
    recording = targets.record(place, options, [*command, log])
    if recording.status or not os.path.exists(log):
        return recording, None
    with open(log) as text:
        window = json.load(text)
    text = chains.Chains(program, python.version, python.named)
    with Stored(recording.database) as stored:
        return recording, judge(stored, text, window)


# Why a sample is unproven that says nothing of what was read, but of who else
# wanted the CPU meanwhile.
BUSY = ("other-thread-switched-out", "reader-interrupted", "ran-before-switch",
        "ran-before-read", "no-switch-record", "records-lost", "queue-full")


def read_share(tally):
    """Proven of all samples that were read in peace, in percent."""
    judged = (tally.trust["proven"] + tally.trust["unproven"] -
              sum(tally.reasons[reason] for reason in BUSY))
    return 100 * tally.trust["proven"] / judged if judged else 0.0


def report(place, verdicts, name, recording, tally, goal):
    """@goal: the least that has to be proven of what was read in peace."""
    if not tally:
        verdicts.ok(name, False, "exit status %d: %s" % (
            recording.status, recording.text.strip()[-600:]))
        return
    holds = (tally.wrong_proven() == 0 and tally.empty == 0 and
             tally.checked > 50 and read_share(tally) >= goal)
    if not verdicts.ok(name, holds, tally.figures()):
        verdicts.say("\n".join(tally.examples))
        targets.keep(place, recording, name.replace(" ", "_"))


# What is run, in how many chains, a module of ours that it needs, and the share
# that has to be proven. While greenlet switches nothing is; these programs do
# little else.
CASES = (
    ("greenlets", 6, None, 85),
    ("gevents", 6, None, 85),
    ("arrays", 2, None, 99),
    ("cythons", 2, "foreign_cython.pyx", 99),
    ("pybinds", 2, "foreign_pybind.cpp", 99),
)


def prepare(place, python, folder, case):
    """(program, command that runs it)"""
    template, count, source, _ = case
    program = expand(place, template + ".py", 0, count)
    folders = [folder]
    if source:
        folders.append(packages.module(python, folder,
                                       os.path.join(FOREIGN, source)))
    return program, [*packages.command(python, *folders), program]


def run_case(place, verdicts, python, folder, case, seconds):
    template, _, _, goal = case
    program, command = prepare(place, python, folder, case)
    found = run_one(place, python, [*command, seconds], program, ["-F", 999])
    report(place, verdicts, "foreign %s %s" % (template, python.label),
           *found, goal)


def run(place, verdicts, pythons, seconds=1.5):
    here = {python.label: python for python in pythons}
    for label in packages.labels():
        found = packages.of(label)
        if label not in here:
            continue
        if not found.folder:
            verdicts.skip("foreign " + label, found.why)
            continue
        for case in CASES:
            run_case(place, verdicts, here[label], found.folder, case, seconds)


def run_full(place, verdicts, pythons):
    run(place, verdicts, pythons, 30)
