# SPDX-License-Identifier: Apache-2.0
"""Other people's packages, as tests/interpreters.sh has brought them, and
modules of ours that are made with them."""
import collections
import functools
import hashlib
import os
import subprocess

import targets

Found = collections.namedtuple("Found", "folder why")


@functools.lru_cache(maxsize=None)
def listed():
    script = os.path.join(os.path.dirname(targets.HERE), "interpreters.sh")
    text = subprocess.check_output([script, "--packages"], text=True)
    rows = (line.split("\t") for line in text.splitlines())
    return {label: Found(folder if folder != "-" else None, why)
            for label, folder, why in rows}


def labels():
    return list(listed())


def of(label):
    return listed().get(label, Found(None, "no packages are pinned for it"))


def with_folder(command, folder):
    """@command of an interpreter in a root of its own also sees @folder."""
    if command[0].endswith("in_root.sh"):
        command = [*command]
        command[2] += ":" + folder
    return command


def command(python, *folders):
    """Starts @python with the packages of @folders."""
    inside = python.command
    for folder in folders:
        inside = with_folder(inside, folder)
    return ["/usr/bin/env", "PYTHONPATH=" + ":".join(folders), *inside]


def headers(python):
    """Options that find Python.h, and what Debian's includes with it."""
    inside = subprocess.check_output(
        [*python.command, "-c",
         "import sysconfig; print(sysconfig.get_path('include'))"], text=True)
    if not python.command[0].endswith("in_root.sh"):
        return ["-I" + inside.strip()]
    root = python.command[1]
    return ["-I" + root + inside.strip(), "-idirafter", root + "/usr/include"]


def compiled(python, folder, source, out):
    """Makes the extension module @out of @source. Not optimised much: it is
    what the compiler is slow at."""
    options = ["-O1", "-shared", "-fPIC", *headers(python)]
    if source.endswith(".pyx"):
        c_source = out + ".c"
        subprocess.check_call([*command(python, folder,
                                        os.path.dirname(source),
                                        os.path.dirname(out)),
                               "-m", "cython", "-3", "-o", c_source, source])
        argv = [os.environ.get("CC", "cc"), *options, c_source]
    else:
        argv = [os.environ.get("CXX", "c++"), *options, "-std=c++17",
                "-I" + os.path.join(folder, "pybind11", "include"), source]
    subprocess.check_call([*argv, "-o", out])


def module(python, folder, source):
    """The folder of the extension module made of @source; made once, and again
    when the source has changed. It is kept beside the packages."""
    with open(source, "rb") as text:
        digest = hashlib.sha256(text.read()).hexdigest()[:16]
    name = os.path.splitext(os.path.basename(source))[0]
    kept = os.path.join(folder, "made-" + digest)
    out = os.path.join(kept, name + ".so")
    if not os.path.exists(out):
        os.makedirs(kept, exist_ok=True)
        half = os.path.join(kept, name + ".half.so")
        compiled(python, folder, source, half)
        os.rename(half, out)
    return kept
