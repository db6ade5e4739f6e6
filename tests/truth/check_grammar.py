# SPDX-License-Identifier: Apache-2.0
"""Decides by names alone whether a stack of a grammar program is legal.

The program's text (see programs/grammar_writer.py) says who may call whom, from
which line, and by which C function; a stack that says otherwise is wrong.
"""
import re

from stored import python_frames

NAME = re.compile(r"g_(\d+)_p(\w+?)_(\w+?)(?=\.|$)")
CALL = re.compile(r"# call (\d+)")
EVAL = re.compile(r"_PyEval_EvalFrameDefault|^PyEval_EvalFrameEx")

# How -> the C functions of which one must stand in the gap. None: no native
# frame may stand there. "": whichever the version does, with or without C.
GAPS = {
    "py": None, "lam": None, "closure": None,
    "star": "", "prop": "", "gen": "", "yieldfrom": "", "init": "", "coro": ".",
    "reduce": "functools_reduce", "sortkey": "list_?sort|builtin_sorted",
    "listsort": "list_?sort", "map": "map_next", "resub": "pattern_sub",
    "json": "encoder_", "ctypes": "ffi_|_ctypes|CallPythonObject|closure_fcn",
    "del": "slot_tp_finalize", "getattr": "slot_tp_getattr_hook",
    "genc": "builtin_sum|gen_iternext|gen_send_ex",
}
# Which of them need C on 3.11, where less is inlined.
C_ON_3_11 = ("star", "prop", "gen", "init")
C_ON_3_12 = ("init",)

METHODS = ("init", "del", "prop", "getattr")

# Before that code objects have no qualified name, and every call is one of C.
QUALIFIED = (3, 11)
BARE = ("__init__", "__del__", "value", "__getattr__", "<genexpr>",
        "<listcomp>")

# Python functions of the standard library that stand between two of ours.
BETWEEN = {"json": ["dumps", "JSONEncoder.encode", "JSONEncoder.iterencode"]}
# And who calls them, for stacks that end there.
LIBRARY = {
    "JSONEncoder.encode": {"dumps"}, "JSONEncoder.iterencode":
    {"JSONEncoder.encode", "dump"}, "JSONEncoder.__init__": {"dumps", "dump"},
    "dump": {"main"}, # main writes its log at the end
    "Thread.run": {"Thread._bootstrap_inner"},
    "Thread._bootstrap_inner": {"Thread._bootstrap"},
    "main": {"<module>"}, "churn": {"main"},
    "Thread.start": {"main", "churn"}, "work": {"Thread.run"},
    "churn_work": {"Thread.run"},
    "Thread.__init__": {"main", "churn", "_MainThread.__init__"},
}
ROOTS = ("<module>", "Thread._bootstrap")


class Grammar:
    """What the text of a program says."""

    def __init__(self, path, version=QUALIFIED):
        self.path = path
        self.qualified = version >= QUALIFIED
        self.function = {}    # number -> (parent, how)
        self.call_line = {}   # number -> line of its one call
        self.span = {}        # number -> (first line, last line)
        self.lambda_at = {}   # line -> number
        self.children = {}    # number -> hows of its children
        self.read()

    def read(self):
        owner = []  # (indentation, number) of the definitions around a line
        with open(self.path) as text:
            for at, line in enumerate(text, 1):
                self.read_line(at, line, owner)

    def read_line(self, at, line, owner):
        if not line.strip():
            return
        indent = len(line) - len(line.lstrip())
        while owner and owner[-1][0] >= indent:
            owner.pop()
        for number in CALL.findall(line):
            self.call_line[int(number)] = at
        defined = re.match(r"\s*(?:async def|def|class) (g_\w+)", line)
        named = re.match(r"(g_\w+) = lambda", line)
        if defined or named:
            number, parent, how = NAME.match((defined or named)[1]).groups()
            number = int(number)
            self.function[number] = (parent, how)
            self.children.setdefault(parent, set()).add(how)
            self.span[number] = (at, at)
            if named:
                self.lambda_at[at] = number
            owner.append((indent, number))
        for _, number in owner:
            self.span[number] = (self.span[number][0], at)

    def number(self, frame):
        """The number of the function that @frame runs, or None."""
        if frame.file and frame.file != self.path:
            return None
        if frame.function == "<lambda>":
            return self.lambda_at.get(frame.line)
        if not self.qualified and frame.function in BARE:
            return self.number_at(frame)
        names = list(NAME.finditer(frame.function or ""))
        if not names:
            return None
        is_body = names[-1].end() == len(frame.function)
        if names[-1][3] in METHODS and is_body:
            return None  # the class statement itself, run by the module
        return int(names[-1][1])

    def number_at(self, frame):
        """Of a frame whose name says nothing: by the innermost definition
        around its line, of a class if it is a method."""
        hows = METHODS if frame.function[0] != "<" else GAPS
        around = [(last - first, number)
                  for number, (first, last) in self.span.items()
                  if first <= frame.line <= last
                  and self.function[number][1] in hows]
        return min(around)[1] if frame.file and around else None


def bare(name):
    return name.split(".")[-1]


def natives(stack, begin, end):
    return [f.function or "" for f in stack[begin:end] if f.kind == "native"]


def gap_problem(how, found, version, named):
    """What is wrong with the native frames @found before a frame of @how."""
    if any(EVAL.search(name) for name in found):
        return "the eval loop shows between two Python frames"
    rule = GAPS[how]
    if rule is None and version >= QUALIFIED:
        return "native frames in a pure Python call" if found else None
    needs_c = version >= QUALIFIED and (
        rule or (version == (3, 11) and how in C_ON_3_11)
        or (version == (3, 12) and how in C_ON_3_12))
    if needs_c and not found:
        return "no native frame where C calls Python"
    if rule and named and not any(re.search(rule, name) for name in found):
        return "C function %s is missing" % rule
    return None


def lines_problem(grammar, number, frame, child):
    if not frame.line:
        return None
    first, last = grammar.span[number]
    if not first <= frame.line <= last:
        return "line %d is not in function %d" % (frame.line, number)
    called = grammar.call_line.get(child)
    if called and frame.line != called:
        return "line %d of the caller, but %d is called in line %d" % (
            frame.line, child, called)
    return None


def edge_problem(grammar, above, number, between):
    """@above is the number of the next Python frame of ours towards the root,
    None when there is none; @between are library functions in the gap."""
    parent, how = grammar.function[number]
    if parent == "R":
        wanted = {1: "main", 10001: "work", 20001: "churn_work"}[number]
        if above is not None or not between or between[-1] != wanted:
            return "root %d is called by %s" % (number, above or between)
        return None
    if above is None:
        return "%d has no caller %s" % (number, parent)
    if str(above) != parent:
        return "%d called by %d, not by %s" % (number, above, parent)
    wanted = BETWEEN.get(how, [])
    if not grammar.qualified:
        wanted = [bare(name) for name in wanted]
    if between != wanted:
        return "%d is %s but %s stands in the gap" % (number, how, between)
    return None


# Bare names of methods are others' too: these are meant where they stand.
FILES = {"JSONEncoder": "json/encoder.py", "Thread": "threading.py"}
BARE_FILES = {bare(callee): FILES[callee.split(".")[0]]
              for callee in LIBRARY if callee.split(".")[0] in FILES}
BARE_LIBRARY = {}
for callee, callers in LIBRARY.items():
    BARE_LIBRARY.setdefault(bare(callee), set()).update(map(bare, callers))
# Named as many a function is.
del BARE_LIBRARY["__init__"]


def library_problem(frames, qualified):
    """A library function under a caller that does not call it."""
    library = LIBRARY if qualified else BARE_LIBRARY
    for (_, caller), (_, callee) in zip(frames, frames[1:]):
        legal = library.get(callee.function)
        if not qualified and not (callee.file or "").endswith(
                BARE_FILES.get(callee.function, "")):
            continue
        # Up to 3.11 a comprehension has a frame of its own.
        owner = caller.function.split(".<locals>.<")[0]
        if (legal and owner not in legal and
                caller.status != "unresolved"):
            return "%s called by %s" % (callee.function, caller.function)
    return None


def tail_problem(grammar, number, tail):
    """Library frames above our last frame: only if one of its calls leads
    there."""
    hows = grammar.children.get(str(number), set())
    if tail and tail[0] == "dumps" and "json" not in hows:
        return "%d does not call dumps" % number
    return None


def check(grammar, stack, version, named, whole):
    """What is wrong with @stack, as a list. @whole: the walk reached the root;
    @named: static C functions have names here."""
    problems = []
    frames = python_frames(stack)
    if not frames:
        return problems
    if whole and any(grammar.number(f) for _, f in frames):
        root = frames[0][1]
        if bare(root.function) not in map(bare, ROOTS) and root.status != "unresolved":
            problems.append("root is " + str(root.function))
    above, above_at, between = None, None, []
    judged = whole  # False below a cut, and above a frame without a name
    for at, frame in frames:
        if frame.status == "unresolved":
            above, between, judged = None, [], False
            continue
        number = grammar.number(frame)
        if number is None:
            between.append(frame.function)
            continue
        if number not in grammar.function:
            problems.append("no such function: " + frame.function)
            break
        problem = None
        if above is not None or judged:
            problem = edge_problem(grammar, above, number, between)
        if not problem and above is not None:
            how = grammar.function[number][1]
            problem = gap_problem(how, natives(stack, above_at + 1, at),
                                  version, named)
            problem = problem or lines_problem(grammar, above,
                                               stack[above_at], number)
        if problem:
            problems.append(problem)
        above, above_at, between, judged = number, at, [], True
    if above is not None:
        problem = (lines_problem(grammar, above, stack[above_at], None)
                   or tail_problem(grammar, above, between))
        if problem:
            problems.append(problem)
    problem = library_problem(frames, grammar.qualified)
    if problem:
        problems.append(problem)
    return problems
