"""A worker that is killed again and again, and a receiver that hardly ever takes anything: nothing is lost."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
import stored
from receiving import RESET, STALL
from standardwebhooks.webhooks import Webhook as Oracle

from app.services import channel

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

ROOT = Path(__file__).parents[2]
EVENTS, KILLS = 1_000, 8
WAITS = ",".join(["0.2", "0.4", "0.8", *["1"] * 37])
"""Of 41 attempts of which three in five fail, all fail once in a thousand million times."""


class Moody:
    """Resets three in ten, stalls one in ten, answers 500 to two in ten, and takes the others."""

    def __init__(self):
        self.chance, self.lock, self.moods = random.Random(7), threading.Lock(), Counter()  # noqa: S311 - a mood

    def __call__(self, _got):
        with self.lock:
            (mood,) = self.chance.choices([RESET, STALL, 500, 204], [3, 1, 2, 4])
            self.moods[mood] += 1
        if mood == STALL:
            time.sleep(0.7)
            return RESET
        return mood


def worker(database, log):
    """A worker in a process of its own."""
    url = database.database_url.get_secret_value()
    settings = {
        "DATABASE_URL": url,
        "WEBHOOK_ALLOW": "127.0.0.0/8",
        "WEBHOOK_PLAIN_HTTP": "true",
        "WEBHOOK_TIMEOUT_S": "0.5",
        "OPERATION_TIMEOUT_S": "1",
        "WEBHOOK_RETRY_S": WAITS,
        "WORKER_POLL_S": "0.1",
    }
    environment = os.environ | {f"CUSTOGRAPH_{name}": value for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "app", "worker"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )


def wait_for(condition, seconds=180):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def test_eight_times_killed_and_each_event_delivered_under_one_id(database, workspace, hook, receive, tmp_path, clock):
    clock.set(datetime.now(UTC))
    receiver = receive(moody := Moody())
    _, secret = hook(receiver.url, types=["Channel"])
    written = {}
    with (tmp_path / "worker.log").open("ab") as log:
        for turn in range(KILLS):
            process = worker(database, log)
            for number in range(turn * EVENTS // KILLS, (turn + 1) * EVENTS // KILLS):
                row, _ = workspace.write(channel.upsert, {"external_id": f"c{number}", "name": "A channel"})
                written[str(row.id)] = number
            before = len(receiver.taken)
            wait_for(lambda: len(receiver.taken) >= before + 30)  # noqa: B023 - waited for here
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = worker(database, log)
        try:
            wait_for(lambda: len({got.id for got in receiver.taken}) >= EVENTS)
            wait_for(lambda: {row["state"] for row in stored.rows(database, "webhook_delivery")} == {"DELIVERED"})
        finally:
            process.kill()
            process.wait()
    ids = defaultdict(set)
    for got in receiver.got:
        assert Oracle(secret).verify(got.body, got.headers)
        ids[got.json["change"]["id"]].add(got.id)
    assert len(written) == len(ids) == EVENTS
    assert {len(one) for one in ids.values()} == {1}
    rows = stored.rows(database, "webhook_delivery")
    assert {str(row["record_id"]) for row in rows} == set(written)
    assert {str(row["id"]) for row in rows} == {got.id for got in receiver.taken}
    assert all(moody.moods[mood] > 100 for mood in (RESET, STALL, 500))
    text = (tmp_path / "worker.log").read_text()
    assert "Traceback" not in text, text[-2_000:]
    assert "127.0.0.1" not in text
