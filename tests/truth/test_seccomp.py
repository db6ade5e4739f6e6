# SPDX-License-Identifier: Apache-2.0
"""Truth 6: the filter under which all other truths are recorded does kill."""
import signal
import subprocess

FORBIDDEN = ("bpf", "ptrace", "writev", "kill", "tgkill", "pidfd")


def run(place, verdicts, pythons):
    if not place.wrapper:
        verdicts.skip("seccomp", "the tests ran without the filter")
        return
    filter_program = place.wrapper[0]
    for what in FORBIDDEN:
        done = subprocess.run([filter_program, "--try", what])
        verdicts.ok("seccomp filter kills on " + what,
                    done.returncode == -signal.SIGSYS,
                    "status %d" % done.returncode)
    done = subprocess.run([filter_program, "--try", "nothing"])
    verdicts.ok("seccomp filter lets the rest pass", done.returncode == 0,
                "all recordings above ran under it")
