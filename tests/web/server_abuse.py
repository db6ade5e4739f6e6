#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""server_abuse.py BRINDLE PROFILE: what a server on a loopback address may be
sent, and what it has to answer."""
import gzip
import json
import os
import select
import socket
import struct
import sys
import threading
import time

from server_client import Answer, Count, Server, receive

SECRET = b"total"  # stands in every answer about the profile


def hosts(server, count):
    """Names that somebody made mean 127.0.0.1."""
    port = server.port
    for name in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}",
                 f"LocalHost:{port}", f"localhost:{port ^ 1}", "localhost",
                 "[::1]:1", "127.0.0.1:65535"):
        answer = server.ask("/api/v1/top", host=name)
        count.expect(f"host {name}", answer.status == 200, answer.status)
    for name in ("evil.com", f"evil.com:{port}", f"127.0.0.1.evil.com:{port}",
                 f"0.0.0.0:{port}", f"localhost.:{port}",
                 "localhost:65536", "localhost:0", "localhost:x",
                 f"evil.com:{port ^ 1}", f"[::ffff:127.0.0.1]:{port}",
                 f"2130706433:{port}", f"127.1:{port}", f"0:{port}",
                 f"localhost:{port}:{port}", f"@127.0.0.1:{port}",
                 f"user@127.0.0.1:{port}", f"127.0.0.1:{port}@evil.com",
                 f"127.0.0.1:{port}.evil.com", f"127.0.0.1:+{port}",
                 f"127.0.0.1: {port}", f"127.0.0.1:0{port}", ":", "[", "[]"):
        for path in ("/", "/api/v1/top", "/nothing"):
            answer = server.ask(path, host=name)
            count.expect(f"host {name} {path}", answer.status == 421 and
                         SECRET not in answer.data, answer.data)
    answer = server.ask("/", host="evil.com")
    count.expect("a refused host is told the setting",
                 b"brindle.conf" in answer.body and b"--host" in answer.body,
                 answer.body)
    for name, lines in (("none", []), ("two", ["Host: a", "Host: a"]),
                        ("two right", [f"Host: localhost:{port}"] * 2),
                        ("empty", ["Host:"])):
        data = "\r\n".join(["GET / HTTP/1.1", *lines, "", ""]).encode()
        expected = 421 if name == "empty" else 400
        answer = server.send(data)
        count.expect(f"hosts: {name}", answer.status == expected,
                     answer.status)
    for target, status in ((f"http://127.0.0.1:{port}/", 200),
                           ("http://evil.com/", 400), ("http://", 400),
                           (f"http://127.0.0.1:{port}", 400),
                           (f"https://127.0.0.1:{port}/", 400)):
        answer = server.ask(target)
        count.expect(f"target {target}", answer.status == status,
                     answer.status)


def strangers(server, count):
    """Pages of others, through a browser that has a session."""
    port = server.port
    own = f"http://127.0.0.1:{port}"
    body = json.dumps({"token": server.token}).encode()
    length = f"Content-Length: {len(body)}"
    kind = "Content-Type: application/json"

    def post(*headers):
        return server.send(server.head("/api/v1/session", length, *headers,
                                       method="POST") + body)

    for header, status in (
            (f"Origin: {own}", 204), ("Sec-Fetch-Site: same-origin", 204),
            ("Origin: http://evil.com", 403), ("Origin: null", 403),
            (f"Origin: http://127.0.0.1:{port + 1}", 403),
            (f"Origin: http://localhost:{port}", 403), ("Origin:", 403),
            (f"Origin: {own}.evil.com", 403),
            ("Sec-Fetch-Site: cross-site", 403),
            ("Sec-Fetch-Site: same-site", 403), ("Sec-Fetch-Site: none", 403)):
        answer = post(kind, header)
        count.expect(f"post {header}", answer.status == status, answer.status)
    for header in ("Content-Type: text/plain",
                   "Content-Type: application/x-www-form-urlencoded",
                   "Content-Type: multipart/form-data; boundary=x",
                   "Content-Type: application/jsonp", "Accept: */*"):
        answer = post(header)
        count.expect(f"post {header}", answer.status == 415, answer.status)
    for path in ("/api/v1/top", "/api/v1/events"):
        for header in ("Origin: http://evil.com", "Origin: null",
                       "Sec-Fetch-Site: cross-site"):
            answer = server.ask(path, header)
            count.expect(f"get {path} {header}", answer.status == 403 and
                         SECRET not in answer.data, answer.status)
    answer = server.ask("/api/v1/events", "Upgrade: websocket",
                        "Connection: Upgrade", "Origin: http://evil.com")
    count.expect("a foreign WebSocket", answer.status == 403, answer.status)
    link = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: document")
    count.expect("a link to the page", server.ask("/", *link).status == 200)
    count.expect("a link to an answer",
                 server.ask("/api/v1/top", *link).status == 403)
    count.expect("a frame", server.ask("/", "Sec-Fetch-Site: cross-site",
                                       "Sec-Fetch-Mode: navigate",
                                       "Sec-Fetch-Dest: iframe").status == 403)


def tokens(server, count):
    """Nothing of the profile without the token."""
    def bare(path, *headers, **others):
        return server.send(server.head(path, *headers, **others))

    wrong = "0" * len(server.token)
    for path in ("/api/v1/status", "/api/v1/top", "/api/v1/flame",
                 "/api/v1/export?format=folded", "/api/v1/events",
                 "/api/v1/query.json?sql=SELECT+1", "/debug/pprof/profile"):
        answer = bare(path)
        count.expect(f"no token {path}", answer.status == 401 and
                     SECRET not in answer.data, answer.status)
    for header in (f"Authorization: Bearer {wrong}", "Authorization: Bearer ",
                   f"Authorization: Bearer {server.token[:-1]}",
                   f"Authorization: Bearer {server.token}0",
                   f"Authorization: Basic {server.token}",
                   f"Cookie: brindle-{server.port}={server.token}",
                   f"Cookie: brindle-{server.port}="):
        answer = bare("/api/v1/top", header)
        count.expect(f"wrong token {header}", answer.status == 401,
                     answer.status)
    answer = bare(f"/api/v1/top?token={server.token}")
    count.expect("token in the address", answer.status == 401, answer.status)
    answer = bare(f"/debug/pprof/?token={server.token}")
    count.expect("token in the address of pprof", answer.status == 200,
                 answer.status)
    answer = bare(f"/debug/pprof/?token={wrong}")
    count.expect("wrong token in the address of pprof", answer.status == 401,
                 answer.status)
    answer = bare("/")
    count.expect("the page itself", answer.status == 200 and
                 SECRET not in answer.body, answer.status)


def log_in(server, token):
    body = json.dumps({"token": token}).encode()
    return server.send(server.head(
        "/api/v1/session", "Content-Type: application/json",
        f"Content-Length: {len(body)}", method="POST") + body)


def sessions(server, count):
    """A cookie, until it is given back."""
    answer = log_in(server, server.token)
    cookie = answer.headers.get("set-cookie", "")
    count.expect("log in", answer.status == 204, answer.data)
    count.expect("the cookie", cookie.startswith(f"brindle-{server.port}=") and
                 "; HttpOnly" in cookie and "; SameSite=Strict" in cookie and
                 server.token not in cookie, cookie)
    cookie = "Cookie: a=b; " + cookie.split(";")[0] + "; c"
    answer = server.send(server.head("/api/v1/top", cookie))
    count.expect("logged in", answer.status == 200, answer.status)
    answer = server.send(server.head("/api/v1/session", cookie,
                                     method="DELETE"))
    count.expect("log out", answer.status == 204, answer.status)
    answer = server.send(server.head("/api/v1/top", cookie))
    count.expect("logged out", answer.status == 401, answer.status)
    for body in (b"", b"{}", b'{"token":1}', b'{"token":"', b"[]",
                 b'{"token":"%n%n%n%n"}', b'{"token":"' + b"a" * 4000 + b'"}',
                 b'{"token":"' + server.token.encode() + b'"} x',
                 b'{"token":"' + server.token.encode() + b'","x":1}',
                 b'{"token":"' + server.token.encode() + b'\0"}'):
        answer = server.send(server.head(
            "/api/v1/session", "Content-Type: application/json",
            f"Content-Length: {len(body)}", method="POST") + body)
        count.expect(f"log in {body[:40]}", answer.status in (401, 429),
                     answer.status)
    seen = {log_in(server, "0" * 40).status for _ in range(40)}
    count.expect("many wrong tokens", 429 in seen, seen)
    count.expect("the right one all the same",
                 log_in(server, server.token).status == 204)


def heads(server, count):
    """Requests that two programs could understand in two ways."""
    port = server.port
    host = f"Host: 127.0.0.1:{port}\r\n".encode()
    get = b"GET / HTTP/1.1\r\n" + host
    post = (b"POST /api/v1/session HTTP/1.1\r\n" + host +
            b"Content-Type: application/json\r\n")
    chunked = b"Transfer-Encoding: chunked\r\n"
    cases = (
        ("get", get + b"\r\n", 200),
        ("1.0", b"GET / HTTP/1.0\r\n" + host + b"\r\n", 200),
        ("lower case", b"get / HTTP/1.1\r\n" + host + b"\r\n", 501),
        ("0.9", b"GET /\r\n", 400),
        ("0.9 with head", b"GET /\r\n" + host + b"\r\n", 400),
        ("2.0 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        ("2.0", b"GET / HTTP/2.0\r\n" + host + b"\r\n", 400),
        ("no version", b"GET / HTTP\r\n" + host + b"\r\n", 400),
        ("TLS", bytes.fromhex("16030102000100") + b"\xfc" * 200, 400),
        ("garbage", os.urandom(1 << 20) and b"\xff" + os.urandom(1 << 20), 400),
        ("letters", b"A" * (1 << 20), 400),
        ("an empty line first", b"\r\n" + get + b"\r\n", 400),
        ("two spaces", b"GET  / HTTP/1.1\r\n" + host + b"\r\n", 400),
        ("a tab", b"GET\t/ HTTP/1.1\r\n" + host + b"\r\n", 400),
        ("star", b"GET * HTTP/1.1\r\n" + host + b"\r\n", 400),
        ("LF", get.replace(b"\r\n", b"\n") + b"\n", 400),
        ("LF at the end", get + b"\n", 400),
        ("CR inside", get + b"A: b\rc\r\n\r\n", 400),
        ("NUL", get + b"A: b\0c\r\n\r\n", 400),
        ("NUL in a name", get + b"A\0: b\r\n\r\n", 400),
        ("NUL in the target", b"GET /\0 HTTP/1.1\r\n" + host + b"\r\n", 400),
        ("folded", get + b"A: b\r\n c\r\n\r\n", 400),
        ("folded first", b"GET / HTTP/1.1\r\n " + host + b"\r\n", 400),
        ("space before the colon", get + b"A : b\r\n\r\n", 400),
        ("no colon", get + b"Abc\r\n\r\n", 400),
        ("no name", get + b": b\r\n\r\n", 400),
        ("a long address", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + host +
         b"\r\n", 414),
        ("an endless address", b"GET /" + b"a" * (1 << 20), 414),
        ("64 headers", get + b"A: b\r\n" * 63 + b"\r\n", 200),
        ("65 headers", get + b"A: b\r\n" * 64 + b"\r\n", 431),
        ("a large header", get + b"A: " + b"b" * 17000 + b"\r\n\r\n", 431),
        ("an endless header", get + b"A: " + b"b" * (1 << 20), 431),
        ("a large If-None-Match", get + b'If-None-Match: "' +
         b"b" * (1 << 20) + b'"\r\n\r\n', 431),
        ("length and chunks", post + b"Content-Length: 5\r\n" + chunked +
         b"\r\n0\r\n\r\n", 400),
        ("two lengths", post + b"Content-Length: 2\r\n" * 2 + b"\r\n{}", 400),
        ("two other lengths", post + b"Content-Length: 2\r\n"
         b"Content-Length: 3\r\n\r\n{}", 400),
        ("a list of lengths", post + b"Content-Length: 2, 2\r\n\r\n{}", 400),
        ("a negative length", post + b"Content-Length: -1\r\n\r\n{}", 400),
        ("a plus", post + b"Content-Length: +2\r\n\r\n{}", 400),
        ("hexadecimal", post + b"Content-Length: 0x2\r\n\r\n{}", 400),
        ("an empty length", post + b"Content-Length:\r\n\r\n{}", 400),
        ("a huge length", post + b"Content-Length: " + b"9" * 40 +
         b"\r\n\r\n{}", 413),
        ("a large body", post + b"Content-Length: 1048577\r\n\r\n", 413),
        ("chunks", post + chunked + b"\r\n2\r\n{}\r\n0\r\n\r\n", 400),
        ("a bad chunk", post + chunked + b"\r\nzz\r\n{}\r\n0\r\n\r\n", 400),
        ("a chunk extension", post + chunked + b"\r\n2;" + b"a" * (1 << 20) +
         b"\r\n{}\r\n0\r\n\r\n", 400),
        ("trailers", post + chunked + b"\r\n0\r\nA: b\r\n\r\n", 400),
        ("another coding", post + b"Transfer-Encoding: gzip\r\n\r\n", 400),
        ("a compressed body", post + b"Content-Encoding: gzip\r\n"
         b"Content-Length: 22\r\n\r\n" + gzip.compress(b"{}", mtime=0), 415),
        ("a body of a GET", get + b"Content-Length: 2\r\n\r\n{}", 400),
        ("an expectation", get + b"Expect: 200-ok\r\n\r\n", 417),
        ("many cookies", get + b"Cookie: " + b"a=b; " * 3000 + b"\r\n\r\n",
         431),
        ("large cookies", get + b"Cookie: " + b"; ".join(
            b"a%d=%s" % (i, b"b" * 300) for i in range(50)) + b"\r\n\r\n",
         200),
        ("many ranges", get + b"Range: bytes=" +
         b",".join(b"%d-%d" % (i, i) for i in range(1000)) + b"\r\n\r\n", 200),
    )
    for name, data, status in cases:
        answer = server.send(data)
        count.expect(name, answer.status == status, answer.data[:200])
    for method, status in (("TRACE", 405), ("CONNECT", 405), ("PUT", 405),
                           ("OPTIONS", 405), ("PATCH", 405), ("BREW", 501),
                           ("DELETE", 405), ("POST", 415)):
        answer = server.ask("/api/v1/top", method=method)
        count.expect(f"{method}", answer.status == status, answer.status)
    answer = server.send(post + b"Expect: 100-continue\r\nContent-Length: 2\r\n"
                         b"\r\n{}")
    count.expect("100-continue", answer.data.startswith(b"HTTP/1.1 100 ") and
                 b"HTTP/1.1 401 " in answer.data, answer.data[:200])


def paths(server, count):
    """Files have names; no name is made into a file."""
    for path in ("/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/etc",
                 "/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "//etc/passwd", "/./",
                 "/index.html%00.js", "/%00", "/\\..\\..", "/%c0%ae%c0%ae/",
                 "/api/v1/../../", "/api/v1/top/", "/api/v1/TOP", "/api//v1",
                 "/app.js/", "/app.js/..", "//app.js", "/api", "/wp-login.php",
                 "/.git/config", "/favicon.ico", "/%61pp.js"):
        answer = server.ask(path)
        count.expect(f"path {path}", answer.status == 404 and
                     b"root:" not in answer.data, answer.status)
    for query in ("?limit=%zz", "?limit=%", "?limit=%ff", "?limit=1&limit=2",
                  "?nothing=1", "?limit=%00", "?limit=-1", "?limit=1e3",
                  "?limit=99999999999999999999", "?from=never", "?sort=x",
                  "?show=/(/", "?" + "&".join(f"a{i}=1" for i in range(60)),
                  "?" + "&".join(f"a{i}=1" for i in range(1000)),
                  "?" + "a&" * 4000):
        answer = server.ask("/api/v1/top" + query)
        count.expect(f"query {query[:40]}", answer.status == 400 and
                     json.loads(answer.body)["status"] == 400,
                     answer.data[-200:])


def everywhere(server, count):
    """What is said of every answer."""
    wanted = {"content-security-policy": "default-src 'none'",
              "x-content-type-options": "nosniff", "x-frame-options": "DENY",
              "referrer-policy": "no-referrer",
              "cross-origin-resource-policy": "same-origin",
              "cross-origin-opener-policy": "same-origin",
              "cache-control": ""}
    for name, answer in (
            ("page", server.ask("/")), ("answer", server.ask("/api/v1/top")),
            ("404", server.ask("/x")), ("421", server.ask("/", host="x")),
            ("400", server.send(b"x\r\n\r\n")),
            ("401", server.send(server.head("/api/v1/top")))):
        for header, value in wanted.items():
            count.expect(f"{name} has {header}",
                         answer.headers.get(header, "-").startswith(value),
                         answer.headers)
        count.expect(f"{name} allows nobody else",
                     not any(header.startswith("access-control")
                             for header in answer.headers))


def caching(server, count):
    """The same twice is sent once, and compressed for who can read that."""
    for path in ("/", "/app.js", "/api/v1/top?from=@1&to=@4000000000",
                 "/api/v1/flame?from=@1&to=@4000000000"):
        plain = server.ask(path)
        small = server.ask(path, "Accept-Encoding: gzip, br")
        tag = small.headers.get("etag", "none")
        count.expect(f"{path} has a tag for each coding", tag != "none" and
                     plain.headers.get("etag") and
                     "Accept-Encoding" in small.headers.get("vary", ""),
                     (plain.headers, small.headers))
        if small.headers.get("content-encoding") == "gzip":
            count.expect(f"{path} is the same, compressed",
                         gzip.decompress(small.body) == plain.body and
                         len(small.body) < len(plain.body))
        else:
            count.expect(f"{path} is small", len(plain.body) < 1024)
        again = server.ask(path, "Accept-Encoding: gzip, br",
                           f"If-None-Match: {tag}")
        count.expect(f"{path} is known", again.status == 304 and
                     not again.body and again.headers.get("etag") == tag,
                     again.data[:300])
        count.expect(f"{path} is not what another was", server.ask(
            path, 'If-None-Match: "0000"').status == 200)
        head = server.ask(path, method="HEAD")
        count.expect(f"{path} HEAD", head.status == 200 and not head.body and
                     head.headers.get("content-length") ==
                     str(len(plain.body)), head.data[-300:])
    answer = server.ask("/api/v1/status")
    count.expect("what is of now is not kept",
                 answer.headers.get("cache-control") == "no-store" and
                 "etag" not in answer.headers, answer.headers)


def streams(server, count):
    """Events, to so many at one time."""
    head = server.head("/api/v1/events", f"Authorization: Bearer {server.token}")
    clients = [server.connect() for _ in range(17)]
    answers = []
    for client in clients:
        client.sendall(head)
        answers.append(client.recv(1 << 16))
    count.expect("16 streams", all(answer.startswith(b"HTTP/1.1 200 ")
                                   for answer in answers[:16]), answers[:16])
    count.expect("and no more", answers[16].startswith(b"HTTP/1.1 503 "),
                 answers[16][:100])
    while b"retry: " not in answers[0] and len(answers[0]) < 1 << 16:
        answers[0] += clients[0].recv(1 << 16) or b"." * (1 << 16)
    count.expect("a stream says when to come back", b"retry: " in answers[0],
                 answers[0][:1000])
    for client in clients:
        client.close()

    def is_free():
        with server.connect() as client:
            client.sendall(head)
            return client.recv(100).startswith(b"HTTP/1.1 200 ")

    end = time.monotonic() + 3
    while not (free := is_free()) and time.monotonic() < end:
        time.sleep(0.05)
    count.expect("a stream that was closed makes room", free)


def half_open(server, count):
    """Clients that say nothing more, and do not leave."""
    for name, data, status in (
            ("a whole request", server.head("/"), 200),
            ("an answer", server.head(
                "/api/v1/top", f"Authorization: Bearer {server.token}"), None),
            ("a part of a head", server.head("/")[:-2], 0),
            ("nothing", b"", 0)):
        with server.connect() as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            begun = time.monotonic()
            answer = Answer(receive(client, 5))
        # Who has left may or may not be told what was being made for it.
        count.expect(f"half open: {name}", status is None or
                     answer.status == status, answer.data[:100])
        count.expect(f"half open: {name} ends", time.monotonic() - begun < 3,
                     time.monotonic() - begun)


def slow(server, count):
    """Who takes its time is closed at the deadline of what it does."""
    port = server.port
    body = (f"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/json\r\nContent-Length: 60\r\n\r\n{")
    begun = time.monotonic()
    waiting = {"head": server.connect(60), "silent": server.connect(60),
               "body": server.connect(60)}
    waiting["head"].sendall(b"GET / HT")
    waiting["body"].sendall(body.encode())
    closed = {}
    while len(closed) < 3 and time.monotonic() < begun + 15:
        for name in ("head", "body"):
            if name not in closed:
                try:
                    waiting[name].send(b"a")
                except OSError:
                    closed[name] = time.monotonic() - begun
        for name, client in waiting.items():
            if name not in closed and select.select([client], [], [], 0)[0]:
                try:
                    client.recv(4096)
                except OSError:
                    pass
                closed[name] = time.monotonic() - begun
        time.sleep(0.3)
    count.expect("a slow head ends after 5 s", 4 < closed.get("head", 99) < 7,
                 closed)
    count.expect("nothing ends after 5 s", 4 < closed.get("silent", 99) < 7,
                 closed)
    count.expect("a slow body ends after 10 s",
                 9 < closed.get("body", 99) < 12, closed)


def crowds(server, count):
    """Connections by the thousand."""
    for _ in range(2000):
        client = server.connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
        client.send(server.head("/")[:os.urandom(1)[0] % 40])
        client.close()
    answer = server.ask("/api/v1/top")
    count.expect("after resets", answer.status == 200, answer.status)
    request = server.head("/", f"Authorization: Bearer {server.token}")
    with server.connect() as client:
        try:
            client.sendall(request * 10000)
        except OSError:
            pass
        answers = receive(client, 2).count(b"HTTP/1.1 200")
    count.expect("10,000 at once in one connection", answers <= 100, answers)
    answer = server.ask("/api/v1/top")
    count.expect("after those", answer.status == 200, answer.status)


def main():
    count = Count("server_abuse")
    with Server(sys.argv[1], sys.argv[2]) as server:
        server.ask("/api/v1/top")
        memory, descriptors = server.memory_bytes(), server.descriptors()
        late = threading.Thread(target=slow, args=(server, count))
        late.start()
        for part in (hosts, strangers, tokens, heads, paths, everywhere,
                     caching, streams, half_open):
            part(server, count)
        late.join()
        # These push out who is slow.
        crowds(server, count)
        sessions(server, count)
        time.sleep(1)
        grown = server.memory_bytes() - memory
        count.expect("memory is bounded", grown < 16 << 20, grown)
        count.expect("descriptors are given back",
                     server.descriptors() <= descriptors + 3,
                     (descriptors, server.descriptors()))
    count.expect("ends at SIGTERM", server.status == 0, server.status)
    return count.end()


if __name__ == "__main__":
    sys.exit(main())
