# SPDX-License-Identifier: Apache-2.0
"""Starts short-lived processes at a steady rate, each under a name of its own.

Most are a C program for some milliseconds, every tenth is a small Python whose
function is named after its pid. LOG has a line "pid name start end" for each;
a sample of such a pid under another name is misattributed.

usage: swarm.py SECONDS RATE LOG SPINNER FOLDER
"""
import os
import sys
import time

CLOCK = time.monotonic_ns
SMALL = """
import os, time
name = "f_pid_%d" % os.getpid()
exec("def " + name + "(end):\\n while time.monotonic_ns() < end:\\n  pow(3, 99)")
globals()[name](time.monotonic_ns() + 3000000)
"""


def start(number, spinner, folder):
    if number % 10 == 0:
        argv = [sys.executable, "-ISc", SMALL]
        return os.posix_spawn(sys.executable, argv, os.environ), "-"
    name = "n_%06d" % number
    path = os.path.join(folder, name)
    os.symlink(spinner, path)
    return os.posix_spawn(path, [path, "3"], os.environ), name


def reap(alive, lines, flags):
    while alive:
        pid, _ = os.waitpid(-1, flags)
        if not pid:
            return
        name, begin = alive.pop(pid)
        lines.append("%d %s %d %d" % (pid, name, begin, CLOCK()))


def main(seconds, rate, log, spinner, folder):
    begin = CLOCK()
    alive = {}
    lines = []
    number = 0
    while CLOCK() - begin < seconds * 1e9:
        started = CLOCK()
        pid, name = start(number, spinner, folder)
        alive[pid] = (name, started)
        number += 1
        reap(alive, lines, os.WNOHANG)
        time.sleep(max(0, number / rate - (CLOCK() - begin) / 1e9))
    reap(alive, lines, 0)
    with open(log, "w") as out:
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:6])
