# SPDX-License-Identifier: Apache-2.0
"""The end of a program that runs its chains in turn until the time is up: what
stands below the line "# text" is put in by expand.py.
"""
RUNS = []

# text
import json
import sys
import threading
import time


def main(seconds, log):  # from <module>
    start = time.monotonic_ns()
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        for run in RUNS:
            run()  # call any
    with open(log, "w") as text:
        json.dump({"tid": threading.get_native_id(), "start": start,
                   "end": time.monotonic_ns()}, text)


main(*sys.argv[1:])
