# SPDX-License-Identifier: Apache-2.0
"""Case 5: SQLite calls back: functions, aggregates, progress."""
import sqlite3

CHAINS = ["turn made_of halve", "turn progressed", "turn step weigh",
          "turn finalize", "turn __init__"]
ROWS = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 40) ")


def halve(x):
    for i in range(20):
        x += i
    return x / 2


def made_of(x):
    return halve(x)


def weigh(x):
    for i in range(20):
        x -= i
    return x


class Total:
    def __init__(self):
        self.total = 0

    def step(self, value):
        self.total += weigh(value)

    def finalize(self):
        return self.total


def progressed():
    x = 0
    for i in range(20):
        x += i
    return 0


DATABASE = sqlite3.connect(":memory:")
DATABASE.create_function("made_of", 1, made_of)
DATABASE.create_aggregate("total_of", 1, Total)
DATABASE.set_progress_handler(progressed, 50)


def turn():
    DATABASE.execute(ROWS + "SELECT sum(made_of(i)) FROM n").fetchall()
    DATABASE.execute(ROWS + "SELECT total_of(i) FROM n").fetchall()
