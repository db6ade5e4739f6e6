# SPDX-License-Identifier: Apache-2.0
"""Truth at scale: all programs on all interpreters, until so many proven samples
have been checked.

usage: run_soak.py [--brindle PATH] [--samples N] [--out FILE] [--matrix-only]
                   [--python LABEL]... [--program NAME]...
--samples: proven ones to be checked (1,000,000); first of all each cell gets its
share of them, then, while some are missing, each gets more.
--out: where the matrix is written, as Markdown (truth-matrix.md).
--matrix-only: not the tests that have no cells (run.py), which take some minutes.

A cell is a program on an interpreter, at 999 Hz: one alone on the host at a time,
and two for each CPU beside each other. In either case one recording holds a minute of
cells; it is judged when it has ended, with the host at rest.
The last lines are the verdict; a wrong stack among the proven is told at once.
"""
import argparse
import collections
import contextlib
import json
import multiprocessing
import os
import sqlite3
import sys
import time
import traceback

import run
import soak_cells
import soak_matrix
import targets
from stored import Stored
from verdict import Verdicts, counted

sys.path.insert(0, os.path.join(os.path.dirname(targets.HERE), "soak"))
import sample_rate  # noqa: E402

RATE = 999
LANES = 2               # for each CPU, oversubscribed
RECORDING_S = 40
START_S = 0.7           # that an interpreter and its end take, about
LATE_S = 60             # and at most
HOGS_S = 2              # that the same take beside a recording's start
SHARE_GUESSED = 0.8     # of the ticks of a cell that are proven samples
SECONDS_MIN, SECONDS_MAX = 0.2, 10
CYCLES_MAX = 20

# One run of a cell; @load is an index of LOADS.
Run = collections.namedtuple("Run", "cell load seconds log")
IDLE, BUSY = range(2)
LOADED = ("", ", oversubscribed")


def lanes_of(load):
    return LANES * os.cpu_count() if load == BUSY else 1


def wall_seconds(cell, load, seconds):
    """With so many beside it each gets its part of the CPUs."""
    stretch = max(1, lanes_of(load) / os.cpu_count())
    return cell.seconds * seconds * stretch


class Soak:
    def __init__(self, place, verdicts, options):
        self.place = place
        self.verdicts = verdicts
        self.wanted = options.samples
        self.out = os.path.abspath(options.out)
        self.matrix = soak_matrix.Matrix()
        self.start = time.monotonic()
        self.seed = 0

    def minutes(self):
        return (time.monotonic() - self.start) / 60

    def missing(self):
        return self.wanted - self.matrix.proven()

    def write(self):
        text = self.matrix.markdown(self.minutes())
        with open(self.out, "w") as stream:
            stream.write(text)
        return text

    def progress(self, what):
        """Says it, and leaves what there is so far, should this be stopped."""
        self.write()
        proven = self.matrix.proven()
        left = self.minutes() * (self.wanted / proven - 1) if proven else 0
        self.verdicts.say("# %3.0f min, cycle %d, %s: %s of %s proven samples "
                          "checked, %d wrong; some %.0f min to go" % (
                              self.minutes(), self.seed, what,
                              format(proven, ","), format(self.wanted, ","),
                              self.matrix.wrong(), max(left, 0)))

    def add(self, label, program, load, found, database, is_lossy=False):
        """@is_lossy: of a recording that lost records, mappings among them."""
        self.matrix.add(label, program, load, found, is_lossy)
        tally = found.tally
        if tally.wrong_proven() or tally.empty or found.broken:
            name = "%s %s %s" % (program, found.case, label)
            self.verdicts.say("# %s, %s: %s" % (
                name, soak_matrix.LOADS[load],
                found.broken or tally.figures()))
            self.verdicts.say("\n".join(tally.examples))
            targets.keep(self.place, targets.Recording(database, 0, ""),
                         name.replace(" ", "_") + "-%d" % self.place.files)

    def record(self, runs):
        """(recording, of each run its pid and exit status)"""
        lanes = [[] for _ in range(lanes_of(runs[0].load))]
        order = [[] for _ in lanes]
        full = [0] * len(lanes)
        for one in sorted(runs, key=lambda r: -r.seconds):
            at = full.index(min(full))
            full[at] += one.seconds
            order[at].append(one)
            argv = one.cell.command(self.place, self.seed)(one.seconds, one.log)
            lanes[at].append([one.seconds + LATE_S, *map(str, argv)])
        plan, result = self.place.path(".json"), self.place.path(".json")
        with open(plan, "w") as out:
            json.dump(lanes, out)
        recording = targets.record(
            self.place, ["-F", RATE],
            [sys.executable, "-B", os.path.join(targets.HERE, "lanes.py"),
             plan, result], 20 * (LATE_S + RECORDING_S))
        if recording.status:
            self.verdicts.say("# exit status %d: %s" % (
                recording.status, recording.text.strip()[-600:]))
            return recording, []
        with open(result) as text:
            return recording, list(zip(sum(order, []), sum(json.load(text), [])))

    def judge(self, database, part, pipe):
        """In a process of its own; sends a list of lists of Found."""
        with Stored(database) as stored:
            pipe.send([soak_cells.judged(one.cell, self.place, self.seed,
                                         stored.of(pid), one.log, status)
                       for one, (pid, status) in part])

    def judge_all(self, database, ran, is_lossy):
        context = multiprocessing.get_context("fork")
        parts = [ran[n::os.cpu_count()] for n in range(os.cpu_count())]
        judges = []
        for part in filter(None, parts):
            ours, theirs = context.Pipe(False)
            process = context.Process(target=self.judge,
                                      args=(database, part, theirs))
            process.start()
            theirs.close()
            judges.append((part, ours, process))
        for part, pipe, process in judges:
            for (one, _), found in zip(part, pipe.recv()):
                for case in found:
                    self.add(one.cell.label, one.cell.program, one.load, case,
                             database, is_lossy)
            process.join()

    def count_lost(self, recording):
        """What a recording did not get explains what is missing in it."""
        with contextlib.closing(sqlite3.connect(recording.database)) as database:
            health = dict(database.execute("SELECT name, value FROM v_health"))
        lost = {name: value for name, value in health.items()
                if value and "lost" in name.split("_")}
        self.matrix.lost.update(lost)
        if lost:
            self.verdicts.say("# lost: " + counted(collections.Counter(lost)))
        return bool(lost)

    def run_batch(self, runs):
        recording, ran = self.record(runs)
        if not ran:
            self.verdicts.ok("soak: a recording", False, recording.text[-200:])
        self.judge_all(recording.database, ran, self.count_lost(recording))
        self.remove(recording, runs)
        self.progress("%d programs%s" % (len(runs), LOADED[runs[0].load]))

    @staticmethod
    def remove(recording, runs):
        for path in [recording.database, *(one.log for one in runs)]:
            with contextlib.suppress(OSError):
                os.unlink(path)

    def batches(self, cells, load, seconds):
        batch, full = [], 0
        for cell in cells:
            wall = wall_seconds(cell, load, seconds)
            batch.append(Run(cell, load, wall, self.place.path(".json")))
            full += (wall + START_S) / lanes_of(load)
            if full >= RECORDING_S:
                yield batch
                batch, full = [], 0
        if batch:
            yield batch

    def run_apart(self, python, seconds, load):
        for name, share in soak_cells.APART.items():
            own = share * seconds * (1 + load)
            # Not for the judge, who comes after.
            with targets.hogs(self.place, 2 * os.cpu_count() * load,
                              own + HOGS_S):
                found, recording = soak_cells.run_apart(self.place, python,
                                                        name, own)
            self.add(python.label, "nasty", load, found, recording.database)
            self.remove(recording, [])
        self.progress("nasty ones of %s%s" % (
            python.label, LOADED[load]))

    def surely(self, what, *arguments):
        """An hour's work does not end with one recording that breaks."""
        try:
            what(*arguments)
        except Exception:
            self.verdicts.ok("soak: " + what.__name__, False,
                             "it broke\n" + traceback.format_exc())

    def cycle(self, cells, pythons):
        """All cells, as long as it takes to fill what is missing."""
        self.seed += 1
        units = sum(cell.seconds for cell in cells)
        seconds = self.missing() / (2 * units * RATE * SHARE_GUESSED)
        seconds = min(max(seconds, SECONDS_MIN), SECONDS_MAX)
        for load in (BUSY, IDLE):
            for batch in self.batches(cells, load, seconds):
                if self.seed > 1 and self.missing() <= 0:
                    return
                self.surely(self.run_batch, batch)
            if self.seed == 1:
                for python in pythons:
                    self.surely(self.run_apart, python, seconds, load)

    def run(self, cells, pythons):
        while cells and self.missing() > 0 and self.seed < CYCLES_MAX:
            with sample_rate.watched(RATE, self.verdicts.say):
                self.cycle(cells, pythons)

    def close(self):
        matrix = self.matrix
        matrix.judge(self.verdicts)
        self.verdicts.say(self.write())
        self.verdicts.say("# written to " + self.out)
        self.verdicts.ok("soak: samples", self.missing() <= 0,
                         "%s proven samples checked in %.0f min" % (
                             format(matrix.proven(), ","), self.minutes()))
        self.verdicts.ok("soak: wrong among proven", matrix.wrong() == 0,
                         str(matrix.wrong()))


def parse(argv):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--brindle", default=os.environ.get(
        "BRINDLE", "./brindle"))
    parser.add_argument("--samples", type=int, default=1000000)
    parser.add_argument("--out", default="truth-matrix.md")
    parser.add_argument("--matrix-only", action="store_true")
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("--program", action="append", default=[])
    return parser.parse_args(argv)


def run_rest(place, verdicts, pythons):
    """The tests whose oracle is not about one stack of one program."""
    for name in ("checkers", "honesty", "life", "daemon", "gil", "places",
                 "seccomp"):
        run.run_test(name, place, verdicts, pythons, False)


def main(argv):
    options = parse(argv)
    verdicts = Verdicts()
    with run.prepared(verdicts, options.brindle, options.python) as (place,
                                                                     pythons):
        cells = [cell for python in pythons
                 for cell in soak_cells.cells_of(place, python)
                 if cell.program in (options.program or [cell.program])]
        soak = Soak(place, verdicts, options)
        soak.run(cells, pythons if not options.program else [])
        if not options.matrix_only:
            run_rest(place, verdicts, pythons)
        soak.close()
    return verdicts.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
