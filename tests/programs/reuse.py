# SPDX-License-Identifier: Apache-2.0
"""Runs several lives of generations.py one after the other under one pid.

The kernel is told which pid to give next (root only); another process may
take it first, so each life is tried until its pid is the wanted one. Exits with
77 when the kernel has no such switch.

usage: reuse.py LIVES SECONDS LOG SPINNER PYTHON...
"""
import os
import sys

SWITCH = "/proc/sys/kernel/ns_last_pid"


def spawn(path, life, arguments):
    seconds, log, spinner, pythons = arguments
    python = pythons[life % len(pythons)]
    argv = [python, path, str(life), str(life), seconds, log, spinner, *pythons]
    return os.posix_spawn(python, argv, os.environ)


def main(lives, arguments):
    path = os.path.join(os.path.dirname(__file__), "generations.py")
    wanted = spawn(path, 0, arguments)
    os.waitpid(wanted, 0)
    life = 1
    for _ in range(lives * 20):
        if life == lives:
            return
        with open(SWITCH, "w") as switch:
            switch.write(str(wanted - 1))
        pid = spawn(path, life, arguments)
        os.waitpid(pid, 0)
        life += 1


if __name__ == "__main__":
    if not os.access(SWITCH, os.W_OK):
        sys.exit(77)
    main(int(sys.argv[1]), (*sys.argv[2:5], sys.argv[5:]))
