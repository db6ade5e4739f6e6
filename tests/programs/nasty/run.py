# SPDX-License-Identifier: Apache-2.0
"""Runs nasty cases one after the other, and logs when each of them ran.

A case is a module beside this file. Its turn() is called again and again; its
CHAINS are all stacks that may be seen meanwhile, as text (the language is told in
truth/check_chains.py). A chain begins below turn's caller, unless it begins
with "^": then at the root of its thread. Optional: begin() and finish(), called
outside of the window in which samples are judged; CHILDREN, the chains of other
processes of the program; SHOWN, words of chains for functions that no word can
name, each with the function and the file that have to be shown; SEEN, functions that
have to be in samples, by event; and SKIP, the reason why the case cannot run here.

usage: run.py SECONDS LOG LIBRARY CASE...
LOG:     JSON: pid, and of each case: start and end in ns, rounds, chains
LIBRARY: nasty.c, compiled
"""
import importlib
import json
import os
import sys
import time

HERE = "<module> main run_case "


def run_case(turn, seconds):
    clock = time.monotonic  # called without a frame of Python's
    start = int(clock() * 1e9)
    deadline = clock() + seconds
    rounds, error = 0, None
    while clock() < deadline and not error:
        try:
            turn()
        except Exception as raised:
            error = repr(raised)
        rounds += 1
    end = int(clock() * 1e9)
    return {"start": start, "end": end, "rounds": rounds, "error": error}


# What a turn leaves behind is deleted as its frame is, by its caller.
BETWEEN = HERE + "~"


def rooted(chain):
    if chain.startswith("*"):
        return chain
    return chain[1:] if chain.startswith("^") else HERE + chain


def find_case(name):
    """(module, None) or (None, why it cannot run)"""
    try:
        case = importlib.import_module(name)
    except (ImportError, OSError) as missing:
        return None, str(missing)
    return case, getattr(case, "SKIP", None)


def main(seconds, log, names):
    ran = {}
    for name in names:
        case, why = find_case(name)
        if why:
            ran[name] = {"skip": why}
            continue
        getattr(case, "begin", int)()
        ran[name] = run_case(case.turn, seconds)
        getattr(case, "finish", int)()
        for key in ("CHAINS", "CHILDREN"):
            ran[name][key.lower()] = [rooted(chain) for chain in
                                      getattr(case, key, ())]
        ran[name]["chains"].append(BETWEEN)
        for key in ("SHOWN", "SEEN"):
            ran[name][key.lower()] = getattr(case, key, {})
    with open(log, "w") as out:
        json.dump({"pid": os.getpid(), "cases": ran}, out)


if __name__ == "__main__":
    os.environ["NASTY_LIBRARY"] = sys.argv[3]
    main(float(sys.argv[1]), sys.argv[2], sys.argv[4:])
