# SPDX-License-Identifier: Apache-2.0
"""Truth 9: who has the interpreter's lock; the truth is where the thread is.

A thread that runs bytecode has the lock. One that hashes megabytes or sleeps
has let go of it. One that waits for it waits for another thread than itself.
"""
import collections
import os
import re
import sqlite3

import targets

QUERY = """
SELECT s.event, s.gil, thread.tid, holder.tid,
       leaf.kind, leaf.function, (
           SELECT function FROM v_frame_of_callsite AS f
           WHERE f.callsite_id = s.callsite_id AND f.kind = 'python'
             AND function IN ('holds', 'releases', 'sleeps') LIMIT 1) AS what
FROM v_sample AS s
JOIN thread ON thread.id = s.thread_id
JOIN v_callsite AS leaf ON leaf.callsite_id = s.callsite_id
LEFT JOIN thread AS holder ON holder.id = s.gil_holder_thread_id
WHERE s.trust = 'proven'
"""
Row = collections.namedtuple(
    "Row", "event gil tid holder leaf_kind leaf what")
HASHES = re.compile(r"sha256|sha2|Hacl|SHA256|update", re.I)
# What hashlib does before and after it lets go of the lock.
WITH_LOCK = re.compile(r"_(Init|Final)\b|^_hashlib_", re.I)
# Debian's build has eval_frame_handle_pending() within the eval loop: a thread
# that hands the lock over stands there without it for some ten instructions. That
# is told rightly of about one of 60,000 samples (docs/proof.md).
HAND_OVER = {"debian-3.11": 1}


def read_log(path):
    with open(path) as lines:
        return {int(tid): what for tid, what in map(str.split, lines)}


def rows_of(database):
    with sqlite3.connect(database) as connection:
        return [Row(*row) for row in connection.execute(QUERY)]


def wrong_of(row):
    """What is said of @row that cannot be, or None."""
    if row.gil == "waiting" and row.holder == row.tid:
        return "waits for itself"
    if row.what == "holds" and row.leaf_kind == "python" and \
            row.gil != "held":
        return "runs bytecode " + str(row.gil)
    if row.what == "releases" and row.leaf_kind == "native" and \
            HASHES.search(row.leaf or "") and row.gil == "held" and \
            not WITH_LOCK.search(row.leaf):
        return "hashes with the lock in " + row.leaf
    if row.what == "sleeps" and row.event == "off-cpu" and \
            row.gil == "held":
        return "sleeps with the lock"
    return None


def share(rows, gil):
    return sum(row.gil == gil for row in rows) / max(1, len(rows))


def judge(name, verdicts, rows, who, hand_over):
    wrong = [text for text in (wrong_of(row) for row in rows) if text]
    handing = wrong.count("runs bytecode without")
    bytecode = [r for r in rows if r.what == "holds" and
                r.event == "cpu-clock" and r.leaf_kind == "python"]
    hashing = [r for r in rows if r.what == "releases" and
               r.event == "cpu-clock"]
    blocked = [r for r in rows if r.what == "holds" and r.event == "off-cpu"]
    holders = [r for r in blocked if r.gil == "waiting" and r.holder]
    known = sum(who.get(r.holder) == "holds" for r in holders)
    figures = "%d run bytecode, %.1f %% held; %d hash, %.1f %% without; " \
        "%d blocked, %.1f %% waiting, %d holders, %d of them hold; %s" % (
            len(bytecode), 100 * share(bytecode, "held"),
            len(hashing), 100 * share(hashing, "without"),
            len(blocked), 100 * share(blocked, "waiting"),
            len(holders), known, wrong[:3])
    verdicts.ok(name, len(wrong) == handing <= hand_over and
                len(bytecode) > 50 and
                len(hashing) > 20 and len(blocked) > 10 and
                share(hashing, "without") > 0.8 and
                share(blocked, "waiting") > 0.85 and
                known > len(holders) / 2 > 0, figures)


def run(place, verdicts, pythons, seconds=2):
    for python in pythons:
        name = "gil %s" % python.label
        log = place.path(".log")
        program = os.path.join(targets.PROGRAMS, "gil.py")
        recording = targets.record(
            place, ["-F", 999, "-e", "cpu-clock,off-cpu"],
            [*python.command, program, seconds, log])
        if recording.status or not os.path.exists(log):
            verdicts.ok(name, False, recording.text.strip()[-300:])
            continue
        judge(name, verdicts, rows_of(recording.database), read_log(log),
              HAND_OVER.get(python.label, 0))


def run_full(place, verdicts, pythons):
    run(place, verdicts, pythons, 60)
