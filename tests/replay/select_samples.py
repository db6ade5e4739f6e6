# SPDX-License-Identifier: Apache-2.0
"""Chooses samples worth keeping from `brindle replay --json --verbose`.

usage: select_samples.py COUNT FUNCTION <JSON

Prints a list for `replay --sample`: of the stacks that hold FUNCTION, those
that between them show the most different calls for their size, above all each
function of its file, and of all stacks one of each trust and end.
"""
import collections
import json
import sys


def cost_of(sample):
    return 1024 + sample["stack_bytes"] + 40 * len(sample["frames"])


WEIGHTS = {"trust": 20, "end": 20, "function": 20, "times": 30, "leaf": 1,
           "call": 1}


def features_of(sample, wanted):
    frames = sample["frames"]
    features = {("trust", sample["trust"], sample["trust_reason"]),
                ("end", sample["walk_end"])}
    home = [frame.get("file") for frame in frames if frame["name"] == wanted]
    if not home:
        return features
    for frame, caller in zip(frames, frames[1:]):
        features.add(("call", frame["name"], caller["name"]))
    own = collections.Counter(frame["name"] for frame in frames
                              if frame.get("file") == home[0])
    features.update(("function", name) for name in own)
    features.update(("times",) + item for item in own.items())
    features.add(("leaf", frames[0]["name"]))
    return features


def worth(features):
    return sum(WEIGHTS[feature[0]] for feature in features)


def choose(samples, count, wanted):
    cost = {sample["sample"]: cost_of(sample) for sample in samples}
    left = {sample["sample"]: features_of(sample, wanted)
            for sample in samples}
    chosen, seen = [], set()
    while left and len(chosen) < count:
        best = max(left, key=lambda n: (worth(left[n] - seen) / cost[n], -n))
        new = left.pop(best) - seen
        if not new:
            break
        seen |= new
        chosen.append(best)
    return sorted(chosen)


def main():
    recording = json.load(sys.stdin)
    samples = [entry["recorded"] for entry in recording["samples"]]
    print(",".join(map(str, choose(samples, int(sys.argv[1]), sys.argv[2]))))


if __name__ == "__main__":
    main()
