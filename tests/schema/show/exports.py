#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""exports.py BRINDLE FOLDER: exports of a profile with hostile names, read by
those who read them, or by parsers of Python's own; their sums are the report's.
"""
import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

BRINDLE, FOLDER = sys.argv[1:3]
PROFILE = os.path.join(FOLDER, "hostile.db")
PERIOD_NS = 10_000_000
failures = []


def check(what, right):
    if not right:
        failures.append(what)
        print("FAIL", what)


def export(format, *options):
    return subprocess.run(
        [BRINDLE, "export", "--format", format, *options, PROFILE],
        check=True, capture_output=True).stdout


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """Of a protocol buffer: (number, value) of each field."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            assert key & 7 == 2
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size
        yield key >> 3, value


def numbers(data):
    at, found = 0, []
    while at < len(data):
        value, at = varint(data, at)
        found.append(value)
    return found


def check_pprof(names, samples):
    data = gzip.decompress(export("pprof"))
    top = list(fields(data))
    texts = [value.decode() for field, value in top if field == 6]
    check("pprof: text 0 is empty", texts[0] == "")
    known = set(texts)
    check("pprof: names", all(name in known for name in names))
    locations = {dict(fields(v))[1] for f, v in top if f == 4}
    functions = {dict(fields(v))[1]: dict(fields(v)) for f, v in top if f == 5}
    mappings = {dict(fields(v))[1] for f, v in top if f == 3}
    for field, value in top:
        if field == 4:
            location = dict(fields(value))
            line = dict(fields(location[4]))
            check("pprof: function of a line", line[1] in functions)
            mapping = location.get(2)
            check("pprof: mapping", mapping is None or mapping in mappings)
    values = []
    for field, value in top:
        if field != 2:
            continue
        sample = list(fields(value))
        places = numbers(next(v for f, v in sample if f == 1))
        check("pprof: location of a sample",
              places and set(places) <= locations)
        values.append(numbers(next(v for f, v in sample if f == 2)))
    check("pprof: samples", sum(v[0] for v in values) == samples)
    check("pprof: weight", sum(v[1] for v in values) == samples * PERIOD_NS)


def check_go(samples):
    go = shutil.which("go")
    if not go:
        print("skipped: go tool pprof: there is no go")
        return
    path = os.path.join(FOLDER, "hostile.pb.gz")
    with open(path, "wb") as file:
        file.write(export("pprof"))
    environment = dict(os.environ, GOTOOLCHAIN="local", GOPROXY="off",
                       PPROF_TMPDIR=FOLDER)
    environment.setdefault("GOFLAGS", "-mod=mod")
    run = subprocess.run([go, "tool", "pprof", "-sample_index=samples", "-top",
                          "-nodecount=1000", path], env=environment,
                         capture_output=True, text=True)
    if run.returncode and "no such tool" in run.stderr:
        print("skipped: this go has no pprof")
        return
    check("go tool pprof: " + run.stderr[-200:], run.returncode == 0)
    check("go tool pprof: total",
          f"of {samples} total" in run.stdout)
    raw = subprocess.run([go, "tool", "pprof", "-raw", path], env=environment,
                         capture_output=True, text=True)
    counts = [int(m[1]) for m in
              re.finditer(r"^ +(\d+) +\d+: ", raw.stdout, re.M)]
    check("go tool pprof -raw: samples", sum(counts) == samples)


def check_speedscope(names, samples):
    file = json.loads(export("speedscope"))
    frames = file["shared"]["frames"]
    check("speedscope: names",
          set(names) <= {f["name"] for f in frames} | no_stacks)
    profiles = file["profiles"]
    sums = []
    for profile in profiles:
        check("speedscope: type", profile["type"] == "sampled")
        check("speedscope: unit", profile["unit"] == "nanoseconds")
        check("speedscope: a weight each",
              len(profile["samples"]) == len(profile["weights"]))
        check("speedscope: end",
              profile["endValue"] == sum(profile["weights"]))
        for stack in profile["samples"]:
            check("speedscope: frames of a stack", stack and
                  all(0 < frame < len(frames) for frame in stack))
        sums.append(sum(profile["weights"]))
    check("speedscope: all threads", sums[0] == samples * PERIOD_NS)
    check("speedscope: each thread", sum(sums[1:]) == sums[0])


def check_gecko(names, samples):
    file = json.loads(export("gecko"))
    check("gecko: version", file["meta"]["version"] == 24)
    categories = file["meta"]["categories"]
    check("gecko: a grey category",
          any(c["color"] == "grey" for c in categories))
    count = 0
    for thread in file["threads"]:
        tables = {key: thread[key] for key in
                  ("samples", "frameTable", "stackTable", "markers")}
        for name, table in tables.items():
            width = len(table["schema"])
            check(f"gecko: {name}: schema", sorted(table["schema"].values())
                  == list(range(width)))
            check(f"gecko: {name}: rows",
                  all(len(row) <= width for row in table["data"]))
        stacks = thread["stackTable"]["data"]
        frames = thread["frameTable"]["data"]
        for number, (prefix, frame) in enumerate(stacks):
            check("gecko: stack", (prefix is None or prefix < number) and
                  frame < len(frames))
        for row in frames:
            check("gecko: frame", row[0] < len(thread["stringTable"]) and
                  row[7] < len(categories))
        times = [row[1] for row in thread["samples"]["data"]]
        check("gecko: order of time", times == sorted(times))
        for stack, _, _ in thread["samples"]["data"]:
            check("gecko: sample", 0 <= stack < len(stacks))
        count += len(times)
    check("gecko: samples", count == samples)
    check("gecko: threads", {t["name"] for t in file["threads"]} >= set(names))


def check_svg(samples):
    text = export("svg").decode()
    root = ElementTree.fromstring(text)
    allowed = {"svg", "g", "rect", "text", "title"}
    attributes = {"width", "height", "viewBox", "version", "x", "y", "fill",
                  "stroke", "stroke-dasharray", "font-family", "font-size"}
    for element in root.iter():
        check("svg: element " + element.tag,
              element.tag.removeprefix("{http://www.w3.org/2000/svg}")
              in allowed)
        check(f"svg: attributes {element.attrib}",
              set(element.attrib) <= attributes)
        for value in element.attrib.values():
            check("svg: value " + value, "(" not in value and ":" not in value)
    check("svg: samples", f"{samples} samples" in text)
    check("svg: no control characters",
          not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u200b]", text))


def check_csv(samples):
    rows = list(csv.reader(io.StringIO(export("csv").decode(), newline="")))
    check("csv: heading", rows[0][:2] == ["function", "kind"])
    check("csv: columns", all(len(row) == 9 for row in rows))
    check("csv: samples", sum(int(row[5]) for row in rows[1:]) == samples)
    for row in rows[1:]:
        for cell in (row[0], row[2], row[4]):
            check(f"csv: formula {cell!r}", cell[:1] not in tuple("=+-@\t\r"))


def check_folded(samples, bare):
    lines = export("folded").decode().split("\n")
    check("folded: last line", lines.pop() == "")
    count = 0
    for line in lines:
        match = re.fullmatch(r"(.*) (\d+)", line)
        check(f"folded: {line!r}", match)
        count += int(match[2])
        check(f"folded: three frames {line!r}", match[1].count(";") == 2)
    check("folded: samples", count == samples - bare)


# Debian has it beside a profiler of Perl's, libdevel-nytprof-perl.
FLAMEGRAPH = "/usr/share/perl5/Devel/NYTProf/flamegraph.pl"


def check_flamegraph(samples):
    program = shutil.which("flamegraph.pl") or FLAMEGRAPH
    if not os.path.exists(program):
        print("skipped: there is no flamegraph.pl")
        return
    run = subprocess.run(["perl", program], input=export("folded"),
                         capture_output=True)
    said = run.stderr.decode(errors="replace")
    check(f"flamegraph.pl: {said[-300:]}", run.returncode == 0 and not said)
    check("flamegraph.pl: samples",
          f"all ({samples} samples, 100%)" in run.stdout.decode())


names = json.load(open(os.path.join(FOLDER, "names.json")))
no_stacks = {name for number, name in enumerate(names) if number % 50 == 49}
report = json.loads(subprocess.run(
    [BRINDLE, "report", "--json", PROFILE], check=True,
    capture_output=True).stdout)
total = report["samples"]
bare = sum(number % 3 + 1 for number in range(len(names)) if number % 50 == 49)
check("report", total == sum(number % 3 + 1 for number in range(len(names))))
check_pprof([n for n in names if n not in no_stacks], total)
check_go(total)
check_speedscope(names, total)
check_gecko(names, total)
check_svg(total)
check_csv(total)
check_folded(total, bare)
check_flamegraph(total - bare)
print(f"{len(names)} names, {total} samples")
sys.exit(bool(failures))
