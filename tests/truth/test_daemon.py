# SPDX-License-Identifier: Apache-2.0
"""Truth 9: the whole host at once, under the daemon.

Python of several versions, a C program and a shell loop run at the same time,
and every stack in the daemon's database is that of its program.
"""
import contextlib
import json
import os
import subprocess
import sys
import time

import check_grammar
import test_grammar
from stored import Stored, show

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "end_to_end"))
from daemon_process import Daemon  # noqa: E402

SECONDS = 10
SETTLE_S = 2  # the daemon meets all that runs already
FULL_SECONDS = 120
RATE = 199
# The governor would lower the rate, for a test is no host at rest.
CONFIG = "[limits]\ncpu = 100\nmemory = 1G\n"
# Beside other tests the host switches so much that the daemon looks at switches
# a part of the time only; what it did not look at is not counted here.
PROVEN_SHARE = 95.0
SHELL = "while :; do i=0; while [ $i -lt 300 ]; do i=$((i + 1)); done; " \
        "/bin/true; done"
LIBRARIES = ("libc.so", "ld-linux", "[kernel]", "[vdso]", "libselinux")


def start_grammars(place, pythons, seconds):
    """{label: (process, Grammar, log)}"""
    program = place.program("grammar_writer.py", 5, 250)
    running = {}
    for python in pythons:
        log = place.path(".json")
        process = subprocess.Popen([*python.command, program, str(seconds), "1",
                                    "20", log], stdout=subprocess.DEVNULL)
        running[python.label] = (python, process,
                                 check_grammar.Grammar(program, python.version), log)
    return running


def user_names(stack):
    return [f.function for f in stack if f.kind == "native"]


def module_names(stack):
    return {os.path.basename(f.module or "") for f in stack
            if f.kind in ("native", "python")}


def spinner_problem(stack):
    names = user_names(stack)
    if any(f.kind == "python" for f in stack):
        return "Python in a C program"
    if "main" not in names:
        return None  # before main
    if names[names.index("main") + 1:][:1] not in (["c_spin"], []):
        return "main calls " + str(names[names.index("main") + 1:])
    if "c_spin" in names and names[names.index("c_spin") - 1] != "main":
        return "c_spin is called by " + names[names.index("c_spin") - 1]
    return None


def shell_problem(stack, executable):
    """A stack holds the modules of its own executable and no other's."""
    if any(f.kind == "python" for f in stack):
        return "Python in a shell"
    for module in module_names(stack):
        if module != executable and not module.startswith(LIBRARIES) \
                and module:
            return "%s in a stack of %s" % (module, executable)
    return None


def judge(stored, samples, problem_of):
    wrong, ends = [], 0
    for sample in samples:
        stack = stored.stack(sample)
        problem = problem_of(stack)
        ends += sample.end == "root"
        if problem:
            wrong.append("    sample %d: %s\n%s" % (sample.id, problem,
                                                    show(stack)))
    return wrong, ends


def share(tally):
    judged = (tally.trust["proven"] + tally.trust["unproven"] -
              tally.reasons["switches-off"])
    return 100 * tally.trust["proven"] / judged if judged else 0.0


def report_python(verdicts, stored, running):
    for label, (python, process, grammar, log) in running.items():
        with open(log) as text:
            window = json.load(text)
        tally = test_grammar.judge(stored.of(process.pid), grammar, python,
                                   window)
        holds = (tally.wrong_proven() == 0 and tally.empty == 0 and
                 tally.checked > 50 and share(tally) >= PROVEN_SHARE)
        if not verdicts.ok("daemon: Python " + label, holds, tally.figures()):
            verdicts.say("\n".join(tally.examples))


def report_c(verdicts, stored, samples):
    wrong, ends = judge(stored, samples, spinner_problem)
    inside = sum("c_spin" in user_names(stored.stack(s)) for s in samples)
    verdicts.ok("daemon: a C program", not wrong and
                inside > 0.98 * len(samples) > 50,
                "%d samples, %d in c_spin, %d to the root, %d wrong" % (
                    len(samples), inside, ends, len(wrong)))
    verdicts.say("\n".join(wrong[:3]))


def base_name(path):
    return os.path.basename(os.path.realpath(path))


def report_shell(verdicts, stored, pids, executables):
    """@pids: the shell and all that it started, from the samples."""
    wrong, count = [], {}
    for sample in stored.samples:
        if sample.pid not in pids and sample.process != "true":
            continue
        name = "sh" if sample.process == "sh" else "true"
        count[name] = count.get(name, 0) + 1
        problem = shell_problem(stored.stack(sample), executables[name])
        if problem:
            wrong.append("    sample %d of %s: %s\n%s" % (
                sample.id, sample.process, problem,
                show(stored.stack(sample))))
    verdicts.ok("daemon: a shell loop", not wrong and
                count.get("sh", 0) > 50 and count.get("true", 0) > 5,
                "%s samples, %d wrong" % (count, len(wrong)))
    verdicts.say("\n".join(wrong[:3]))


def report_own(verdicts, stored):
    own = [s for s in stored.samples if s.process.startswith("brindle")]
    verdicts.ok("daemon: it sees itself", own, "%d samples" % len(own))


def run_programs(place, pythons, seconds):
    running = start_grammars(place, pythons, seconds)
    others = [subprocess.Popen([place.spinner, "0"]),
              subprocess.Popen(["/bin/sh", "-c", SHELL])]
    try:
        for _, process, _, _ in running.values():
            process.wait(seconds + 60)
    finally:
        for process in others:
            process.kill()
            process.wait()
    return running, [process.pid for process in others]


def run_for(place, verdicts, pythons, seconds):
    folder = place.path(".daemon")
    os.makedirs(folder, mode=0o755)
    daemon = Daemon(place.brindle, folder, RATE, CONFIG)
    daemon.start()
    try:
        if not daemon.first_after(daemon.started_ns):
            verdicts.ok("daemon", False, daemon.tail())
            return
        time.sleep(SETTLE_S)
        running, (c_pid, shell_pid) = run_programs(place, pythons, seconds)
    finally:
        status, _ = daemon.stop()
    verdicts.ok("daemon: ends well", status == 0, daemon.tail()[-200:])
    with contextlib.closing(Stored(daemon.db)) as stored:
        of_pid = {}
        for sample in stored.samples:
            of_pid.setdefault(sample.pid, []).append(sample)
        report_python(verdicts, stored, running)
        report_c(verdicts, stored, of_pid.get(c_pid, []))
        report_shell(verdicts, stored, {shell_pid},
                     {"sh": base_name("/bin/sh"),
                      "true": base_name("/bin/true")})
        report_own(verdicts, stored)


def run(place, verdicts, pythons):
    run_for(place, verdicts, pythons, SECONDS)


def run_full(place, verdicts, pythons):
    run_for(place, verdicts, pythons, FULL_SECONDS)
