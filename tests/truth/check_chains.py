# SPDX-License-Identifier: Apache-2.0
"""Decides whether a stack may be seen, by chains of Python frames as text.

A chain is words from the root to the leaf, and each stack must be the beginning of
one of them (a whole walk), or a piece out of one (a walk that was cut):

    name        a function of the program, by the last part of its name
    name?       the same, or nothing
    name+       the same, once or more in a row
    name@12     the same, in line 12 when it calls the next; name@-: in no line
    ~           any number of functions of the standard library
    *           first only: above it stands the beginning of any other chain, for
                what the interpreter calls wherever it is: finalizers, handlers

Functions of the library stand where ~ is, and nowhere else. A frame that
could not be named is any one word, the mark of an activation that could not be
read any number of them. A function that no word can name is told apart
(add_shown).
"""
import ast
import re

from stored import python_frames

EVAL = re.compile(r"_PyEval_EvalFrameDefault|^PyEval_EvalFrameEx")

# What a JIT has made: its Python frames are told, as others are.
COMPILED = "[unmapped code]"

# An activation has left its last frame while that is cleared.
CLEARS = re.compile(r"FrameClear|^clear_")


class Chains:
    """All chains of a case, as one automaton without a name for its states:
    a state is (chain, the word that comes next)."""

    def __init__(self, chains):
        self.chains = [chain.split() for chain in chains]
        self.called_anywhere = {(n, 1) for n, words in enumerate(self.chains)
                                if words[0] == "*"}
        self.seen = set()  # chains that were seen to their end
        self.spans = {}
        self.shown = {}  # (function, file) as stored -> word

    def add_shown(self, shown):
        """@shown: word -> function and file, as they have to be stored."""
        for word, texts in shown.items():
            self.shown[tuple(texts)] = word

    def add_source(self, path):
        """Learns which lines the functions of a program have."""
        with open(path) as text:
            tree = ast.parse(text.read())
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef,
                                 ast.ClassDef)):
                first = min([node.lineno] +
                            [d.lineno for d in node.decorator_list])
                self.spans.setdefault((path, node.name), []).append(
                    (first, node.end_lineno))

    def after(self, states):
        """@states, and those that are reached from them without a frame."""
        found, todo = set(), list(states)
        while todo:
            state = todo.pop()
            if state in found:
                continue
            found.add(state)
            chain, at = state
            words = self.chains[chain]
            if at < len(words) and words[at][-1] in "?~":
                todo.append((chain, at + 1))
        return found

    def step(self, states, name, of_library, line=None):
        """The states after a frame; what is None may be anything; @line as in
        a word."""
        found = set()
        for chain, at in states:
            words = self.chains[chain]
            if at == len(words):
                continue
            word = words[at]
            plain, _, calls_at = word.rstrip("?+").partition("@")
            if name is not None and (
                    of_library is False if word == "~" else
                    of_library or plain != name):
                continue
            if calls_at and line and calls_at != line:
                continue
            found.add((chain, at + 1))
            if word == "~" or word.endswith("+"):
                found.add((chain, at))
        return self.after(found)

    def anywhere(self):
        return {(n, at) for n, chain in enumerate(self.chains)
                for at in range(chain[0] == "*", len(chain) + 1)}

    def begin(self, whole):
        if whole:
            return self.after((n, 0) for n, chain in enumerate(self.chains)
                              if chain[0] != "*")
        return self.anywhere()

    def line_problem(self, frame, name):
        spans = self.spans.get((frame.file, name))
        if frame.line and spans and not any(
                first <= frame.line <= last for first, last in spans):
            return "line %d is not in %s" % (frame.line, name)
        return None

    def name_of(self, frame, folder):
        """(its word, whether it is of a library)"""
        word = self.shown.get((frame.function, frame.file))
        if word:
            return word, False
        return ((frame.function or "").split(".")[-1],
                of_library(frame, folder))

    def problems(self, frames, whole, folder):
        """What is wrong with @frames, Python's and marks, root first; @folder
        has the programs."""
        states = self.begin(whole)
        for number, frame in enumerate(frames):
            if number or not whole:
                states = states | self.called_anywhere
            if frame.kind == "other":
                states = self.anywhere()
                continue
            name, library, line = None, False, None
            if frame.status != "unresolved":
                name, library = self.name_of(frame, folder)
                if number + 1 < len(frames):
                    line = str(frame.line or "-")
            states = self.step(states, name, library, line)
            if not states:
                return ["no chain goes on with %.60s:%s" % (
                    frame.function, frame.line)]
            problem = name and self.line_problem(frame, name)
            if problem:
                return [problem]
        self.seen.update(chain for chain, at in states
                         if at == len(self.chains[chain]))
        return []

    def unseen(self):
        return [" ".join(chain[-2:]) for n, chain in enumerate(self.chains)
                if n not in self.seen]


def of_library(frame, folder):
    """Not of the programs in @folder, and not made by one of them. None:
    that cannot be told."""
    if frame.file == "<string>":
        return None
    return not (frame.file or "").startswith((folder, "<nasty"))


def check(chains, stack, whole, folder):
    """What is wrong with @stack, as a list."""
    found = python_frames(stack)
    problems = chains.problems(
        [f for f in stack if f.kind in ("python", "other") and
         f.function != COMPILED], whole, folder)
    for (above, _), (below, _) in zip(found, found[1:]):
        between = [frame.function or "" for frame in stack[above + 1:below]]
        if any(EVAL.search(caller) and not CLEARS.search(callee)
               for caller, callee in zip(between, between[1:] + [""])):
            problems.append("the eval loop shows between two Python frames")
            break
    return problems
