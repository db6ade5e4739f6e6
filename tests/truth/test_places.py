# SPDX-License-Identifier: Apache-2.0
"""Truth 8: where an interpreter lives: in a C program, behind links, in a file
that is gone, in containers, and beside other versions of itself."""
import collections
import contextlib
import copy
import glob
import os
import shutil
import subprocess
import time

import chains
import targets
import test_foreign
from stored import Stored, python_frames
from tally import Tally

SECONDS = 1.0
EMBED_TWO = os.path.join(targets.PROGRAMS, "foreign", "embed_two.c")
EMBED = os.path.join(targets.PROGRAMS, "foreign", "embed.c")

Program = collections.namedtuple("Program", "path chains log")


class Place:
    """What one cell needs: programs with names of their own."""

    def __init__(self, place):
        self.place = place
        self.number = 0

    def program(self, python, template="places.py"):
        self.number += 1
        path = test_foreign.expand(self.place, template, self.number)
        return Program(path, chains.Chains(path, python.version, python.named),
                       self.place.path(".log"))


def program_of(programs, stack):
    """The one whose file is named in @stack, or None."""
    files = {frame.file for _, frame in python_frames(stack)}
    found = [program for program in programs if program.path in files]
    return found[0] if len(found) == 1 else None


def judge(database, programs):
    """(a Tally of all samples with functions of ours, how many samples each
    program has). A sample without Python counts as empty, when its thread runs
    our functions just before and after."""
    tally, counts = Tally(), collections.Counter()
    stored = Stored(database)
    gaps = {}    # tid -> samples without Python since the last with
    latest = {}  # tid -> program
    for sample in stored.samples:
        stack = stored.stack(sample)
        program = program_of(programs, stack)
        if program:
            gap = gaps.pop(sample.tid, ())
            if latest.get(sample.tid) == program:
                for empty in gap:
                    tally.add_empty(*empty)
            latest[sample.tid] = program
            counts[program.path] += 1
            complete = sample.trust == "proven" or sample.end == "root"
            tally.add(sample, stack,
                      chains.check(program.chains, stack, complete))
        elif sample.trust != "unproven" and not python_frames(stack):
            gaps.setdefault(sample.tid, []).append((sample, stack))
    stored.close()
    return tally, counts


def report(place, verdicts, name, recording, programs, least=100):
    """@least: samples wanted of each program, with an idle machine."""
    if recording.status or not os.path.exists(recording.database):
        verdicts.ok(name, False, "exit status %d: %s" % (
            recording.status, recording.text.strip()[-600:]))
        return
    tally, counts = judge(recording.database, programs)
    missing = [program.path for program in programs
               if counts[program.path] < least / 5]
    holds = (not missing and tally.wrong_proven() == 0 and tally.empty == 0
             and test_foreign.read_share(tally) >= 95)
    figures = "%s of each program; %s" % (
        [counts[program.path] for program in programs], tally.figures())
    if not verdicts.ok("place: " + name, holds, figures):
        verdicts.say("\n".join(tally.examples + [recording.text[-300:]]))
        targets.keep(place, recording, name.replace(" ", "_"))


@contextlib.contextmanager
def running(command, program):
    """@command, once its program has begun."""
    process = subprocess.Popen([str(word) for word in command])
    try:
        end = time.monotonic() + 20
        while not os.path.exists(program.log + ".ready"):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("%s does not begin" % command)
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.wait()


def attach(place, pid):
    return targets.record(place, ["-F", 999, "-p", pid, "-d", SECONDS])


def record(place, command, options=()):
    return targets.record(place, ["-F", 999, *options], command)


def args(program, seconds=SECONDS):
    return [program.path, seconds, program.log]


def run_container(place, verdicts, cell, python):
    """Its pids are its own; it runs already, and it is started."""
    own = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
           *python.command]
    program = cell.program(python)
    with running([*own, *args(program, 60)], program) as process:
        report(place, verdicts, "container " + python.label,
               attach(place, process.pid), [program])
    program = cell.program(python)
    report(place, verdicts, "new container " + python.label,
           record(place, [*own, *args(program)]), [program])


def run_links(place, verdicts, cell, python):
    """A venv, and a link to the interpreter."""
    venv = place.path(".venv")
    subprocess.check_call([*python.command, "-m", "venv", "--without-pip",
                           venv])
    program = cell.program(python)
    report(place, verdicts, "venv " + python.label, record(
        place, [venv + "/bin/python", *args(program)]), [program])
    link = place.path(".link")
    os.symlink(python.command[0], link)
    program = cell.program(python)
    report(place, verdicts, "link " + python.label,
           record(place, [link, *args(program)]), [program])


def library_of(python):
    """(libpython's path, the home it needs)"""
    home = os.path.dirname(os.path.dirname(python.command[0]))
    found = [name for name in os.listdir(home + "/lib")
             if name.startswith("libpython3.") and name.endswith(".so.1.0")]
    return os.path.join(home, "lib", found[0]), home


def embed(place, *options):
    """The C program; @options: how it is linked."""
    out = place.path(".exe")
    subprocess.check_call([os.environ.get("CC", "cc"), "-O2", "-g",
                           "-std=gnu11", "-o", out, EMBED, *options],
                          stderr=subprocess.DEVNULL)
    return out


def run_embedded(place, verdicts, cell, python):
    library, home = library_of(python)
    ways = {"linked": (embed(place, "-Wl,--no-as-needed", library,
                             "-Wl,-rpath," + os.path.dirname(library)), "-"),
            "dlopen": (embed(place), library)}
    if python.version == (3, 11):  # others crash in such a program
        ways["static, dlopen"] = embed(place, "-static"), library
    for way, (program, path) in ways.items():
        inside = cell.program(python)
        report(place, verdicts, "embedded, %s %s" % (way, python.label),
               record(place, ["/usr/bin/env", "PYTHONHOME=" + home, program,
                              path, *args(inside), "alone"]), [inside])


def run_embedded_in_root(place, verdicts, cell, python):
    """Debian's own libpython, in its root."""
    root = python.command[1]
    library = "%s/usr/lib/x86_64-linux-gnu/libpython%d.%d.so.1.0" % (
        root, *python.version)
    program = embed(place, "-Wl,--no-as-needed", library,
                    "-Wl,--unresolved-symbols=ignore-in-shared-libs")
    inside = cell.program(python)
    command = [*python.command[:-1], program, "-"]
    report(place, verdicts, "embedded, linked " + python.label,
           record(place, [*command, *args(inside)]), [inside])


def unpack(place, python, other):
    """A copy of libpython in a folder for the moment, as PyInstaller makes, and
    the embedding program that loads it; a copy of @other's to replace it."""
    folder = place.path("_MEI")
    os.mkdir(folder)
    library, home = library_of(python)
    copy = os.path.join(folder, os.path.basename(library))
    shutil.copy(library, copy)
    shutil.copy(library_of(other)[0], folder + "/newer")
    return copy, ["/usr/bin/env", "PYTHONHOME=" + home, embed(place), copy]


def run_unpacked(place, verdicts, cell, python, other):
    """As it is; and while it runs it is upgraded, then deleted."""
    copy, command = unpack(place, python, other)
    program = cell.program(python)
    report(place, verdicts, "unpacked " + python.label,
           record(place, [*command, *args(program)]), [program])
    program = cell.program(python)
    with running([*command, *args(program, 60)], program) as process:
        os.rename(os.path.dirname(copy) + "/newer", copy)
        report(place, verdicts, "upgraded meanwhile " + python.label,
               attach(place, process.pid), [program])
        shutil.rmtree(os.path.dirname(copy))
        report(place, verdicts, "deleted meanwhile " + python.label,
               attach(place, process.pid), [program])


def run_gone(place, verdicts, cell, python):
    """The same for a static interpreter."""
    copy = place.path(".python")
    shutil.copy(python.command[0], copy)
    program = cell.program(python)
    with running([copy, *args(program, 60)], program) as process:
        os.unlink(copy)
        report(place, verdicts, "deleted meanwhile " + python.label,
               attach(place, process.pid), [program])


def run_together(place, verdicts, cell, pythons):
    """Versions beside each other in a tree, and after each other by exec."""
    for how in ("spawn", "exec"):
        command, programs = [], []
        for python in pythons:
            program = cell.program(python)
            programs.append(program)
            seconds = SECONDS if how == "spawn" else SECONDS / 2
            command = [*python.command, *args(program, seconds),
                       *([how, *command] if command else [])]
        report(place, verdicts, "%s %s" % (how, " ".join(
            python.label for python in reversed(pythons))),
            record(place, command), programs, 30)


def run_beside(place, verdicts, cell, pythons):
    """Two versions in one process. One of them is read; what the other one runs is
    marked, and never told by what the first one knows."""
    name = "place: in one process " + " ".join(p.label for p in pythons)
    command, programs = [place.compile(EMBED_TWO)], []
    for python in pythons:
        programs.append(cell.program(python, "beside.py"))
        command += [*library_of(python), programs[-1].path, 2 * SECONDS]
    recording = record(place, command)
    if recording.status or not os.path.exists(recording.database):
        verdicts.ok(name, False, "exit status %d: %s" % (
            recording.status, recording.text.strip()[-600:]))
        return
    tally, counts = judge(recording.database, programs)
    figures = "%s of each program; %s" % (
        [counts[program.path] for program in programs], tally.figures())
    if not verdicts.ok(name, tally.wrong_proven() == 0 and tally.empty == 0 and
                       max(counts.values(), default=0) >= 10, figures):
        verdicts.say("\n".join(tally.examples))
        targets.keep(place, recording, name.replace(" ", "_"))


def refused(verdicts, name, recording, text, reason="python-unsupported"):
    """@recording has the native frames, or marks where the loop's would be, and
    nothing of Python, and says why."""
    if recording.status or not os.path.exists(recording.database):
        verdicts.ok(name, False, "exit status %d: %s" % (
            recording.status, recording.text.strip()[-600:]))
        return
    stored = Stored(recording.database)
    stacks = [stored.stack(sample) for sample in stored.samples]
    evals = sum(any(f.kind == "other" or
                    "_PyEval_EvalFrameDefault" in (f.function or "")
                    for f in stack) for stack in stacks)
    told = sum(bool(python_frames(stack)) for stack in stacks)
    reasons = {sample.reason for sample in stored.samples
               if sample.trust == "unproven"}
    stored.close()
    verdicts.ok(name, told == 0 and evals > 20 and
                reasons == {reason} and text in recording.text,
                "%d samples with native frames of the loop, %d with Python, "
                "unproven: %s\n%s" % (evals, told, sorted(reasons),
                                      recording.text.strip()[-300:]))


def run_changed(place, cell, python, change):
    """A recording of a copy of libpython whose bytes went through @change."""
    copy, command = unpack(place, python, python)
    program = cell.program(python)
    with open(copy, "rb") as data:
        image = data.read()
    with open(copy, "wb") as data:
        data.write(change(image))
    return record(place, [*command, *args(program)])


def run_unknown(place, verdicts, cell, python):
    """A version that nobody knows: refused by name, native frames kept."""
    major, minor = python.version
    # PY_VERSION_HEX of its first release, wherever it stands.
    known, unknown = (bytes([0xf0, 0, number, major]) for number in (minor, 16))
    refused(verdicts, "place: unknown version",
            run_changed(place, cell, python,
                        lambda image: image.replace(known, unknown)),
            "CPython 3.16")


def run_as_debug(place, verdicts, cell, python):
    """A version of which no debug build is to be had: an ordinary one in which
    a function that nobody calls has the name by which debug builds are known."""
    ordinary, known_by = (b"\0%s\0" % name for name in (
        b"PyCFunction_GetFlags", b"_Py_NegativeRefcount"))
    refused(verdicts, "place: named as a debug build " + python.label,
            run_changed(place, cell, python,
                        lambda image: image.replace(ordinary, known_by)),
            "debug builds are not supported")


def run_debug(place, verdicts, cell):
    """Debian's debug build, whose structures are no release's."""
    name = "place: debug build "
    command = next(iter(sorted(glob.glob("/usr/bin/python3.*d"))), None)
    if not command:
        verdicts.skip(name + "of Debian", "no python3.*-dbg is installed")
        return
    python = targets.Python(os.path.basename(command), [command], True)
    refused(verdicts, name + python.label,
            record(place, [command, *args(cell.program(python))]),
            "debug builds are not supported")


def run_denied(place, verdicts, cell, python):
    """A process that the recorder may sample, and may not read."""
    program = cell.program(python)
    unprivileged = copy.copy(place)
    unprivileged.wrapper = ["setpriv", "--bounding-set=-sys_ptrace",
                            "--inh-caps=-sys_ptrace", *place.wrapper]
    with running([*python.command, *args(program, 60)], program) as process:
        refused(verdicts, "place: may not be read " + python.label,
                attach(unprivileged, process.pid), "", "may-not-be-read")


# Label -> what is tried there; a few versions for each, all of them somewhere.
CELLS = (
    (run_container, ("3.9.18", "3.11.7", "sid-3.15")),
    (run_links, ("3.12.1", "debian-3.11")),
    (run_embedded, ("3.8.18", "3.11.7", "3.13.0")),
    (run_embedded_in_root, ("sid-3.13", "sid-3.14", "sid-3.15")),
    (run_gone, ("debian-3.11", )),
    (run_unknown, ("3.13.0", )),
    (run_denied, ("3.8.18", "3.12.1")),
    (run_as_debug, ("3.6.15", "3.7.16", "3.8.18", "3.9.18", "3.10.13")),
)


def run(place, verdicts, pythons):
    cell = Place(place)
    here = {python.label: python for python in pythons}
    for test, labels in CELLS:
        if test in (run_container, run_denied) and os.geteuid() != 0:
            verdicts.skip("place: %s" % test.__name__, "needs root")
            continue
        for label in filter(here.get, labels):
            test(place, verdicts, cell, here[label])
    if here:
        run_debug(place, verdicts, cell)
    shared = [here[label] for label in ("3.6.15", "3.13.0", "3.8.18", "3.11.7")
              if label in here]
    if len(shared) > 1:
        run_unpacked(place, verdicts, cell, shared[-1], shared[0])
        run_together(place, verdicts, cell, shared)
    for labels in (("3.11.7", "3.12.1"), ("3.8.18", "3.13.0")):
        if all(label in here for label in labels):
            run_beside(place, verdicts, cell, [here[l] for l in labels])
