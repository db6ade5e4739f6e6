# SPDX-License-Identifier: Apache-2.0
"""Writes a Python program whose stack alternates between Python and C.

Function s_<k>_<how> is called by s_<k-1> through the C function that <how>
names, so a stack is right when it counts up without a gap and the right C
function stands in each gap.

usage: stripes_writer.py FILE DEPTH
run:   FILE SECONDS LOG
"""
import sys

# how: (arguments, call, what it has to return)
HOWS = {
    "reduce": ("a, b", "functools.reduce({name}, PAIR)", "0"),
    "sortkey": ("a", "sorted(ONE, key={name})", "0"),
    "map": ("a", "list(map({name}, ONE))", "0"),
    "resub": ("a", "PATTERN.sub({name}, 'a')", "''"),
    "ctypes": ("a", "CALLBACK_{number}(1)", "0"),
    "init": ("self", "{name}()", "None"),
}
CYCLE = ("reduce", "sortkey", "map", "resub", "init", "ctypes")

HEAD = '''\
import ctypes
import functools
import json
import re
import sys
import threading
import time

ONE = (1,)
PAIR = (1, 2)
PATTERN = re.compile("a")
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)

'''

TAIL = '''\

def main(seconds, log):
    start = time.monotonic_ns()
    while time.monotonic_ns() - start < seconds * 1e9:
        s_0_py()
    with open(log, "w") as out:
        json.dump({"tid": threading.get_native_id(), "start": start,
                   "end": time.monotonic_ns()}, out)


if __name__ == "__main__":
    sys.setrecursionlimit(1000000)
    threading.stack_size(512 << 20)
    thread = threading.Thread(target=main,
                              args=(float(sys.argv[1]), sys.argv[2]))
    thread.start()
    thread.join()
'''


def name_of(number):
    return "s_%d_%s" % (number, how_of(number))


def how_of(number):
    return CYCLE[(number - 1) % len(CYCLE)] if number else "py"


def define(number, depth):
    how = how_of(number)
    arguments, _, result = HOWS.get(how, ("", "", "0"))
    lines = ["x = 0", "for i in range(%d):" % (40 if number < depth else 9000),
             "    x += i * i"]
    if number < depth:
        call = HOWS[how_of(number + 1)][1]
        lines += [call.format(name=name_of(number + 1), number=number + 1)
                  + "  # call %d" % (number + 1)]
    lines += ["return " + result]
    head = ["def %s(%s):" % (name_of(number), arguments)]
    if how == "init":
        head = ["class %s:" % name_of(number), "    def __init__(self):"]
        lines = ["    " + line for line in lines]
    tail = []
    if how == "ctypes":
        tail = ["CALLBACK_%d = CALLBACK(%s)" % (number, name_of(number))]
    return head + ["    " + line for line in lines] + tail + [""]


def write(path, depth):
    with open(path, "w") as out:
        out.write(HEAD)
        for number in range(depth + 1):
            out.write("\n".join(define(number, depth)) + "\n")
        out.write(TAIL)


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]))
