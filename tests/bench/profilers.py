# SPDX-License-Identifier: Apache-2.0
"""The profilers to compare with, as far as they are installed, each as the
command that attaches to a running process until it gets SIGINT."""
import os
import shutil
import subprocess
import sys

INSTALLED_AT = "/tmp/brindle-bench-venv"


class Profiler:
    """@command: function of (pid, rate, output file) giving the arguments."""

    def __init__(self, name, command):
        self.name = name
        self.command = command


def find(program):
    """Where @program is, if it runs here: a wheel may want a newer libc."""
    path = os.path.join(INSTALLED_AT, "bin", program)
    if not os.access(path, os.X_OK):
        path = shutil.which(program)
    if path and subprocess.call([path, "--version"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL):
        return None
    return path


def install():
    """py-spy and austin into a folder of their own, when asked."""
    if not os.path.exists(INSTALLED_AT):
        subprocess.check_call([sys.executable, "-m", "venv", INSTALLED_AT])
    pip = os.path.join(INSTALLED_AT, "bin", "pip")
    for package in ("py-spy", "austin-dist"):
        subprocess.call([pip, "install", "-q", package])


def brindle(path):
    return Profiler("brindle", lambda pid, rate, out: [
        path, "record", "-p", pid, "-F", rate, "-o", out])


def others():
    """(profilers that are here, names of those that are not)"""
    table = (
        ("py-spy", "py-spy", lambda path: lambda pid, rate, out: [
            path, "record", "-p", pid, "-r", rate, "-d", 60, "-f", "raw",
            "-o", out]),
        ("py-spy --native", "py-spy", lambda path: lambda pid, rate, out: [
            path, "record", "--native", "-p", pid, "-r", rate, "-d", 60, "-f",
            "raw", "-o", out]),
        ("austin", "austin", lambda path: lambda pid, rate, out: [
            path, "-i", max(1, round(1000000 / rate)), "-p", pid, "-o", out]),
        ("perf dwarf", "perf", lambda path: lambda pid, rate, out: [
            path, "record", "-q", "-e", "cpu-clock", "-F", rate, "--call-graph",
            "dwarf,16384", "-p", pid, "-o", out]),
        ("eu-stackprof", "eu-stackprof", lambda path: lambda pid, rate, out: [
            path, "-F", rate, "-p", pid, "-o", out]),
    )
    here, gone = [], []
    for name, program, make in table:
        path = find(program)
        if path:
            here.append(Profiler(name, make(path)))
        else:
            gone.append(name)
    return here, gone
