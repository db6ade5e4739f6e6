# SPDX-License-Identifier: Apache-2.0
"""The daemon for a long time in a short one: as many samples as fit, processes
that come and go; the samples of a whole day in its store; and then SIGKILL again
and again.

usage: soak.py BRINDLE [--seconds N] [--frequency HZ] [--churn N] [--kills N]
               [--hours N] [--short]
--short: what a minute can show: no slopes, but leaks that are large.
--hours: of the store that is made of recorded samples; 0: none.

At 999 Hz two CPUs that also run the load give 1.8 million samples in 15 minutes,
which is 2.5 hours of them at 99 Hz. The 17.1 million of a day do not fit: more
than some 1,000 Hz cannot be unwound beside the load that is being sampled. So
those go through the store alone, as tests/bench/bench_store feeds it.
The last line is the verdict.
"""
import argparse
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "end_to_end"))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "bench"))
import durability  # noqa: E402
import sample_rate  # noqa: E402
import store  # noqa: E402
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
WARM_UP_S = 300         # caches fill, and the tables of the store's first era
SLOPE_MIB = 0.5         # of RSS in ten minutes, after that
LOST = 0.05
DAY_SECONDS_MAX = 600   # that making a day's store may take
RECORD_SECONDS = 20
DAY_GROWTH_MIB = 1      # from its third part on
SHORT_GROWTH_MIB = 8    # in the second half of a minute: caches fill,
MODULE_MIB = 0.5        # and with each program that is new to the host
QUEUE_KIB = 64 << 10
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


def queue_bytes(pids):
    """Of the queues of captures, of 64 MiB for each CPU: touched as far as
    captures have waited and a quarter more, so no sign of a leak."""
    total, is_queue = 0, False
    for pid in pids:
        with open("/proc/%d/smaps" % pid) as text:
            for line in text:
                words = line.split()
                if words[0] == "Size:":
                    is_queue = int(words[1]) in (QUEUE_KIB, 2 * QUEUE_KIB)
                elif words[0] == "Rss:" and is_queue:
                    total += int(words[1]) * 1024
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
        self.heap = memory_bytes(pids, "RssAnon") - queue_bytes(pids)
        self.descriptors, self.modules = descriptors(pids)
        self.ticks = cpu_ticks(pids)
        self.bytes = sum(os.path.getsize(daemon.db + suffix)
                         for suffix in ("", "-wal")
                         if os.path.exists(daemon.db + suffix))
        self.pids = pids
        self.rows = interned(daemon)


def interned(daemon):
    """What the store has in memory: rows of its latest era, which ends after a
    day or 131,072 call sites."""
    rows = daemon.ask(
        "SELECT ifnull((SELECT max(id) FROM callsite) - first_callsite_id, 0),"
        " ifnull((SELECT max(id) FROM process) - first_process_id, 0),"
        " ifnull((SELECT max(id) FROM frame) - first_frame_id, 0), id "
        "FROM era ORDER BY id DESC LIMIT 1")
    return ("%d call sites, %d processes, %d frames in era %d"
            % (rows[0] if rows else (0, 0, 0, 0)))


def centred(values):
    middle = sum(values) / len(values)
    return [value - middle for value in values]


def product(a, b):
    return sum(x * y for x, y in zip(a, b))


def slope(times, sizes):
    """MiB in ten minutes, by least squares. What an era of the store takes is
    kept for the next one, so there are no teeth."""
    times, sizes = centred(times), centred(sizes)
    spread = product(times, times)
    return 600 * product(times, sizes) / spread / MIB if spread else 0.0


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
            print("# %4.0f s: RSS %.1f MiB, %.1f of it heap, %d and %d "
                  "descriptors, file %.1f MiB; %s" % (
                      seconds - (end - said), looks[-1].rss / MIB,
                      looks[-1].heap / MIB, looks[-1].descriptors,
                      looks[-1].modules, looks[-1].bytes / MIB,
                      looks[-1].rows), flush=True)
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
    later = [look for look in looks
             if look.time - looks[0].time >= min(WARM_UP_S,
                                                 options.seconds / 3)]
    if short:
        half = looks[len(looks) // 2]
        growth = (looks[-1].heap - half.heap) / MIB
        modules = max(0, looks[-1].modules - half.modules)
        checks.ok("soak: growth", growth <= SHORT_GROWTH_MIB +
                  MODULE_MIB * modules, "%.1f MiB in the second half, with "
                  "%d new modules" % (growth, modules))
    else:
        times = [look.time for look in later]
        grows = slope(times, [look.rss for look in later])
        checks.ok("soak: slope of memory", grows <= SLOPE_MIB,
                  "%.2f MiB of RSS in 10 minutes, %.2f of heap, over %d s "
                  "after a warm-up of %d s; files of programs: %d, then %d" % (
                      grows, slope(times, [look.heap for look in later]),
                      times[-1] - times[0], times[0] - looks[0].time,
                      later[0].modules, later[-1].modules))


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
    checks.ok("soak: lost", lost <= LOST * samples, "%d, %.3f %%" % (
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


def store_seconds(path):
    """How far the store's rollups are; 0 where it cannot be read just now."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(
            "file:%s?mode=ro" % path, uri=True, timeout=1)) as database:
        return database.execute("SELECT max(done_id) FROM level WHERE name = "
                                "'rollup_10min'").fetchone()[0] / 1e9
    return 0


def live_a_day(checks, folder, options):
    """The samples of a day, with their processes new each time."""
    generator = os.path.join(os.path.dirname(options.brindle),
                             "tests/bench/bench_store")
    if not os.path.exists(generator):
        checks.skip("soak: a day's store", "tests/bench/bench_store is not made")
        return
    seed, path = os.path.join(folder, "seed.db"), os.path.join(folder, "day.db")
    looks = []
    store.record(options.brindle, seed, RECORD_SECONDS, store.CHURN)
    with subprocess.Popen([generator, seed, path, str(options.hours)],
                          stdout=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + DAY_SECONDS_MAX
        while process.poll() is None and time.monotonic() < end:
            seconds = store_seconds(path)
            # Towards the end it is being read, which is no part of this.
            if 0 < seconds < 3600 * options.hours * 0.95:
                looks.append((seconds, memory_bytes([process.pid], "VmRSS")))
            time.sleep(0.25)
        process.kill()
        said = process.stdout.read().strip()
    later = [look for look in looks if look[0] >= looks[-1][0] / 3]
    growth = (later[-1][1] - later[0][1]) / MIB if later else 99
    checks.ok("soak: a day's store", said and growth <= DAY_GROWTH_MIB,
              "%s; %.2f MiB more at %.1f hours than at %.1f, of %.1f" % (
                  said, growth, later[-1][0] / 3600, later[0][0] / 3600,
                  later[-1][1] / MIB) if later else "nothing was seen of it")


def parse(argv):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("brindle", type=os.path.abspath)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--frequency", type=int, default=999)
    parser.add_argument("--churn", type=int, default=200)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--short", action="store_true")
    return parser.parse_args(argv)


def main(argv):
    options = parse(argv)
    checks = Checks()
    folder = tempfile.mkdtemp(prefix="brindle-soak-")
    os.chmod(folder, 0o755)
    try:
        with sample_rate.watched(options.frequency, print):
            endure(checks, folder, options)
        if options.hours and not options.short:
            live_a_day(checks, folder, options)
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
