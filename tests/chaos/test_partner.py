"""The conformance kit holds a sound server to be sound, and one that breaks a promise to be broken."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import httpx
import pytest
import stored

from app.services import token as tokens

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

KIT = Path(__file__).parents[2] / "examples" / "partner" / "conform.py"


def play(address, secret, *arguments):
    """What the kit says, and how it ends."""
    command = [sys.executable, str(KIT), "--url", f"{address}/graphql", "--token", secret, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def sandbox(make_workspace, door):
    people = make_workspace("Box", is_sandbox=True)
    return people, tokens.create(door, people.id, "kit", source="kit")


def test_every_promise_holds(start, sandbox):
    server = start(sandbox[1])
    code, told = play(server.address, sandbox[1])
    assert code == 0, told
    assert told.count("held") == 12 * 9 + 1  # of every kind every promise, and the sentence at the end
    assert "BROKEN" not in told


def test_an_ordinary_workspace_is_not_played_with(start, workspace, database, door):
    secret = tokens.create(door, workspace.id, "kit", source="kit")
    server, before = start(secret), {row["id"] for row in stored.rows(database, "change")}
    code, told = play(server.address, secret)
    assert code == 2
    assert "is no sandbox" in told
    assert {row["id"] for row in stored.rows(database, "change")} == before


def forgets_keys(body, _number):
    """No key means anything."""
    body["variables"].get("input", {}).pop("idempotencyKey", None)


def ignores_stamps(body, _number):
    """Of two versions the one that comes last holds."""
    for row in body["variables"].get("input", {}).get("rows", []):
        row.pop("sourceUpdatedAt", None)


def drops(body, _number):
    """What is said to be stored is only tried."""
    if "RecordBatch" in body["query"]:
        body["variables"]["input"]["dryRun"] = True


def doubles(body, number):
    """Every batch stores records that nobody sent."""
    rows = body["variables"].get("input", {}).get("rows", [])
    if rows and "RecordBatch" in body["query"] and "kit-" not in str(rows[0]["externalId"]):
        rows.append(rows[0] | {"externalId": f"{rows[0]['externalId']}{number}"})


@pytest.mark.parametrize(
    ("fault", "promises"),
    [
        (forgets_keys, {"one key", "cut off"}),
        (ignores_stamps, {"out of order", "deleted"}),
        (drops, {"doubled"}),
        (doubles, {"doubled"}),
    ],
)
def test_a_broken_promise_is_noticed(start, sandbox, fault, promises):
    server = start(sandbox[1])
    numbers = count()

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fault(body, next(numbers))
            headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
            answer = httpx.post(f"{server.address}/graphql", json=body, headers=headers, timeout=60)
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            with suppress(OSError):  # who asked may have gone
                self.wfile.write(answer.content)

        def log_message(self, *_):
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        code, told = play(f"http://127.0.0.1:{proxy.server_port}", sandbox[1], "--only", "order")
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
    assert code == 1, told
    for promise in promises:
        assert f"order, {promise}:" in told, told
