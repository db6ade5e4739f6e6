# SPDX-License-Identifier: Apache-2.0
"""Greenlets of gevent's that wait for each other and for its hub.

A template for expand.py. usage: FILE SECONDS LOG
"""
import json
import sys
import threading
import time

import gevent
import gevent.event
import gevent.queue

ONE = (1,)
RUNS = []
QUEUE = gevent.queue.Queue(4)
END = 0.0


# each
def leaf_K(n):  # from mid_K|key_K|tell_K direct
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def key_K(x):  # from mid_K by list_?sort|builtin_sorted
    leaf_K(300)  # call leaf_K
    gevent.sleep(0)
    return x


def tell_K(result):  # from - via gevent
    leaf_K(300)  # call leaf_K


def mid_K(depth):  # from mid_K|run_K direct
    if depth:
        leaf_K(50)  # call leaf_K
        return mid_K(depth - 1)  # call mid_K
    leaf_K(300)  # call leaf_K
    sorted(ONE, key=key_K)  # call key_K
    if K % 2:
        QUEUE.put(depth)
    else:
        QUEUE.get(timeout=0.01)
    return 0


def run_K():  # from - with Greenlet_run|inner_bootstrap
    gevent.get_hub().loop.run_callback(tell_K, 0)
    while time.monotonic() < END:
        try:
            mid_K(K)  # call mid_K
        except (gevent.queue.Empty, gevent.queue.Full):
            pass


RUNS.append(run_K)
# done
def main(seconds, log):  # from <module>
    global END
    start = time.monotonic_ns()
    END = time.monotonic() + float(seconds)
    gevent.joinall([gevent.spawn(run) for run in RUNS],
                   timeout=float(seconds) + 1)
    with open(log, "w") as text:
        json.dump({"tid": threading.get_native_id(), "start": start,
                   "end": time.monotonic_ns()}, text)


main(*sys.argv[1:])
