# SPDX-License-Identifier: Apache-2.0
"""flame_browser.py BROWSER FOLDER: uses the pages of make_pages.c as people
do, with keys and a pointer, and reads what they show."""
import sys
import time

from browser import Browser

ROW = 20
# Long work yields to the page, so that what it leads to is seen some time later.
PATIENCE_S = 20
STAGE = ".flame-graph .flame-stage"

# What the page itself shows has an id; of the graph, these are the parts.
PARTS = {
    "announce": ".flame .unseen[role=status]", "crumbs": ".flame-crumbs",
    "chips": ".flame-chips", "details": ".flame-details",
    "empty": ".flame-empty", "found": ".flame-found",
    "functions": ".flame-functions", "legend": ".flame-legend",
    "menu": ".flame-menu", "name": ".flame-name",
    "threads": ".flame-threads", "tree": ".flame-tree",
}


class Page:
    def __init__(self, browser, folder, name, fragment="theme=light"):
        self.browser = browser
        browser.open(f"{folder}/{name}.html", fragment)
        self.wait_until_drawn()
        self.top, self.width = browser.run(
            f"""(() => {{ const box = document.querySelector("{STAGE}")
                .getBoundingClientRect(); return [box.top, box.width]; }})()""")

    def wait_until_drawn(self):
        end = time.monotonic() + PATIENCE_S
        while not self.browser.run(
                "performance.getEntriesByName('brindle-drawn').length"):
            if time.monotonic() > end:
                raise RuntimeError("nothing was drawn")
            time.sleep(0.02)
        self.browser.settle()

    def point(self, row, share):
        return 1 + share * (self.width - 2), self.top + row * ROW + ROW // 2

    def hover(self, row, share):
        self.browser.mouse("mouseMoved", *self.point(row, share))
        self.browser.settle()

    def click(self, row, share, button="left"):
        self.browser.click(*self.point(row, share), button=button)

    def search(self, query):
        self.browser.run("document.querySelector('.flame-query').value = '';"
                         "document.activeElement.blur()")
        self.browser.key("/")
        self.browser.write(query)

    def pixel(self, row, share):
        x, y = self.point(row, share)
        return tuple(self.browser.run(f"""(() => {{
            const canvas = document.querySelector("{STAGE} canvas");
            const box = canvas.getBoundingClientRect();
            const scale = canvas.width / box.width;
            return [...canvas.getContext("2d").getImageData(
                ({x} - box.left) * scale, ({y} + 7 - box.top) * scale,
                1, 1).data]; }})()"""))[:3]


def expect(what, is_true, found):
    if not is_true:
        raise AssertionError(f"{what}: found {found!r}")


def text_of(page, part):
    selector = PARTS.get(part, f"#{part}")
    return page.browser.run(
        f"document.querySelector({selector!r}).innerText")


def expect_text(page, part, *texts):
    end = time.monotonic() + PATIENCE_S
    missing = texts
    while missing and time.monotonic() < end:
        found = " ".join(text_of(page, part).split())
        missing = [text for text in texts if text not in found]
        if missing:
            time.sleep(0.05)
    expect(f"{missing} in {part}", not missing, found)


def test_header(page):
    expect_text(page, "samples", "1,000")
    expect_text(page, "time", "10 s")
    expect_text(page, "lost", "0")
    expect_text(page, "trust-words", "77.8 % of Python proven")
    expect_text(page, "notes", "22.2 % of the Python samples are unproven")
    expect_text(page, "legend", "Python 50.0 %", "Native 6.00 %",
                "Kernel 40.0 %", "Other 4.00 %", "in doubt")
    expect_text(page, "meta", "host", "Linux 6.1", "cpu-clock at 100 Hz")


def test_details(page):
    page.hover(2, 0.1)
    expect_text(page, "details", "python", "run", "/srv/app.py:3",
                "22.2 % unproven", "total 90.0 % 900 samples, 9 s",
                "self 0 %", "lines 5 (55.6 %), 6 (44.4 %)")
    page.hover(1, 0.93)
    expect_text(page, "details", "start_thread", "guessed", "6.00 %")
    page.hover(4, 0.6)
    expect_text(page, "details", "kernel", "do_syscall_64", "40.0 %")


def test_search(page):
    for query, answer in (
            ("fib", "50.0 % of all, 1 function, 2 places"),
            ("FIB", "no match"),
            ("/^f.b$/", "50.0 %"),
            ("/FIB/i", "50.0 %"),
            ("/fib|qsort/", "90.0 % of all, 2 functions, 3 places"),
            ("file:app.py", "90.0 %"),
            ("module:libc", "46.0 %"),
            ("/[/", "not a pattern yet"),
            ("/^all$/", "no match")):
        page.search(query)
        expect_text(page, "found", answer)
    page.search("qsort")
    expect("a match is pink", page.pixel(3, 0.8) == (242, 133, 187),
           page.pixel(3, 0.8))
    page.browser.key("Enter")
    expect_text(page, "details", "qsort")
    page.browser.key("Escape")
    expect_text(page, "found", "")


def test_zoom(page):
    page.click(3, 0.1)
    expect_text(page, "crumbs", "all", "_start", "run", "fib")
    page.hover(4, 0.3)
    expect_text(page, "details", "fib", "60.0 % of the zoomed")
    page.browser.key("Escape")
    expect("one step out", text_of(page, "crumbs").endswith("run"),
           text_of(page, "crumbs"))
    page.browser.key("0")
    expect_text(page, "crumbs", "all")
    page.click(4, 0.6)
    expect_text(page, "crumbs", "do_syscall_64")
    page.click(0, 0.5)
    page.hover(1, 0.93)
    expect_text(page, "details", "start_thread")


def test_keys(page):
    page.browser.key("0")
    for key, name in (("ArrowDown", "_start"), ("ArrowRight", "start_thread"),
                      ("ArrowRight", "[no stack]"), ("ArrowLeft", "start"),
                      ("ArrowLeft", "_start"), ("ArrowDown", "run"),
                      ("ArrowDown", "fib"), ("ArrowUp", "run")):
        page.browser.key(key)
        expect_text(page, "announce", name)
    page.browser.key("Enter")
    expect("zoomed", text_of(page, "crumbs").endswith("run"),
           text_of(page, "crumbs"))
    page.browser.key("0")
    page.browser.key("?")
    expect("help is shown",
           page.browser.run("document.getElementById('help').open"), None)
    page.browser.key("Escape")
    page.browser.key("v")
    page.browser.run("document.activeElement.blur()")
    height = page.browser.run(f"document.querySelector('{STAGE}').clientHeight")
    page.browser.mouse("mouseMoved", 100, page.top + height - 1.5 * ROW)
    page.browser.settle()
    expect_text(page, "details", "_start")
    page.browser.key("v")


def test_kinds(page):
    page.browser.key("2")
    page.hover(1, 0.5)
    expect_text(page, "details", "run", "total 90.0 %")
    page.hover(2, 0.7)
    expect_text(page, "details", "do_syscall_64", "40.0 %")
    page.browser.key("3")
    page.hover(1, 0.5)
    expect_text(page, "details", "run", "self 40.0 %")
    page.browser.key("3")
    page.browser.key("2")
    page.hover(1, 0.5)
    expect_text(page, "details", "_start")


def choose_thread(page, value):
    page.browser.run(f"""(() => {{
        const select = document.querySelector("{PARTS['threads']}");
        select.value = {value};
        select.dispatchEvent(new Event("change")); }})()""")
    page.browser.settle()


def test_threads(page):
    expect_text(page, "threads", "main (100), 900", "worker (101), 100")
    labels = page.browser.run(
        "[...document.querySelectorAll('.flame-threads option')]"
        ".map((o) => o.value + o.textContent)")
    worker = next(label for label in labels if "worker" in label)
    choose_thread(page, worker[0])
    page.hover(1, 0.3)
    expect_text(page, "details", "start_thread", "total 60.0 %", "60 samples",
                "guessed")
    choose_thread(page, 0)
    page.hover(1, 0.3)
    expect_text(page, "details", "_start", "90.0 %")


def rows_of(page, part):
    return page.browser.run(
        f"[...document.querySelectorAll('{PARTS[part]} .rows tr')].map((row) =>"
        "[...row.children].map((cell) => cell.innerText.trim()))")


def test_functions(page):
    page.browser.key("t")
    rows = rows_of(page, "functions")
    expect("fib leads", rows[0][:4] == ["50.0 %", "500", "50.0 %", "500"] and
           rows[0][5] == "fib", rows[0])
    expect("all functions", len(rows) == 7, rows)
    page.browser.run("document.querySelectorAll('.flame-functions th button')"
                     "[1].click()")
    page.browser.settle()
    names = [row[5] for row in rows_of(page, "functions")]
    expect("by total", names[:2] == ["run", "_start"] or
           names[:2] == ["_start", "run"], names)
    page.browser.run("document.querySelector('.flame-functions td.function "
                     "button').click()")
    page.browser.settle()
    expect_text(page, "found", "90.0 %")
    page.browser.key("Escape")


# The same tree as rows, for those who do not see the canvas.
def test_tree(page):
    page.browser.key("t")
    page.browser.key("t")
    rows = rows_of(page, "tree")
    expect("the heaviest way is open", [row[4] for row in rows[:4]] ==
           ["\u25beall", "\u25be_start", "\u25berun", "\u25befib"], rows)
    page.browser.key("Home")
    page.browser.key("ArrowDown")
    expect_text(page, "announce", "_start", "native", "total 90.0 %", "depth 1")
    page.browser.key("ArrowLeft")
    expect("closed", len(rows_of(page, "tree")) == 4, rows_of(page, "tree"))
    page.browser.key("ArrowRight")
    page.browser.key("ArrowRight")
    expect_text(page, "announce", "run, python")
    page.browser.key("Enter")
    expect_text(page, "crumbs", "all", "run")
    page.browser.key("0")


def test_bottom_up(page):
    page.browser.key("i")
    page.hover(1, 0.1)
    expect_text(page, "details", "fib", "50.0 % 500 samples")
    page.hover(2, 0.1)
    expect_text(page, "details", "fib", "30.0 % 300 samples")
    page.hover(2, 0.4)
    expect_text(page, "details", "run", "20.0 % 200 samples", "unproven")
    page.browser.key("i")
    page.hover(1, 0.1)
    expect_text(page, "details", "_start")


def select(page, row, share, key):
    page.click(row, share, button="right")
    page.browser.key("Escape")
    page.browser.key(key)


def test_transforms(page):
    select(page, 2, 0.1, "h")
    expect_text(page, "chips", "without run")
    page.hover(2, 0.1)
    expect_text(page, "details", "fib", "50.0 %")
    page.browser.key("u")
    select(page, 3, 0.1, "r")
    page.hover(3, 0.1)
    expect_text(page, "details", "fib", "self 50.0 %")
    page.browser.key("u")
    select(page, 3, 0.6, "f")
    expect_text(page, "chips", "from qsort")
    page.hover(1, 0.5)
    expect_text(page, "details", "qsort", "100 % 400 samples")
    page.browser.key("u")
    select(page, 3, 0.6, "d")
    page.hover(0, 0.5)
    expect_text(page, "details", "600 samples")
    page.browser.run("document.querySelector('.flame-chips button').click()")
    page.browser.settle()
    page.hover(0, 0.5)
    expect_text(page, "details", "1,000 samples")


def test_presets(page):
    page.browser.run("document.querySelector('.flame-end button').click()")
    page.browser.settle()
    expect_text(page, "menu", "Python only", "Hide import machinery")
    page.browser.key("Enter")
    page.hover(1, 0.5)
    expect_text(page, "details", "run", "self 40.0 %")
    page.browser.run("document.querySelector('.flame-end button').click()")
    page.browser.settle()
    page.browser.key("Enter")
    page.hover(1, 0.5)
    expect_text(page, "details", "_start")


def test_sandwich(page):
    select(page, 3, 0.1, "x")
    expect_text(page, "chips", "all calls of fib")
    shown = page.browser.run("""[...document.querySelectorAll(
        ".flame-sandwich .flame-stage")].map((stage) => stage.clientHeight)""")
    expect("two graphs", len(shown) == 2 and min(shown) > 100, shown)
    page.browser.key("ArrowDown")
    expect_text(page, "announce", "fib", "total 100 %")
    page.browser.key("ArrowDown")
    expect_text(page, "announce", "fib", "total 60.0 %")
    page.browser.key("Escape")
    expect("closed again", "fib" not in text_of(page, "chips"),
           text_of(page, "chips"))


# A link has all that was done.
def test_address(page):
    select(page, 2, 0.1, "h")
    page.browser.key("v")
    page.search("fib")
    page.browser.run("document.activeElement.blur()")
    address = page.browser.run("location.hash")
    path = page.browser.run("location.pathname")
    page.browser.key("Escape")
    page.browser.open(path, address[1:])
    expect_text(page, "chips", "without run")
    expect_text(page, "found", "50.0 %")
    pressed = page.browser.run(
        "[...document.querySelectorAll('.flame-end [aria-pressed=true]')]"
        ".map((button) => button.innerText)")
    expect("flipped", pressed == ["Flip"], pressed)


def test_menu(page):
    page.click(3, 0.8, button="right")
    expect_text(page, "menu", "Zoom in", "Copy name", "Copy stack")
    page.browser.key("Escape")
    expect("menu is closed",
           page.browser.run("document.querySelector('.flame-menu').hidden"),
           None)


def test_theme(page):
    light = page.pixel(1, 0.5)
    page.browser.run("document.getElementById('theme').click()")
    page.browser.settle()
    expect("dark is darker", sum(page.pixel(1, 0.5)) < sum(light),
           page.pixel(1, 0.5))


def test_hostile(page):
    title = page.browser.run("document.title")
    expect("title is ours", title.startswith("hostile"), title)
    expect("nothing was made of names", page.browser.run(
        "document.querySelectorAll('img, iframe, script[src], a').length +"
        "document.scripts.length") == 2, None)
    expect_text(page, "command", "</title><script>1</script>")
    for row, name in ((1, "</script><script>document.title='owned'"),
                      (2, "<img src=x onerror="), (7, "__proto__"),
                      (8, "constructor"), (9, "(no name)"),
                      (10, "a;b\\u{a}c\\u{9}d"), (11, "\\u{202e}gnp.exe"),
                      (12, "\u05e9\u05dc\u05d5\u05dd"),
                      (13, "\U0001f525 fire")):
        page.hover(row, 0.5)
        expect_text(page, "name", name)
    for part in ("functions", "tree"):
        page.browser.key("t")
        expect_text(page, part, "<!-- <script>", "__proto__", "\\u{202e}gnp")
    page.browser.key("t")
    page.search("<img")
    expect_text(page, "found", "100 %")
    page.search("")
    page.click(3, 0.5)
    expect_text(page, "crumbs", "<!-- <script>")
    expect("title is still ours",
           page.browser.run("document.title") == title, None)


def test_big(page):
    begin, drawn = page.browser.run(
        """["begin", "drawn"].map((name) => performance.getEntriesByName(
            `brindle-${name}`)[0].startTime)""")
    count = page.browser.run("JSON.parse(document.getElementById('profile')"
                             ".textContent).nodes.count")
    print(f"    {count} nodes: read, laid out and drawn in "
          f"{drawn - begin:.0f} ms")
    # The goal is 100 ms; a machine that is busy or slow is no failure.
    expect("drawn soon", drawn - begin < 1000, drawn - begin)
    expect("big enough", count > 90000, count)
    page.search("/^function_6$/")
    expect_text(page, "found", "of all, 1 function,")
    page.browser.key("Enter")
    page.browser.key("Escape")
    page.browser.key("2")
    page.browser.key("2")


def test_deep(page):
    page.search("the_leaf")
    expect_text(page, "found", "1.00 % of all, 1 function, 1 place")
    page.browser.key("Enter")
    expect_text(page, "details", "the_leaf", "1.00 %")
    scrolled = page.browser.run(f"document.querySelector('{STAGE}').scrollTop")
    expect("scrolled down to it", scrolled > 5000 * ROW, scrolled)
    page.browser.run("document.activeElement.blur()")
    page.browser.key("ArrowUp")
    page.browser.key("Enter")
    expect_text(page, "crumbs", "all", "\u2026", "python_side")
    page.browser.key("2")
    page.browser.key("0")
    page.hover(0, 0.5)
    expect_text(page, "details", "all")


# Markup that got in by a bug of ours would still have no power.
def test_policy(page):
    page.browser.run("""document.body.insertAdjacentHTML("beforeend",
        `<img src="https://example.invalid/a.png"
              onerror="document.title = 'owned'">`);
        document.body.append(Object.assign(document.createElement("script"),
            { textContent: "document.title = 'owned'" }))""")
    page.browser.settle()
    expect("nothing ran", page.browser.run("document.title") != "owned", None)
    expect("nothing was asked for", not [url for url in page.browser.requests()
           if "://" in url and not page.browser.was_blocked(url)],
           page.browser.requests())
    said = page.browser.complaints()
    expect("the browser says why",
           sum("Content Security Policy" in what for what in said) >= 2, said)
    page.browser.events.clear()


def test_tiny(page):
    expect_text(page, "samples", "3")
    page.hover(1, 0.5)
    expect_text(page, "details", "<module>", "100 %", "3 samples")


def test_empty(page):
    expect_text(page, "empty", "No samples")
    expect_text(page, "trust-words", "no samples")
    page.browser.key("t")
    expect_text(page, "functions", "No function matches")
    page.browser.key("t")


TESTS = (
    ("mixed", (test_header, test_details, test_search, test_zoom, test_keys,
               test_kinds, test_threads, test_functions, test_tree,
               test_bottom_up, test_transforms, test_presets, test_sandwich,
               test_address, test_menu, test_theme)),
    ("hostile", (test_hostile,)),
    ("big", (test_big,)),
    ("deep", (test_deep,)),
    ("tiny", (test_tiny, test_policy)),
    ("empty", (test_empty,)),
)


# Each test has the page for itself, and leaves it without a complaint.
def run_test(browser, folder, name, test):
    label = f"{name}: {test.__name__}"
    try:
        test(Page(browser, folder, name))
        expect("no request", not browser.requests(), browser.requests())
        expect("no complaint", not browser.complaints(), browser.complaints())
    except (AssertionError, RuntimeError, IndexError) as problem:
        print("FAIL", label, problem)
        return 1
    print("ok  ", label)
    return 0


def main():
    browser = Browser(sys.argv[1])
    try:
        failed = sum(run_test(browser, sys.argv[2], name, test)
                     for name, tests in TESTS for test in tests)
    finally:
        browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
