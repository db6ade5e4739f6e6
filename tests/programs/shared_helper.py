# SPDX-License-Identifier: Apache-2.0
"""One helper, called by eight functions in turn, for about 20 us each.

All callers make the same call from the same place in equal code, so nothing
in a stack copy tells them apart: only the interpreter's frames do. The truth is
this program's own log of who called when, on the clock of the samples.

usage: shared_helper.py SECONDS LOG [MICROSECONDS]
LOG:   native 64-bit words: the thread id, then (caller, start, end) triples
"""
import array
import random
import sys
import threading
import time

CLOCK = time.monotonic_ns


def helper(turns):
    x = 0
    for i in range(turns):
        x += i * i
    return x


# The eight are one text, so that they differ in name and line only.
CALLER = """
def caller_{0}(turns):
    start = CLOCK()
    helper(turns)
    return start, CLOCK()
"""
for number in range(8):
    exec(compile(CALLER.format(number), __file__, "exec"))
CALLERS = [globals()["caller_%d" % number] for number in range(8)]


def calibrate(microseconds):
    """Turns of helper() that take so long, once its code is specialised."""
    turns = 100
    for _ in range(4):
        best = 1 << 60
        for _ in range(50):
            start = CLOCK()
            helper(turns)
            best = min(best, CLOCK() - start)
        turns = max(5, int(turns * microseconds * 1000 / best))
    return turns


def main(seconds, path, microseconds):
    turns = calibrate(microseconds)
    order = [random.randrange(8) for _ in range(997)]
    log = array.array("Q", [threading.get_native_id()])
    append = log.append
    deadline = CLOCK() + int(seconds * 1e9)
    while CLOCK() < deadline:
        for number in order:
            start, end = CALLERS[number](turns)
            append(number)
            append(start)
            append(end)
    with open(path, "wb") as out:
        log.tofile(out)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2],
         float(sys.argv[3]) if len(sys.argv) > 3 else 20)
