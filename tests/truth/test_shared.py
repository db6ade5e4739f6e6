# SPDX-License-Identifier: Apache-2.0
"""Truth 2: one helper under eight callers; the truth is the program's log."""
import array
import bisect
import collections
import os
import re

import targets
from stored import Stored, python_frames
from tally import Tally

CALLER = re.compile(r"caller_(\d)$")
MARGIN_NS = 2000  # two readings of one clock, by kernel and by vdso
SAMPLES_WANTED = 10000
Log = collections.namedtuple("Log", "tid starts ends callers")


def read_log(path):
    words = array.array("Q")
    with open(path, "rb") as data:
        words.frombytes(data.read())
    return Log(words[0], words[2::3], words[3::3], words[1::3])


def truth(log, time_ns):
    """Who was calling at @time_ns, or None when the log cannot tell."""
    at = bisect.bisect_right(log.starts, time_ns - MARGIN_NS) - 1
    if at < 0 or time_ns + MARGIN_NS > log.ends[at]:
        return None
    return log.callers[at]


def problems_of(stack, caller):
    names = [frame.function for _, frame in python_frames(stack)]
    found = [int(CALLER.search(n)[1]) for n in names if CALLER.search(n)]
    if found != [caller]:
        return ["caller is %s, truth is %d" % (found, caller)]
    if "helper" in names and not CALLER.search(
            names[names.index("helper") - 1]):
        return ["helper called by " + names[names.index("helper") - 1]]
    return []


def judge(stored, log):
    tally = Tally()
    for sample in stored.samples:
        caller = truth(log, sample.time_ns) if sample.tid == log.tid else None
        if caller is None:
            continue
        stack = stored.stack(sample)
        tally.add(sample, stack, problems_of(stack, caller))
        if not python_frames(stack):
            tally.add_empty(sample, stack)
    return tally


def run_one(place, python, options, seconds):
    log = place.path(".log")
    program = os.path.join(targets.PROGRAMS, "shared_helper.py")
    recording = targets.record(place, options,
                               [*python.command, program, seconds, log])
    if recording.status or not os.path.exists(log):
        return recording, None
    with Stored(recording.database) as stored:
        return recording, judge(stored, read_log(log))


def run_all(place, verdicts, pythons, runs):
    """@runs: (rate, hogs, seconds) each."""
    total = Tally()
    for python in filter(can_run, pythons):
        for rate, hogs, seconds in runs:
            name = "shared helper %s %d Hz %d hogs" % (python.label, rate, hogs)
            with targets.hogs(place, hogs):
                recording, tally = run_one(place, python, ["-F", rate], seconds)
            if not tally:
                verdicts.ok(name, False, "exit status %d: %s" % (
                    recording.status, recording.text.strip()[-300:]))
                continue
            holds = (tally.wrong_proven() == 0 and tally.empty == 0 and
                     tally.checked > 20)
            if not verdicts.ok(name, holds, tally.figures()):
                verdicts.say("\n".join(tally.examples))
                targets.keep(place, recording, name.replace(" ", "_"))
            total.merge(tally)
    verdicts.ok("shared helper in total",
                total.wrong_proven() == 0 and
                total.trust["proven"] >= SAMPLES_WANTED * len(pythons) / 4,
                "%d proven samples checked, %d wrong" % (
                    total.trust["proven"], total.wrong_proven()))


def can_run(python):
    """The program asks for its thread's id."""
    return python.version >= (3, 8)


def run(place, verdicts, pythons):
    run_all(place, verdicts, pythons, ((4999, 0, 2), (999, 4, 3)))


def run_full(place, verdicts, pythons):
    run_all(place, verdicts, pythons,
            ((9999, 0, 40), (4999, 2, 30), (999, 4, 60)))
