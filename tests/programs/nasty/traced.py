# SPDX-License-Identifier: Apache-2.0
"""Case 34: sys.settrace, sys.setprofile and sys.monitoring: the callback is an
activation on top of the function in which something happened."""
import sys

PLACES = ["turn with_%s observed observed_end" % how
          for how in ("trace", "profile", "monitoring")]
CALLBACKS = ["on_trace on_end", "on_profile on_end", "on_line on_end"]
CHAINS = ["turn with_trace on_trace on_end", "turn with_trace on_trace",
          "turn with_profile on_profile on_end"]
for place, callback in zip(PLACES, CALLBACKS):
    words = place.split()
    CHAINS += [" ".join(words[:n]) + " " + callback
               for n in range(2, len(words) + 1)]


def on_end():
    x = 0
    for i in range(20):
        x += i


def on_trace(frame, event, argument):
    on_end()
    return on_trace


def on_profile(frame, event, argument):
    on_end()


def on_line(code, line):
    on_end()


def observed_end():
    x = 0
    for i in range(10):
        x += i
    return x


def observed():
    x = observed_end()
    x += len(str(observed_end()))
    return x


def with_trace():
    sys.settrace(on_trace)
    for _ in range(5):
        observed()
    sys.settrace(None)


def with_profile():
    sys.setprofile(on_profile)
    for _ in range(5):
        observed()
    sys.setprofile(None)


def with_monitoring():
    watch = sys.monitoring
    watch.use_tool_id(3, "nasty")
    watch.register_callback(3, watch.events.LINE, on_line)
    for code in (observed.__code__, observed_end.__code__):
        watch.set_local_events(3, code, watch.events.LINE)
    for _ in range(5):
        observed()
    for code in (observed.__code__, observed_end.__code__):
        watch.set_local_events(3, code, 0)
    watch.free_tool_id(3)


def turn():
    with_trace()
    with_profile()
    if hasattr(sys, "monitoring"):
        with_monitoring()
