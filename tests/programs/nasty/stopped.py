# SPDX-License-Identifier: Apache-2.0
"""Case 47: a process that others stop: by SIGSTOP, by ptrace, which also makes it go on
step by step, in a frozen cgroup. Its stacks are right before and after, and so are,
all the while, those of a bystander."""
import ctypes
import os
import select
import signal
import tempfile
import time

CHAINS = ["turn outer_work inner_work end_work"]
BELOW = "^<module> main begin <listcomp>? forked "
CHILDREN = [BELOW + "stop_often " + how for how in (
    "by_signal ~", "by_ptrace ~", "by_cgroup write_to ~")]
CHILDREN += [BELOW + "stop_often new_cgroup write_to ~",
             BELOW + "stop_often new_cgroup ~",
             BELOW + "stop_often rid_of_cgroup write_to ~",
             BELOW + "bystand bystand_inner bystand_end"]
SEEN = {"cpu-clock": ["end_work", "bystand_end"]}
STOP_S = 0.004
STEPS = 40
SEIZE, INTERRUPT, STEP, DETACH = 0x4206, 0x4207, 9, 17
WALL = 0x40000000
NEW_MOUNTS, PRIVATE = 0x20000, 1 << 18 | 1 << 14
LIBC = ctypes.CDLL(None)
LIBC.ptrace.argtypes = [ctypes.c_long] + [ctypes.c_void_p] * 3


def why_not():
    """Filters of system calls kill who stops others."""
    pid = os.fork()
    if not pid:
        os.kill(os.getppid(), 0)
        LIBC.ptrace(DETACH, os.getppid(), None, None)
        os._exit(0)
    return "others may not be stopped" if os.waitpid(pid, 0)[1] else None


SKIP = why_not()
PIPES = {}
READY = b"."


def end_work():
    x = 0
    for i in range(100):
        x += i
    return x


def inner_work():
    return end_work()


def outer_work():
    for _ in range(20):
        inner_work()


def turn():
    outer_work()


def bystand_end():
    x = 0
    for i in range(100):
        x -= i
    return x


def bystand_inner():
    for _ in range(20):
        bystand_end()


def bystand(end, _):
    while not select.select([end], [], [], 0)[0]:
        bystand_inner()


def by_signal(pid, _):
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(STOP_S)
    finally:
        os.kill(pid, signal.SIGCONT)


def by_ptrace(pid, _):
    if LIBC.ptrace(SEIZE, pid, None, None):
        return False
    LIBC.ptrace(INTERRUPT, pid, None, None)
    os.waitpid(pid, WALL)
    for _ in range(STEPS):
        LIBC.ptrace(STEP, pid, None, None)
        os.waitpid(pid, WALL)
    time.sleep(STOP_S)
    return not LIBC.ptrace(DETACH, pid, None, None)


def write_to(path, text):
    with open(path, "w") as out:
        out.write(text)


def by_cgroup(_, folder):
    if not folder:
        return False
    write_to(folder + "/cgroup.freeze", "1")
    try:
        time.sleep(STOP_S)
    finally:
        write_to(folder + "/cgroup.freeze", "0")


def new_cgroup(pid):
    """A cgroup to freeze @pid in, in a mount that goes with this process; or None."""
    top = tempfile.mkdtemp()
    LIBC.unshare(NEW_MOUNTS)
    LIBC.mount(None, b"/", None, PRIVATE, None)
    if LIBC.mount(b"none", top.encode(), b"cgroup2", 0, None):
        os.rmdir(top)
        return None
    folder = "%s/brindle-nasty-%d" % (top, pid)
    os.mkdir(folder)
    write_to(folder + "/cgroup.procs", str(pid))
    return folder


def rid_of_cgroup(pid, folder, home):
    top = os.path.dirname(folder)
    write_to(top + home + "/cgroup.procs", str(pid))
    os.rmdir(folder)
    LIBC.umount2(top.encode(), 2)
    os.rmdir(top)


def stop_often(end, told):
    """Stops its parent again and again, and tells how often by what."""
    pid, count = os.getppid(), {}
    with open("/proc/%d/cgroup" % pid) as text:
        home = [line.rstrip()[3:] for line in text if line[:3] == "0::"]
    folder = new_cgroup(pid) if home else None
    os.write(told, READY)
    while not select.select([end], [], [], STOP_S)[0]:
        for stop in (by_signal, by_ptrace, by_cgroup):
            if stop(pid, folder) is not False:
                count[stop.__name__] = count.get(stop.__name__, 0) + 1
    if folder:
        rid_of_cgroup(pid, folder, home[0])
    os.write(told, " ".join(count).encode())


def forked(function, end, told):
    pid = os.fork()
    if not pid:
        try:
            os.close(PIPES["end"][1])
            function(end, told)
        finally:
            os._exit(0)
    return pid


def begin():
    PIPES.update(end=os.pipe(), told=os.pipe())
    PIPES["pids"] = [forked(function, PIPES["end"][0], PIPES["told"][1])
                     for function in (bystand, stop_often)]
    os.read(PIPES["told"][0], len(READY))


def finish():
    os.close(PIPES["end"][1])
    for pid in PIPES["pids"]:
        os.waitpid(pid, 0)
    os.close(PIPES["told"][1])
    told = os.read(PIPES["told"][0], 100).decode().split()
    if not {"by_signal", "by_ptrace"} <= set(told):
        raise RuntimeError("was stopped by no more than %s" % told)
