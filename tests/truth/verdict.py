# SPDX-License-Identifier: Apache-2.0
"""Results, one line each, and their counts."""
import sys


class Verdicts:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def say(self, text):
        print(text, file=self.out, flush=True)

    def ok(self, name, holds, figures=""):
        """One test; @figures says what was measured."""
        if holds:
            self.passed += 1
        else:
            self.failed += 1
        self.say("%s %s: %s" % ("ok" if holds else "not ok", name, figures))
        return holds

    def skip(self, name, why):
        self.skipped += 1
        self.say("skip %s: %s" % (name, why))

    def close(self):
        self.say("truth: %d passed, %d failed, %d skipped"
                 % (self.passed, self.failed, self.skipped))
        return 1 if self.failed else 0


def counted(counter):
    """{a: 3, b: 1} as "a 3, b 1"."""
    return ", ".join("%s %d" % (key, count)
                     for key, count in counter.most_common()) or "none"
