# SPDX-License-Identifier: Apache-2.0
"""What is read of an interpreter for a sample, by version and depth: how often,
how much, and how long the thread stands still for it."""
import os
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TRUTH = os.path.join(os.path.dirname(HERE), "truth")
PROGRAM = os.path.join(os.path.dirname(HERE), "programs", "foreign", "depth.py")
DEPTHS = (4, 60, 1000)

sys.path.insert(0, TRUTH)

import targets  # noqa: E402


def health(database):
    with sqlite3.connect("file:%s?mode=ro" % database, uri=True) as connection:
        return dict(connection.execute("SELECT name, value FROM v_health"))


def record(brindle, folder, python, depth, seconds, *how):
    """The health of a recording of @depth frames, or None."""
    database = os.path.join(folder, "reads.db")
    done = subprocess.run(
        [brindle, "record", "-F", "999", "-o", database, "--",
         *python.command, PROGRAM, str(depth), str(seconds), *how],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return None if done.returncode else health(database)


def goals(python, depth):
    """(of reads, of time)"""
    reads = "<= 8" if python.version >= (3, 11) and depth == 1000 else ""
    return reads, "<= 40 us, <= 100 us" if depth == 60 else ""


def times(found):
    return "%d us, %d us, reading %d us, %d us (%d samples)" % (
        found["capture_us_median"], found["capture_us_p99"],
        found["capture_reading_us_median"], found["capture_reading_us_p99"],
        found["captures"])


def measure(brindle, folder, seconds):
    """(what, of which, figure, goal) of each."""
    pythons, gone = targets.interpreters(folder)
    for label in gone:
        print("# no Python %s here" % label)
    for python in pythons:
        for depth in DEPTHS:
            found = record(brindle, folder, python, depth, seconds)
            if not found or not found.get("captures"):
                yield "reads, %d frames" % depth, python.label, "none", ""
                continue
            reads, time = goals(python, depth)
            yield ("reads a sample, %d frames" % depth, python.label,
                   "%d median, %.1f mean; %.0f bytes" % (
                       found["capture_reads_median"],
                       found["capture_reads"] / found["captures"],
                       found["capture_bytes"] / found["captures"]), reads)
            yield ("  capture, median and 99th percentile", python.label,
                   times(found), time)
            if depth != 60:
                continue
            idle = record(brindle, folder, python, depth, seconds, "idle")
            if idle and idle.get("captures"):
                yield ("  the same, of a target that mostly sleeps",
                       python.label, times(idle), time)
