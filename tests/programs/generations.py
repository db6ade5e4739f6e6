# SPDX-License-Identifier: Apache-2.0
"""A process that becomes other programs: each life has a function of its own.

Life n runs in f_life_<n>() and logs "n pid start end", then execs life n + 1 in
the next interpreter of the list; between two lives it is a C program for a
while. A frame f_life_<n> outside of life n is a misattributed sample.

usage: generations.py LIFE LAST SECONDS LOG SPINNER PYTHON...
"""
import os
import sys
import time

BODY = """
def f_life_{0}(end):
    x = 0
    while CLOCK() < end:
        for i in range(200):
            x += i * i
    return x
"""
CLOCK = time.monotonic_ns


def main(life, last, seconds, log, spinner, pythons):
    names = {"CLOCK": CLOCK}
    exec(compile(BODY.format(life), __file__, "exec"), names)
    start = CLOCK()
    names["f_life_%d" % life](start + int(seconds * 1e9))
    end = CLOCK()
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(fd, b"%d %d %d %d\n" % (life, os.getpid(), start, end))
    os.close(fd)
    if life < last:
        python = pythons[(life + 1) % len(pythons)]
        argv = [python, __file__, str(life + 1), str(last), str(seconds), log,
                spinner] + pythons
        os.execv(spinner, [spinner, "30"] + argv)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4],
         sys.argv[5], sys.argv[6:])
