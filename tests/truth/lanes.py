# SPDX-License-Identifier: Apache-2.0
"""Runs programs in lanes: those of one lane after each other, the lanes side by
side.

usage: lanes.py PLAN RESULT
PLAN:   JSON: lanes, each a list of [seconds that it may take, argument...]
RESULT: JSON: the same, of [pid, exit status]
"""
import json
import os
import signal
import subprocess
import sys
import threading


def run_one(limit, argv):
    """A program that takes too long has failed, with all that it started."""
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.pid, process.returncode


def run_lane(lane, results):
    for limit, *argv in lane:
        results.append(run_one(limit, argv))


def main(plan, result):
    with open(plan) as text:
        lanes = json.load(text)
    results = [[] for _ in lanes]
    threads = [threading.Thread(target=run_lane, args=pair)
               for pair in zip(lanes, results)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(result, "w") as out:
        json.dump(results, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
