#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How large is a long store, and how fast does it answer?

usage: store.py [--brindle PATH] [--hours N] [--churn] [--keep FOLDER]

Records a minute of a host that does many things, replays it as a daemon's store
of that many hours (24 is the goal's), and asks it three questions, each from a
new process.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# What a host does all day: services in Python, compression, sorting, and a job
# now and then.
PYTHON = """
import ast, difflib, json, os, random, re, string, sys, tokenize
names = [n for n in sorted(os.listdir(os.path.dirname(os.__file__)))
         if n.endswith(".py")]
random.seed(int(sys.argv[1]))

def parse(path):
    return len(ast.dump(ast.parse(open(path, errors="replace").read())))

def words(path):
    return sorted(re.findall(r"[A-Za-z_]+", open(path, errors="replace").read()))

def serialize(path):
    return json.loads(json.dumps({w: len(w) for w in words(path)}))

def compare(path):
    return list(difflib.unified_diff(words(path)[:400], words(path)[100:500]))

def tokens(path):
    with tokenize.open(path) as file:
        return sum(1 for _ in tokenize.generate_tokens(file.readline))

jobs = [parse, words, serialize, compare, tokens]
while True:
    random.choice(jobs)(os.path.join(os.path.dirname(os.__file__),
                                     random.choice(names)))
"""

SHELL = """
for seed in 1 2 3; do "$0" -c "$1" $seed & done
while :; do
    find /usr/lib -maxdepth 3 2>/dev/null | sort | gzip -6 | sha256sum
    sleep 0.5
done > /dev/null
"""

# The same, and some 20 new processes in each second of two busy CPUs.
CHURN = """
renice -n -5 $$ >/dev/null 2>&1
for seed in 1 2; do nice -n 10 "$0" -c "$1" $seed & done
while :; do
    find /usr/lib -maxdepth 3 2>/dev/null | sort | gzip -6 | sha256sum
    for i in 1 2 3 4 5 6 7 8; do
        ls -R /usr/share/doc | head -n 2000 | grep -c a
        awk 'BEGIN { for (i = 0; i < 100000; i++) s += i }'
    done
    sleep 0.3
done > /dev/null
"""

QUESTIONS = (
    ("flame graph", ("flame", "-o", "/dev/null")),
    ("top functions", ("report", "-s", "1")),
    ("timeline", ("report", "--timeline")),
)


def record(brindle, path, seconds, shell=SHELL):
    """Of this load only, whatever else the host is at."""
    load = subprocess.Popen(["/bin/sh", "-c", shell, shutil.which("python3"),
                             PYTHON], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        time.sleep(1)
        subprocess.run([brindle, "record", "-F", "99", "-d", str(seconds),
                        "-o", path, "-p", str(load.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        os.killpg(load.pid, signal.SIGKILL)
        load.wait()


def milliseconds(command):
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return 1000 * (time.monotonic() - begin)


def measure(brindle, generator, hours, folder, seed=None, seconds=60,
            shell=SHELL):
    """Rows of: what, figure, goal."""
    store = os.path.join(folder, "store.db")
    if not seed:
        seed = os.path.join(folder, "seed.db")
        record(brindle, seed, seconds, shell)
    begin = time.monotonic()
    sizes = json.loads(subprocess.run(
        [generator, seed, store, str(hours)], check=True,
        stdout=subprocess.PIPE).stdout)
    taken = time.monotonic() - begin
    of = "store of %g h, %.1f M samples" % (hours, sizes["samples"] / 1e6)
    yield of + ": made in", "%.1f s" % taken, ""
    yield "  bytes a sample, raw", "%.2f" % sizes["raw_bytes"], "<= 24"
    yield ("  bytes a sample, rolled up", "%.2f" % sizes["rolled_up_bytes"],
           "<= 2")
    yield "  bytes a sample, all else", "%.2f" % sizes["other_bytes"], ""
    for name, question in QUESTIONS:
        times = sorted(milliseconds([brindle, *question, "--db", store])
                       for _ in range(3))
        yield "  %s of all of it" % name, "%.0f ms" % times[1], "<= 200 ms"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brindle", default=os.environ.get("BRINDLE",
                                                            "./brindle"))
    parser.add_argument("--generator")
    parser.add_argument("--hours", type=float, default=1)
    parser.add_argument("--seed", help="a recording made before")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--churn", action="store_true",
                        help="many new processes")
    parser.add_argument("--keep", help="folder for the files")
    arguments = parser.parse_args()
    generator = arguments.generator or os.path.join(
        os.path.dirname(os.path.abspath(arguments.brindle)),
        "tests/bench/bench_store")
    with tempfile.TemporaryDirectory() as folder:
        for row in measure(arguments.brindle, generator, arguments.hours,
                           arguments.keep or folder, arguments.seed,
                           arguments.seconds,
                           CHURN if arguments.churn else SHELL):
            print("%-52s %-14s %s" % row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
