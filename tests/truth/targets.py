# SPDX-License-Identifier: Apache-2.0
"""Interpreters to test on, programs to profile, and the recorder around them."""
import contextlib
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(os.path.dirname(HERE), "programs")
VERSIONS = ("3.11.7", "3.12.1", "3.13.0")


class Python:
    """An interpreter: @version like (3, 12); @named: its C functions have
    names, that is, it is not stripped."""

    def __init__(self, label, path, named):
        self.label = label
        self.path = path
        self.named = named
        text = subprocess.check_output(
            [path, "-ISc", "import sys; print(*sys.version_info[:2])"],
            text=True)
        self.version = tuple(int(word) for word in text.split())


def interpreters():
    """(those that are here, labels of those that are not)"""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    wanted = [(v, "%s/versions/%s/bin/python3" % (root, v), True)
              for v in VERSIONS]
    wanted.append(("debian-3.11", "/usr/bin/python3.11", False))
    here = [Python(*row) for row in wanted if os.access(row[1], os.X_OK)]
    gone = [row[0] for row in wanted if not os.access(row[1], os.X_OK)]
    return here, gone


class Workplace:
    """A folder for one run's files, and the helper programs in it."""

    def __init__(self, brindle, folder, filtered):
        self.brindle = os.path.abspath(brindle)
        self.folder = folder
        self.spinner = self.compile(os.path.join(PROGRAMS, "spinner.c"))
        self.files = 0
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

    def path(self, suffix):
        self.files += 1
        return os.path.join(self.folder, "%d%s" % (self.files, suffix))

    def program(self, writer, *arguments):
        """A program written by programs/@writer with @arguments."""
        path = self.path(".py")
        subprocess.check_call([sys.executable, os.path.join(PROGRAMS, writer),
                               path, *map(str, arguments)])
        return path


@contextlib.contextmanager
def hogs(place, count):
    """@count processes that burn CPU meanwhile."""
    running = [subprocess.Popen([place.spinner, "0"]) for _ in range(count)]
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
