# SPDX-License-Identifier: Apache-2.0
"""A stored profile, read through its public views only."""
import array
import collections
import copy
import os
import sqlite3

Frame = collections.namedtuple(
    "Frame", "kind function file line module status")
Sample = collections.namedtuple(
    "Sample", "id time_ns process pid tid cpu callsite trust reason end")

SHOWN_MAX = 24
SAMPLES = """SELECT sample_id, time_ns, process, pid, tid, cpu, callsite_id,
 trust, trust_reason, walk_end FROM v_sample ORDER BY time_ns"""
TREE = """SELECT callsite_id, ifnull(parent_id, 0), frame_id FROM v_callsite
 ORDER BY callsite_id"""
FRAME = """SELECT kind, function, file, line, module, status FROM v_callsite
 WHERE callsite_id = ?"""


class Tree:
    """All call sites: stacks of thousands of frames share most of them."""

    def __init__(self, database):
        self.database = database
        self.parents, self.frame_ids = array.array("q"), array.array("q")
        self.first = None  # callsite_id of the first row
        self.frames = {}   # by frame_id
        self.read()

    def read(self):
        for callsite, parent, frame in self.database.execute(TREE):
            if self.first is None:
                self.first = callsite
            # Ids may have gaps, where a store was merged.
            while self.first + len(self.parents) < callsite:
                self.parents.append(0)
                self.frame_ids.append(0)
            self.parents.append(parent)
            self.frame_ids.append(frame)

    def frame(self, callsite):
        frame_id = self.frame_ids[callsite - self.first]
        if frame_id not in self.frames:
            row = self.database.execute(FRAME, (callsite,)).fetchone()
            self.frames[frame_id] = Frame(*row)
        return self.frames[frame_id]

    def stack(self, callsite):
        """Frames, root first."""
        frames = []
        while callsite:
            frames.append(self.frame(callsite))
            above = self.parents[callsite - self.first]
            if above >= callsite:
                raise ValueError("call site %d is above itself" % callsite)
            callsite = above
        frames.reverse()
        return frames


class Stored:
    def __init__(self, path):
        self.path = path
        self.database = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        self.samples = [Sample(*row) for row in self.database.execute(SAMPLES)]
        self.tree = Tree(self.database)
        self.stacks = {}

    def of(self, pid):
        """The same with the samples of one process only."""
        part = copy.copy(self)
        part.stacks = {}  # of a size of their own
        part.samples = [s for s in self.samples if s.pid == pid]
        return part

    def stack(self, sample):
        """Frames of @sample, root first."""
        callsite = sample.callsite
        if callsite not in self.stacks:
            self.stacks[callsite] = self.tree.stack(callsite)
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

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


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
