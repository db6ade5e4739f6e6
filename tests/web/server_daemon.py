#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""server_daemon.py BRINDLE: the dashboard of a daemon, through what happens to
it: as root, for it becomes nobody."""
import contextlib
import gzip
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from server_client import Answer, Count, Server, receive


def within(seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return True
        except (OSError, ValueError, LookupError):
            pass
        time.sleep(0.05)
    return False


class Daemon(Server):
    """`brindle daemon` as nobody, with its dashboard at any port."""

    def __init__(self, brindle, folder):
        self.brindle, self.folder = brindle, folder
        self.config = os.path.join(folder, "daemon.conf")
        self.state = os.path.join(folder, "state")
        self.db = os.path.join(self.state, "d.db")
        self.local = os.path.join(folder, "web.sock")
        nobody = pwd.getpwnam("nobody")
        os.mkdir(self.state, 0o700)
        os.chown(self.state, nobody.pw_uid, nobody.pw_gid)
        self.configure("")
        self.process = subprocess.Popen(
            [brindle, "daemon", "--config", self.config, "--user", "nobody"],
            stderr=open(os.path.join(folder, "log"), "wb"),
            start_new_session=True)  # as a service has
        if not within(10, self.find):
            raise SystemExit(open(os.path.join(folder, "log")).read())

    def configure(self, web):
        with open(self.config, "w", encoding="ascii") as file:
            file.write(f"[store]\ndb = {self.db}\n[web]\nport = 0\n"
                       f"socket = {self.local}\n{web}")
        os.chmod(self.config, 0o644)

    def find(self):
        """Where it is, as `brindle open` says."""
        link = subprocess.run([self.brindle, "open", "-p", self.db],
                              capture_output=True, text=True, check=False)
        found = re.match(r"http://127\.0\.0\.1:(\d+)/#token=(\w+)$",
                         link.stdout)
        if not found:
            return False
        self.port, self.token = int(found[1]), found[2]
        return self.ask("/api/v1/status").status == 200

    def children(self, pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]

    def name(self, pid):
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()

    def server_pid(self):
        keeper = next(pid for pid in self.children(self.process.pid)
                      if self.name(pid) == "brindle-web")
        return self.children(keeper)[0]

    def local_status(self, host="localhost"):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(self.local)
            client.sendall(self.head("/api/v1/status", host=host))
            return Answer(receive(client, 5)).status


def as_nobody(function):
    """What it says when another user calls it."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(12345)
            os.setuid(12345)
            os.write(write, json.dumps(function()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        said = file.read()
    os.waitpid(pid, 0)
    return json.loads(said or "null")


def read_status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file
                    if ":\t" in line)


def users(daemon, count):
    """Another user of the host gets nothing."""
    path = daemon.db + ".web"
    mode = os.stat(path)
    count.expect("the link is its owner's", mode.st_mode & 0o777 == 0o600 and
                 mode.st_uid == pwd.getpwnam("nobody").pw_uid, mode)
    count.expect("the link, for others",
                 not as_nobody(lambda: os.access(path, os.R_OK)))
    head = daemon.head("/api/v1/top")
    count.expect("an answer, for others",
                 as_nobody(lambda: daemon.send(head).status) == 401)
    count.expect("the socket, for root", daemon.local_status() == 200)
    count.expect("the socket, for others",
                 as_nobody(daemon.local_status) == 401)
    count.expect("the socket, by another name",
                 daemon.local_status("evil.com") == 421)


def walls(daemon, count):
    pid = daemon.server_pid()
    status = read_status(pid)
    count.expect("no capability", int(status["CapPrm"], 16) == 0, status)
    count.expect("no new privileges", status["NoNewPrivs"] == "1", status)
    count.expect("system calls are filtered", status["Seccomp"] == "2", status)
    count.expect("is not root", status["Uid"].split()[0] != "0", status)
    count.expect("cannot be looked into",
                 os.stat(f"/proc/{pid}/mem").st_uid == 0)
    files = [os.readlink(f"/proc/{pid}/fd/{fd}")
             for fd in os.listdir(f"/proc/{pid}/fd")]
    count.expect("has the log and no store open to write",
                 not any(name.endswith("/d.db.lock") for name in files), files)


def sql(daemon, statement):
    body = json.dumps({"sql": statement}).encode()
    answer = daemon.send(daemon.head(
        "/api/v1/query", "Content-Type: application/json",
        f"Authorization: Bearer {daemon.token}",
        f"Content-Length: {len(body)}", method="POST") + body)
    return answer.status, json.loads(answer.body)


@contextlib.contextmanager
def burning():
    """Something that is new each second: a host with nothing to do has none."""
    spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        spinner.kill()
        spinner.wait()


def answers(daemon, count):
    count.expect("samples", within(10, lambda: json.loads(
        daemon.ask("/api/v1/top").body)["samples"] > 0))
    status, found = sql(daemon, "SELECT count(*) FROM v_sample")
    count.expect("SQL", status == 200 and found["rows"][0][0] > 0,
                 (status, found))
    begun = time.monotonic()
    with daemon.connect() as client:
        client.sendall(daemon.head("/api/v1/events",
                                   f"Authorization: Bearer {daemon.token}"))
        with burning():
            said = receive(client, 3.5)
    count.expect("events", said.count(b"event: tick") >= 2 and
                 b"event: status" in said, said[-500:])
    count.expect("events go on", time.monotonic() - begun > 3)


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def pprof_fields(data):
    """Numbers of the fields that it has; 2 is sample."""
    at, found = 0, set()
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        at += value if key & 7 == 2 else 0
        found.add(key >> 3)
    return found


def pprof(daemon, count):
    """The last second has samples whenever it is asked for."""
    path = f"/debug/pprof/profile?seconds=1&token={daemon.token}"
    empty = 0
    for _ in range(10):
        profile = gzip.decompress(daemon.send(daemon.head(path)).body)
        empty += 2 not in pprof_fields(profile)
        time.sleep(0.15)
    count.expect("pprof of a second", empty == 0, f"{empty} of 10 are empty")
    if not shutil.which("go"):
        return
    with tempfile.TemporaryDirectory() as folder:
        read = subprocess.run(
            ["go", "tool", "pprof", "-top",
             f"http://127.0.0.1:{daemon.port}{path}"], text=True, check=False,
            capture_output=True, env={**os.environ, "PPROF_TMPDIR": folder})
    total = re.search(r"Total samples = ([\d.]+m?s)", read.stdout)
    count.expect("go tool pprof", total and not total[1].startswith("0"),
                 read.stdout[:300] + read.stderr[-300:])


def lives(daemon, count):
    """What ends the server ends neither sessions nor sampling."""
    body = json.dumps({"token": daemon.token}).encode()
    answer = daemon.send(daemon.head(
        "/api/v1/session", "Content-Type: application/json",
        f"Content-Length: {len(body)}", method="POST") + body)
    cookie = "Cookie: " + answer.headers["set-cookie"].split(";")[0]
    before = daemon.server_pid()
    os.kill(before, signal.SIGKILL)
    count.expect("started again", within(5, lambda: daemon.server_pid() !=
                                         before and daemon.find()))
    answer = daemon.send(daemon.head("/api/v1/status", cookie))
    count.expect("a session goes on", answer.status == 200, answer.status)
    host = f"Host: dash.example:{daemon.port}"

    def by_name():
        return daemon.ask("/api/v1/status", host=host[6:]).status

    count.expect("a name not configured", by_name() == 421)
    daemon.configure("hosts = dash.example\n")
    daemon.process.send_signal(signal.SIGHUP)
    count.expect("a name configured", within(5, lambda: by_name() == 200))


def replaced(daemon, count):
    """A database that goes and comes again."""
    for end in ("", "-wal", "-shm"):
        os.unlink(daemon.db + end)
    count.expect("found again", within(15, lambda: json.loads(
        daemon.ask("/api/v1/top?from=-5s").body)["samples"] > 0),
        daemon.ask("/api/v1/top?from=-5s").body[-300:])
    status, found = sql(daemon, "SELECT count(*) FROM v_sample")
    count.expect("SQL of the new one", status == 200 and
                 found["rows"][0][0] > 0, (status, found))


def listeners(port):
    """Addresses at which somebody listens to it, as the kernel has them."""
    found = []
    for name in ("tcp", "tcp6"):
        with open(f"/proc/net/{name}", encoding="ascii") as file:
            for line in list(file)[1:]:
                local, state = line.split()[1], line.split()[3]
                if state == "0A" and int(local.split(":")[1], 16) == port:
                    found.append(local.split(":")[0])
    return found


def reach(daemon, count):
    """Nobody on another host, and nobody who reads logs."""
    count.expect("listens on loopback alone",
                 listeners(daemon.port) == ["0100007F"],
                 listeners(daemon.port))
    for name in os.listdir(daemon.folder):
        path = os.path.join(daemon.folder, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                count.expect(f"no token in {name}",
                             daemon.token.encode() not in file.read())


def main():
    count = Count("server_daemon")
    with tempfile.TemporaryDirectory(prefix="brindle-web-") as folder:
        os.chmod(folder, 0o755)
        with Daemon(sys.argv[1], folder) as daemon:
            for part in (users, walls, answers, pprof, lives, replaced):
                part(daemon, count)
            reach(daemon, count)
        count.expect("ends at SIGTERM", daemon.status == 0, daemon.status)
        count.expect("its link is gone", not os.path.exists(daemon.db + ".web"))
        if count.failed:
            print(open(os.path.join(folder, "log")).read())
    return count.end()


if __name__ == "__main__":
    sys.exit(main())
