# SPDX-License-Identifier: Apache-2.0
"""On/off windows of one running target: noise that lasts longer than a window
hits both kinds and cancels."""
import collections
import mmap
import os
import resource
import signal
import statistics
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
STEADY = os.path.join(os.path.dirname(HERE), "programs", "steady.py")
WINDOW_S = 0.8
WARM_S = 0.8  # from start of a profiler until it certainly samples
Run = collections.namedtuple("Run", "taken window cpu_share rss_kib output")


class Target:
    """steady.py, running, with its count of turns."""

    def __init__(self, python, folder, processes=1):
        self.path = os.path.join(folder, "turns")
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.process = subprocess.Popen(
            [python, STEADY, self.path, str(processes)],
            start_new_session=True)
        self.pid = self.process.pid
        while not os.path.exists(self.path) or not os.path.getsize(self.path):
            time.sleep(0.05)
        with open(self.path, "r+b") as backing:
            self.counter = mmap.mmap(backing.fileno(), 8 * processes)
        self.processes = processes
        time.sleep(1)

    @classmethod
    def of_program(cls, program, folder):
        """The same for a program that counts in its first argument."""
        target = cls.__new__(cls)
        target.path = os.path.join(folder, "turns-of-program")
        target.process = subprocess.Popen([program, target.path],
                                          start_new_session=True)
        target.pid = target.process.pid
        target.processes = 1
        time.sleep(0.3)
        with open(target.path, "r+b") as backing:
            target.counter = mmap.mmap(backing.fileno(), 8)
        return target

    def turns(self):
        return sum(struct.unpack_from("=%dQ" % self.processes, self.counter))

    def rate(self, seconds):
        """(turns a second, start, end) over a window that begins now."""
        start, turns = time.monotonic_ns(), self.turns()
        time.sleep(seconds)
        end = time.monotonic_ns()
        return (self.turns() - turns) * 1e9 / (end - start), start, end

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def stop_profiler(process):
    """SIGINT, as by Ctrl-C; (status, CPU seconds, peak RSS) of its life."""
    process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = status
            return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss
        time.sleep(0.02)
    process.kill()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def pair(target, profiler, rate, output, warm_s, window_s):
    """One off window and one on window: the share of time taken."""
    off_before, _, _ = target.rate(window_s / 2)
    command = [str(word) for word in profiler.command(target.pid, rate, output)]
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL)
    time.sleep(warm_s)
    on, start, end = target.rate(window_s)
    alive = process.poll() is None
    lived = time.monotonic() - begun
    if not alive:
        return None
    _, cpu, rss = stop_profiler(process)
    time.sleep(0.1)
    off_after, _, _ = target.rate(window_s / 2)
    off = (off_before + off_after) / 2
    return Run(1 - on / off, (start, end), cpu / lived, rss, output)


def measure(target, profiler, rate, rounds, folder, warm_s=WARM_S,
            window_s=WINDOW_S):
    """The runs that worked."""
    runs = []
    for number in range(rounds):
        # A file of its own: brindle overwrites no other profiler's.
        output = os.path.join(folder, "out-%s-%d-%d" % (
            profiler.name.replace(" ", "_"), rate, number))
        run = pair(target, profiler, rate, output, warm_s, window_s)
        if run:
            runs.append(run)
    return runs


def median(values):
    values = list(values)
    return statistics.median(values) if values else float("nan")


def spread(values):
    """Half the distance between the quartiles."""
    values = sorted(values)
    if len(values) < 4:
        return float("nan")
    first, _, third = statistics.quantiles(values, n=4)
    return (third - first) / 2


if __name__ == "__main__":
    sys.exit("run tests/bench/run")
