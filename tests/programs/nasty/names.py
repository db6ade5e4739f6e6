# SPDX-License-Identifier: Apache-2.0
"""Case 29: names and files of any text that Python allows: 5,000 characters, none,
NUL, of each width, half of a pair, what is no text at all. That text is shown, with
escapes for what UTF-8 cannot have; of more than 4,096 bytes the first and "…"."""
import sys
import types

TEXT_MAX = 4096
TEXTS = {
    "long": "n" * 5000, "long_wide": "\u4e2d" * 5000,
    "long_nul": "\0" * 5000, "empty": "", "nul": "a\0b", "latin": "f\xe9\xff",
    "ucs2": "\u20ac\u4e2d\uffff", "ucs4": "\U0001f40d\U0010ffff",
    "lone": "x\ud800y", "pair": "\udc00\ud800", "undecodable": "f\udcff",
    "control": "\n\t\x1b[31m\x7f", "quotes": "<b>'\"&;\\", "blank": " ",
    "dots": "a.b..", "marks": "[unresolved]", "right_to_left": "a\u202eb\u0301",
}
if getattr(sys, "is_stack_trampoline_active", int)():
    # 3.12 writes names into a file then, and fails when it cannot.
    TEXTS = {how: text for how, text in TEXTS.items()
             if how not in ("lone", "pair", "undecodable")}
CALLER = """
def by_{0}(odd):
    return odd()
"""


def odd():
    return odd_end()


def odd_end():
    x = 0
    for i in range(200):
        x += i
    return x


def shown(text):
    made = "".join(
        "\\x00" if letter == "\0" else
        "\\u%04x" % ord(letter) if 0xd800 <= ord(letter) < 0xe000 else letter
        for letter in text)
    if len(made.encode("utf-8")) <= TEXT_MAX:
        return made
    # No half of a character is left.
    start = made.encode("utf-8")[:TEXT_MAX - 3]
    return start.decode("utf-8", "ignore") + "\u2026"


def replaced(name, file):
    """odd() with another name, in another file."""
    code = odd.__code__
    if hasattr(code, "co_qualname"):
        code = code.replace(co_name=name, co_qualname=name, co_filename=file)
    elif hasattr(code, "replace"):
        code = code.replace(co_name=name, co_filename=file)
    else:
        code = types.CodeType(
            code.co_argcount, code.co_kwonlyargcount, code.co_nlocals,
            code.co_stacksize, code.co_flags, code.co_code, code.co_consts,
            code.co_names, code.co_varnames, file, name, code.co_firstlineno,
            code.co_lnotab, code.co_freevars, code.co_cellvars)
    return types.FunctionType(code, globals())


CHAINS, SHOWN, PAIRS = [], {}, []
for how, text in TEXTS.items():
    space = {}
    exec(compile(CALLER.format(how), "<nasty names>", "exec"), space)
    for word, name, file in (("odd_" + how, text, "<nasty name>"),
                             ("in_" + how, "named", text)):
        CHAINS.append("turn by_%s %s odd_end" % (how, word))
        SHOWN[word] = [shown(name), shown(file) or None]
        PAIRS.append((space["by_" + how], replaced(name, file)))


def turn():
    for by, function in PAIRS:
        by(function)
