# SPDX-License-Identifier: Apache-2.0
"""A server under test, and a client that says exactly what it is told to."""
import os
import re
import select
import signal
import socket
import subprocess
import time


class Server:
    """`brindle serve` of a profile, until the with block ends."""

    def __init__(self, brindle, profile, *options):
        self.process = subprocess.Popen(
            [brindle, "serve", *options, profile], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.match(r"http://([^/]*):(\d+)/(?:#token=(\w+))?$", line)
        if not found:
            raise SystemExit(f"no address: {line!r}"
                             f" {self.process.stderr.read()!r}")
        self.port = int(found[2])
        self.token = found[3]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.status = self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def proc(self, name):
        return f"/proc/{self.process.pid}/{name}"

    def memory_bytes(self):
        with open(self.proc("statm"), encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096

    def descriptors(self):
        return len(os.listdir(self.proc("fd")))

    def connect(self, timeout=5):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def head(self, path, *headers, method="GET", host=None):
        """A well-formed request, whose host may be set."""
        lines = [f"{method} {path} HTTP/1.1",
                 f"Host: {host or f'127.0.0.1:{self.port}'}", *headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def ask(self, path, *headers, timeout=5, **others):
        """With the token, if there is one: an Answer."""
        if self.token:
            headers = (f"Authorization: Bearer {self.token}", *headers)
        return self.send(self.head(path, *headers, **others), timeout)

    def send(self, data, timeout=5):
        """The answer to these bytes."""
        with self.connect(timeout) as client:
            try:
                client.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return Answer(receive(client, timeout))


def receive(client, timeout):
    """All that comes until the end, or until so many seconds passed."""
    data = b""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if not select.select([client], [], [], end - time.monotonic())[0]:
            break
        try:
            more = client.recv(1 << 16)
        except ConnectionResetError:
            break
        if not more:
            break
        data += more
    return data


class Answer:
    """What came back; status 0: nothing."""

    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        found = re.match(r"HTTP/1\.1 (\d{3}) ", lines[0])
        self.status = int(found[1]) if found else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()


class Count:
    """Tests, counted as check.sh wants them."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def expect(self, what, right, seen=""):
        if right:
            self.passed += 1
        else:
            self.failed += 1
            print(f"not ok {what}: {str(seen)[:300]}", flush=True)

    def end(self):
        print(f"{self.name}: {self.passed} passed, {self.failed} failed,"
              " 0 skipped")
        return 1 if self.failed else 0
