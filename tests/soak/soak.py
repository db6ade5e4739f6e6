# SPDX-License-Identifier: Apache-2.0
"""The daemon for a long time in a short one: as many samples as fit, processes
that come and go, and then SIGKILL again and again.

usage: soak.py BRINDLE [--seconds N] [--frequency HZ] [--churn N] [--kills N]
               [--short]
--short: what a minute can show: no slopes, but leaks that are large.
The last line is the verdict.
"""
import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "end_to_end"))
import durability  # noqa: E402
from daemon_process import Checks, Daemon, burning  # noqa: E402

PROGRAMS = os.path.join(os.path.dirname(HERE), "programs")
# Small stacks, for many samples must fit into rings of a fixed size; what Python
# runs is read from memory all the same.
CONFIG = """stack_size = 2K
[store]
max_size = 256M
[limits]
cpu = 100
memory = %dM
"""
LOOK_EACH_S = 2
QUIET_S = 4             # until what came and went is forgotten
SLOPE_MIB = 0.5         # in ten minutes
SHORT_GROWTH_MIB = 8    # in the second half of a minute: caches fill,
MODULE_MIB = 0.5        # and with each program that is new to the host
DESCRIPTORS = 2
# Queues and rings are larger for higher rates; 100 MiB is for 99 Hz.
RSS_MIB = {99: 100, 999: 128, 4999: 320}
DAY_SAMPLES = 24 * 3600 * 99 * 2
MIB = 1 << 20


def compile_program(folder, name):
    out = os.path.join(folder, name)
    subprocess.check_call([os.environ.get("CC", "cc"), "-O2", "-std=gnu11",
                           "-D_GNU_SOURCE", "-o", out,
                           os.path.join(PROGRAMS, name + ".c")])
    return out


def memory_bytes(pids, field):
    total = 0
    for pid in pids:
        with open("/proc/%d/status" % pid) as text:
            for line in text:
                if line.startswith(field + ":"):
                    total += int(line.split()[1]) * 1024
    return total


def cpu_ticks(pids):
    total = 0
    for pid in pids:
        with open("/proc/%d/stat" % pid) as text:
            fields = text.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total


def descriptors(pids):
    """(all but those of modules, those of modules): files of programs that the
    host runs are kept open, however many they are."""
    own = modules = 0
    for pid in pids:
        for number in os.listdir("/proc/%d/fd" % pid):
            name = ""
            with contextlib.suppress(OSError):
                name = os.readlink("/proc/%d/fd/%s" % (pid, number))
            if name.startswith("/") and not name.startswith(
                    ("/proc/", "/dev/", "/sys/")) and "/state/" not in name:
                modules += 1
            else:
                own += 1
    return own, modules


class Look:
    """The daemon from outside, at one instant."""

    def __init__(self, daemon):
        pids = daemon.pids()
        self.time = time.monotonic()
        self.rss = memory_bytes(pids, "VmRSS")
        # What can leak. The rings, of a fixed size, count in VmRSS as far as
        # records have been in them.
        self.heap = memory_bytes(pids, "RssAnon")
        self.descriptors, self.modules = descriptors(pids)
        self.ticks = cpu_ticks(pids)
        self.bytes = sum(os.path.getsize(daemon.db + suffix)
                         for suffix in ("", "-wal")
                         if os.path.exists(daemon.db + suffix))
        self.pids = pids


def slope(looks):
    """Of the heap, in MiB in ten minutes, by least squares."""
    times = [look.time for look in looks]
    sizes = [look.heap / MIB for look in looks]
    middle, size = sum(times) / len(times), sum(sizes) / len(sizes)
    spread = sum((t - middle) ** 2 for t in times)
    if not spread:
        return 0.0
    return 600 * sum((t - middle) * (s - size)
                     for t, s in zip(times, sizes)) / spread


@contextlib.contextmanager
def load(folder, churn, seconds):
    """One Python and one C program busy, and programs that come and go."""
    spinner = compile_program(folder, "spinner")
    argv = [compile_program(folder, "churn"), str(churn), str(seconds + 600),
            "0", "/dev/null", "/bin/true"]
    running = [subprocess.Popen([spinner, "0"]),
               subprocess.Popen(argv, stdout=subprocess.DEVNULL)]
    try:
        with burning():
            yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def watch(daemon, seconds):
    """Looks at it for so long; ends early when it has ended."""
    looks, said = [], time.monotonic()
    end = time.monotonic() + seconds
    while time.monotonic() < end and daemon.alive():
        time.sleep(LOOK_EACH_S)
        with contextlib.suppress(OSError):
            looks.append(Look(daemon))
        if time.monotonic() - said >= 60 and looks:
            said = time.monotonic()
            print("# %4.0f s: RSS %.1f MiB, %d and %d descriptors, file "
                  "%.1f MiB" % (seconds - (end - said), looks[-1].rss / MIB,
                                looks[-1].descriptors, looks[-1].modules,
                                looks[-1].bytes / MIB), flush=True)
    return looks


def memory_limit(frequency):
    return min((mib for rate, mib in RSS_MIB.items() if rate >= frequency),
               default=1024)


def check_memory(checks, looks, options):
    short = options.short
    most = max(look.rss for look in looks) / MIB
    limit = memory_limit(options.frequency)
    checks.ok("soak: memory", most <= limit,
              "%.1f MiB at most, both processes; %d is allowed at %d Hz" % (
                  most, limit, options.frequency))
    # What is met for the first time is kept: the first third is warm-up.
    later = looks[len(looks) // 3:]
    if short:
        half = looks[len(looks) // 2]
        growth = (looks[-1].heap - half.heap) / MIB
        modules = max(0, looks[-1].modules - half.modules)
        checks.ok("soak: growth", growth <= SHORT_GROWTH_MIB +
                  MODULE_MIB * modules, "%.1f MiB in the second half, with "
                  "%d new modules" % (growth, modules))
    else:
        checks.ok("soak: slope of memory", slope(later) <= SLOPE_MIB,
                  "%.2f MiB in 10 minutes" % slope(later))


def check_descriptors(checks, before, after):
    """At rest, for processes that live for a moment have theirs open."""
    checks.ok("soak: descriptors", after.descriptors - before.descriptors
              <= DESCRIPTORS, "%d before the load, %d after it; and of "
              "modules %d, %d" % (before.descriptors, after.descriptors,
                                  before.modules, after.modules))


def check_identity(checks, daemon):
    """All that the kernel delivered is stored, rejected or dropped."""
    health = dict(daemon.ask("SELECT name, value FROM v_health"))
    known = health.get("delivered_stored", 0) + sum(
        value for name, value in health.items()
        if name.startswith(("rejected_", "dropped_")))
    checks.ok("soak: every sample is accounted for",
              health.get("samples_delivered") == known, "%s delivered, %d "
              "stored, rejected or dropped, %s lost by the kernel" % (
                  health.get("samples_delivered"), known,
                  health.get("lost_samples", health.get("lost"))))
    return health


def check_store(checks, daemon, looks, health, options):
    seconds = looks[-1].time - looks[0].time
    samples = health.get("samples_delivered") or 0
    checks.ok("soak: samples", samples > 0, "%d, that is %.1f hours of two "
              "busy CPUs at 99 Hz" % (samples, 24 * samples / DAY_SAMPLES))
    lost = health.get("lost_samples", 0)
    checks.ok("soak: lost", lost <= 0.01 * samples, "%d, %.3f %%" % (
        lost, 100 * lost / samples if samples else 0))
    ticks = looks[-1].ticks - looks[0].ticks
    checks.ok("soak: own CPU", True, "%.1f %% of one CPU" % (
        100 * ticks / os.sysconf("SC_CLK_TCK") / seconds))
    checks.ok("soak: size", looks[-1].bytes <= 1.25 * (256 << 20),
              "%.1f MiB" % (looks[-1].bytes / MIB))
    problem = durability.is_whole(daemon)
    checks.ok("soak: the file is whole", not problem, problem)
    status = subprocess.run([options.brindle, "check", "--db", daemon.db],
                            capture_output=True, text=True, check=False)
    checks.ok("soak: brindle check", status.returncode == 0,
              (status.stdout + status.stderr)[-300:])


def endure(checks, folder, options):
    daemon = Daemon(options.brindle, folder, options.frequency,
                    CONFIG % memory_limit(options.frequency))
    with burning():
        daemon.start()
        pids = daemon.first_after(daemon.started_ns) and daemon.pids()
        time.sleep(QUIET_S)
        looks = watch(daemon, 0.1)
    with load(folder, options.churn, options.seconds):
        looks += watch(daemon, options.seconds)
    time.sleep(QUIET_S)
    after = watch(daemon, 0.1)
    checks.ok("soak: it lives", after and after[-1].pids == pids,
              daemon.tail())
    status, seconds = daemon.stop()
    checks.ok("soak: ends within 2 s", status == 0 and seconds <= 2,
              "status %d after %.1f s" % (status, seconds))
    if after:
        check_descriptors(checks, looks[0], after[-1])
        check_memory(checks, looks[1:], options)
        health = check_identity(checks, daemon)
        check_store(checks, daemon, looks, health, options)


def parse(argv):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("brindle", type=os.path.abspath)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--frequency", type=int, default=4999)
    parser.add_argument("--churn", type=int, default=200)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--short", action="store_true")
    return parser.parse_args(argv)


def main(argv):
    options = parse(argv)
    checks = Checks()
    folder = tempfile.mkdtemp(prefix="brindle-soak-")
    os.chmod(folder, 0o755)
    try:
        endure(checks, folder, options)
        if options.kills:
            with burning():
                durability.run("kill", checks, argparse.Namespace(
                    brindle=options.brindle, folder=folder,
                    kills=options.kills))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("soak: %d passed, %d failed, %d skipped" % (
        checks.passed, checks.failed, checks.skipped))
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
