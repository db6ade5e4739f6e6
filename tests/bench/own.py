# SPDX-License-Identifier: Apache-2.0
"""What the daemon itself costs beside a busy Python on each CPU, thread by
thread, and what other profilers cost that look at the same."""
import collections
import contextlib
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "end_to_end"))
import profilers  # noqa: E402
import windows  # noqa: E402
from daemon_process import Daemon, children  # noqa: E402

RATE = 99
WARM_S = 5
CONFIG = "[web]\nport = 0\n[store]\ndb = %s\n[sampling]\nfrequency = %d\n"
# Whose work a thread does, by its name.
PARTS = (
    (r"capture/", "captures"),
    (r"brindle-sampler$", "the worker"),
    (r"rings$", "rings"),
    (r"keeper|nursery", "keeper"),
    (r"brindle$|broker/", "broker"),
    (r"brindle-web|web/|brindle-sql", "dashboard"),
)
# Those of the goal: "1 % of one CPU beyond the interrupts".
BEYOND = [part for _, part in PARTS if part != "captures"]
WINDOW = """SELECT sum(trust = 'proven'), sum(trust = 'unproven'), count(*)
 FROM v_sample WHERE time_ns BETWEEN ? AND ? AND sample_id >
 (SELECT max(id) - 100000000000 FROM sample)"""


def family(pid):
    """@pid and all that it started, as far as they live."""
    found = [pid]
    for child in found:
        found += children(child)
    return found


def part_of(name):
    for pattern, part in PARTS:
        if re.match(pattern, name):
            return part
    return "other: " + name


def read(path):
    with open(path) as text:
        return text.read()


def threads(pids):
    """{tid: (part, ns on a CPU)}"""
    found = {}
    for pid in pids:
        for task in os.listdir("/proc/%d/task" % pid):
            with contextlib.suppress(OSError):
                folder = "/proc/%d/task/%s/" % (pid, task)
                found[task] = (part_of(read(folder + "comm").strip()),
                               int(read(folder + "schedstat").split()[0]))
    return found


def rss_bytes(pids):
    total = 0
    for pid in pids:
        status = read("/proc/%d/status" % pid)
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        total += int(found[1]) * 1024 if found else 0
    return total


def measure_daemon(brindle, folder, target, seconds):
    """(share of a CPU of each part, RSS, share taken from the target, proven
    share, samples)"""
    place = os.path.join(folder, "own")
    os.mkdir(place)
    os.chmod(folder, 0o755)
    daemon = Daemon(brindle, place)
    with open(daemon.config, "w") as out:
        out.write(CONFIG % (daemon.db, RATE))
    off = target.rate(WARM_S)[0]
    daemon.start()
    try:
        time.sleep(WARM_S)
        before = threads(family(daemon.process.pid))
        on, start, end = target.rate(seconds)
        pids = family(daemon.process.pid)
        after, rss = threads(pids), rss_bytes(pids)
        time.sleep(2)  # the last of them are stored
        proven, unproven, count = (
            value or 0 for value in daemon.connect().execute(
                WINDOW, (start, end)).fetchone())
    finally:
        daemon.stop()
    off = (off + target.rate(WARM_S)[0]) / 2
    cost = collections.Counter()
    for task, (part, ns) in after.items():
        cost[part] += (ns - before.get(task, (part, 0))[1]) / (end - start)
    return cost, rss, 1 - on / off, proven / max(1, proven + unproven), count


def commands(target, folder, seconds):
    """(name, command) of other profilers of the whole target."""
    def out(name):
        return os.path.join(folder, name)
    perf, py_spy = profilers.find("perf"), profilers.find("py-spy")
    if perf:
        for name, graph in (("perf -g", "fp"), ("perf dwarf", "dwarf,16384")):
            yield name, [perf, "record", "-q", "-a", "-e", "cpu-clock", "-F",
                         str(RATE), "--call-graph", graph, "-o",
                         out("perf.data")]
    if py_spy:
        yield "py-spy", [py_spy, "record", "--subprocesses", "-p",
                         str(target.pid), "-r", str(RATE), "-d",
                         str(seconds + 60), "-f", "raw", "-o", out("py-spy")]


def measure_other(command, target, seconds):
    """(share of a CPU, RSS, share taken from the target)"""
    off = target.rate(WARM_S)[0]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(1)
    on, start, end = target.rate(seconds)
    alive = process.poll() is None
    _, cpu, rss_kib = windows.stop_profiler(process)
    off = (off + target.rate(WARM_S)[0]) / 2
    return alive and (cpu * 1e9 / (end - start), rss_kib * 1024, 1 - on / off)


def measure(brindle, python, folder, seconds):
    """Rows of: what, who, figure, goal."""
    target = windows.Target(python, folder, os.cpu_count())
    try:
        cost, rss, taken, proven, count = measure_daemon(
            brindle, folder, target, seconds)
        for part, share in cost.most_common():
            yield ("own cost at %d Hz: %s" % (RATE, part), "brindle",
                   "%.2f %% of a CPU" % (100 * share), "")
        yield ("  all but the captures", "brindle", "%.2f %%" % (
            100 * sum(cost[part] for part in BEYOND)), "<= 1 %")
        yield ("  in all", "brindle",
               "%.2f %%" % (100 * sum(cost.values())), "")
        yield "  RSS", "brindle", "%.0f MiB" % (rss / 2**20), "<= 100 MiB"
        yield "  taken from the target", "brindle", "%.2f %%" % (
            100 * taken), "<= 0.5 %"
        yield ("  proven", "brindle", "%.2f %% of %d samples" % (
            100 * proven, count), ">= 99.9 %")
        for name, command in commands(target, folder, seconds):
            found = measure_other(command, target, seconds)
            if not found:
                yield "own cost at %d Hz" % RATE, name, "does not run", ""
                continue
            cpu, rss, taken = found
            yield ("own cost at %d Hz, in all" % RATE, name, "%.2f %% of a CPU"
                   % (100 * cpu), "")
            yield "  RSS", name, "%.0f MiB" % (rss / 2**20), ""
            yield "  taken from the target", name, "%.2f %%" % (100 * taken), ""
    finally:
        target.stop()
