# SPDX-License-Identifier: Apache-2.0
"""Decides whether a stack of a program of programs/foreign/ is legal.

Definitions in its text say who may call whom, and from where (expand.py).
"""
import collections
import os
import re

import check_grammar
from stored import python_frames

RULE = re.compile(r"\s*(?:async )?def (\w+)\(.*# from (\S+)(.*)$")
WORD = re.compile(r"(by|with|via) (\S+)")
CALL = re.compile(r"# call (\w+)$")

Rule = collections.namedtuple("Rule", "callers by other via direct")


class Chains:
    """What the text of a program says. @named: static functions of the
    interpreter have names."""

    def __init__(self, path, version, named):
        self.path = path
        self.version = version
        self.named = named
        self.rules = {}  # function -> Rule
        self.calls = {}  # line -> function called there
        with open(path) as text:
            for at, line in enumerate(text, 1):
                self.read_line(at, line.rstrip())

    def read_line(self, at, line):
        rule = RULE.match(line)
        called = CALL.search(line)
        if called:
            self.calls[at] = called[1]
        if rule:
            words = dict(WORD.findall(rule[3]))
            self.rules[rule[1]] = Rule(
                rule[2].split("|"), words.get("by"), words.get("with"),
                words.get("via"), "direct" in rule[3].split())

    def name(self, frame):
        """The function of ours that @frame runs, or None."""
        name = check_grammar.bare(frame.function or "")
        if frame.file and frame.file != self.path:
            return None
        return name if name in self.rules or name == "<module>" else None


def native_problem(chains, rule, caller, found):
    if any(check_grammar.EVAL.search(name) for name in found):
        return "the eval loop shows between two Python frames"
    if (rule.direct and caller and found and
            chains.version >= check_grammar.QUALIFIED):
        return "native frames in a pure Python call: %s" % found
    wanted = [rule.other, rule.by if chains.named else None]
    for pattern in filter(None, wanted):
        if not any(re.search(pattern, name) for name in found):
            return "native function %s is missing" % pattern
    return None


def edge_problem(chains, name, caller, between, found):
    """@name is under @caller, None when it is the first; @between are library
    frames and @found native ones in the gap."""
    rule = chains.rules.get(name)
    if not rule:  # the module itself
        return "%s is called by %s" % (name, caller) if caller else None
    if (caller or "-") not in rule.callers:
        return "%s called by %s, not by %s" % (name, caller, rule.callers)
    strange = [f for f in between
               if not rule.via or "/%s/" % rule.via not in (f.file or "")]
    if strange:
        return "%s between %s and %s" % (strange[0].function, caller, name)
    return native_problem(chains, rule, caller, found)


def line_problem(chains, frame, name):
    called = chains.calls.get(frame.line)
    if called in (name, "any"):
        return None
    return "%s is called in line %s of %s, which calls %s" % (
        name, frame.line, frame.function, called)


def check(chains, stack, complete):
    """What is wrong with @stack. @complete: no Python frame is missing."""
    problems = []
    above, between = None, []  # of ours: (place in the stack, frame, name)
    judged = complete
    for at, frame in python_frames(stack):
        if frame.status == "unresolved":
            above, between, judged = None, [], False
            continue
        name = chains.name(frame)
        if name is None:
            between.append(frame)
            continue
        problem = None
        if above or judged:
            found = check_grammar.natives(stack, above[0] + 1 if above else 0,
                                          at)
            problem = edge_problem(chains, name, above and above[2], between,
                                   found)
        if not problem and above and not between and name in (
                chains.calls.values()):
            problem = line_problem(chains, above[1], name)
        if problem:
            problems.append(problem)
        above, between, judged = (at, frame, name), [], True
    return problems


def names_of(chains, stack):
    """All functions of ours, root first."""
    names = (chains.name(frame) for _, frame in python_frames(stack))
    return [name for name in names if name]
