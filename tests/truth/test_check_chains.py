# SPDX-License-Identifier: Apache-2.0
"""The checker of chains itself: it accepts right stacks and sees wrong ones."""
import check_chains
from stored import Frame

FOLDER = "/programs/nasty"
CHAINS = ["<module> main turn a b? c+ end", "<module> main turn ~ d",
          "root_of_thread e", "* f+ g", "<module> main turn at@7 in_line",
          "<module> main turn at@- in_none", "<module> main turn near odd"]
SHOWN = {"odd": ["a b\\x00", "\\udcff.py"]}
MARK = Frame("other", "[unread]", None, None, None, "unresolved")
EVAL = Frame("native", "_PyEval_EvalFrameDefault", None, None, "python", "exact")
CLEAR = EVAL._replace(function="_PyEvalFrameClearAndPop")
UNNAMED = Frame("python", "[unresolved]", None, None, None, "unresolved")


def own(*names):
    return [Frame("python", name, FOLDER + "/x.py", 1, None, "proven")
            for name in names]


def library(*names):
    return [Frame("python", name, "/usr/lib/python3/" + name, 1, None,
                  "proven") for name in names]


def at_line(name, line):
    return [frame._replace(line=line) for frame in own(name)]


TURN = own("<module>", "main", "turn")
ODD = Frame("python", *SHOWN["odd"], 1, None, "proven")

# (name, stack, whether the walk reached the root, whether it is right)
STACKS = (
    ("whole chain", TURN + own("a", "b", "c", "c", "end"), True, True),
    ("optional frame left out", TURN + own("a", "c", "end"), True, True),
    ("beginning of a chain", TURN + own("a"), True, True),
    ("frame missing in between", TURN + own("c"), True, False),
    ("frame of another chain", TURN + own("a", "d"), True, False),
    ("repetition left out", TURN + own("a", "b", "end"), True, False),
    ("missing root", own("main", "turn", "a"), True, False),
    ("missing root, cut", own("main", "turn", "a"), False, True),
    ("cut, and wrong", own("turn", "c"), False, False),
    ("library where it may be", TURN + library("x", "y") + own("d"), True,
     True),
    ("library elsewhere", TURN + own("a") + library("x"), True, False),
    ("own name in the library", TURN + library("a") + own("b"), True, False),
    ("second root", own("root_of_thread", "e"), True, True),
    ("both roots", own("<module>", "root_of_thread"), True, False),
    ("frame without a name", TURN + [UNNAMED] + own("b"), True, True),
    ("mark", TURN + [MARK] + own("end"), True, True),
    ("wrong beneath a mark", TURN + [MARK] + own("d", "end"), True, False),
    ("called anywhere", TURN + own("a", "f", "f", "g"), True, True),
    ("called by what is called anywhere", TURN + own("f", "g", "f"), True, True),
    ("called anywhere, and returned", TURN + own("a", "f", "g", "c"), True, False),
    ("called anywhere, in part", TURN + own("a", "g"), True, False),
    ("called by nobody", own("f", "g"), True, False),
    ("called anywhere, cut", own("f", "g"), False, True),
    ("calling line", TURN + at_line("at", 7) + own("in_line"), True, True),
    ("other line, nobody called", TURN + at_line("at", 8), True, True),
    ("wrong calling line", TURN + at_line("at", 8) + own("in_line"), True,
     False),
    ("no calling line", TURN + at_line("at", None) + own("in_none"), True,
     True),
    ("a line where there is none", TURN + at_line("at", 7) + own("in_none"),
     True, False),
    ("name told apart", TURN + own("near") + [ODD], True, True),
    ("name told apart, not quite", TURN + own("near") +
     [ODD._replace(file="x.py")], True,
     False),
    ("eval loop in between", TURN + [EVAL] + own("a"), True, False),
    ("eval loop that clears", TURN + [EVAL, CLEAR] + own("a"), True, True),
    ("eval loop at the leaf", TURN + [EVAL], True, True),
)


def run(verdicts):
    wrong = []
    for name, stack, whole, right in STACKS:
        chains = check_chains.Chains(CHAINS)
        chains.add_shown(SHOWN)
        found = check_chains.check(chains, stack, whole, FOLDER)
        if bool(found) == right:
            wrong.append(name)
    verdicts.ok("checker of chains", not wrong, "%d stacks, wrong about: %s" % (
        len(STACKS), ", ".join(wrong) or "none"))
