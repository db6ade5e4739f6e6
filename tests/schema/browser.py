# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven by the DevTools protocol over a pipe: messages
are JSON, each ended by a NUL; Chromium reads descriptor 3 and writes 4."""
import json
import os
import subprocess
import tempfile

SILENT = ["--disable-quic", "--no-first-run", "--disable-component-update",
          "--disable-background-networking", "--disable-sync",
          "--disable-gpu", "--no-sandbox", "--hide-scrollbars",
          "--force-prefers-reduced-motion"]


class Browser:
    def __init__(self, program, width=1400, height=900):
        to_read, self.commands = os.pipe()
        self.answers, to_write = os.pipe()
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # The shell puts the pipes where Chromium looks for them.
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "sh",
             program, "--headless", "--remote-debugging-pipe",
             f"--user-data-dir={self.profile.name}",
             f"--window-size={width},{height}", *SILENT, "about:blank"],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.reader = os.fdopen(self.answers, "rb")
        self.number = 0
        self.rest = b""
        self.events = []
        self.session = None
        self.attach()

    def receive(self):
        while b"\0" not in self.rest:
            more = os.read(self.answers, 1 << 20)
            if not more:
                raise RuntimeError("the browser has gone")
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def attach(self):
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=page["targetId"])["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def open(self, path, fragment=""):
        """Opens a file, and waits until it has loaded and drawn."""
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=f"file://{path}#{fragment}")
        while not any(e.get("method") == "Page.loadEventFired"
                      for e in self.events):
            self.events.append(self.receive())
        self.settle()

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script,
                           awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def settle(self):
        """Waits until what was done must be over and is drawn."""
        self.run("""new Promise((done) => setTimeout(() =>
            requestAnimationFrame(() => requestAnimationFrame(done)), 50))""")

    def text(self, identifier):
        return self.run(
            f"document.getElementById({json.dumps(identifier)}).innerText")

    def key(self, key, modifiers=0):
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        code = {"Enter": 13, "Escape": 27}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, text=text,
                      windowsVirtualKeyCode=code, modifiers=modifiers)
        self.settle()

    def write(self, text):
        self.call("Input.insertText", text=text)
        self.settle()

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y, button="left"):
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button=button, clickCount=1)
        self.settle()

    def requests(self):
        """What the page asked for, itself and what it carries apart."""
        urls = [e["params"]["request"]["url"] for e in self.events
                if e.get("method") == "Network.requestWillBeSent"]
        return [u for u in urls[1:] if not u.startswith("data:")]

    def was_blocked(self, url):
        blocked = {e["params"]["requestId"] for e in self.events
                   if e.get("method") == "Network.loadingFailed" and
                   e["params"].get("blockedReason") == "csp"}
        return any(e["params"]["requestId"] in blocked for e in self.events
                   if e.get("method") == "Network.requestWillBeSent" and
                   e["params"]["request"]["url"] == url)

    def complaints(self):
        """Errors, what the policy forbade, and what the page itself said."""
        said = []
        for event in self.events:
            method, what = event.get("method"), event.get("params")
            if method in ("Runtime.exceptionThrown",
                          "Runtime.consoleAPICalled") or (
                    method == "Log.entryAdded" and
                    what["entry"]["level"] == "error"):
                said.append(json.dumps(what)[:400])
        return said

    def picture(self, path):
        import base64
        data = self.call("Page.captureScreenshot")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        try:
            self.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        self.process.wait()
        self.profile.cleanup()
