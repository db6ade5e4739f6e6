# SPDX-License-Identifier: Apache-2.0
"""Do calls run downwards?

A file that calls one which calls it back, over whatever detour, cannot be
understood, tested or moved without the other: such circles of object files
fail.

    calls.py ARCHIVE...
"""
import collections
import re
import subprocess
import sys

MEMBER = re.compile(r"^(\S+\.o):$")
# 0000000000000010 T store_open, and "                 U store_close"
SYMBOL = re.compile(r"^([0-9a-f]+)?\s+([A-Za-z]) (\S+)$")


def read_symbols(archives):
    """({symbol: the file that defines it}, {file: symbols it needs})"""
    owners, needs, member = {}, collections.defaultdict(set), None
    for archive in archives:
        text = subprocess.check_output(["nm", "-g", archive], text=True)
        for line in text.splitlines():
            found = MEMBER.match(line)
            if found:
                # As automake names them: archive, then base name.
                member = (archive.rsplit("/", 1)[-1], found[1])
                continue
            found = SYMBOL.match(line)
            if found and found[2] == "U":
                needs[member].add(found[3])
            elif found:
                owners[found[3]] = member
    return owners, needs


def call_graph(owners, needs):
    """{file: {file it calls: by which names}}"""
    graph = collections.defaultdict(lambda: collections.defaultdict(set))
    for member, names in needs.items():
        for name in names:
            owner = owners.get(name)
            if owner and owner != member:
                graph[member][owner].add(name)
    return graph


def reached_from(graph, start):
    seen, todo = set(), [start]
    while todo:
        for callee in graph.get(todo.pop(), ()):
            if callee not in seen:
                seen.add(callee)
                todo.append(callee)
    return seen


def circles(graph):
    """Sets of files of which each reaches all others."""
    reached = {member: reached_from(graph, member) for member in list(graph)}
    found = []
    for member in sorted(reached):
        circle = {other for other in reached[member]
                  if member in reached.get(other, ())}
        if circle and circle not in found:
            found.append(circle)
    return found


def main():
    owners, needs = read_symbols(sys.argv[1:])
    if not owners:
        sys.exit("no symbols in " + " ".join(sys.argv[1:]))
    graph = call_graph(owners, needs)
    found = circles(graph)
    for circle in found:
        print("a circle of", len(circle), "files:")
        for member in sorted(circle):
            for callee in sorted(circle & set(graph[member])):
                print("   ", member[1], "->", callee[1] + ":",
                      ", ".join(sorted(graph[member][callee])))
    sys.exit(1 if found else 0)


main()
