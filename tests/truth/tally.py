# SPDX-License-Identifier: Apache-2.0
"""Adds up what a checker said about the samples of one or more recordings."""
import collections

from stored import python_frames, show
from verdict import counted

EXAMPLES_MAX = 3

# Why a sample is unproven although nothing but the host's schedule speaks
# against it: whoever holds the lock that the reader waits for was off its CPU,
# or the whole CPU was withheld by the hypervisor.
RACES = ("other-thread-switched-out", "reader-interrupted", "ran-before-read",
         "ran-before-switch")


class Tally:
    def __init__(self):
        self.trust = collections.Counter()
        self.reasons = collections.Counter()
        self.ends = collections.Counter()
        self.wrong = collections.Counter()  # by trust
        self.unresolved = 0                 # frames, in proven samples
        self.empty = 0      # no Python frame where there must be one
        self.checked = 0    # samples with Python frames that were judged
        self.checked_proven = 0  # of those, proven
        self.examples = []

    def add(self, sample, stack, problems):
        """@problems: what the checker finds wrong with @stack."""
        self.trust[sample.trust] += 1
        self.ends[sample.end] += 1
        if sample.trust == "unproven":
            self.reasons[sample.reason] += 1
        if not python_frames(stack):
            return
        self.checked += 1
        if sample.trust == "proven":
            self.checked_proven += 1
            self.unresolved += sum(f.status == "unresolved" for f in stack)
        if problems:
            self.wrong[sample.trust] += 1
            self.example(sample, stack, problems)

    def add_empty(self, sample, stack):
        """Of a thread that ran Python; unproven, it is one of the lost ones."""
        if sample.trust == "unproven":
            return
        self.empty += 1
        self.example(sample, stack, ["no Python frames"])

    def example(self, sample, stack, problems):
        if sample.trust == "unproven" or len(self.examples) >= EXAMPLES_MAX:
            return
        self.examples.append("    sample %d, %s, %s, tid %d: %s\n%s" % (
            sample.id, sample.trust, sample.end, sample.tid,
            "; ".join(problems), show(stack)))

    def merge(self, other):
        for name in ("trust", "reasons", "ends", "wrong"):
            getattr(self, name).update(getattr(other, name))
        self.unresolved += other.unresolved
        self.empty += other.empty
        self.checked += other.checked
        self.checked_proven += other.checked_proven
        self.examples += other.examples[:1]

    def share(self):
        """Proven of all samples with Python in them, in percent."""
        judged = self.trust["proven"] + self.trust["unproven"]
        return 100 * self.trust["proven"] / judged if judged else 0.0

    def raced(self):
        """Samples unproven by one of RACES."""
        return sum(self.reasons[reason] for reason in RACES)

    def told(self):
        """Proven of all that the host left us time for, in percent."""
        proven = self.trust["proven"]
        judged = proven + self.trust["unproven"] - self.raced()
        return 100 * proven / judged if judged else 0.0

    def reaches(self, goal, unproven=None):
        """Whether the unproven, or @unproven of them, are no more than @goal
        percent allow, or than chance (three times its spread) may make of that
        in so few samples."""
        judged = self.trust["proven"] + self.trust["unproven"]
        allowed = judged * (100 - goal) / 100
        if unproven is None:
            unproven = self.trust["unproven"]
        return judged > 0 and unproven <= allowed + 3 * allowed ** 0.5

    def wrong_proven(self):
        return self.wrong["proven"]

    def figures(self):
        text = ("%d samples, %d with Python, proven %.2f %%, wrong: proven %d"
                " unproven %d, empty %d, unresolved frames %d" % (
                    sum(self.trust.values()), self.checked, self.share(),
                    self.wrong["proven"], self.wrong["unproven"], self.empty,
                    self.unresolved))
        if self.reasons:
            text += "; unproven: " + counted(self.reasons)
        return text + "; ends: " + counted(self.ends)
