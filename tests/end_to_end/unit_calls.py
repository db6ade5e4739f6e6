# SPDX-License-Identifier: Apache-2.0
"""Whether the unit's SystemCallFilter= lets through what the program needs: the
calls that the profiler's own filter allows, and the broker's."""
import re
import subprocess
import sys

BROKER = """fork clone clone3 wait4 kill socketpair sendmsg recvfrom signalfd4
close_range openat2 perf_event_open capset capget prctl seccomp
landlock_create_ruleset landlock_add_rule landlock_restrict_self
sched_setscheduler execve""".split()
CONDITIONAL = """mmap mprotect clone sched_setparam prlimit64 setpriority tgkill
prctl ioctl sendto""".split()


def members(name):
    """Calls of a group such as @system-service, its inner groups included."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", name],
                          check=True, capture_output=True, text=True).stdout
    calls = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word.startswith("#") or not word:
            continue
        calls |= members(word) if word.startswith("@") else {word}
    return calls


def unit_filter(path):
    allowed = set()
    for line in open(path):
        match = re.match(r"SystemCallFilter=(~?)(.*)", line)
        if not match:
            continue
        named = set()
        for word in match[2].split():
            named |= members(word) if word.startswith("@") else {word}
        allowed = allowed - named if match[1] else allowed | named
    return allowed


def profiler_calls(path):
    source = open(path).read()
    table = source[source.index("allowed[] = {"):source.index("deadly[] = {")]
    names = re.findall(r"NAMES\((.*?)\)", table, re.S)
    return {call for group in names for call in re.findall(r'"(\w+)"', group)}


needed = profiler_calls(sys.argv[2]) | set(BROKER) | set(CONDITIONAL)
missing = needed - unit_filter(sys.argv[1])
print("missing: " + " ".join(sorted(missing)) if missing else
      f"all of {len(needed)} calls")
sys.exit(bool(missing))
