# SPDX-License-Identifier: Apache-2.0
"""A daemon to be tested: started, looked at from outside, stopped or killed.

Its database is read as anybody would read it: read-only, through the views.
"""
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time

NS = 1000000000
# The dashboard's are other processes, and other tests.
CONFIG = """[web]
dashboard = no
[store]
db = %s
[sampling]
frequency = %d
%s"""


def user_options():
    """Root's daemon becomes somebody else."""
    return ["--user", "nobody"] if os.geteuid() == 0 else []


def wait_for(condition, seconds, step=0.02):
    """The first true value of @condition within @seconds, else None."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            return None
        time.sleep(step)


def children(pid):
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task)) as text:
                found += [int(word) for word in text.read().split()]
    return found


def runs(pid):
    try:
        with open("/proc/%d/stat" % pid) as text:
            return text.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Daemon:
    def __init__(self, brindle, folder, frequency=99, config=""):
        self.brindle = os.path.abspath(brindle)
        self.folder = os.path.abspath(folder)
        self.state = os.path.join(self.folder, "state")
        self.db = os.path.join(self.state, "brindle.db")
        self.log = os.path.join(self.folder, "daemon.log")
        self.config = os.path.join(self.folder, "daemon.conf")
        self.process = None
        self.started_ns = 0
        os.makedirs(self.state, exist_ok=True)
        self.give_away(self.state)
        with open(self.config, "w") as out:
            out.write(CONFIG % (self.db, frequency, config))

    @staticmethod
    def give_away(path):
        if os.geteuid() == 0:
            shutil.chown(path, "nobody")

    def start(self):
        with open(self.log, "a") as log:
            self.started_ns = time.monotonic_ns()
            self.process = subprocess.Popen(
                [self.brindle, "daemon", "--config", self.config,
                 *user_options()], stderr=log, stdin=subprocess.DEVNULL)

    def pids(self):
        """Of the broker and the profiler, as far as they live."""
        if not self.process or self.process.poll() is not None:
            return []
        return [self.process.pid, *children(self.process.pid)]

    def alive(self):
        return len(self.pids()) == 2

    def kill(self):
        """Ends both at once, as the kernel would for memory."""
        # The kernel's list of children may miss one that it is changing.
        wait_for(self.alive, 1)
        pids = self.pids()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        # Until it has quite gone, the profiler holds the lock.
        wait_for(lambda: not any(map(runs, pids)), 10, 0.005)

    def stop(self):
        """(exit status, seconds)"""
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            status = -signal.SIGKILL
        return status, time.monotonic() - start

    def tail(self):
        with open(self.log, errors="replace") as text:
            return text.read()[-600:]

    def ask(self, sql, *parameters):
        """The rows; [] when the file cannot be read at the moment."""
        try:
            with contextlib.closing(self.connect()) as database:
                return database.execute(sql, parameters).fetchall()
        except sqlite3.Error:
            return []

    def connect(self, path=None):
        database = sqlite3.connect("file:%s?mode=ro" % (path or self.db),
                                   uri=True, timeout=1)
        database.execute("PRAGMA query_only = ON")
        return database

    def number(self, sql, *parameters):
        """The first column of the first row, or None."""
        rows = self.ask(sql, *parameters)
        return rows[0][0] if rows else None

    def newest_ns(self):
        """CLOCK_MONOTONIC of the newest sample, or 0."""
        return self.number("SELECT time_ns FROM v_sample WHERE sample_id = "
                           "(SELECT max(id) FROM sample)") or 0

    def first_after(self, ns, seconds=10):
        """CLOCK_MONOTONIC of the first sample after @ns, when it is stored."""
        sql = ("SELECT min(time_ns) FROM v_sample WHERE time_ns > ?1 AND "
               "sample_id > (SELECT ifnull(max(id), 0) - 100000000000 "
               "FROM sample)")
        def look():
            return self.number(sql, ns) or self.process.poll() is not None
        found = wait_for(look, seconds)
        return None if found is True else found


@contextlib.contextmanager
def burning(count=1):
    """@count processes of Python that use CPU, so that there are samples."""
    program = ("def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\n"
               "while True: f(15)\n")
    running = [subprocess.Popen(["/usr/bin/python3", "-c", program])
               for _ in range(count)]
    try:
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


class Checks:
    """Prints a line for each check, and counts them."""

    def __init__(self):
        self.failed = 0
        self.late = 0
        self.passed = 0
        self.skipped = 0

    def ok(self, name, holds, figures=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
        print("%s %s: %s" % ("ok" if holds else "not ok", name,
                             " ".join(str(figures).split())), flush=True)
        return bool(holds)

    def timely(self, name, holds, figures=""):
        """What a host with too much else to do fails: see patiently()."""
        if holds:
            return self.ok(name, True, figures)
        self.late += 1
        print("late %s: %s" % (name, figures), flush=True)
        return False

    def patiently(self, name, test, tries=3):
        """Runs @test; while checks in it are late, again."""
        for attempt in range(1, tries + 1):
            self.late, passed = 0, self.passed
            test()
            if not self.late:
                return
            if attempt < tries:
                print("again %s: %d late; load %.1f" % (
                    name, self.late, os.getloadavg()[0]), flush=True)
                self.passed = passed
                time.sleep(5)
        self.ok(name, False, "%d late %d times" % (self.late, tries))

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def skip(self, name, why):
        self.skipped += 1
        print("skip %s: %s" % (name, why), flush=True)
