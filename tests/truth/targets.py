# SPDX-License-Identifier: Apache-2.0
"""Interpreters to test on, programs to profile, and the recorder around them."""
import contextlib
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(os.path.dirname(HERE), "programs")
VERSIONS = ("3.6.15", "3.7.16", "3.8.18", "3.9.18", "3.10.13", "3.11.7",
            "3.12.1", "3.13.0")
BROUGHT = ("sid-3.13", "sid-3.14", "sid-3.15", "3.13t", "musl-3.13")
# On which every test runs; on the others those of what differs by version.
CORE = ("3.11.7", "3.12.1", "3.13.0", "debian-3.11")


class Python:
    """An interpreter: @version like (3, 12); @named: its C functions have
    names, that is, it is not stripped; @command starts it; @musl: it has musl for
    its C library."""

    def __init__(self, label, command, named):
        self.label = label
        self.command = command
        self.named = named
        self.musl = label.startswith("musl")
        self.core = label in CORE
        text = subprocess.check_output(
            [*command, "-ISc", "import sys; print(*sys.version_info[:2])"],
            text=True)
        self.version = tuple(int(word) for word in text.split())


def brought(folder):
    """Those that tests/interpreters.sh has brought."""
    tests = os.path.dirname(HERE)
    text = subprocess.check_output(
        [os.path.join(tests, "interpreters.sh"), "--list"], text=True)
    for line in text.splitlines():
        label, path, root = line.split("\t")
        if root == "/":
            yield Python(label, [path], True)
        elif os.geteuid() == 0:
            inside = "/" + os.path.relpath(path, root)
            yield Python(label, [os.path.join(tests, "in_root.sh"), root,
                                 "%s:%s" % (os.path.abspath(folder), PROGRAMS),
                                 inside], False)


def interpreters(folder):
    """(those that are here, labels of those that are not). Programs for them
    are in @folder."""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    wanted = [(v, "%s/versions/%s/bin/python3" % (root, v), True)
              for v in VERSIONS]
    wanted.append(("debian-3.11", "/usr/bin/python3.11", False))
    here = [Python(label, [path], named) for label, path, named in wanted
            if os.access(path, os.X_OK)]
    here += brought(folder)
    known = [row[0] for row in wanted] + list(BROUGHT)
    labels = [python.label for python in here]
    return here, [label for label in known if label not in labels]


def musl_compiler():
    """With the kernel's headers, which musl has none of, behind its own."""
    machine = subprocess.check_output(["gcc", "-print-multiarch"],
                                      text=True).strip()
    return ["musl-gcc", "-idirafter", "/usr/include",
            "-idirafter", os.path.join("/usr/include", machine)]


class Workplace:
    """A folder for one run's files, and the helper programs in it."""

    def __init__(self, brindle, folder, filtered):
        self.brindle = os.path.abspath(brindle)
        self.folder = folder
        self.spinner = self.compile(os.path.join(PROGRAMS, "spinner.c"))
        self.files = 0
        self.programs = {}
        self.libraries = {}
        self.wrapper = []  # what `brindle` is started through
        if filtered:
            self.wrapper = [self.compile(os.path.join(HERE, "seccomp_run.c"))]

    def compile(self, source):
        name = os.path.basename(source)[:-2]
        out = os.path.join(self.folder, name)
        subprocess.check_call([os.environ.get("CC", "cc"), "-O2", "-g",
                               "-std=gnu11", "-D_GNU_SOURCE", "-o", out,
                               source])
        return out

    def library(self, source, python):
        """The same, a library that ctypes of @python can open; made once."""
        if (source, python.musl) not in self.libraries:
            self.libraries[source, python.musl] = self.compile_library(
                source, python.musl)
        return self.libraries[source, python.musl]

    def compile_library(self, source, musl):
        out = os.path.join(self.folder, "%s%s.so" % (
            os.path.basename(source)[:-2], "-musl" if musl else ""))
        compiler = musl_compiler() if musl else [os.environ.get("CC", "cc")]
        subprocess.check_call([*compiler, "-O2", "-g", "-std=gnu11",
                               "-D_GNU_SOURCE", "-shared", "-fPIC",
                               "-pthread", "-o", out, source])
        return out

    def path(self, suffix):
        self.files += 1
        return os.path.join(self.folder, "%d%s" % (self.files, suffix))

    def program(self, writer, *arguments):
        """A program written by programs/@writer with @arguments."""
        path = self.path(".py")
        subprocess.check_call([sys.executable, os.path.join(PROGRAMS, writer),
                               path, *map(str, arguments)])
        return path

    def once(self, writer, *arguments):
        """The same, written at most once."""
        if (writer, *arguments) not in self.programs:
            self.programs[(writer, *arguments)] = self.program(writer,
                                                               *arguments)
        return self.programs[(writer, *arguments)]


@contextlib.contextmanager
def hogs(place, count, seconds=0):
    """@count processes that burn CPU meanwhile, or for so many seconds of it."""
    running = [subprocess.Popen([place.spinner, str(int(1000 * seconds))])
               for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


class Recording:
    """What one run of the recorder left behind."""

    def __init__(self, database, status, text):
        self.database = database
        self.status = status
        self.text = text


def record(place, options, command=None, timeout=120):
    """Runs `brindle record` to its end."""
    database = place.path(".db")
    argv = [*place.wrapper, place.brindle, "record", "-o", database,
            *map(str, options)]
    if command:
        argv += ["--", *map(str, command)]
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, text=True,
                          stderr=subprocess.PIPE, timeout=timeout,
                          errors="replace")
    return Recording(database, done.returncode, done.stderr)


def keep(place, recording, name):
    """Keeps a database whose test failed, and says where."""
    folder = os.environ.get("TRUTH_KEEP")
    if not folder or not os.path.exists(recording.database):
        return
    os.makedirs(folder, exist_ok=True)
    shutil.copy(recording.database, os.path.join(folder, name + ".db"))
