# SPDX-License-Identifier: Apache-2.0
"""Truth 5: processes that exec, fork, are killed, reuse a pid, or live for
milliseconds. No sample may carry another process's or another life's names."""
import collections
import os
import re
import subprocess
import sys

import targets
from stored import Stored, python_frames, show

LIFE = re.compile(r"^f_life_(\d+)$")
PID = re.compile(r"^f_pid_(\d+)$")
SLACK_NS = 2000000  # between the log's clock and entering the function
SWARM_RATE = 200


class Findings:
    def __init__(self):
        self.samples = 0
        self.right = 0
        self.wrong = collections.Counter()
        self.missing = 0
        self.examples = []

    def bad(self, sample, stack, what):
        self.wrong[sample.trust] += 1
        if len(self.examples) < 3:
            self.examples.append("    sample %d pid %d %s %s: %s\n%s" % (
                sample.id, sample.pid, sample.process, sample.trust, what,
                show(stack)))

    def figures(self):
        return ("%d samples, %d with the right name, wrong: proven %d "
                "unproven %d native %d, without Python %d" % (
                    self.samples, self.right, self.wrong["proven"],
                    self.wrong["unproven"], self.wrong["native"],
                    self.missing))


def report(verdicts, name, recording, findings, wanted):
    holds = not findings.wrong and findings.right >= wanted
    if not verdicts.ok(name, holds and not recording.status,
                       "exit status %d, %s" % (recording.status,
                                               findings.figures())):
        verdicts.say("\n".join(findings.examples + [recording.text[-300:]]))
        targets.keep(None, recording, name.replace(" ", "_"))


def read_lives(path):
    """pid -> [(life, start, end)]"""
    lives = collections.defaultdict(list)
    with open(path) as text:
        for line in text:
            life, pid, start, end = map(int, line.split())
            lives[pid].append((life, start, end))
    return lives


def judge_lives(database, lives):
    found = Findings()
    stored = Stored(database)
    for sample in stored.samples:
        found.samples += 1
        stack = stored.stack(sample)
        named = {int(LIFE.match(f.function)[1]) for _, f in
                 python_frames(stack) if LIFE.match(f.function or "")}
        near = {life for life, start, end in lives.get(sample.pid, ())
                if start - SLACK_NS < sample.time_ns < end + SLACK_NS}
        if named - near:
            found.bad(sample, stack, "life %s, truth is %s" % (named, near))
        elif named:
            found.right += 1
        elif near and not python_frames(stack):
            found.missing += 1
    stored.close()
    return found


def run_lives(place, verdicts, pythons):
    paths = [p.command[0] for p in pythons]
    log = place.path(".log")
    program = os.path.join(targets.PROGRAMS, "generations.py")
    recording = targets.record(
        place, ["-F", 999],
        [paths[0], program, 0, 11, 0.15, log, place.spinner, *paths])
    report(verdicts, "life: exec between interpreters and C", recording,
           judge_lives(recording.database, read_lives(log)), 300)


def run_reuse(place, verdicts, pythons):
    name = "life: pid reused"
    if not os.access("/proc/sys/kernel/ns_last_pid", os.W_OK):
        verdicts.skip(name, "ns_last_pid is not writable")
        return
    log = place.path(".log")
    program = os.path.join(targets.PROGRAMS, "reuse.py")
    paths = [p.command[0] for p in pythons]
    recording = targets.record(
        place, ["-F", 999],
        [sys.executable, program, 12, 0.08, log, place.spinner, *paths])
    lives = read_lives(log)
    report(verdicts, name + " %d times" % (max(map(len, lives.values())) - 1),
           recording, judge_lives(recording.database, lives), 100)


def attach(place, command, options, seconds):
    """Records a running program through -p; it runs outside of any filter."""
    target = subprocess.Popen([str(word) for word in command])
    recording = targets.record(
        place, ["-p", target.pid, "-d", seconds, *options])
    target.wait()
    return recording


def is_spinner(stack):
    """Until exec the child bears its parent's name, and rightly so."""
    return any(f.function == "c_spin" for f in stack)


def judge_pids(database, names=None):
    """@names: pid -> process name, where known."""
    found = Findings()
    stored = Stored(database)
    for sample in stored.samples:
        found.samples += 1
        stack = stored.stack(sample)
        pids = {int(PID.match(f.function)[1]) for _, f in
                python_frames(stack) if PID.match(f.function or "")}
        wanted = (names or {}).get(sample.pid)
        if pids - {sample.pid}:
            found.bad(sample, stack, "runs f_pid of %s" % pids)
        elif wanted and sample.process != wanted and is_spinner(stack):
            found.bad(sample, stack, "process is " + wanted)
        elif pids or wanted == sample.process:
            found.right += 1
    stored.close()
    return found


def run_forks(place, verdicts, pythons):
    for python in pythons:
        log = place.path(".log")
        program = os.path.join(targets.PROGRAMS, "forks.py")
        recording = attach(place, [*python.command, program, 2.5, log],
                           ["-F", 999], 2)
        report(verdicts, "life: forks and kills " + python.label, recording,
               judge_pids(recording.database), 100)


def swarm_names(log):
    with open(log) as text:
        rows = [line.split() for line in text]
    names = {int(row[0]): row[1] for row in rows if row[1] != "-"}
    return rows, names


def run_swarm(place, verdicts, pythons):
    log, folder = place.path(".log"), place.path(".d")
    os.mkdir(folder)
    program = os.path.join(targets.PROGRAMS, "swarm.py")
    recording = attach(place, [*pythons[-1].command, program, 5.5, SWARM_RATE, log,
                               place.spinner, folder], ["-F", 999], 5)
    rows, names = swarm_names(log)
    report(verdicts, "life: %d short-lived processes" % len(rows), recording,
           judge_pids(recording.database, names), 500)


def run_exit(place, verdicts, pythons):
    """The target is killed while it is sampled: a clean end, samples kept."""
    target = subprocess.Popen([place.spinner, "0"])
    argv = ["-p", target.pid, "-F", 999]
    killer = subprocess.Popen(
        [sys.executable, "-c", "import os, sys, time; time.sleep(1.5); "
         "os.kill(int(sys.argv[1]), 9)", str(target.pid)])
    try:
        recording = targets.record(place, argv, timeout=20)
    except subprocess.TimeoutExpired:
        verdicts.ok("life: target killed with -9", False, "does not end")
        return
    finally:
        target.kill()
        target.wait()
        killer.wait()
    stored = Stored(recording.database)
    spun = sum(any(f.function == "c_spin" for f in stored.stack(s))
               for s in stored.samples)
    verdicts.ok("life: target killed with -9",
                recording.status == 0 and spun > 300,
                "exit status %d, %d samples in c_spin" % (recording.status,
                                                          spun))
    stored.close()


def run(place, verdicts, pythons):
    for part in (run_lives, run_reuse, run_forks, run_swarm, run_exit):
        part(place, verdicts, pythons)
