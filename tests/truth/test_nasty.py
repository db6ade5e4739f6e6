# SPDX-License-Identifier: Apache-2.0
"""Truth: every way of being on a stack, a case each, on every interpreter.

Prints a matrix: of each case on each interpreter how many samples, the share of
them that is proven, how many are wrong among those, and why others are not
proven.

usage: test_nasty.py [--brindle PATH] [--seconds S] [--hogs N]
       [--python LABEL]... [CASE]...
"""
import argparse
import collections
import contextlib
import copy
import json
import os
import shutil
import sys
import tempfile

import check_chains
import nasty_cases
import targets
import test_check_chains
from stored import Stored
from tally import Tally
from verdict import Verdicts, counted

FOLDER = os.path.join(targets.PROGRAMS, "nasty")
LIBRARY = os.path.join(FOLDER, "nasty.c")
CASES = {case.name: case for case in nasty_cases.CASES}
QUICK_SECONDS = 0.2
WORDS_MAX = 30
EXAMPLES_MAX = 3
SEEN_MIN = 10    # samples of a cell of a second or more
TOTAL_MIN = 100  # of an interpreter


@contextlib.contextmanager
def environment(words):
    """os.environ with @words, for a while."""
    before = dict(os.environ)
    os.environ.update(words)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Cell:
    """A case on an interpreter."""

    def __init__(self, case, label, wanted):
        self.case = case
        self.label = label
        self.tally = Tally()
        self.wanted = wanted
        self.skipped = None
        self.broken = None
        self.unseen = []
        self.missing = []
        self.examples = []

    def holds(self):
        return not self.broken and (self.skipped or (
            not self.missing and self.tally.wrong_proven() == 0 and self.tally.empty == 0 and
            self.tally.checked >= self.wanted))

    def row(self):
        what = "%-16s %-15s " % (self.case, self.label)
        if self.skipped or self.broken:
            return what + (self.broken or "- " + self.skipped)
        tally = self.tally
        row = "%6d %7.2f %% %3d %3d %3d %4d  %s" % (
            tally.checked, tally.share(), tally.wrong["proven"],
            tally.wrong["unproven"], tally.empty, tally.unresolved,
            counted(tally.reasons) if tally.reasons else "")
        if self.unseen:
            row += "  (unseen: %s)" % "; ".join(self.unseen)
        if self.missing:
            row += "  missing: " + ", ".join(self.missing)
        return what + row


def told(sample, stack, problems):
    """One wrong sample, in two lines."""
    words = [("%.60s:%s" if f.kind == "python" else "(%.60s)%.0s") % (
        f.function, f.line) for f in stack if f.kind != "kernel"]
    return "    %s %s tid %d: %s\n      %s" % (
        sample.trust, sample.end, sample.tid, "; ".join(problems),
        " ".join(words[-WORDS_MAX:]))


def chains_of(cell, texts, shown):
    chains = check_chains.Chains(texts)
    chains.add_source(os.path.join(FOLDER, cell.case + ".py"))
    chains.add_shown(shown)
    return chains


def judge_sample(cell, chains, stored, sample, is_main):
    stack = stored.stack(sample)
    whole = sample.end == "root"
    problems = check_chains.check(chains, stack, whole, FOLDER)
    if whole and is_main and not any(
            f.kind in ("python", "other") for f in stack):
        problems = ["no Python frames"]
        cell.tally.empty += sample.trust != "unproven"
    cell.tally.add(sample, stack, problems)
    if problems and sample.trust != "unproven":
        cell.examples.append(told(sample, stack, problems))


def judge(cell, stored, ran, pid):
    """Judges the samples of the time in which the case ran."""
    own = chains_of(cell, ran["chains"], ran["shown"])
    others = chains_of(cell, ran["children"], {})
    for sample in stored.samples:
        if not ran["start"] < sample.time_ns < ran["end"]:
            continue
        if sample.pid == pid:
            judge_sample(cell, own, stored, sample, sample.tid == pid)
        elif ran["children"]:
            judge_sample(cell, others, stored, sample, False)
    cell.unseen = own.unseen() + others.unseen()
    if ran["error"]:
        cell.broken = ran["error"]


SEEN = """SELECT DISTINCT v_sample.event, function FROM v_sample
 JOIN v_frame_of_callsite USING (callsite_id)
 WHERE time_ns BETWEEN ? AND ? AND v_frame_of_callsite.kind = 'python'"""


def missing(stored, ran):
    """Functions that have to be in samples of an event, and are not."""
    found = collections.defaultdict(set)
    for event, function in stored.database.execute(
            SEEN, (ran["start"], ran["end"])):
        found[event].add((function or "").split(".")[-1])
    return ["%s of %s" % (name, event) for event, names in ran["seen"].items()
            for name in names if name not in found[event]]


def run_cells(place, python, mode, names, seconds):
    """Runs cases in one process; a list of cells."""
    label = python.label + mode.label
    wanted = SEEN_MIN if seconds >= 1 else 0
    cells = [Cell(name, label, wanted) for name in names]
    log = place.path(".json")
    command = [*python.command, "-B", "-W", "ignore", *mode.options,
               os.path.join(FOLDER, "run.py"), seconds, log,
               place.library(LIBRARY, python), *names]
    if not CASES[names[0]].filtered:
        place = copy.copy(place)
        place.wrapper = []
    with environment(mode.environment):
        recording = targets.record(
            place, ["-F", 999, "-e", CASES[names[0]].events], command)
    if recording.status or not os.path.exists(log):
        for cell in cells:
            cell.broken = "exit status %d: %s" % (
                recording.status, recording.text.strip()[-200:])
        return cells, recording
    with open(log) as text:
        ran = json.load(text)
    stored = Stored(recording.database)
    for cell in cells:
        case = ran["cases"][cell.case]
        cell.skipped = case.get("skip")
        if not cell.skipped:
            judge(cell, stored, case, ran["pid"])
            if cell.wanted:
                cell.missing = missing(stored, case)
    stored.close()
    return cells, recording


def batches(cases, apart):
    """Cases by process: one each, or those that can be together."""
    together = [case.name for case in cases if case.together and not apart]
    alone = [[case.name] for case in cases if apart or not case.together]
    return ([together] if together else []) + alone


def tell(verdicts, place, cells, recording):
    for cell in cells:
        verdicts.say(cell.row())
        if not cell.holds():
            verdicts.say("\n".join(cell.examples[:EXAMPLES_MAX]))
            targets.keep(place, recording, "nasty_%s_%s" % (
                cell.case, cell.label.replace(" ", "_")))


def run_matrix(place, verdicts, pythons, cases, seconds, apart,
               modes=nasty_cases.MODES):
    """All cells; one verdict for each interpreter in each mode."""
    verdicts.say("%-16s %-15s %6s %9s %3s %3s %3s %4s" % (
        "case", "interpreter", "seen", "proven", "wrp", "wru", "emp", "unre"))
    for python in pythons:
        for mode in modes:
            if not mode.suits(python):
                continue
            total, bad, ran = Tally(), [], 0
            for names in batches(cases, apart):
                cells, recording = run_cells(place, python, mode, names,
                                             seconds)
                tell(verdicts, place, cells, recording)
                for cell in cells:
                    total.merge(cell.tally)
                    ran += not cell.skipped
                    if not cell.holds():
                        bad.append(cell.case)
            verdicts.ok("nasty cases %s" % (python.label + mode.label),
                        not bad and total.checked >= TOTAL_MIN, "%d cases, bad: %s; %s" % (
                            ran, " ".join(bad) or "none", total.figures()))


def run(place, verdicts, pythons):
    test_check_chains.run(verdicts)
    quick = [case for case in nasty_cases.CASES if case.together or case.quick]
    run_matrix(place, verdicts, pythons, quick, QUICK_SECONDS, False,
               nasty_cases.MODES[:1])


def run_full(place, verdicts, pythons):
    run_matrix(place, verdicts, pythons, nasty_cases.CASES, 3, True)
    with targets.hogs(place, 4):
        run_matrix(place, verdicts, pythons, nasty_cases.CASES, 3, True)


def main(argv):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--brindle", default=os.environ.get(
        "BRINDLE", "./brindle"))
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--hogs", type=int, default=0)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--mode", default="all")
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args(argv)
    verdicts = Verdicts()
    folder = tempfile.mkdtemp(prefix="brindle-nasty-")
    os.chmod(folder, 0o755)
    pythons, _ = targets.interpreters(folder)
    pythons = [p for p in pythons
               if p.label in (options.python or [p.label])]
    modes = [mode for mode in nasty_cases.MODES
             if options.mode in ("all", mode.label.strip())]
    cases = [case for case in nasty_cases.CASES
             if case.name in (options.cases or [case.name])]
    try:
        place = targets.Workplace(options.brindle, folder, True)
        with targets.hogs(place, options.hogs):
            run_matrix(place, verdicts, pythons, cases, options.seconds,
                       not options.together, modes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return verdicts.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
