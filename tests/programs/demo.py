# SPDX-License-Identifier: Apache-2.0
"""A small shop's evening: what quickstart.sh profiles.

usage: demo.py [SECONDS]

Orders arrive as JSON text, are checked with regular expressions, kept in
SQLite, ranked with sorted(key=...) and archived with zlib. Every step goes
from Python into C, and some come back: sorted() calls rank_of(), SQLite calls
discount(), re calls mask(). A profile shows both sides as one stack.
"""
import json
import random
import re
import sqlite3
import sys
import time
import zlib

CARD = re.compile(r"\b(?:\d{4}[ -]?){3}(\d{4})\b")
PRODUCTS = ["apple", "bread", "cheese", "dates", "eggs", "figs", "ginger"]


def make_orders(count, source):
    return json.dumps([{
        "customer": "customer-%d" % source.randrange(50),
        "lines": [[source.choice(PRODUCTS), source.randrange(1, 9)]
                  for _ in range(source.randrange(1, 6))],
        "note": "card 4242 4242 4242 %04d, ring twice" % source.randrange(9999),
    } for _ in range(count)])


def mask(match):
    """Called back by re for every card number."""
    return "****" + match.group(1)


def clean(order):
    order["note"] = CARD.sub(mask, order["note"])
    return order


def discount(quantity):
    """Called back by SQLite for every line of an order."""
    total = 0
    for step in range(quantity):
        total += 5 if step > 3 else 1
    return total


def open_shop():
    shop = sqlite3.connect(":memory:")
    shop.create_function("discount", 1, discount, deterministic=True)
    shop.execute("CREATE TABLE line (customer TEXT, product TEXT, quantity INT)")
    return shop


def keep(shop, orders):
    shop.executemany(
        "INSERT INTO line VALUES (?, ?, ?)",
        ((order["customer"], product, quantity)
         for order in orders for product, quantity in order["lines"]))


def best_customers(shop):
    rows = shop.execute(
        "SELECT customer, sum(quantity), sum(discount(quantity))"
        " FROM line GROUP BY customer").fetchall()

    def rank_of(row):
        """Called back by sorted() for every row."""
        return -row[1], row[2], row[0]

    return sorted(rows, key=rank_of)[:10]


def archive(orders):
    text = "\n".join(json.dumps(order, sort_keys=True) for order in orders)
    return zlib.compress(text.encode(), 9)


def serve(seconds):
    source = random.Random(7)
    shop = open_shop()
    served = kept = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        orders = [clean(order) for order in json.loads(make_orders(200, source))]
        keep(shop, orders)
        best_customers(shop)
        kept += len(archive(orders))
        served += len(orders)
        if served % 4000 == 0:
            shop.execute("DELETE FROM line")
    print("%d orders served, %d bytes archived" % (served, kept))


if __name__ == "__main__":
    serve(float(sys.argv[1]) if len(sys.argv) > 1 else 5)
