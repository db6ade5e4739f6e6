# SPDX-License-Identifier: Apache-2.0
"""Case 31: the exact line of each function that has called another: in calls over
many lines, decorators, class bodies; going backwards, and far; in code without lines
of its own, and with a table of lines beyond 65,535 bytes. The interpreter itself
says, in a first turn, which lines those are."""
import ast
import sys
import types

CHAINS = []
PATHS = set()
RECORDS = [False]
FIRST = 1000000  # a line number that no text has
FAR = 70000
TABLE_MIN = 65536


def record():
    """The chain of who calls whom in which line, innermost last."""
    words, frame = ["leaf"], sys._getframe(2)
    while frame.f_code is not turn.__code__:
        words.append("%s@%s" % (frame.f_code.co_name, frame.f_lineno or "-"))
        frame = frame.f_back
    PATHS.add(" ".join(["turn@%d" % frame.f_lineno] + words[::-1]))


def leaf(*_, **__):
    if RECORDS[0]:
        record()
    x = 0
    for i in range(60):
        x += i
    return 1


class Lines:
    def __getitem__(self, item):
        leaf()
        return self

    def __add__(self, other):
        leaf()
        return self

    def __enter__(self):
        leaf()

    def __exit__(self, *_):
        leaf()

    def __iter__(self):
        leaf()
        return self

    def __next__(self):
        if leaf(
        ) == self.count:
            raise StopIteration
        self.count += 1

    def then(self, *_):
        leaf()
        return self

    count = -2


def calls():
    max(
        leaf(),
        leaf(
            leaf(),
            key=leaf()
        ),
        (leaf(),
         leaf())[0],
    )
    max(leaf(), leaf(
    )); leaf()


def operators():
    made = Lines()
    made = (
        made
        + made[
            leaf(),
            leaf()
        ]
        + made
    ).then(
        leaf()
    ).then(
        made,
    )
    return f"""{
        leaf()} {
        leaf()}"""


def decorate(*_):
    leaf()
    return decorate


def decorators():
    @decorate(
        leaf(),
    )
    @decorate
    def decorated(
            one=leaf(),
            two=leaf()):
        pass

    @decorate
    @decorate(leaf())
    class Decorated(
            Lines,
    ):
        one = leaf(
        )
        two = [
            leaf()
            for _ in (1, 2)
            if leaf(
                1)
        ]


def backwards():
    for _ in (
            Lines()):
        leaf()
    with Lines(
    ), \
            Lines():
        leaf()
    try:
        while leaf(
        ) > 1:
            pass
        return leaf(
        )
    finally:
        leaf()


def generated():
    def steps():
        yield (
            leaf(),
            leaf())
        yield from (
            leaf() for _ in
            (1, leaf())
        )
    for _ in steps(): leaf()
    (lambda:
        leaf(
            leaf()))()


NEWER = {(3, 8): """
def walrus():
    if (x :=
            leaf()) and (
            y := leaf(
            )):
        return x + y
""", (3, 10): """
def matching():
    match (
            leaf()):
        case 2:
            pass
        case x if (
                leaf()
        ):
            leaf(
            )
"""}
# Two statements, the second FAR below the first.
LEAPS = "def leaps():\n    leaf()" + "\n" * FAR + "    leaf()\n    leaf()\n"


def defined(tree, name):
    space = {"leaf": leaf}
    exec(compile(tree, "<nasty lines>", "exec"), space)
    return space[name]


def leaps_back():
    """Its first statement is far below its others."""
    tree = ast.parse(LEAPS.replace("leaps", "leaps_back"))
    body = tree.body[0].body
    body.reverse()
    return defined(tree, "leaps_back")


def moved():
    """The only line that it has is one of no text."""
    tree = ast.parse("def moved():\n leaf()\n leaf(leaf())\n")
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = FIRST
    return defined(tree, "moved")


def long_table():
    """So many statements that the table of lines is longer than that."""
    count = 16000 if sys.version_info >= (3, 11) else TABLE_MIN // 2
    some = "    x = 1\n" * (count // 2)
    made = defined("def long_table():\n    leaf()\n" + some + "    leaf()\n" +
                   some + "    leaf()\n", "long_table")
    code = made.__code__
    if len(getattr(code, "co_linetable", None) or code.co_lnotab) < TABLE_MIN:
        raise RuntimeError("the table of lines is too short")
    return made


def no_lines():
    """Code of which no instruction has a line; there is none before 3.10."""
    code = defined("def no_lines():\n    leaf(leaf())\n", "no_lines").__code__
    units = len(code.co_code) // 2
    if sys.version_info >= (3, 11):
        table = bytes([0x80 | 15 << 3 | 7] * (units // 8) +
                      [0x80 | 15 << 3 | units % 8 - 1] * (units % 8 > 0))
    else:
        table = bytes([254, 0x80]) * (units // 127) + bytes(
            [units % 127 * 2, 0x80])
    return types.FunctionType(code.replace(co_linetable=table),
                              {"leaf": leaf})


def cases():
    yield from (calls, operators, decorators, backwards, generated)
    for version, text in NEWER.items():
        if sys.version_info >= version:
            yield defined(text, text.split("(")[0].split()[-1])
    yield from (defined(LEAPS, "leaps"), leaps_back(), moved(), long_table())
    if sys.version_info >= (3, 10):
        yield no_lines()


CALLED = list(cases())


def begin():
    RECORDS[0] = True
    turn()
    RECORDS[0] = False
    CHAINS.extend(sorted(PATHS))


def turn():
    for case in CALLED:
        case()
