# SPDX-License-Identifier: Apache-2.0
"""A stored profile, read through its public views only."""
import collections
import os
import sqlite3

Frame = collections.namedtuple(
    "Frame", "kind function file line module status")
Sample = collections.namedtuple(
    "Sample", "id time_ns process pid tid cpu callsite trust reason end")

SHOWN_MAX = 24
SAMPLES = """SELECT sample_id, time_ns, process, pid, tid, cpu, callsite_id,
 trust, trust_reason, walk_end FROM v_sample ORDER BY time_ns"""
FRAMES = """SELECT kind, function, file, line, module, status
 FROM v_frame_of_callsite WHERE callsite_id = ? ORDER BY depth"""


class Stored:
    def __init__(self, path):
        self.path = path
        self.database = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        self.samples = [Sample(*row) for row in self.database.execute(SAMPLES)]
        self.stacks = {}

    def stack(self, sample):
        """Frames of @sample, root first."""
        callsite = sample.callsite
        if callsite not in self.stacks:
            rows = self.database.execute(FRAMES, (callsite,))
            self.stacks[callsite] = [Frame(*row) for row in rows]
        return self.stacks[callsite]

    def health(self):
        rows = self.database.execute("SELECT name, value FROM v_health")
        return dict(rows.fetchall())

    def counts(self, samples=None):
        samples = self.samples if samples is None else samples
        return (collections.Counter(s.trust for s in samples),
                collections.Counter(s.reason for s in samples
                                    if s.trust == "unproven"),
                collections.Counter(s.end for s in samples))

    def close(self):
        self.database.close()


def show(stack):
    """@stack as text, root first, for a report of what is wrong."""
    lines = []
    if len(stack) > SHOWN_MAX:
        lines = ["      (%d frames)" % (len(stack) - SHOWN_MAX)]
    for frame in stack[-SHOWN_MAX:]:
        lines.append("      %-6s %-10s %s:%s  %s" % (
            frame.kind, frame.status, frame.function, frame.line,
            os.path.basename(
                frame.file or frame.module or "")))
    return "\n".join(lines)


def python_frames(stack):
    """(index in the stack, frame) of each Python frame, root first."""
    return [(i, frame) for i, frame in enumerate(stack)
            if frame.kind == "python"]
