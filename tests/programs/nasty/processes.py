# SPDX-License-Identifier: Apache-2.0
"""Cases 25 and 39: fork without exec, os.posix_spawn, and whole lives of short
programs, from their start-up to what runs while they are finalised."""
import os
import sys

CHAINS = ["turn fork parent_end", "turn spawn ~"]
BELOW = "^<module> main run_case "
# Of the children; one that has not left vfork() yet has its parent's frames.
CHILDREN = [BELOW + "turn fork child child_inner child_end",
            BELOW + "turn fork ~", BELOW + "turn spawn ~",
            "^~ <module> spawned ~", "^~ <module> spawned inner_spawned ~",
            "^~ <module> spawned inner_spawned end_spawned",
            "^~ <module> ~", "^~ <module> ~ <module> ~", "^~",
            "^~ at_exit exit_end", "^~ __del__ late_end",
            "^~ <module> Late", "^~ <module> __init__"]
SPAWNED = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "spawned.py")


def child_end():
    x = 0
    for i in range(1000):
        x += i


def child_inner():
    for _ in range(100):
        child_end()


def child():
    child_inner()
    os._exit(0)


def parent_end():
    x = 0
    for i in range(1000):
        x += i


def fork():
    pid = os.fork()
    if not pid:
        child()
    for _ in range(20):
        parent_end()
    os.waitpid(pid, 0)


def spawn():
    argv = [sys.executable, "-B", SPAWNED]
    if hasattr(os, "posix_spawn"):
        os.waitpid(os.posix_spawn(sys.executable, argv, os.environ), 0)
    else:
        os.spawnv(os.P_WAIT, sys.executable, argv)


def turn():
    fork()
    spawn()
