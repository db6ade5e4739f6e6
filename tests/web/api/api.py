#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every route, of a profile with hostile names: exact bytes, and all of them.

usage: api.py BRINDLE MAKE_HOSTILE

Last line: "api: P passed, F failed, S skipped".
"""
import base64
import gzip
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from server_client import Server  # noqa: E402

counts = {"passed": 0, "failed": 0}


def check(name, good, detail=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print("not ok", name, str(detail)[:300])


class Client:
    def __init__(self, server):
        self.address = "http://127.0.0.1:%d" % server.port

    def get(self, path, **params):
        query = urllib.parse.urlencode(params)
        with urllib.request.urlopen(self.address + path + "?" + query,
                                    timeout=20) as answer:
            return answer.headers, answer.read()

    def json(self, route, **params):
        headers, body = self.get("/api/v1/" + route, **params)
        assert headers["Content-Type"] == "application/json"
        return json.loads(body)

    def problem(self, path, **params):
        try:
            self.get(path, **params)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
        return 200, None


def column(text):
    """Unsigned LEB128 in base64."""
    numbers, number, shift = [], 0, 0
    for byte in base64.b64decode(text, validate=True):
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
    assert shift == 0
    return numbers


def check_tree(name, tree):
    """A flame document holds together."""
    nodes = tree["nodes"]
    parents, functions, samples, doubts = (
        column(nodes[key]) for key in ("parents", "functions", "samples",
                                       "doubts"))
    count = nodes["count"]
    check(name + ": columns", {len(parents), len(functions), len(samples),
                               len(doubts)} == {count})
    check(name + ": functions", max(functions) < len(tree["functions"]
                                                     ["names"]))
    check(name + ": no function is idle",
          set(functions) | {0} >= set(range(len(tree["functions"]["names"]))))
    parent = 0
    total = list(samples)
    above = []
    for i in range(count):
        parent += parents[i]
        above.append(parent)
        if i and parent >= i:
            check(name + ": parents come first", False, i)
            return 0
    for i in range(count - 1, 0, -1):
        total[above[i]] += total[i]
    check(name + ": doubt", all(d <= t for d, t in zip(doubts, total)))
    for key, values in (("files", "files"), ("modules", "modules")):
        check(name + ": " + key, max(column(tree["functions"][key]))
              <= len(tree[values]))
    return total[0]


def check_trees(client):
    flame = client.json("flame", lines=1, threads=1)
    samples = check_tree("flame", flame)
    check("flame: samples", samples == flame["samples"])
    inverted = client.json("flame", view="bottomup")
    check("flame: bottom up", check_tree("bottomup", inverted) == samples)
    few = client.json("flame", max_nodes=10)
    check("flame: few nodes", few["nodes"]["count"] <= 10
          and check_tree("few", few) == samples and few["least_samples"] > 0)
    diff = client.json("diff")
    check("diff: graph", check_tree("diff", diff["graph"]) == samples)
    check("diff: before", sum(column(diff["graph"]["nodes"]["before"]))
          == samples)
    lines = client.json("flame", grain="line", group="user,process")
    check("flame: lines: the same samples",
          check_tree("lines", lines) == samples)
    check("flame: lines: labels", lines["grouping"] == ["user", "process"])
    groups = column(lines["functions"]["groups"])
    check("flame: lines: rows by label", len(groups) ==
          len(lines["functions"]["names"]) and set(groups) & {2, 3})
    check("flame: lines: functions have theirs in the name", all(
        not line or group or name.endswith(f":{line}")
        for name, line, group in zip(
            lines["functions"]["names"],
            column(lines["functions"]["lines"]), groups)))
    python = client.json("flame", only="python")
    check("flame: python", set(column(python["functions"]["kinds"])[1:])
          == {0})
    return flame


def names_of_stacks(names):
    """Each 50th thread of make_hostile.c has no stack."""
    return {name for i, name in enumerate(names) if i % 50 != 49}


def check_names(client, names, flame):
    """Each hostile name, wherever names are told."""
    people = ("processes", "threads", "labels: process")
    top = client.json("top", limit=1000)
    lists = {
        "flame": flame["functions"]["names"],
        "flame: files": flame["files"],
        "flame: modules": flame["modules"],
        "top": [row["name"] for row in top["rows"]],
        "top: files": [row["file"] for row in top["rows"]],
        "diff": [row["name"] for row in
                 client.json("diff", limit=5000)["functions"]],
        "processes": [row["process"] for row in
                      client.json("processes", limit=5000)["rows"]],
        "threads": [row["thread"] for row in
                    client.json("threads", limit=5000)["rows"]],
        "labels: process": [row["value"] for row in
                            client.json("labels", limit=5000)["process"]],
        "files": [row["file"] for row in client.json("files")["rows"]],
        "timeline": [row["name"] for row in
                     client.json("timeline", rows=20)["rows"]],
    }
    for name, seen in lists.items():
        if name == "timeline":
            check(name + ": names", set(seen) <= set(names) and seen)
            continue
        wanted = set(names) if name in people else names_of_stacks(names)
        missing = wanted - set(seen)
        check(name + ": all names", not missing, sorted(missing)[:5])


def check_each_name(client, names):
    """As a parameter, a name finds itself."""
    good = {"sandwich": 0, "lines": 0, "process": 0}
    names = names_of_stacks(names)
    for name in names:
        there = client.json("sandwich", function=name, max_nodes=50)
        good["sandwich"] += there["function"]["name"] == name
        good["lines"] += client.json("lines", file=name)["file"] == name
        status, answer = 200, None
        try:
            answer = client.json("processes", process=name)
        except urllib.error.HTTPError as error:
            status = error.code
        # '*' and '?' of a name are patterns, so others may be there as well.
        good["process"] += (status == 200 and name in
                            [row["process"] for row in answer["rows"]])
    for what, count in good.items():
        check(what + ": by name", count == len(names),
              "%d of %d" % (count, len(names)))


METRIC = re.compile(
    r'([a-zA-Z_:][a-zA-Z0-9_:]*)'
    r'(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? '
    r'(-?(?:[0-9.]+(?:e[+-]?[0-9]+)?|\+Inf|NaN))')


def check_metrics(client):
    """As Prometheus reads it, and nothing more lenient."""
    headers, body = client.get("/metrics")
    text = body.decode("utf-8")
    types, helped, seen, family = {}, set(), set(), None
    good = text.endswith("\n")
    for line in text.split("\n")[:-1]:
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            good &= words[2] not in helped
            helped.add(words[2])
        elif line.startswith("# TYPE "):
            family = words[2]
            good &= family in helped and family not in types
            good &= words[3] in ("counter", "gauge")
            types[family] = words[3]
        else:
            match = METRIC.fullmatch(line)
            good &= bool(match) and match[1] == family
            good &= line.rsplit(" ", 1)[0] not in seen
            seen.add(line.rsplit(" ", 1)[0])
            good &= bool(match) and math.isfinite(float(match[3]))
        if not good:
            check("metrics: " + line, False)
            return
    check("metrics: counters end in _total", all(
        name.endswith("_total") == (kind == "counter")
        for name, kind in types.items()))
    check("metrics: content type", headers["Content-Type"]
          == "text/plain; version=0.0.4; charset=utf-8")
    check("metrics: samples", "brindle_samples_total" in types)


def check_downloads(client):
    for name in ("pprof", "folded", "speedscope", "gecko", "svg", "html",
                 "csv"):
        headers, body = client.get("/api/v1/export", format=name)
        check("export: " + name, body and
              headers["Content-Disposition"].startswith("attachment"))
    _, body = client.get("/debug/pprof/profile", seconds=30)
    check("pprof: compressed", gzip.decompress(body))
    _, body = client.get("/debug/pprof/")
    check("pprof: index", b"/debug/pprof/profile" in body)


def check_problems(client):
    for path, params, status in (
            ("/api/v1/top", {"limit": "x"}, 400),
            ("/api/v1/top", {"process": "nobody at all"}, 404),
            ("/api/v1/sandwich", {"function": "nothing"}, 404),
            ("/api/v1/lines", {"file": "/etc/passwd"}, 404),
            ("/api/v1/lines", {}, 400),
            ("/api/v1/flame", {"show": "/" + "(" * 100}, 400),
            ("/api/v1/flame", {"show": "/((a{50}){50}){50}/"}, 400),
            ("/api/v1/nothing", {}, 404)):
        code, said = client.problem(path, **params)
        check("%s %s" % (path, params), code == status
              and said["status"] == status and said["detail"], (code, said))


def check_described(client, openapi):
    """The routes of the server and those of the description are the same."""
    try:
        import yaml
    except ImportError:
        return
    _, served = client.get("/api/v1/openapi.yaml")
    with open(openapi, "rb") as file:
        check("openapi: served as it is", file.read() == served)
    described = yaml.safe_load(served)["paths"]
    routes = re.findall(r'\{ "(/[^"]*)", (\w+), answer',
                        open(os.path.join(HERE, "../../../web/api/routes.c"),
                             encoding="utf-8").read())
    check("openapi: routes", {path for path, _ in routes} <= set(described),
          {path for path, _ in routes} - set(described))


def main():
    brindle, make_hostile = map(os.path.abspath, sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "hostile.db")
        names = json.loads(subprocess.run(
            [make_hostile, path], check=True, stdout=subprocess.PIPE).stdout)
        with Server(brindle, path, "--no-token") as server:
            client = Client(server)
            check("status", client.json("status")["samples"] > 0)
            check_names(client, names, check_trees(client))
            check_each_name(client, names)
            check_metrics(client)
            check_downloads(client)
            check_problems(client)
            check_described(client, os.path.join(HERE,
                                                 "../../../web/openapi.yaml"))
    print("api: %d passed, %d failed, 0 skipped"
          % (counts["passed"], counts["failed"]))
    return counts["failed"] > 0


if __name__ == "__main__":
    sys.exit(main())
