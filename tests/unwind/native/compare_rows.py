#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares print_rows with readelf --debug-dump=frames-interp, row by row.

usage: compare_rows.py PRINT_ROWS FILE...

A readelf cell that is "u" may mean "no rule" or "undefined", which is the same
for an unwinder but for the return address; rows are compared after both sides
drop it. Exit status 77 without readelf.
"""
import os
import re
import shutil
import subprocess
import sys

NUMBERS = {"rax": 0, "rdx": 1, "rcx": 2, "rbx": 3, "rsi": 4, "rdi": 5,
           "rbp": 6, "rsp": 7, "ra": 16}
NUMBERS.update({f"r{n}": n for n in range(8, 16)})
PRESERVED = {3, 6, 7, 12, 13, 14, 15, 16}
ENTRY = re.compile(r"^[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ (CIE|FDE)\b(.*)")
RANGE = re.compile(r"cie=([0-9a-f]+) pc=([0-9a-f]+)\.\.([0-9a-f]+)")
ROW = re.compile(r"^[0-9a-f]{16} ")
REGISTER = re.compile(r"r\d+ \((\w+)\)")  # "r5 (rdi)"


def read_cells(numbers, cells, kept):
    rules = []
    for number, cell in sorted(zip(numbers, cells)):
        if number in kept and (cell != "u" or number == 16) and cell != "s":
            rules.append(f"{number}={cell}")
    return rules


def read_fdes(path):
    """Yields (start, end, [(location, text), ...]) for each FDE."""
    run = subprocess.run(
        ["readelf", "--wide", "--debug-dump=frames-interp", path],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        check=False)
    cies, fdes, rows, numbers, kept = {}, [], [], [], PRESERVED
    for line in run.stdout.splitlines():
        entry = ENTRY.match(line)
        if entry:
            rows, numbers = [], []
            if entry[1] == "CIE":
                signal = "S" in entry[2].split('"')[1]
                kept = set(range(17)) if signal else PRESERVED
                cies[line.split()[0]] = (rows, kept)
                continue
            found = RANGE.search(entry[2])
            cie_rows, kept = cies[found[1]]
            fdes.append((int(found[2], 16), int(found[3], 16), rows,
                         cie_rows))
        elif line.startswith("   LOC"):
            numbers = [NUMBERS.get(name, 99) for name in line.split()[2:]]
        elif numbers and ROW.match(line):
            cells = REGISTER.sub(r"\1", line).split()
            text = " ".join([cells[1]] + read_cells(numbers, cells[2:], kept))
            rows.append((int(cells[0], 16), text))
    for start, end, own, inherited in fdes:
        yield start, end, own or [(start, inherited[0][1])]


def expected_rows(path):
    rows, done = [], None
    for start, end, own in sorted(read_fdes(path), key=lambda fde: fde[:2]):
        if done is not None and start > done:
            rows.append((done, "none"))
        if done is None or start >= done:
            rows += [row for row in own if row[0] < end]
            done = end
    rows.append((done, "none"))
    return rows


def printed_rows(program, path):
    run = subprocess.run([program, path], stdout=subprocess.PIPE, text=True,
                         check=True)
    for line in run.stdout.splitlines():
        location, text = line.split(" ", 1)
        cells = [cell for cell in text.split()
                 if not re.fullmatch(r"(?!16=)\d+=[us]", cell)]
        yield int(location, 16), " ".join(cells)


def changes(rows):
    """The last row of each location, without repeats."""
    at = dict(rows)
    last, result = "none", []
    for location in sorted(at):
        if at[location] != last:
            result.append((location, at[location]))
        last = at[location]
    return result


def compare(program, path):
    expected = changes(expected_rows(path))
    printed = changes(printed_rows(program, path))
    print(f"{path}: {len(expected)} rows")
    if expected == printed:
        return True
    different = sorted(set(expected) ^ set(printed))
    for location, text in different[:10]:
        side = "readelf" if (location, text) in expected else "brindle"
        print(f"  {location:x} {side}: {text}")
    print(f"  {len(different)} differences")
    return False


def main():
    if not shutil.which("readelf"):
        print("no readelf")
        return 77
    paths = [path for path in sys.argv[2:] if os.path.exists(path)]
    good = [compare(sys.argv[1], path) for path in paths]
    return 0 if good and all(good) else 1


sys.exit(main())
