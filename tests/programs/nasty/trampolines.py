# SPDX-License-Identifier: Apache-2.0
"""Case 32: sys.activate_stack_trampoline while functions run that were entered
without: frames with and without a trampoline on one stack, each of them once."""
import os
import sys
import sysconfig


def why_not():
    if not hasattr(sys, "activate_stack_trampoline"):
        return "no trampolines before 3.12"
    if not sysconfig.get_config_var("PY_HAVE_PERF_TRAMPOLINE"):
        return "built without trampolines"
    if sys.is_stack_trampoline_active():
        return "trampolines are on"
    if os.environ.get("PYTHON_JIT") == "1":
        return "no trampolines with the JIT"
    return None


SKIP = why_not()
# Newer ones crash when trampolines are switched off that are on the stack, and can
# be switched on eight times: they stay on, from the middle of the run.
STAYS_ON = sys.version_info >= (3, 13, 1)
# Each takes an index of code objects' extra data, of which there are 255
# (Include/internal/pycore_interp.h, MAX_CO_EXTRA_USERS).
SWITCHES = iter(range(250))
CHAINS = ["turn outside jump_on leap leap_inner leap_end",
          "turn outside jump_off leap leap_inner leap_end",
          "turn outside jump_on step_sorted leap_inner leap_end"]


def leap_end():
    x = 0
    for i in range(100):
        x += i
    return x


def leap_inner(_=None):
    return leap_end()


def leap():
    return leap_inner()


def step_sorted():
    return sorted((1, 2, 3), key=leap_inner)


def jump_on():
    if not sys.is_stack_trampoline_active():
        sys.activate_stack_trampoline("perf")
    for _ in range(200):
        leap()
        step_sorted()


def jump_off():
    if not STAYS_ON and next(SWITCHES, None) is not None:
        sys.deactivate_stack_trampoline()
    for _ in range(200):
        leap()


def outside():
    jump_on()
    jump_off()


def turn():
    outside()
