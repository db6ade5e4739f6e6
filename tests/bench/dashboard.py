#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long does the dashboard wait?

usage: dashboard.py [--ask PATH] STORE

Asks what the dashboard asks, of a store (tests/bench/store.py --keep makes one),
each question in a process of its own, as from a cold cache of the connection.
"""
import argparse
import os
import sqlite3
import subprocess
import sys

# What, the question, the range in seconds, and what is good enough.
QUESTIONS = (
    ("landing page: flame graph, 15 minutes", "flame", 900, 50),
    ("landing page: timeline, 15 minutes", "timeline?buckets=480", 900, 50),
    ("flame graph, 24 h", "flame", 86400, 200),
    ("  with lines and threads", "flame?lines=1&threads=1", 86400, 200),
    ("  bottom up", "flame?view=bottomup", 86400, 200),
    ("  Python only", "flame?only=python", 86400, 200),
    ("top functions, 24 h", "top", 86400, 200),
    ("timeline, 24 h", "timeline?buckets=480", 86400, 200),
    ("processes, 24 h", "processes", 86400, 200),
    ("threads, 24 h", "threads", 86400, 200),
    ("labels, 24 h", "labels", 86400, 400),
    ("diff, 12 h and 12 h", "diff", None, 400),
    ("heat map, 15 minutes", "heatmap", 900, 200),
    ("labels, 15 minutes", "labels", 900, 50),
    ("status", "status", 900, 50),
    ("metrics", "metrics", 900, 50),
)


def end_of(store):
    with sqlite3.connect("file:%s?mode=ro" % store, uri=True) as database:
        return database.execute(
            "SELECT (max(sample.id) + (SELECT wall_ns - id FROM clock "
            "ORDER BY id DESC LIMIT 1)) / 1000000000 FROM sample"
        ).fetchone()[0]


def address(question, seconds, end):
    if question in ("status", "metrics"):
        return ("/metrics" if question == "metrics" else
                "/api/v1/" + question)
    joint = "&" if "?" in question else "?"
    if seconds is None:
        middle = end - 43200
        return "/api/v1/%s%sa_from=@%d&a_to=@%d&b_from=@%d&b_to=@%d" % (
            question, joint, end - 86400, middle, middle, end)
    return "/api/v1/%s%sfrom=@%d&to=@%d" % (question, joint, end - seconds,
                                           end)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ask", default=os.path.join(
        os.path.dirname(os.environ.get("BRINDLE", "./brindle")),
        "tests/web/api/ask"))
    parser.add_argument("store")
    arguments = parser.parse_args()
    end = end_of(arguments.store)
    for name, question, seconds, goal in QUESTIONS:
        output = subprocess.run(
            [arguments.ask, "-t", "7", arguments.store,
             address(question, seconds, end)],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        times = sorted(float(line) for line in output.split())
        print("%-42s %7.0f ms %7.0f ms at best   <= %d ms"
              % (name, times[len(times) // 2], times[0], goal), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
