# SPDX-License-Identifier: Apache-2.0
"""The highest rate of samples that the kernel allows. It lowers that by itself when
samples take long, as on a busy virtual machine, and never raises it again; then
all that is measured after is measured at another rate than was asked for."""
import contextlib

PATH = "/proc/sys/kernel/perf_event_max_sample_rate"
USUAL = 100000  # what the kernel begins with


def allowed():
    try:
        with open(PATH) as text:
            return int(text.read())
    except (OSError, ValueError):
        return USUAL


def restore(rate):
    """Whether it is @rate now."""
    with contextlib.suppress(OSError):
        with open(PATH, "w") as out:
            out.write("%d\n" % rate)
    return allowed() == rate


@contextlib.contextmanager
def watched(wanted, say):
    """Raises the limit to what is usual when it is below @wanted, and says when it
    is lowered meanwhile."""
    before = allowed()
    if before < wanted:
        say("# %s was %d, less than %d a second: %s" % (
            PATH, before, wanted, "restored to %d" % USUAL
            if restore(USUAL) else "what follows is of that rate"))
        before = allowed()
    yield
    after = allowed()
    if after < before:
        say("# the kernel lowered %s from %d to %d meanwhile%s%s" % (
            PATH, before, after, ", below the %d asked for" % wanted
            if after < wanted else "",
            "; restored" if restore(before) else ""))
