# SPDX-License-Identifier: Apache-2.0
"""Writes a program whose function names tell which of several equal call
chains, and which process, they belong to.

Lines of the template between "# each" and "# done" are repeated, with the
chain's number for the K in names like leaf_K. A definition says who alone may
call it, and by what:

    def key_K(x):  # from sort_K by list_sort
    def main():  # from <module>
    def run_K():  # from - by green

"-" says that the function is the first Python function of its stack. "by" is
followed by a pattern for a function of the interpreter that stands between the
two, "with" by one for a function of other native code, "direct" says that there
is no native function, and "via numpy" allows Python functions of files in a
folder numpy. "# put in FILE" stands for what is below "# text" in a file beside
the template. A line that calls leaf_K ends in "# call leaf_K", one
that calls several functions in "# call any".

usage: expand.py OUT TEMPLATE [FIRST [COUNT]]
"""
import os
import re
import sys

NUMBER = re.compile(r"(?<![A-Za-z0-9])K\b")  # of leaf_K, and K alone


def complete(path):
    """The text of a template with what is put in."""
    out = []
    with open(path) as text:
        for line in text:
            if line.startswith("# put in "):
                beside = os.path.join(os.path.dirname(path), line.split()[3])
                with open(beside) as other:
                    line = other.read().partition("# text\n")[2]
            out.append(line)
    return "".join(out)


def expand(text, numbers):
    out, block = [], None
    for line in text.splitlines(keepends=True):
        if line.startswith("# each"):
            block = []
        elif line.startswith("# done"):
            out += [NUMBER.sub(str(number), inner)
                    for number in numbers for inner in block]
            block = None
        elif block is not None:
            block.append(line)
        else:
            out.append(line)
    return "".join(out)


def main(out, template, first=0, count=1):
    numbers = range(int(first), int(first) + int(count))
    program = expand(complete(template), numbers)
    with open(out, "w") as text:
        text.write(program)


if __name__ == "__main__":
    main(*sys.argv[1:])
