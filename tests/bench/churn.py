#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Processes by the thousand: are they all seen, and taken for what they are?

usage: churn.py [--brindle PATH] [--short] [PART...]

Each line is "ok|not ok|skip NAME: FIGURE (GOAL)". Parts: churn, swap, reuse,
processes, threads; all without an argument. --short takes a minute less.
"""
import argparse
import bisect
import collections
import os
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "..", "programs")
TWINS = ("castor", "pollux")
ENTRY = struct.Struct("<QQi12s")
MIB = 1 << 20


class Bench:
    def __init__(self, brindle, short, folder):
        self.brindle = os.path.abspath(brindle)
        self.short = short
        self.folder = folder
        self.failed = 0

    def say(self, good, name, figure, goal):
        self.failed += not good
        print("%s %s: %s (%s)" % ("ok" if good else "not ok", name, figure,
                                  goal), flush=True)

    def skip(self, name, why):
        print("skip %s: %s" % (name, why), flush=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self):
        cc = [os.environ.get("CC", "cc"), "-O2", "-g", "-std=gnu11",
              "-D_GNU_SOURCE"]
        for twin in TWINS:
            subprocess.run(cc + ["-static", "-no-pie", "-DTWIN=" + twin, "-o",
                                 self.path(twin),
                                 os.path.join(PROGRAMS, "twin.c")], check=True)
        for name in ("churn", "pid_reuse", "crowd"):
            subprocess.run(cc + ["-pthread", "-o", self.path(name),
                                 os.path.join(PROGRAMS, name + ".c")],
                           check=True)

    def record(self, seconds, database, rate=99):
        return Recording(self, seconds, database, rate)


class Recording:
    """brindle record -a in the background, from its first sample on."""

    def __init__(self, bench, seconds, database, rate):
        self.database = bench.path(database)
        if os.path.exists(self.database):
            os.remove(self.database)
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [bench.brindle, "record", "-a", "-F", str(rate), "-d",
             str(seconds), "-o", self.database], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def wait_for_samples(self, seconds=30):
        """Seconds from the start to the first sample in the file."""
        while time.monotonic() - self.began < seconds:
            try:
                first = self.query("SELECT min(time_ns) FROM v_sample")
                if first[0][0]:
                    return first[0][0] / 1e9 - self.began
            except sqlite3.Error:
                pass
            time.sleep(0.1)
        return seconds

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self, which="VmHWM"):
        with open("/proc/%d/status" % self.process.pid) as status:
            found = re.search(which + r":\s+(\d+) kB", status.read())
        return int(found.group(1)) * 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        said = self.process.communicate()[1]
        if self.process.returncode not in (0, 128 + signal.SIGINT):
            sys.exit("not ok record: status %d: %s" %
                     (self.process.returncode, said))

    def query(self, sql, *values):
        uri = "file:%s?mode=ro" % self.database
        with sqlite3.connect(uri, uri=True) as connection:
            return connection.execute(sql, values).fetchall()

    def health(self, name):
        found = self.query("SELECT value FROM v_health WHERE name = ?", name)
        return found[0][0] if found else 0


# Each sample with the twin's function that it has, or NULL.
SAMPLES = """
SELECT s.time_ns, s.pid, s.process, s.executable, s.command_line, f.function
FROM v_sample AS s LEFT JOIN
     (SELECT callsite_id, max(function) AS function FROM v_frame_of_callsite
      WHERE function LIKE 'spin\\_%' ESCAPE '\\' GROUP BY callsite_id) AS f
     USING (callsite_id)
WHERE s.process IN (?, ?) OR f.function IS NOT NULL
"""


class Truth:
    """Who ran under which pid, and when, as they wrote it down themselves."""

    def __init__(self, path):
        self.by_pid = collections.defaultdict(list)
        with open(path, "rb") as log:
            for start, end, pid, name in ENTRY.iter_unpack(log.read()):
                name = name.rstrip(b"\0").decode()
                self.by_pid[pid].append((start, end, name))
        for entries in self.by_pid.values():
            entries.sort()

    def who(self, pid, time_ns):
        entries = self.by_pid.get(pid, [])
        i = bisect.bisect_right(entries, (time_ns, 1 << 64, "")) - 1
        if i >= 0 and entries[i][0] <= time_ns <= entries[i][1]:
            return entries[i][2]
        return None


def judge(recording, truth):
    """Samples that can be judged, of them wrong, and some of the wrong."""
    count, wrong = 0, []
    for row in recording.query(SAMPLES, *TWINS):
        time_ns, pid, process, executable, command_line, function = row
        told = {function[5:]} if function else set()
        if process in TWINS:
            told.add(process)
        if command_line:
            first = os.path.basename(command_line.split()[0])
            if first in TWINS:
                told.add(first)
        if executable and os.path.basename(executable) in TWINS:
            told.add(os.path.basename(executable))
        who = truth.who(pid, time_ns) if truth else None
        if who:
            told.add(process)
            told.add(who)
        if not who and not function:
            continue
        count += 1
        if len(told) > 1:
            wrong.append(row)
    return count, wrong


def report_wrong(wrong):
    for row in wrong[:5]:
        print("    wrong: time %d, pid %d, process %s, executable %s, command "
              "line %s, function %s" % row)


def wait_for_truth(recording, seconds):
    """By how many processes the recording is wrong at last, and when."""
    began = time.monotonic()
    while True:
        time.sleep(1)
        there = sum(name.isdigit() for name in os.listdir("/proc"))
        off = recording.health("processes") - there
        waited = time.monotonic() - began
        if abs(off) <= 5 or waited > seconds:
            return off, waited


def bench_churn(bench):
    seconds = 4 if bench.short else 60
    rate = 1500
    log = bench.path("churn.log")
    open(log, "w").close()
    recording = bench.record(seconds + 30, "churn.db")
    recording.wait_for_samples()
    before = recording.cpu_seconds()
    output = subprocess.run(
        [bench.path("churn"), str(rate), str(seconds), "500", log] +
        [bench.path(twin) for twin in TWINS], stdout=subprocess.PIPE,
        text=True, check=True).stdout
    after = recording.cpu_seconds()
    off, waited = wait_for_truth(recording, 10)
    recording.stop()
    bench.say(abs(off) <= 5, "churn: the process table is off by",
              "%d after %.0f s" % (off, waited), "<= 5 in 10 s")
    started, achieved = output.split()
    count, wrong = judge(recording, Truth(log))
    lost = recording.health("records_lost")
    bench.say(lost == 0, "churn: side-band records lost",
              "%d, %s programs at %s/s" % (lost, started, achieved),
              "0 at %d/s" % rate)
    share = 1 - len(wrong) / count if count else 0
    bench.say(share >= 0.995, "churn: right program", "%.2f %% of %d samples" %
              (100 * share, count), ">= 99.5 %")
    report_wrong(wrong)
    print("   churn: own CPU %.1f %% of one" %
          (100 * (after - before) / seconds))


def bench_swap(bench):
    count = 800 if bench.short else 10000
    log = bench.path("swap.log")
    open(log, "w").close()
    recording = bench.record(120, "swap.db", rate=997)
    recording.wait_for_samples()
    subprocess.run([bench.path(TWINS[0]), "500", log, str(count),
                    bench.path(TWINS[1])], check=True)
    recording.stop()
    judged, wrong = judge(recording, Truth(log))
    bench.say(judged > count / 10 and not wrong, "swap: given to another",
              "%d of %d samples, %d execs; %d records lost" % (
                  len(wrong), judged, count, recording.health("records_lost")),
              "0")
    report_wrong(wrong)


def free_pid():
    """A pid that is not in use, and that the kernel will not give out soon."""
    with open("/proc/sys/kernel/pid_max") as limit:
        most = int(limit.read())
    for pid in range(most - 100, 1, -1):
        if not os.path.exists("/proc/%d" % pid):
            return pid
    return most - 1


def bench_reuse(bench):
    if os.geteuid():
        bench.skip("reuse", "needs root to choose pids")
        return
    count = 800 if bench.short else 10000
    log = bench.path("reuse.log")
    open(log, "w").close()
    recording = bench.record(120, "reuse.db", rate=997)
    recording.wait_for_samples()
    done = subprocess.run(
        [bench.path("pid_reuse"), str(count), str(free_pid()), "500", log] +
        [bench.path(twin) for twin in TWINS], stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, text=True, check=False)
    recording.stop()
    if done.returncode:
        bench.skip("reuse", done.stderr.strip())
        return
    judged, wrong = judge(recording, Truth(log))
    bench.say(judged > count / 10 and not wrong, "reuse: given to another",
              "%d of %d samples, %d times one pid; %d records lost" % (
                  len(wrong), judged, count, recording.health("records_lost")),
              "0")
    report_wrong(wrong)


def start_crowd(bench, what, count):
    crowd = subprocess.Popen([bench.path("crowd"), what, str(count)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    line = crowd.stdout.readline()
    if line.startswith("ready"):
        return crowd
    print("    crowd: " + crowd.stderr.read().strip())
    crowd.kill()
    crowd.wait()
    return None


def end_crowd(crowd):
    crowd.stdin.close()
    crowd.wait()


def bench_processes(bench):
    count = 10000
    crowd = start_crowd(bench, "processes", count)
    if not crowd:
        bench.skip("processes", "cannot have %d processes" % count)
        return
    recording = bench.record(60, "processes.db")
    first = recording.wait_for_samples()
    time.sleep(2)
    rss = recording.rss_bytes()
    recording.stop()
    end_crowd(crowd)
    bench.say(first <= 5, "processes: first sample among %d" % count,
              "after %.2f s" % first, "<= 5 s")
    bench.say(rss <= 150 * MIB, "processes: RSS with %d" % count,
              "%.0f MiB" % (rss / MIB), "<= 150 MiB")


def bench_threads(bench):
    count = 30000
    recording = bench.record(60, "few.db")
    recording.wait_for_samples()
    time.sleep(1)
    # Not VmRSS: the rings' pages count there once records have been in them.
    before, files = recording.rss_bytes("RssAnon"), open_files(recording)
    crowd = start_crowd(bench, "threads", count)
    if not crowd:
        recording.stop()
        bench.skip("threads", "cannot have %d threads" % count)
        return
    time.sleep(1.5)
    each = (recording.rss_bytes("RssAnon") - before) / count
    more = open_files(recording) - files
    recording.stop()
    end_crowd(crowd)
    bench.say(each <= 256, "threads: bytes for each of %d" % count,
              "%.0f" % each, "<= 256")
    bench.say(more <= count / 100, "threads: descriptors for %d" % count, "%d" % more,
              "none each")


def open_files(recording):
    return len(os.listdir("/proc/%d/fd" % recording.process.pid))


PARTS = {
    "churn": bench_churn,
    "swap": bench_swap,
    "reuse": bench_reuse,
    "processes": bench_processes,
    "threads": bench_threads,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brindle", default=os.environ.get("BRINDLE",
                                                            "./brindle"))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--keep", help="a folder for what is made")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS])
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="brindle-churn-")
    bench = Bench(options.brindle, options.short, folder)
    try:
        bench.compile()
        for part in options.parts or PARTS:
            PARTS[part](bench)
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    return bench.failed > 0


if __name__ == "__main__":
    sys.exit(main())
