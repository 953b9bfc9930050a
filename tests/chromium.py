"""A headless Chromium, driven over the DevTools protocol: enough of it to click, type and read a page."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

PATIENCE = 60.0
"""Seconds after which something will not happen any more."""

FOREIGN = "foreign.test"
"""A name that resolves to this machine, as an attacker may have it."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-port=0",
    "--window-size=1400,900",
    "--lang=en",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
    # a foreign name for this machine; beyond that, whatever a page might ask for, nobody answers
    f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)

KEYS = {"Tab": 9, "Enter": 13, "Space": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
"""The keys that can be pressed, and their numbers."""

WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


def binary() -> str:
    """Where Chromium is; without one, the test is skipped."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    return found


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._number, self._session = connection, 0, ""
        self.complaints: list[str] = []
        """Errors and warnings of the page and its workers, and what its content security policy refused."""
        self.requests: list[str] = []
        """Every address that the page and its workers asked for."""
        self.workers: list[str] = []
        """The scripts of the workers that it started."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.send("Page.enable")
        self.send("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        self._watch(self._session)

    def _post(self, method: str, session: str, params: dict[str, Any]) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        self._connection.send(json.dumps(message | ({"sessionId": session} if session else {})))
        return self._number

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """What the browser answers to one command."""
        number = self._post(method, self._session, params)
        deadline = time.monotonic() + PATIENCE
        while True:
            told = json.loads(self._connection.recv(max(0, deadline - time.monotonic())))
            if told.get("id") == number:
                break
            if "method" in told:
                self._note(told["method"], told["params"])
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']}")
        return told["result"]

    def _watch(self, session: str) -> None:
        """Have it told what happens in a page or worker, and start that; it may be gone already, so nothing waits."""
        for domain in ("Runtime", "Log", "Network"):
            self._post(f"{domain}.enable", session, {})
        self._post(
            "Target.setAutoAttach", session, {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        )
        self._post("Runtime.runIfWaitingForDebugger", session, {})

    def _note(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Target.attachedToTarget" if params["targetInfo"]["type"] == "worker":
                self.workers.append(params["targetInfo"]["url"])
                self._watch(params["sessionId"])
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.complaints.append(details.get("exception", {}).get("description", details["text"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.complaints.append(
                    " ".join(str(one.get("value", one.get("description"))) for one in params["args"])
                )
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                entry = params["entry"]
                self.complaints.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}")
            case "Network.requestWillBeSent" | "Network.webSocketCreated":
                self.requests.append(params["url"] if "url" in params else params["request"]["url"])

    def open(self, address: str) -> None:
        """Go there."""
        self.send("Page.navigate", url=address)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, expression: str, until: Callable[[Any], Any] = bool) -> Any:
        """The value of an expression, once it is as wished."""
        deadline = time.monotonic() + PATIENCE
        while not until(value := self.evaluate(expression)):
            if time.monotonic() > deadline:
                pytest.fail(f"{expression} is still {value!r}; the page says {self.complaints}")
            time.sleep(0.05)
        return value

    def click(self, selector: str) -> None:
        """Click, with the mouse, into the middle of the first element that the selector names."""
        place = self.wait(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null;"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = "none" if kind == "mouseMoved" else "left"
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button=button, clickCount=1)

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        text = {"Enter": "\r", "Space": " "}.get(key, "")
        named = {"key": text if text == " " else key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        self.send("Input.dispatchKeyEvent", type="keyDown", **named, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **named)

    def type(self, text: str) -> None:
        """Put text where the keyboard's is going."""
        self.send("Input.insertText", text=text)

    def screenshot(self) -> str:
        """What it looks like: a PNG in base64."""
        return self.send("Page.captureScreenshot")["data"]


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A tab of a browser with a profile of its own in `folder`, gone afterwards."""
    arguments = [binary(), *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            told = folder / "DevToolsActivePort"
            deadline = time.monotonic() + PATIENCE
            while not (told.exists() and len(lines := told.read_text().split()) == 2):
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"Chromium did not start (exit status {process.returncode})")
                time.sleep(0.05)
            with connect(f"ws://127.0.0.1:{lines[0]}{lines[1]}", max_size=None, proxy=None) as connection:
                yield Page(connection)
                connection.send('{"id": 0, "method": "Browser.close"}')
                process.wait(PATIENCE)
        finally:
            process.kill()
