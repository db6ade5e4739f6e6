# SPDX-License-Identifier: Apache-2.0
"""Truth 4: when the proof must fail, samples are unproven, and the wrong
stacks are among those. A late run without wrong stacks would prove nothing."""
import targets
import test_grammar
import test_shared

LATE_US = 400


def judge_late(verdicts, name, recording, tally, wrong_wanted):
    if not tally:
        verdicts.ok(name, False, "exit status %d: %s" % (
            recording.status, recording.text.strip()[-300:]))
        return
    holds = (tally.wrong_proven() == 0 and tally.trust["unproven"] > 0 and
             tally.wrong["unproven"] >= wrong_wanted)
    if not verdicts.ok(name, holds, tally.figures()):
        verdicts.say("\n".join(tally.examples))


def run(place, verdicts, pythons):
    program = place.program("grammar_writer.py", 2, 200)
    late = ["-F", 999, "--test-late-us", LATE_US]
    slack = ["-F", 999, "--no-realtime"]
    for python in pythons:
        judge_late(verdicts, "late reader, grammar " + python.label,
                   *test_grammar.run_one(place, python, program, late, 2), 1)
        judge_late(verdicts, "late reader, shared helper " + python.label,
                   *test_shared.run_one(place, python, late, 2), 1)
        with targets.hogs(place, 4):
            judge_late(verdicts, "no realtime, grammar " + python.label,
                       *test_grammar.run_one(place, python, program, slack,
                                             2), 0)
            judge_late(verdicts, "no realtime, shared " + python.label,
                       *test_shared.run_one(place, python, slack, 2), 0)
