#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""server_crowd.py BRINDLE PROFILE [SECONDS [SLOW]]: a good client among 1,000
slow ones and 64 that ask for endless SQL still gets its page; and a daemon whose
dashboard they crowd samples as if they were not there."""
import contextlib
import json
import os
import random
import resource
import select
import socket
import sqlite3
import sys
import tempfile
import threading
import time

from server_client import Count, Server
from server_daemon import Daemon

GOOD_MS = 200  # 99 of 100 within
PUSHED_OUT_MS = 50  # who does not ask for so long is taken for a slow one
MEMORY = 32 << 20
DESCRIPTORS = 256
QUERIES = 64
FREQUENCY_HZ = 99  # of the daemon, on each CPU
SAMPLED = 0.9  # of the samples that the host's busy time is worth
LOST = "SELECT value FROM v_health WHERE name = 'lost_samples'"
AHEAD = "SELECT monotonic_ns - id FROM clock ORDER BY id DESC LIMIT 1"
SAMPLES = "SELECT count(*) FROM sample WHERE id BETWEEN ? AND ?"
# How much memory it needs is up to what runs on the host.
TROUBLE = """SELECT group_concat(kind || ': ' || detail, '; ') FROM v_incident
    WHERE kind IN ('gap', 'off', 'rate', 'throttled')
    AND detail NOT LIKE '%limits: memory%'"""
ENDLESS = "WITH r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT max(x) FROM r"


class Slow:
    """One of those that take their time, begun anew whenever it is closed."""

    def __init__(self, server, number):
        self.server = server
        port = server.port
        head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nA: b"
        body = ("POST /api/v1/session HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
                "Content-Length: 1000000\r\n\r\n{")
        script = f"GET /app.js HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
        answer = (f"GET /api/v1/flame HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                  f"Authorization: Bearer {server.token}\r\n\r\n")
        self.begin = (head, body, script, answer, "")[number % 5].encode()
        self.trickles = number % 5 < 2
        self.client = None
        self.connect()

    def connect(self):
        self.client = socket.socket()
        # Next to nothing fits: an answer stays where it is.
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.client.setblocking(False)
        try:
            self.client.connect(("127.0.0.1", self.server.port))
        except BlockingIOError:
            pass
        self.said = False

    def go_on(self):
        try:
            if not self.said:
                self.client.send(self.begin)
                self.said = True
            elif self.trickles:
                self.client.send(b"a")
            else:
                if not self.client.recv(1, socket.MSG_PEEK):
                    raise OSError
        except BlockingIOError:
            pass
        except OSError:
            self.client.close()
            self.connect()


def crowd(server, count, ended):
    clients = [Slow(server, number) for number in range(count)]
    while not ended():
        for client in random.sample(clients, max(1, len(clients) // 10)):
            client.go_on()
        time.sleep(0.1)


def ask_endlessly(server, ended, statuses):
    body = json.dumps({"sql": ENDLESS}).encode()
    while not ended.is_set():
        try:
            statuses.append(server.ask_with(body))
        except OSError:
            statuses.append(0)
        time.sleep(0.05)


def askers(server, ended):
    """So many at one time: how often each status was the answer."""
    stop, statuses = threading.Event(), []
    threads = [threading.Thread(target=ask_endlessly,
                                args=(server, stop, statuses))
               for _ in range(QUERIES)]
    for thread in threads:
        thread.start()
    while not ended():
        time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    return {status: statuses.count(status) for status in set(statuses)}


class Crowd:
    """A process of its own: what it does shall not slow the good client."""

    def __init__(self, function, *arguments):
        stop, self.stop = os.pipe()
        self.result, result = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(stop)
            os.close(result)
            return
        os.nice(5)
        try:
            said = function(*arguments,
                            lambda: select.select([stop], [], [], 0)[0])
            os.write(result, json.dumps(said).encode())
        finally:
            os._exit(0)

    def end(self):
        os.write(self.stop, b"x")
        with os.fdopen(self.result) as file:
            said = file.read()
        os.waitpid(self.pid, 0)
        return json.loads(said or "null")


def ask_with(server, body):
    head = server.head("/api/v1/query", f"Content-Length: {len(body)}",
                       "Content-Type: application/json",
                       f"Authorization: Bearer {server.token}", method="POST")
    return server.send(head + body, 10).status


def echo(listener, ended):
    """What a server takes that does nothing."""
    while not ended():
        if select.select([listener], [], [], 0.1)[0]:
            client, _ = listener.accept()
            client.send(client.recv(1000))
            client.close()


def ask_echo(port):
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.send(b"x")
        while client.recv(100):
            pass
    return 1000 * (time.monotonic() - begun)


def kept_waiting():
    """Milliseconds for which we were ready to run, and others did."""
    with open("/proc/self/schedstat", encoding="ascii") as file:
        return int(file.read().split()[1]) / 1e6


class Times(list):
    """Milliseconds of each answer, without those that the client itself waited
    for a CPU before it could ask or listen; those with them; and what was not
    right."""

    def __init__(self):
        super().__init__()
        self.whole, self.wrong = [], []

    def ask(self, server, path):
        waited, begun = kept_waiting(), time.monotonic()
        try:
            status = server.ask(path).status
        except OSError as error:
            status = error
        whole = 1000 * (time.monotonic() - begun)
        waited = kept_waiting() - waited
        self.append(max(whole - waited, 0))
        self.whole.append(whole)
        if status != 200 and waited < PUSHED_OUT_MS:
            self.wrong.append((path, status, whole, waited))


def p99(times):
    return sorted(times)[int(len(times) * 0.99)]


def median(times):
    return sorted(times)[len(times) // 2]


def good_client(server, seconds, control=None):
    times = Times()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if control:
            control[1].append(ask_echo(control[0]))
        for path in ("/", "/app.js", "/api/v1/status", "/api/v1/top?limit=20"):
            times.ask(server, path)
        time.sleep(0.02)
    return times


def is_idle_host():
    return os.getloadavg()[0] < os.cpu_count() / 2


def judge(count, who, times, idle, delay=0):
    """@delay: what an answer takes on this host from who does nothing."""
    count.expect(f"{who}: a good client is answered", len(times) > 20 and
                 len(times.wrong) <= len(times) // 100, times.wrong)
    count.expect(f"{who}: a good client's p99", p99(times) <=
                 GOOD_MS + 5 * delay, (p99(times), delay))
    # On a busy host it is others that keep it waiting.
    count.expect(f"{who}: the same by the clock", not idle or
                 p99(times.whole) <= GOOD_MS, p99(times.whole))


def busy_seconds():
    """Of all CPUs: user, nice, system."""
    with open("/proc/stat", encoding="ascii") as file:
        return sum(int(text) for text in file.readline().split()[1:4]) / 100


class Window:
    """What a daemon sampled of what ran, from here to end()."""

    def __init__(self, path):
        self.path = path
        self.begun_ns, self.busy = time.monotonic_ns(), busy_seconds()
        self.lost = self.read(LOST)

    def read(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro",
                                                uri=True)) as store:
            row = store.execute(sql, values).fetchone()
            return row[0] if row and row[0] else 0

    def end(self):
        ended_ns, self.busy = time.monotonic_ns(), busy_seconds() - self.busy
        time.sleep(2.5)  # the last second's transaction
        self.lost = self.read(LOST) - self.lost
        ahead = self.read(AHEAD)
        self.samples = self.read(SAMPLES, self.begun_ns - ahead,
                                 ended_ns - ahead)
        # A tick of each CPU may be on either side.
        self.share = (self.samples + self.lost + 2) / (
            self.busy * FREQUENCY_HZ + 2)
        return self


class Watched(Daemon):
    """Its server is a process of the daemon's."""

    def proc(self, name):
        return f"/proc/{self.server_pid()}/{name}"


def sampling(brindle, count, seconds, slow):
    """What the crowd costs the profile: nothing but CPU time."""
    idle = is_idle_host()
    with tempfile.TemporaryDirectory(prefix="brindle-web-") as folder:
        os.chmod(folder, 0o755)
        with Watched(brindle, folder) as daemon:
            time.sleep(1)
            window = Window(daemon.db)
            time.sleep(2)
            alone = window.end()
            many, asking = Crowd(crowd, daemon, slow), Crowd(askers, daemon)
            time.sleep(1)
            window = Window(daemon.db)
            times = good_client(daemon, seconds)
            crowded = window.end()
            many.end()
            asking.end()
            trouble = crowded.read(TROUBLE)
    print(f"server_crowd: a crowded daemon took {crowded.samples} samples of "
          f"{crowded.busy:.2f} s of CPU time, {100 * crowded.share:.1f} % of "
          f"what that is worth (alone {100 * alone.share:.1f} %), lost "
          f"{crowded.lost} (alone {alone.lost}); p99 {p99(times):.1f} ms of "
          f"{len(times)}, {p99(times.whole):.1f} ms by the clock")
    judge(count, "daemon", times, idle)
    # On a host that is busy with others it is they who cost samples.
    count.expect("all that runs is sampled",
                 crowded.share >= min(SAMPLED, alone.share - 0.1),
                 (crowded.share, alone.share))
    count.expect("no sample is lost",
                 crowded.lost <= max(alone.lost, crowded.samples // 200),
                 (crowded.lost, alone.lost))
    count.expect("sampling is not held back", not trouble, trouble)


def main():
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 6
    slow = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    Server.ask_with = ask_with
    count = Count("server_crowd")
    with Server(sys.argv[1], sys.argv[2]) as server:
        idle = is_idle_host()
        good_client(server, 0.3)
        quiet = good_client(server, 0.5)
        memory = server.memory_bytes()
        listener = socket.create_server(("127.0.0.1", 0))
        control = listener.getsockname()[1], []
        echoing = Crowd(echo, listener)
        many, asking = Crowd(crowd, server, slow), Crowd(askers, server)
        time.sleep(1)
        times = good_client(server, seconds, control)
        most = server.descriptors(), server.memory_bytes() - memory
        many.end()
        echoing.end()
        statuses = {int(status): number for status, number
                    in asking.end().items()}
        # On a busy host nobody is answered at once; an answer takes several
        # turns of a CPU, and this server has no session of its own.
        delay = max(control[1])
        print(f"server_crowd: alone {median(quiet):.1f} ms, in the crowd median "
              f"{median(times):.1f} ms, p99 {p99(times):.1f} ms of {len(times)}, "
              f"{p99(times.whole):.1f} ms by the clock, nothing {delay:.1f} ms; "
              f"{most[0]} descriptors, {most[1] / (1 << 20):.1f} MiB more; SQL:",
              statuses)
        judge(count, "serve", times, idle, delay)
        count.expect("memory is bounded", most[1] <= MEMORY, most)
        count.expect("descriptors are bounded", most[0] <= DESCRIPTORS, most)
        count.expect("too many queries are told so", 429 in statuses and
                     set(statuses) <= {0, 422, 429}, statuses)
        time.sleep(3)
        after = good_client(server, 0.5)
        count.expect("quiet again", not after.wrong, after.wrong)
    if os.geteuid() == 0:
        sampling(sys.argv[1], count, min(seconds, 5), slow)
    else:
        print("server_crowd: skip a daemon's sampling: needs root")
    return count.end()


if __name__ == "__main__":
    sys.exit(main())
