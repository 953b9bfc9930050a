"""What receivers are told: each change once it is committed, signed, until it is taken."""

from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook as Oracle

from app import ids
from app.services import change, channel


def written(workspace, key, **more):
    row, _ = workspace.write(channel.upsert, {"external_id": key, "name": key.title(), **more}, by=workspace.alice)
    return ids.encode("Channel", row.id)


def test_a_change_is_told_once_and_signed(workspace, hook, receiver, settle, clock):
    clock.set(datetime.now(UTC))  # by which the library judges the time of a signature
    written(workspace, "before")
    settle()
    _, secret = hook(receiver.url)
    web = written(workspace, "web")
    settle()
    settle()
    (got,) = receiver.taken
    assert Oracle(secret).verify(got.body, got.headers) == got.json
    assert got.headers["content-type"] == "application/json"
    assert got.json["change"] == {
        "type": "Channel",
        "action": "CREATED",
        "id": web,
        "version": 1,
        "fields": [],
        "sequence": workspace.read(change.since, 0, 100)[-1].seq,
    }
    assert got.json["type"] == "Channel.created"
    assert datetime.fromisoformat(got.json["timestamp"]) == clock.now
    assert set(got.json) == {"type", "timestamp", "change"}
