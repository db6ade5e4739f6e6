# SPDX-License-Identifier: Apache-2.0
"""Writes a Python program in which every function has one legal caller.

The program is three trees of functions, run by the main thread, by lasting
threads and by short-lived ones. A name tells the whole truth about a function:

    g_17_p4_reduce     number 17, called by number 4 only, by functools.reduce

A line that calls number 17 ends in "# call 17", so the line of every caller is
known too. The checker needs the text of the program and nothing else.

usage: grammar_writer.py FILE [SEED [FUNCTIONS]]
run:   FILE SECONDS THREADS CHURN LOG
"""
import random
import sys

# How a function is entered: the source of the call, the source of the
# definition's head, and what it has to give back.
CALLS = {
    "py": "{name}()",
    "star": "{name}(*NOTHING)",
    "lam": "{name}()",
    "closure": "{name}()",
    "reduce": "functools.reduce({name}, PAIR)",
    "sortkey": "sorted(ONE, key={name})",
    "listsort": "list(ONE).sort(key={name})",
    "map": "list(map({name}, ONE))",
    "resub": "PATTERN.sub({name}, 'a')",
    "json": "json.dumps(ODD, default={name})",
    "ctypes": "CALLBACK_{id}(1)",
    "init": "{name}()",
    "prop": "OBJECT_{id}.value",
    "getattr": "OBJECT_{id}.absent",
    "genc": "sum({name}())",
}
ARGUMENTS = {"star": "*rest", "reduce": "a, b", "sortkey": "a", "listsort": "a",
             "map": "a", "resub": "a", "json": "a", "ctypes": "a"}
RESULTS = {"resub": "''", "init": "None", "del": "None"}
METHODS = {"init": "__init__(self)", "del": "__del__(self)",
           "prop": "value(self)", "getattr": "__getattr__(self, name)"}
GENERATORS = ("gen", "genc", "yieldfrom")
PLAIN = ("py", "star", "lam")
HOWS = ("py py py star lam closure closure reduce sortkey listsort map resub "
        "json ctypes init init del prop getattr gen genc coro").split()
C_LEVELS_MAX = 9  # 16 KiB of stack hold about this many

HEAD = '''\
import ctypes
import functools
import json
import os
import re
import sys
import threading
import time

NOTHING = ()
ONE = (1,)
PAIR = (1, 2)
ODD = object()
BLOB = bytes(4000)
NUMBERS = list(range(300, 0, -1))
PATTERN = re.compile("a")
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
STOP = threading.Event()

'''

TAIL = '''\

def work():
    while not STOP.is_set():
        {thread_root}()  # call {thread_id}


def churn_work():
    for _ in range(3):
        {churn_root}()  # call {churn_id}


def churn(threads):
    if len(threads) > 3:
        threads.pop(0).join()
    thread = threading.Thread(target=churn_work)
    thread.start()
    threads.append(thread)


def main(seconds, thread_count, churning, log):
    threads = [threading.Thread(target=work) for _ in range(thread_count)]
    for thread in threads:
        thread.start()
    churned = []
    rounds = 0
    start = int(time.monotonic() * 1e9)
    while int(time.monotonic() * 1e9) - start < seconds * 1e9:
        {main_root}()  # call {main_id}
        rounds += 1
        if churning and rounds % churning == 0:
            churn(churned)
    end = int(time.monotonic() * 1e9)
    STOP.set()
    for thread in threads + churned:
        thread.join()
    with open(log, "w") as out:
        json.dump({{"tid": os.getpid(), "start": start,
                   "end": end, "rounds": rounds}}, out)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
'''


class Function:
    def __init__(self, number, parent, how):
        self.id = number
        self.parent = parent
        self.how = how
        self.children = []
        self.c_levels = 0
        if parent:
            parent.children.append(self)
            self.c_levels = parent.c_levels + (how not in PLAIN)
        self.name = "g_%d_p%s_%s" % (number, parent.id if parent else "R", how)

    def is_generator(self):
        return self.how in GENERATORS

    def call(self):
        """Lines of source that enter this function; the first one does."""
        comment = "  # call %d" % self.id
        if self.how == "gen":
            return ["for _ in %s():%s" % (self.name, comment), "    pass"]
        if self.how == "yieldfrom":
            return ["yield from %s()%s" % (self.name, comment)]
        if self.how == "coro":
            return ["awaitable = %s()" % self.name, "try:",
                    "    awaitable.send(None)" + comment,
                    "except StopIteration:", "    pass"]
        if self.how == "del":
            return ["x = %s()" % self.name, "del x" + comment]
        call = CALLS[self.how].format(name=self.name, id=self.id)
        return [call + comment]


def grow(rng, first, count):
    """A tree of functions with numbers from @first on."""
    root = Function(first, None, "py")
    tree = [root]
    while len(tree) < count:
        pool = tree[-8:] if rng.random() < 0.7 else tree
        parent = rng.choice(pool)
        how = rng.choice(HOWS)
        if parent.is_generator() and rng.random() < 0.3:
            how = "yieldfrom"
        if parent.how == "lam" and how not in ("py", "star"):
            how = "py"
        if parent.c_levels >= C_LEVELS_MAX:
            how = "py"
        if len(parent.children) > 4:
            continue
        tree.append(Function(first + len(tree), parent, how))
    return tree


def labour(rng):
    """Some microseconds of work, in the loop itself or in C."""
    kind = rng.randrange(6)
    if kind == 0:
        return ["x = sorted(NUMBERS)"]
    if kind == 1:
        return ["x = BLOB.count(b'x')"]
    if kind == 2:
        return ["try:", "    x = NOTHING[3]", "except IndexError:", "    x = 0"]
    return ["x = 0", "for i in range(%d):" % rng.randrange(5, 60),
            "    x += i * i"]


def body(rng, function):
    lines = ["cell_%d = 1" % function.id]
    for child in function.children:
        if child.how == "closure":
            lines += ["def %s():" % child.name, "    x = cell_%d" % function.id]
            lines += ["    " + line for line in body(rng, child)]
    lines += labour(rng)
    for child in function.children:
        lines += child.call()
        if rng.random() < 0.3:
            lines += labour(rng)
    if function.is_generator():
        return lines + ["yield 1"]
    return lines + ["return " + RESULTS.get(function.how, "0")]


def define(rng, function):
    """The definition at module level, as lines."""
    if function.how == "closure":
        return []
    if function.how == "lam":
        calls = ["sum(NUMBERS)"]
        calls += [child.call()[0].partition("  #")[0]
                  for child in function.children]
        numbers = "".join("  # call %d" % child.id
                          for child in function.children)
        return ["%s = lambda: (%s)  # is %d%s"
                % (function.name, ", ".join(calls) + ",", function.id, numbers)]
    if function.how in METHODS:
        head = ["class %s:" % function.name]
        if function.how == "prop":
            head += ["    @property"]
        head += ["    def %s:" % METHODS[function.how]]
        return head + ["        " + line for line in body(rng, function)]
    kind = "async def" if function.how == "coro" else "def"
    head = "%s %s(%s):" % (kind, function.name,
                           ARGUMENTS.get(function.how, ""))
    return [head] + ["    " + line for line in body(rng, function)]


def write(path, seed, count):
    rng = random.Random(seed)
    trees = [grow(rng, 1, count), grow(rng, 10001, count // 3),
             grow(rng, 20001, count // 10)]
    lines = []
    for function in [f for tree in trees for f in tree]:
        lines += define(rng, function) + [""]
        if function.how == "ctypes":
            lines += ["CALLBACK_%d = CALLBACK(%s)" % (function.id,
                                                      function.name)]
        if function.how in ("prop", "getattr"):
            lines += ["OBJECT_%d = %s()" % (function.id, function.name)]
    main, thread, churn = (tree[0] for tree in trees)
    tail = TAIL.format(main_root=main.name, main_id=main.id,
                       thread_root=thread.name, thread_id=thread.id,
                       churn_root=churn.name, churn_id=churn.id)
    with open(path, "w") as out:
        out.write(HEAD + "\n".join(lines) + "\n" + tail)


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1,
          int(sys.argv[3]) if len(sys.argv) > 3 else 300)
