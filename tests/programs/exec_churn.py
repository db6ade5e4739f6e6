# SPDX-License-Identifier: Apache-2.0
"""Makes functions, runs each for a moment, and throws them away.

All functions of a generation bear its number, in name, file name and line, and
are else alike: the next ones take their memory, of code object and names. So a
stack that mixes numbers was named by what came later. A generation lives for
some hundred microseconds, or up to some hundred milliseconds.

usage: exec_churn.py SECONDS LOG
"""
import json
import sys
import threading
import time

LINES = 1000
SOURCE = '''\
class c_{n}:
    def m_{n}(self, turns):
        x = 0
        for i in range(turns):
            x += i * i
        return x
def f_{n}(turns):
    return sum(c_{n}().m_{n}(turns) for y_{n} in range(2))
def g_{n}(turns):
    return f_{n}(turns)
g_{n}(turns)
'''


def generation(number, turns):
    lines = "\n" * (number % LINES)
    code = compile(lines + SOURCE.format(n="%06d" % number),
                   "<churn %06d>" % number, "exec")
    exec(code, {"turns": turns})


def main(seconds, log):
    start = time.monotonic_ns()
    number = 0
    while time.monotonic_ns() - start < seconds * 1e9:
        generation(number, 3000 << number % 9)
        number += 1
    with open(log, "w") as out:
        json.dump({"tid": threading.get_native_id(), "start": start,
                   "end": time.monotonic_ns(), "generations": number}, out)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
