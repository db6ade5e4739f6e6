# SPDX-License-Identifier: Apache-2.0
"""What may befall the daemon's database, and what is left after it.

usage: durability.py BRINDLE FOLDER [--kills N] [--more-kills N]
                     [--lock SECONDS] [TEST]...
--kills: SIGKILLs one after the other, for their figures.
--more-kills: in lanes beside each other, for what is left of the file.
The last line has the counts.
"""
import argparse
import concurrent.futures
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time

from daemon_process import NS, Checks, Daemon, burning, wait_for

RECOVERY_S = 5
FIRST_SAMPLE_MS = 300
COMMIT_S = 1.0  # one transaction a second
LAG_S = 1.0     # for a commit that has to wait, on a machine full of tests
GAP_S = 0.5     # with a busy CPU there is a sample each 10 ms
LANES = 4


def is_whole(daemon, path=None):
    try:
        with contextlib.closing(daemon.connect(path)) as database:
            found = database.execute("PRAGMA quick_check").fetchall()
    except sqlite3.Error as problem:
        return str(problem)
    return "" if found == [("ok",)] else str(found[:3])


def samples_between(daemon, start_ns, end_ns):
    """Times of the samples stored in between, and their largest distance."""
    rows = daemon.ask("SELECT time_ns FROM v_sample WHERE time_ns BETWEEN "
                      "?1 AND ?2 ORDER BY time_ns", start_ns, end_ns)
    times = [start_ns, *(row[0] for row in rows), end_ns]
    distance = max((b - a for a, b in zip(times, times[1:])), default=0)
    return len(rows), distance / NS


def gaps(daemon, start_ns):
    """Details of the incidents since @start_ns that tell of lost samples."""
    return daemon.ask(
        "SELECT kind, detail FROM incident WHERE kind = 'gap' AND "
        "ifnull(end_id, 1 << 62) >= (SELECT clock.id + ?1 - "
        "clock.monotonic_ns FROM clock ORDER BY id DESC LIMIT 1)", start_ns)


class Killing:
    """SIGKILL at random instants, again and again on one file."""

    def __init__(self):
        self.first_ms = []
        self.missing_s = []
        self.lost = 0
        self.damage = []

    def once(self, daemon):
        daemon.start()
        first = daemon.first_after(daemon.started_ns)
        if not first:
            self.damage.append("no sample: " + daemon.tail())
            daemon.stop()
            return
        self.first_ms.append((first - daemon.started_ns) / 1e6)
        time.sleep(random.uniform(0.0, 1.2))
        committed = daemon.ask("SELECT count(*), max(id) FROM sample")
        killed_ns = time.monotonic_ns()
        daemon.kill()
        self.look(daemon, committed, killed_ns)

    def look(self, daemon, committed, killed_ns):
        problem = is_whole(daemon)
        if problem:
            self.damage.append(problem)
        left = daemon.ask("SELECT count(*), max(id) FROM sample")
        if not committed or not left:
            self.damage.append("cannot be read")
            return
        self.lost += max(0, committed[0][0] - left[0][0])
        self.missing_s.append((killed_ns - daemon.newest_ns()) / NS)


def check_kept(checks, name, killings, times):
    damage = [each for killing in killings for each in killing.damage]
    lost = sum(killing.lost for killing in killings)
    checks.ok(name + ": the file opens and is whole", not damage,
              "%d times; %s" % (times, damage[:2]))
    checks.ok(name + ": no committed row is lost", lost == 0,
              "%d lost" % lost)


def test_kill(checks, daemon, options):
    killing = Killing()
    for _ in range(options.kills):
        killing.once(daemon)
    check_kept(checks, "kill", [killing], options.kills)
    missing = sorted(killing.missing_s) or [99]
    checks.timely("kill: the last second is missing at most",
              missing[len(missing) // 2] <= COMMIT_S and
              missing[-1] <= COMMIT_S + LAG_S, "%.2f s at most, median %.2f"
              % (missing[-1], missing[len(missing) // 2]))
    # One in ten may have met a host too busy with other tests.
    first = sorted(killing.first_ms) or [9999]
    checks.timely("kill: first sample within %d ms of the start" % FIRST_SAMPLE_MS,
              first[len(first) * 9 // 10 - 1] <= FIRST_SAMPLE_MS,
              "median %.0f ms, 9 of 10 %.0f, most %.0f" % (
                  first[len(first) // 2], first[len(first) * 9 // 10 - 1],
                  first[-1]))


def test_kills(checks, daemon, options):
    def lane(number):
        killing = Killing()
        other = Daemon(options.brindle, os.path.join(daemon.folder, str(number)))
        for _ in range(number, options.more_kills, LANES):
            killing.once(other)
        return killing
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        killings = list(pool.map(lane, range(LANES)))
    check_kept(checks, "kills", killings, options.more_kills)


def check_recovery(checks, name, daemon, start_ns, end_ns):
    """The cause began at @start_ns and ended at @end_ns."""
    first = daemon.first_after(end_ns, RECOVERY_S + 5)
    stored_ns = time.monotonic_ns()
    checks.ok(name + ": goes on", daemon.alive() and first,
              "" if first else daemon.tail())
    checks.timely(name + ": recovers within %d s" % RECOVERY_S,
              first and (stored_ns - end_ns) / NS <= RECOVERY_S,
              "%.1f s" % ((stored_ns - end_ns) / NS))
    count, distance = samples_between(daemon, start_ns, end_ns)
    told = gaps(daemon, start_ns)
    checks.timely(name + ": no sample is missing without being told",
              distance <= GAP_S or told, "%d samples meanwhile, %.2f s the "
              "largest distance, gaps told: %s" % (count, distance, told[:2]))


@contextlib.contextmanager
def started(daemon):
    daemon.start()
    try:
        if not daemon.first_after(daemon.started_ns):
            raise RuntimeError("no sample: " + daemon.tail())
        yield
    finally:
        if daemon.process.poll() is None:
            daemon.stop()


def test_lock(checks, daemon, options):
    """Somebody holds the write lock."""
    with started(daemon):
        with contextlib.closing(sqlite3.connect(daemon.db)) as other:
            wait_for(lambda: lock(other), 5)
            start_ns = time.monotonic_ns()
            time.sleep(options.lock)
            other.rollback()
        check_recovery(checks, "foreign lock", daemon, start_ns,
                       time.monotonic_ns())


def lock(database):
    database.isolation_level = None
    try:
        database.execute("BEGIN EXCLUSIVE")
        return True
    except sqlite3.OperationalError:
        return False


def test_reader(checks, daemon, options):
    """A reader holds a transaction; the log may grow, but not without end."""
    with started(daemon):
        with contextlib.closing(daemon.connect()) as reader:
            reader.isolation_level = None
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sample").fetchone()
            start_ns = time.monotonic_ns()
            time.sleep(options.lock)
            during = daemon.newest_ns()
            wal = os.path.getsize(daemon.db + "-wal")
        checks.timely("long reader: commits go on", during - start_ns >
                  (options.lock - COMMIT_S - LAG_S) * NS,
                  "newest sample %.1f s after its begin" % (
                      (during - start_ns) / NS))
        checks.ok("long reader: the log is bounded", wal < 64 << 20,
                  "%.1f MiB after %g s" % (wal / 1048576, options.lock))
        check_recovery(checks, "long reader", daemon, start_ns,
                       time.monotonic_ns())


def test_deleted(checks, daemon, _):
    with started(daemon):
        start_ns = time.monotonic_ns()
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(daemon.db + suffix)
        check_recovery(checks, "deleted file", daemon, start_ns,
                       time.monotonic_ns())
        checks.ok("deleted file: the new one is whole", not is_whole(daemon),
                  is_whole(daemon))


def test_replaced(checks, daemon, _):
    """An old copy is put in the file's place."""
    with started(daemon):
        copy = daemon.db + ".copy"
        with contextlib.closing(daemon.connect()) as old, \
                contextlib.closing(sqlite3.connect(copy)) as new:
            old.backup(new)
        daemon.give_away(copy)
        time.sleep(0.5)
        start_ns = time.monotonic_ns()
        os.rename(copy, daemon.db)
        check_recovery(checks, "replaced file", daemon, start_ns,
                       time.monotonic_ns())
        checks.ok("replaced file: whole", not is_whole(daemon),
                  is_whole(daemon))


def test_corrupt(checks, daemon, _):
    """Damaged while nobody looked: set aside, and a new one begun."""
    with started(daemon):
        pass
    with open(daemon.db, "r+b") as out:
        out.seek(100)
        out.write(os.urandom(8192))
    with started(daemon):
        first = daemon.first_after(daemon.started_ns)
        aside = [name for name in os.listdir(daemon.state) if "corrupt" in name]
        took = (first - daemon.started_ns) / NS if first else 99
        checks.ok("corrupt file: set aside under a name that says so", aside,
                  str(sorted(os.listdir(daemon.state))))
        checks.timely("corrupt file: a new one within 2 s", took <= 2,
                  "%.2f s to the first sample" % took)
        checks.ok("corrupt file: the new one is whole", not is_whole(daemon),
                  is_whole(daemon))


@contextlib.contextmanager
def small_disk(daemon, megabytes):
    subprocess.check_call(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=700"
                           % megabytes, "tmpfs", daemon.state])
    daemon.give_away(daemon.state)
    try:
        yield
    finally:
        if daemon.process and daemon.process.poll() is None:
            daemon.stop()
        subprocess.call(["umount", "-l", daemon.state])


def fill_disk(path):
    with open(path, "wb", buffering=0) as out:
        try:
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        out.write(bytes(size))
        except OSError:
            pass


def test_full(checks, daemon, options):
    if os.geteuid() != 0:
        checks.skip("full disk", "mounting one needs root")
        return
    with small_disk(daemon, 8), started(daemon):
        time.sleep(1)
        filler = os.path.join(daemon.state, "filler")
        fill_disk(filler)
        start_ns = time.monotonic_ns()
        time.sleep(options.lock)
        fill_disk(filler + "2")
        said = "again" in daemon.tail()
        os.unlink(filler)
        os.unlink(filler + "2")
        check_recovery(checks, "full disk", daemon, start_ns,
                       time.monotonic_ns())
        checks.ok("full disk: is told in the log", said, daemon.tail())
        status, _ = daemon.stop()
        checks.ok("full disk: all is saved at the end",
                  status == 0 and not is_whole(daemon), is_whole(daemon))


def test_read_only(checks, daemon, _):
    """The file system cannot be written any more, and then it can."""
    if os.geteuid() != 0:
        checks.skip("read-only", "remounting needs root")
        return
    with small_disk(daemon, 8):
        with started(daemon):
            pass
        subprocess.check_call(["mount", "-o", "remount,ro", daemon.state])
        daemon.start()
        status = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = daemon.process.wait(5)
        checks.ok("read-only: refuses to start, and says why",
                  status == 1 and "read" in daemon.tail()[-200:].lower(),
                  "status %s: %s" % (status, daemon.tail()[-200:]))
        if status is None:
            daemon.stop()
        subprocess.check_call(["mount", "-o", "remount,rw", daemon.state])
        with started(daemon):
            checks.ok("read-only: starts when it is not any more", True)


# Those of a line run at the same time as those of the others.
GROUPS = (("lock", "reader"), ("deleted", "replaced", "corrupt"),
          ("full", "read-only"))
TESTS = {"kill": test_kill, "kills": test_kills, "lock": test_lock, "reader": test_reader,
         "deleted": test_deleted, "replaced": test_replaced,
         "corrupt": test_corrupt, "full": test_full,
         "read-only": test_read_only}


def parse(argv):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("brindle")
    parser.add_argument("folder")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--more-kills", type=int, default=190)
    parser.add_argument("--lock", type=float, default=2.5)
    parser.add_argument("tests", nargs="*", default=list(TESTS))
    return parser.parse_intermixed_args(argv)


def run(name, checks, options):
    folder = os.path.join(options.folder, "durability-" + name)
    own = Checks()

    def once():
        os.makedirs(folder, mode=0o755)
        daemon = Daemon(options.brindle, folder)
        try:
            TESTS[name](own, daemon, options)
        except Exception as problem:
            own.ok(name, False, "the test broke: %r; %s" % (problem,
                                                            daemon.tail()))
        shutil.rmtree(folder, ignore_errors=True)

    own.patiently(name, once)
    checks.add(own)


def run_group(names, checks, options):
    for name in names:
        if name in options.tests:
            run(name, checks, options)


def main(argv):
    options = parse(argv)
    checks = Checks()
    with burning(), concurrent.futures.ThreadPoolExecutor() as pool:
        # Alone, for its figures are times.
        run_group(["kill"], checks, options)
        run_group(["kills"], checks, options)
        list(pool.map(lambda names: run_group(names, checks, options),
                      GROUPS))
    print("durability: %d passed, %d failed, %d skipped" % (
        checks.passed, checks.failed, checks.skipped))
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
