# SPDX-License-Identifier: Apache-2.0
"""Runs the truth tests: real interpreters, real recordings, known stacks.

usage: run.py [--brindle PATH] [--full] [--no-filter] [--python LABEL]... [TEST]...
TEST:  checkers grammar shared stripes names honesty jit life seccomp daemon gil foreign
       places nasty
--full takes longer; TRUTH_KEEP=FOLDER keeps databases of failed tests.
"""
import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import targets  # noqa: E402
import test_checkers  # noqa: E402
import test_daemon  # noqa: E402
import test_foreign  # noqa: E402
import test_gil  # noqa: E402
import test_grammar  # noqa: E402
import test_honesty  # noqa: E402
import test_jit  # noqa: E402
import test_life  # noqa: E402
import test_names  # noqa: E402
import test_nasty  # noqa: E402
import test_places  # noqa: E402
import test_seccomp  # noqa: E402
import test_shared  # noqa: E402
import test_stripes  # noqa: E402
from verdict import Verdicts  # noqa: E402

# What is tested on every interpreter; the rest on targets.CORE.
WIDE = ("grammar", "foreign", "places", "shared", "names", "nasty",
        "jit")
TESTS = {"checkers": test_checkers, "grammar": test_grammar,
         "shared": test_shared, "stripes": test_stripes, "names": test_names,
         "honesty": test_honesty, "jit": test_jit, "life": test_life,
         "seccomp": test_seccomp,
         "daemon": test_daemon, "foreign": test_foreign,
         "nasty": test_nasty, "places": test_places, "gil": test_gil}


def parse(argv):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--brindle", default=os.environ.get(
        "BRINDLE", "./brindle"))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--no-filter", action="store_true")
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("tests", nargs="*", default=list(TESTS))
    return parser.parse_args(argv)


def run_test(name, place, verdicts, pythons, full):
    """One test file; a test that breaks is a failed test, not a lost run."""
    start = time.monotonic()
    test = TESTS[name]
    if name not in WIDE:
        pythons = [python for python in pythons if python.core]
    try:
        if full and hasattr(test, "run_full"):
            test.run_full(place, verdicts, pythons)
        else:
            test.run(place, verdicts, pythons)
    except Exception:
        verdicts.ok(name, False, "the test broke\n" + traceback.format_exc())
    verdicts.say("# %s: %.0f s" % (name, time.monotonic() - start))


@contextlib.contextmanager
def prepared(verdicts, brindle, labels, filtered=True):
    """(Workplace, the interpreters of @labels, or all)"""
    folder = tempfile.mkdtemp(prefix="brindle-truth-")
    os.chmod(folder, 0o755)
    try:
        pythons, gone = targets.interpreters(folder)
        for label in gone:
            verdicts.skip("python " + label, "not installed")
        yield targets.Workplace(brindle, folder, filtered), [
            p for p in pythons if p.label in (labels or [p.label])]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(argv):
    options = parse(argv)
    verdicts = Verdicts()
    with prepared(verdicts, options.brindle, options.python,
                  not options.no_filter) as (place, pythons):
        for name in options.tests:
            run_test(name, place, verdicts, pythons, options.full)
    return verdicts.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
