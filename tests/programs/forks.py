# SPDX-License-Identifier: Apache-2.0
"""Forks children that run a function named after their own pid.

A third of them is killed in the middle by this program, the others end by
themselves. A frame f_pid_<n> in any other process is a misattributed sample.

usage: forks.py SECONDS LOG
"""
import os
import signal
import sys
import time

BODY = """
def f_pid_{0}(end):
    x = 0
    while CLOCK() < end:
        for i in range(200):
            x += i * i
    return x
"""
CLOCK = time.monotonic_ns


def run(seconds):
    names = {"CLOCK": CLOCK}
    exec(compile(BODY.format(os.getpid()), __file__, "exec"), names)
    names["f_pid_%d" % os.getpid()](CLOCK() + int(seconds * 1e9))


def main(seconds, log):
    end = CLOCK() + int(seconds * 1e9)
    pids = []
    while CLOCK() < end:
        pid = os.fork()
        if not pid:
            run(0.06)
            os._exit(0)
        pids.append(pid)
        if len(pids) % 3 == 0:
            time.sleep(0.03)
            os.kill(pid, signal.SIGKILL)
        else:
            run(0.02)
        os.waitpid(pid, 0)
    with open(log, "w") as out:
        out.write("\n".join(map(str, pids)) + "\n")


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
