# SPDX-License-Identifier: Apache-2.0
"""Busy in several ways, with threads that have names: python3 workload.py
SECONDS."""
import hashlib
import json
import sys
import threading
import time

END = time.monotonic() + float(sys.argv[1])


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def encode():
    rows = [{"id": i, "names": [str(j) for j in range(i % 9)]}
            for i in range(200)]
    return json.loads(json.dumps(rows, indent=1))


def digest():
    return hashlib.sha256(b"brindle" * 50000).hexdigest()


def busy(*tasks):
    while time.monotonic() < END:
        for task in tasks:
            task()


def main():
    worker = threading.Thread(target=busy, args=(digest,), name="digester")
    worker.start()
    busy(encode, lambda: fibonacci(16))
    worker.join()


main()
