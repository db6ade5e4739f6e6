# SPDX-License-Identifier: Apache-2.0
"""A small shop on the web and its visitors, whose profile the pictures of docs/
are of: python3 shop.py SECONDS."""
import ctypes
import io
import json
import random
import re
import sqlite3
import sys
import threading
import time
import urllib.request

from flask import Flask, render_template_string, request
from PIL import Image, ImageFilter
from werkzeug.serving import WSGIRequestHandler, make_server

ctypes.CDLL(None).prctl(15, b"shop")  # PR_SET_NAME
START = time.monotonic()
SECONDS = float(sys.argv[1])
app = Flask("shop")
PAGE = """<html><title>{{ title|e }}</title><table>
{% for item in items %}<tr class="{{ loop.cycle('odd', 'even') }}">
<td>{{ item.name|e }}</td><td>{{ "%.2f"|format(item.price / 100) }}</td>
<td>{% for tag in item.tags %}<a href="/tag/{{ tag|urlencode }}">{{ tag|upper }}</a>{% endfor %}</td>
</tr>{% endfor %}</table></html>"""
PICTURE = Image.effect_noise((640, 480), 60).convert("RGB")


def relevance(name, text):
    words = re.findall(r"\w+", name.lower())
    return sum(word in text for word in words) / (1 + len(words))


def open_database():
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.create_function("relevance", 2, relevance)
    db.execute("CREATE TABLE item(id, name, price, tags)")
    db.executemany("INSERT INTO item VALUES (?, ?, ?, ?)", [
        (i, f"Lamp {i} of oak and {'brass' if i % 3 else 'glass'}",
         i * 37 % 9900, json.dumps([f"tag{i % 7}", f"room{i % 5}"]))
        for i in range(1500)])
    return db


DATABASE = open_database()
LOCK = threading.Lock()


def query(sql, *values):
    with LOCK:
        rows = DATABASE.execute(sql, values).fetchall()
    return [{"name": name, "price": price, "tags": json.loads(tags)}
            for name, price, tags in rows]


@app.route("/")
def index():
    items = query("SELECT name, price, tags FROM item LIMIT 40 OFFSET ?",
                  random.randrange(1400))
    return render_template_string(PAGE, title="All our lamps", items=items)


@app.route("/search")
def search():
    items = query("SELECT name, price, tags FROM item ORDER BY "
                  "relevance(name, ?) DESC LIMIT 20", request.args["text"])
    return {"items": items}


@app.route("/thumbnail")
def thumbnail():
    small = PICTURE.resize((160, 120), Image.LANCZOS)
    out = io.BytesIO()
    small.filter(ImageFilter.GaussianBlur(2)).save(out, "JPEG")
    return out.getvalue(), {"Content-Type": "image/jpeg"}


class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        pass


def visit(address, pages, later):
    """For two fifths of the time what @pages are, then what @later are."""
    while (passed := time.monotonic() - START) < SECONDS:
        page = random.choice(pages if passed < 0.4 * SECONDS else later)
        with urllib.request.urlopen(address + page) as answer:
            answer.read()
        time.sleep(random.uniform(0.002, 0.02))


def main():
    server = make_server("127.0.0.1", 0, app, threaded=True,
                         request_handler=Quiet)
    address = f"http://127.0.0.1:{server.port}"
    search_oak, search_brass = "/search?text=oak+glass", "/search?text=brass"
    visitors = [threading.Thread(target=visit, name=f"visitor-{i}",
                                 args=(address, *pages))
                for i, pages in enumerate((
                    (["/"], ["/"]),
                    (["/thumbnail"], ["/thumbnail", search_oak]),
                    (["/thumbnail", "/", search_brass], ["/", search_brass])))]
    for visitor in visitors:
        visitor.start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for visitor in visitors:
        visitor.join()


main()
