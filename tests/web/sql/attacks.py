#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""attacks.py BRINDLE PROFILE: SQL that wants more than to read, asked over HTTP.
What the box says to each is tests/web/sql/test_query_box.c's; here is what the
server, the host and other people notice of it: nothing.
"""
import hashlib
import json
import os
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from server_client import Count, Server  # noqa: E402

ENDLESS = ("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
           " SELECT count(*) FROM n")
BOMBS = [
    ENDLESS,
    "WITH n(i) AS (VALUES (1), (2), (3), (4), (5), (6), (7), (8)) SELECT"
    " count(*) FROM n, n b, n c, n d, n e, n f, n g, n h, n i, n j, n k, n l",
    "SELECT instr(printf('%.*c', 4000000, 'a'),"
    " printf('%.*c', 2000000, 'a') || 'b')",
    "SELECT hex(zeroblob(400000000))",
    "SELECT replace(hex(zeroblob(1000000)), '0', hex(zeroblob(1000000)))",
    "WITH n(i, t) AS (SELECT 1, zeroblob(100000) UNION ALL SELECT i + 1,"
    " zeroblob(100000) || i FROM n) SELECT i FROM n ORDER BY t",
    "SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaab' REGEXP"
    " '((((a{1,200}){1,200}){1,200}){1,200})c'",
]
REFUSED = [
    "ATTACH '{folder}/y.db' AS y", "VACUUM INTO '{folder}/y.db'",
    "PRAGMA journal_mode = DELETE", "PRAGMA temp_store_directory = '{folder}'",
    "CREATE TEMP TABLE t (a)", "CREATE TABLE t (a)", "DELETE FROM sample",
    "SELECT load_extension('{folder}/x.so')", "SELECT 1; DELETE FROM sample",
    "SELECT writefile('{folder}/y', 'x')", "SELECT readfile('/etc/passwd')",
    "PRAGMA writable_schema = ON", "UPDATE sample SET cpu = 9",
    "EXPLAIN DELETE FROM sample", "BEGIN EXCLUSIVE", "", ";", "SELECT",
    " " * 40000, "SELECT " + "(1+" * 3000, "SELECT 1" + ",1" * 3000,
    "SELECT 1" + " UNION SELECT 1" * 1900,
]


def ask(server, sql, timeout_ms=100, **more):
    """The answer, and how long it took."""
    body = json.dumps({"sql": sql, "timeout_ms": timeout_ms, **more}).encode()
    head = server.head("/api/v1/query", "Content-Type: application/json",
                       f"Content-Length: {len(body)}",
                       f"Authorization: Bearer {server.token}", method="POST")
    begun = time.monotonic()
    answer = server.send(head + body, 30)
    return answer, time.monotonic() - begun


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children",
                  encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def keeper_of(server):
    for pid in children(server.process.pid):
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            if file.read().strip() == "brindle-sql":
                return pid
    return None


def wait_until(right, seconds=10):
    end = time.monotonic() + seconds
    while not right() and time.monotonic() < end:
        time.sleep(0.01)
    return right()


def hash_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def attack(server, count, folder):
    for sql in REFUSED:
        answer, seconds = ask(server, sql.replace("{folder}", folder), 2000)
        count.expect(f"refused: {sql[:60]}", answer.status == 400,
                     answer.data)
        count.expect(f"at once: {sql[:60]}", seconds < 2, seconds)
    for sql in BOMBS:
        answer, seconds = ask(server, sql)
        count.expect(f"stopped: {sql[:60]}", answer.status in (400, 422),
                     answer.data)
        count.expect(f"in time: {sql[:60]}", seconds < 2, seconds)
        problem = json.loads(answer.body)
        count.expect("with a reason", problem["detail"], problem)
    answer, _ = ask(server, "SELECT 1", 2000)
    count.expect("and then a good one", json.loads(answer.body)["rows"]
                 == [[1]], answer.data)


def crowd(server, count):
    """Sixty-four at once; others get their answers."""
    answers, waits = [], []
    threads = [threading.Thread(
        target=lambda: answers.append(ask(server, ENDLESS, 300)[0].status))
        for _ in range(64)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        begun = time.monotonic()
        answer = server.ask("/api/v1/status")
        waits.append(time.monotonic() - begun)
        count.expect("status meanwhile", answer.status == 200, answer.data)
        time.sleep(0.05)
    count.expect("64: late or busy", set(answers) <= {422, 429}, answers)
    count.expect("64: ten are taken at least", answers.count(422) >= 10,
                 answers)
    count.expect("64: others do not wait", sorted(waits)[len(waits) // 2]
                 < 1, waits)


def leave(server, count):
    """Nobody waits for it any more."""
    keeper = keeper_of(server)
    count.expect("there is a keeper", keeper)
    count.expect("nothing runs", wait_until(lambda: not children(keeper)))
    body = json.dumps({"sql": ENDLESS, "timeout_ms": 2000}).encode()
    with server.connect() as client:
        client.sendall(server.head(
            "/api/v1/query", "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"Authorization: Bearer {server.token}", method="POST") + body)
        count.expect("a child runs", wait_until(lambda: children(keeper)))
        shut_in(children(keeper), count)
        begun = time.monotonic()
    gone = wait_until(lambda: not children(keeper))
    count.expect("it ends when the client leaves",
                 gone and time.monotonic() - begun < 1.5,
                 time.monotonic() - begun)


def shut_in(pids, count):
    """What a child may, while it runs."""
    for pid in pids:
        def seccomp(pid=pid):
            try:
                with open(f"/proc/{pid}/status", encoding="ascii") as file:
                    return dict(line.split(":\t", 1) for line in
                                file.read().splitlines() if ":\t" in line)
            except OSError:
                return {}
        wait_until(lambda: seccomp().get("Seccomp") == "2", 2)
        status = seccomp()
        count.expect("seccomp", status.get("Seccomp") == "2", status)
        count.expect("no new privileges", status.get("NoNewPrivs") == "1")
        names = []
        for fd in os.listdir(f"/proc/{pid}/fd"):
            if int(fd) > 2:
                names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        count.expect("no socket is open", not any(
            name.startswith("socket:") for name in names), names)
        count.expect("nothing but the database and the result", all(
            ".db" in name or "memfd:result" in name for name in names), names)


def main():
    count = Count("sql attacks")
    brindle, profile = sys.argv[1:]
    before = hash_of(profile)
    with tempfile.TemporaryDirectory() as folder, \
            Server(brindle, profile) as server:
        ask(server, "SELECT 1", 2000)
        memory, descriptors = server.memory_bytes(), server.descriptors()
        attack(server, count, folder)
        crowd(server, count)
        leave(server, count)
        grown = server.memory_bytes() - memory
        count.expect("memory stays flat", grown < 8 << 20, grown)
        wait_until(lambda: server.descriptors() <= descriptors + 2, 3)
        count.expect("descriptors are given back", server.descriptors()
                     <= descriptors + 2, server.descriptors())
        count.expect("no file was made", not os.listdir(folder),
                     os.listdir(folder))
    count.expect("the profile is as it was", hash_of(profile) == before)
    return count.end()


if __name__ == "__main__":
    sys.exit(main())
