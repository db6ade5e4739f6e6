# SPDX-License-Identifier: Apache-2.0
"""Which functions can the frozen path reach?

Follows calls through the disassembly of our archives, from the roots in the
list file, and fails on any foreign function that the list does not allow.
Stricter than the undefined symbols of one object file: a helper elsewhere
that starts to allocate is found, and a set-up function that lies beside the
frozen path in the same file does no harm.
"""
import collections
import fnmatch
import re
import subprocess
import sys

SECTION = re.compile(r"^Disassembly of section (\S+):")
FUNCTION = re.compile(r"^([0-9a-f]+) <(.+)>:$")
CALL = re.compile(r"^\s+[0-9a-f]+:\s+(?:call|jmp|j[a-z]+)\s+[0-9a-f]+ <([^>+]+)")
INDIRECT = re.compile(r"^\s+[0-9a-f]+:\s+(?:notrack )?(call|jmp)\s+\*")
RELOCATION = re.compile(r"^\s+[0-9a-f]+: R_\w+\s+(\S+)")
MEMBER = re.compile(r"^(\S+):\s+file format")


class Function:
    def __init__(self, member, section):
        self.member = member
        self.section = section
        self.names = set()      # what it refers to, as written
        self.indirect = set()   # "call", "jmp": through a pointer

    def calls_through_pointer(self):
        # A jump through a table in .rodata is a switch, not a tail call.
        table = any(n.startswith(".rodata") for n in self.names)
        return "call" in self.indirect or (self.indirect and not table)


def read_list(path):
    """(roots, allowed foreign functions, who may call through a pointer)"""
    roots, allowed, through = [], set(), set()
    for line in open(path):
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "root":
            roots.append(words[1])
        elif words[0] == "through":
            through.add(words[1])
        else:
            allowed.add(words[0])
    return roots, allowed, through


def disassemble(archive):
    """{(member, function): Function}; and where each section's pieces start"""
    functions, pieces = {}, collections.defaultdict(list)
    member = section = current = None
    text = subprocess.check_output(
        ["objdump", "-dr", "--no-show-raw-insn", archive], text=True)
    for line in text.splitlines():
        found = MEMBER.match(line)
        if found:
            member, current = archive + ":" + found[1], None
            continue
        found = SECTION.match(line)
        if found:
            section = found[1]
            continue
        found = FUNCTION.match(line)
        if found:
            current = Function(member, section)
            functions[member, found[2]] = current
            pieces[member, section].append((int(found[1], 16), found[2]))
            continue
        found = INDIRECT.match(line)
        if found and current:
            current.indirect.add(found[1])
        found = CALL.match(line) or RELOCATION.match(line)
        if found and current:
            current.names.add(found[1])
    return functions, pieces


def data_symbols(archive):
    """Names of our variables and tables: referring to them calls nothing."""
    names = set()
    text = subprocess.check_output(["nm", archive], text=True)
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in "bBdDrRvV":
            names.add(words[2])
    return names


class Program:
    def __init__(self, archives):
        self.functions, self.pieces = {}, {}
        self.data, self.by_name = set(), {}
        for archive in archives:
            functions, pieces = disassemble(archive)
            self.functions.update(functions)
            self.pieces.update(pieces)
            self.data |= data_symbols(archive)
        for member, name in self.functions:
            self.by_name.setdefault(name, (member, name))

    def resolve(self, member, written):
        """The function that a reference means; None: data; str: foreign."""
        name, _, addend = re.match(r"([^+-]+)([+-]?)(.*)", written).groups()
        name = name.split("@")[0]
        if (member, name) in self.functions:
            return member, name
        if (member, name) in self.pieces:
            # Section-relative: pc-relative fields end 4 bytes further on.
            sign = -1 if "-0x" in written else 1
            target = sign * int(addend, 16) + 4 if addend else 0
            inside = [n for at, n in self.pieces[member, name]
                      if at <= target]
            return (member, inside[-1]) if inside else None
        if name in self.by_name:
            return self.by_name[name]
        if name.startswith(".") or name in self.data:
            return None
        return name


def walk(program, roots):
    """(functions reached, {foreign function: who calls it})"""
    waiting = [program.by_name[root] for root in roots]
    reached, foreign = set(), {}
    while waiting:
        key = waiting.pop()
        if key in reached:
            continue
        reached.add(key)
        for written in program.functions[key].names:
            target = program.resolve(key[0], written)
            if isinstance(target, tuple):
                waiting.append(target)
            elif target:
                foreign.setdefault(target, key[1])
    return reached, foreign


def main(list_path, *archives):
    roots, allowed, through = read_list(list_path)
    program = Program(archives)
    missing = [root for root in roots if root not in program.by_name]
    for root in missing:
        print("no function %s: is the list out of date?" % root)
    if missing:
        return 1
    reached, foreign = walk(program, roots)
    wrong = sorted(set(foreign) - allowed)
    for name in wrong:
        print("%s is called by %s, in the frozen path" % (name, foreign[name]))
    blind = sorted({name for member, name in reached
                    if program.functions[member, name].calls_through_pointer()})
    for name in blind:
        if not any(fnmatch.fnmatch(name, known) for known in through):
            print("%s calls through a pointer that the list does not name"
                  % name)
            wrong.append(name)
    print("%d functions reached, foreign: %s; through pointers: %s" %
          (len(reached), " ".join(sorted(foreign)), " ".join(blind)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
