# SPDX-License-Identifier: Apache-2.0
"""The checkers themselves: they accept right stacks and see each kind of wrong
one, on stacks and databases made by hand."""
import array
import sqlite3

import chains
import check_grammar
import test_grammar
import test_life
import test_shared
import test_stripes
from stored import Frame, Stored

PROGRAM = '''\
def g_1_pR_py():
    x = 0
    functools.reduce(g_2_p1_reduce, PAIR)  # call 2
    g_4_p1_py()  # call 4
    return 0

def g_2_p1_reduce(a, b):
    def g_3_p2_closure():
        json.dumps(ODD, default=g_5_p3_json)  # call 5
    g_3_p2_closure()  # call 3
    return 0

def g_4_p1_py():
    return 0

def g_5_p3_json(a):
    g_6_p5_lam()  # call 6
    return 0

g_6_p5_lam = lambda: (sum(NUMBERS),)  # is 6
'''


def py(function, line=0, file="p.py"):
    return Frame("python", function, file, line, None, "proven")


def c(*names):
    return [Frame("native", name, None, None, "libpython", "exact")
            for name in names]


ROOT = c("_start", "main") + [py("<module>"), py("main")]
ONE = ROOT + [py("g_1_pR_py", 3)]
TWO = ONE + c("functools_reduce", "_PyFunction_Vectorcall") + [
    py("g_2_p1_reduce", 10)]
THREE = TWO + [py("g_2_p1_reduce.<locals>.g_3_p2_closure", 9)]
JSON = [py("dumps", 1, "j.py"), py("JSONEncoder.encode", 2, "j.py"),
        py("JSONEncoder.iterencode", 3, "j.py")]
FIVE = THREE + JSON + c("encoder_call") + [py("g_5_p3_json", 18)]

UNREAD = Frame("python", "[unresolved]", None, None, None, "unresolved")

# (name, stack, whether it is right)
GRAMMAR = (
    ("leaf", ONE, True),
    ("through reduce", TWO, True),
    ("closure", THREE, True),
    ("json", FIVE, True),
    ("lambda", FIVE + [py("<lambda>", 21)], True),
    ("no Python", c("_start", "main"), True),
    ("unresolved frame", ONE + c("functools_reduce") + [UNREAD] + THREE[-1:],
     True),
    ("wrong above an unresolved frame", ONE + [UNREAD] + THREE[-1:] +
     [py("g_4_p1_py", 14)], False),
    ("native leaf", TWO + c("PyNumber_Add"), True),
    ("wrong parent", TWO + [py("g_4_p1_py", 14)], False),
    ("missing frame", ONE + [py("g_2_p1_reduce.<locals>.g_3_p2_closure", 9)],
     False),
    ("missing C", ONE + [py("g_2_p1_reduce", 10)], False),
    ("other C", ONE + c("map_next") + [py("g_2_p1_reduce", 10)], False),
    ("C in a pure call", ONE[:-1] + [py("g_1_pR_py", 4)] + c("map_next") +
     [py("g_4_p1_py", 14)], False),
    ("eval loop shows", ONE + c("functools_reduce",
                                "_PyEval_EvalFrameDefault") +
     [py("g_2_p1_reduce", 10)], False),
    ("library missing", THREE + c("encoder_call") + [py("g_5_p3_json", 18)],
     False),
    ("line of another call", ONE[:-1] + [py("g_1_pR_py", 4)] +
     c("functools_reduce") + [py("g_2_p1_reduce", 10)], False),
    ("line outside", ROOT + [py("g_1_pR_py", 9)], False),
    ("twice", TWO + [py("g_2_p1_reduce", 10)], False),
    ("no root", TWO[5:], False),
    ("wrong root", c("_start") + [py("main"), py("g_1_pR_py", 3)], False),
    ("called by the library", TWO + [py("dumps", 1, "j.py")], False),
)


# The same up to 3.10, where names are bare: (name, stack, whether right).
ITEM = py("__getitem__", 677, "/lib/os.py")
BARE = (
    ("a method of the same name", ROOT + [ITEM, py("encode", 756,
                                                   "/lib/os.py")], True),
    ("who calls the method", ROOT + [ITEM, py("encode", 182,
                                              "/lib/json/encoder.py")], False),
)


def check_grammar_cases(place, verdicts):
    path = place.path(".py")
    with open(path, "w") as out:
        out.write(PROGRAM)
    grammar = check_grammar.Grammar(path)
    missed = []
    bare = check_grammar.Grammar(path, (3, 10))
    cases = ([(grammar, (3, 12), *case) for case in GRAMMAR] +
             [(bare, (3, 10), *case) for case in BARE])
    for rules, version, name, stack, right in cases:
        stack = [f._replace(file=path) if f.file == "p.py" else f
                 for f in stack]
        problems = check_grammar.check(rules, stack, version, True, True)
        if bool(problems) == right:
            missed.append("%s: %s" % (name, problems))
    verdicts.ok("checker of grammar", not missed,
                "%d stacks by hand; %s" % (len(cases), missed or "all right"))


def check_cut(place, verdicts):
    """A walk that does not reach the root may begin anywhere."""
    path = place.path(".py")
    with open(path, "w") as out:
        out.write(PROGRAM)
    grammar = check_grammar.Grammar(path)
    cut = [f._replace(file=path) if f.file else f for f in THREE[5:]]
    verdicts.ok("checker of cut stacks", not check_grammar.check(
        grammar, cut, (3, 12), True, False), "%d frames" % len(cut))


def check_shared(verdicts):
    log = test_shared.Log(1, array.array("Q", [100000, 200000]),
                          array.array("Q", [150000, 250000]),
                          array.array("Q", [3, 5]))
    answers = [test_shared.truth(log, t) for t in (
        99000, 100500, 120000, 149500, 175000, 225000, 300000)]
    stack = ROOT + [py("caller_3"), py("helper")]
    holds = (answers == [None, None, 3, None, None, 5, None] and
             not test_shared.problems_of(stack, 3) and
             test_shared.problems_of(stack, 5) and
             test_shared.problems_of(ROOT + [py("helper")], 5) and
             test_shared.problems_of(ROOT, 5))
    verdicts.ok("checker of shared helper", holds, str(answers))


def check_stripes(verdicts):
    good = ROOT + [py("s_0_py")] + c("functools_reduce", "f") + [
        py("s_1_reduce")] + c("list_sort_impl") + [py("s_2_sortkey")]
    twice = ROOT + [py("s_0_py")] + c("functools_reduce",
                                      "functools_reduce") + [py("s_1_reduce")]
    gap = ROOT + [py("s_0_py")] + c("list_sort_impl") + [py("s_2_sortkey")]
    rootless = good[5:]
    wrong = [test_stripes.check(s, (3, 13), True, True)
             for s in (twice, gap, rootless)]
    verdicts.ok("checker of stripes",
                not test_stripes.check(good, (3, 13), True, True) and
                not test_stripes.check(rootless, (3, 13), True, False) and
                all(wrong), "; ".join(str(w) for w in wrong))


def make_database(path, rows):
    """A database with the public views as tables: (time, pid, process, [frame])
    each."""
    database = sqlite3.connect(path)
    database.executescript("""
CREATE TABLE v_sample(sample_id, time_ns, wall_ns, process, pid, thread, tid,
  cpu, event, weight_ns, callsite_id, trust, trust_reason, walk_end);
CREATE TABLE v_callsite(callsite_id INTEGER PRIMARY KEY, parent_id, frame_id,
  kind, function, file, line, module, status);
CREATE TABLE v_health(name, value, meaning);""")
    for number, (time_ns, pid, process, stack) in enumerate(rows, 1):
        leaf = None
        for f in stack:
            leaf = database.execute(
                "INSERT INTO v_callsite SELECT NULL, ?1, ifnull("
                "max(callsite_id), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 "
                "FROM v_callsite", (leaf, f.kind, f.function, f.file, f.line,
                                    f.module, f.status)).lastrowid
        database.execute(
            "INSERT INTO v_sample VALUES (?,?,0,?,?,'',?,0,'',0,?,?,NULL,?)",
            (number, time_ns, process, pid, pid, leaf, "proven", "root"))
    database.commit()
    database.close()


def check_life(place, verdicts):
    path = place.path(".db")
    lives = {7: [(0, 10**9, 2 * 10**9), (1, 3 * 10**9, 4 * 10**9)]}
    make_database(path, [
        (15 * 10**8, 7, "a", ROOT + [py("f_life_0")]),
        (35 * 10**8, 7, "a", ROOT + [py("f_life_1")]),
        (35 * 10**8, 7, "a", ROOT + [py("f_life_0")]),
        (15 * 10**8, 8, "b", ROOT + [py("f_life_0")]),
        (15 * 10**8, 9, "n_1", ROOT + c("c_spin") + [py("f_pid_9")]),
        (15 * 10**8, 9, "n_2", c("execve")),
        (15 * 10**8, 9, "n_2", c("main", "c_spin")),
        (15 * 10**8, 9, "n_1", ROOT + [py("f_pid_10")]),
    ])
    found = test_life.judge_lives(path, lives)
    pids = test_life.judge_pids(path, {9: "n_1"})
    named = test_life.judge_pids(path, {9: "n_3"})
    verdicts.ok("checker of lives",
                (found.right, found.wrong["proven"], pids.right,
                 pids.wrong["proven"], named.wrong["proven"]) ==
                (2, 2, 1, 2, 3), found.figures())


def check_tally(place, verdicts):
    """Wrong stacks in a database are counted by trust."""
    path, program = place.path(".db"), place.path(".py")
    with open(program, "w") as out:
        out.write(PROGRAM)
    stacks = [[f._replace(file=program) if f.file == "p.py" else f
               for f in stack]
              for stack in (TWO, GRAMMAR[9][1], c("_start", "main"))]
    make_database(path, [(50, 7, "p", stack) for stack in stacks])

    class Python:
        version, named = (3, 12), True
    with Stored(path) as stored:
        tally = test_grammar.judge(stored, check_grammar.Grammar(program),
                                   Python, {"tid": 7, "start": 10, "end": 90})
    verdicts.ok("counting of wrong stacks",
                (tally.checked, tally.checked_proven, tally.wrong_proven(),
                 tally.empty) == (2, 2, 1, 1),
                tally.figures())


CHAINS = '''\
def leaf_1():  # from mid_1|key_1 direct
    pass

def key_1(x):  # from mid_1 by list_sort with numpy
    leaf_1()  # call leaf_1

def mid_1():  # from - via gevent
    leaf_1()  # call leaf_1
'''
MID = c("_start") + [py("mid_1", 8)]
KEY = MID + c("list_sort", "numpy_sort") + [py("key_1", 5)]

# (name, stack, complete, whether it is right)
CHAIN_CASES = (
    ("root", MID, True, True),
    ("call", KEY + [py("leaf_1", 2)], True, True),
    ("root is missing", [py("leaf_1", 2)], True, False),
    ("cut", [py("leaf_1", 2)], False, True),
    ("wrong caller", [py("key_1", 5), py("mid_1", 8)], False, False),
    ("of another chain", [py("mid_2", 8), py("leaf_1", 2)], True, False),
    ("C function is missing", MID + c("numpy_sort") + [py("key_1", 5)], True,
     False),
    ("other native code is missing", MID + c("list_sort") + [py("key_1", 5)],
     True, False),
    ("native in a direct call", MID + c("f") + [py("leaf_1", 2)], True, False),
    ("wrong line", c("_start") + [py("mid_1", 7), py("leaf_1", 2)], True,
     False),
    ("stranger between", MID + [py("walk", 1, "/os.py"), py("leaf_1", 2)],
     True, False),
    ("library above", [py("switch", 1, "/x/gevent/hub.py")] + MID, True, True),
    ("stranger above", [py("switch", 1, "/x/hub.py")] + MID, True, False),
    ("unresolved caller", MID + [UNREAD, py("leaf_1", 2)], True, True),
)


def check_chains(place, verdicts):
    path = place.path(".py")
    with open(path, "w") as out:
        out.write(CHAINS)
    text = chains.Chains(path, (3, 12), True)
    for name, stack, complete, right in CHAIN_CASES:
        stack = [f._replace(file=path) if f.file == "p.py" else f
                 for f in stack]
        problems = chains.check(text, stack, complete)
        verdicts.ok("checker of chains: " + name, (not problems) == right,
                    "; ".join(problems))


def run(place, verdicts, pythons):
    check_grammar_cases(place, verdicts)
    check_cut(place, verdicts)
    check_shared(verdicts)
    check_stripes(verdicts)
    check_life(place, verdicts)
    check_tally(place, verdicts)
    check_chains(place, verdicts)
