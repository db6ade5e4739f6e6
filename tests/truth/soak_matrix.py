# SPDX-License-Identifier: Apache-2.0
"""What the soak of the truth tests has found, as tables of Markdown."""
import collections
import os

from tally import Tally
from verdict import counted

LOADS = ("idle", "oversubscribed")
GOAL = 99.0         # percent of a cell that have to be proven, or a reason
REASONS_MAX = 4
HEAD = """Proven samples checked against their oracle: {proven:,}, of {samples:,} with \
Python; wrong among them: {wrong}. {minutes:.0f} minutes on {cpus} CPUs; lost: {lost}.

| program | interpreter | samples | proven | oversubscribed: samples | proven | \
wrong among proven | reasons for unproven |
|---|---|---|---|---|---|---|---|
"""


class Matrix:
    def __init__(self):
        # (program, interpreter) -> a Tally of each load
        self.cells = collections.defaultdict(lambda: (Tally(), Tally()))
        # (case, interpreter) -> Tally, of nasty ones
        self.cases = collections.defaultdict(Tally)
        self.lost = collections.Counter()
        self.empty = collections.Counter()  # of cells that lost nothing
        self.broken = collections.defaultdict(list)

    def add(self, label, program, load, found, is_lossy):
        self.cells[program, label][load].merge(found.tally)
        if not is_lossy:
            self.empty[program, label] += found.tally.empty
        if found.case:
            self.cases[found.case, label].merge(found.tally)
        if found.broken:
            self.broken[program, label].append("%s %s" % (found.case,
                                                          found.broken))

    def tallies(self):
        return [tally for pair in self.cells.values() for tally in pair]

    def proven(self):
        return sum(tally.checked_proven for tally in self.tallies())

    def wrong(self):
        return sum(tally.wrong_proven() for tally in self.tallies())

    def judge(self, verdicts):
        for (program, label), pair in sorted(self.cells.items()):
            total, broken = pooled(pair), self.broken[program, label]
            verdicts.ok("soak: %s %s" % (program, label),
                        total.wrong_proven() == 0 and
                        self.empty[program, label] == 0 and
                        total.checked > 0 and not broken,
                        total.figures() + "".join("; " + b for b in broken))

    def markdown(self, minutes):
        text = HEAD.format(
            proven=self.proven(), wrong=self.wrong(), minutes=minutes,
            cpus=os.cpu_count(), lost=counted(self.lost),
            samples=sum(tally.checked for tally in self.tallies()))
        text += "".join(self.row(*key) for key in sorted(self.cells))
        if self.cases:
            text += "\nNasty cases, both loads: samples with Python, and the " \
                "proven share in percent where it is below 100.\n\n" + \
                self.case_table()
        return text

    def row(self, program, label):
        pair = self.cells[program, label]
        figures = [cell for tally in pair for cell in (
            format(tally.checked, ","), percent(tally))]
        total = pooled(pair)
        return "| %s | %s | %s | %d | %s |\n" % (
            program, label, " | ".join(figures), total.wrong_proven(),
            reasons(total))

    def case_table(self):
        names = list(dict.fromkeys(case for case, _ in self.cases))
        labels = list(dict.fromkeys(label for _, label in self.cases))
        rows = ["| case | %s | reasons for unproven |" % " | ".join(labels),
                "|---" * (len(labels) + 2) + "|"]
        for name in names:
            tallies = [self.cases.get((name, label)) for label in labels]
            rows.append("| %s | %s | %s |" % (
                name, " | ".join(map(brief, tallies)),
                reasons(pooled(filter(None, tallies)))))
        return "\n".join(rows) + "\n"


def pooled(tallies):
    total = Tally()
    for tally in tallies:
        total.merge(tally)
    return total


def percent(tally):
    return "%.2f %%" % tally.share() if tally.checked else "–"


def brief(tally):
    if not tally or not tally.checked:
        return "–"
    share = tally.share()
    text = "%d" % tally.checked
    if tally.wrong_proven():
        text += " · **%d wrong**" % tally.wrong_proven()
    return text if share > 99.5 else "%s · %d" % (text, share)


def reasons(tally):
    """Named where they are more than a cell may have."""
    if tally.share() >= GOAL:
        return ""
    return counted(collections.Counter(dict(
        tally.reasons.most_common(REASONS_MAX))))
