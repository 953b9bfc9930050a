"""What receivers are told: each change once it is committed, signed, until it is taken."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import stored
from receiving import RESET, STALL
from standardwebhooks.webhooks import Webhook as Oracle
from standardwebhooks.webhooks import WebhookVerificationError

from app import ids
from app.actor import Scope
from app.courier.courier import Courier
from app.models.webhook import WebhookDisabledReason
from app.services import change, channel, job, staff, webhook, webhook_delivery, webhook_round, webhook_secret
from app.services.row import Ref
from app.worker import Worker

HOOK = Ref(external_id="hook")


def written(workspace, key, **more):
    """A channel that is new or changed; its global id."""
    row, _ = workspace.write(channel.upsert, {"external_id": key, "name": key.title(), **more}, by=workspace.alice)
    return ids.encode("Channel", row.id)


def told(receiver):
    """What was taken, in the order of arrival: type, action and version."""
    return [
        (got.json["change"]["type"], got.json["change"]["action"], got.json["change"]["version"])
        for got in receiver.taken
    ]


def deliveries(database):
    """The rows of the log, by the number of their changes."""
    return sorted(stored.rows(database, "webhook_delivery"), key=lambda row: row["seq"] or 0)


def endpoint(database):
    """The row of the only endpoint."""
    (row,) = stored.rows(database, "webhook")
    return row


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


def test_what_is_not_numbered_yet_when_it_is_made_is_told(workspace, hook, receiver, settle):
    """It may have committed while the endpoint was made, and whoever lists everything afterwards may have missed it."""
    written(workspace, "early")
    hook(receiver.url, types=["Channel"])
    settle()
    assert told(receiver) == [("Channel", "CREATED", 1)]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({}, ["Channel CREATED 1", "Channel UPDATED 2", "Channel UPDATED 3", "Staff CREATED 1"]),
        ({"types": ["Staff"]}, ["Staff CREATED 1"]),
        ({"types": ["Channel"], "actions": ["UPDATED"]}, ["Channel UPDATED 2", "Channel UPDATED 3"]),
        ({"types": ["Channel"], "fields": ["kind"]}, ["Channel CREATED 1", "Channel UPDATED 3"]),
        ({"types": ["Channel"], "fields": ["kind"], "actions": ["UPDATED"]}, ["Channel UPDATED 3"]),
        ({"types": ["Channel"], "fields": ["parent"]}, ["Channel CREATED 1"]),
        ({"actions": ["DELETED"]}, []),
    ],
)
def test_an_endpoint_hears_of_what_it_wants(workspace, hook, receiver, settle, filter_, expected):
    settle()
    hook(receiver.url, **filter_)
    settle()
    written(workspace, "web")
    workspace.write(channel.upsert, {"external_id": "web", "name": "World wide"}, by=workspace.alice)
    workspace.write(channel.upsert, {"external_id": "web", "name": "World wide", "kind": "ONLINE"}, by=workspace.alice)
    workspace.write(staff.upsert, {"external_id": "ann", "name": "Ann"}, by=workspace.alice)
    settle()
    assert sorted(" ".join(map(str, one)) for one in told(receiver)) == expected


def test_what_the_scopes_may_not_read_is_not_told(workspace, hook, receiver, settle):
    scopes = {Scope.WEBHOOK_WRITE, Scope.STAFF_READ}
    hook(receiver.url, by=workspace.actor(scopes))
    written(workspace, "web")
    workspace.write(staff.upsert, {"external_id": "ann", "name": "Ann"}, by=workspace.alice)
    settle()
    assert told(receiver) == [("Staff", "CREATED", 1)]


def test_workspaces_hear_of_their_own_only(workspace, elsewhere, hook, receiver, settle):
    settle()
    hook(receiver.url)
    written(elsewhere, "theirs")
    settle()
    assert receiver.got == []


def test_changes_of_one_record_come_in_their_order(workspace, hook, receiver, settle):
    hook(receiver.url, types=["Channel"])
    for name in range(30):
        workspace.write(channel.upsert, {"external_id": f"c{name % 3}", "name": f"Name {name}"}, by=workspace.alice)
    settle()
    versions = {}
    for got in receiver.taken:
        versions.setdefault(got.json["change"]["id"], []).append(got.json["change"]["version"])
    assert list(versions.values()) == [list(range(1, 11))] * 3


def test_what_fails_is_tried_again_under_its_id_and_holds_up_nothing(workspace, hook, receive, settle, clock, database):
    receiver = receive(lambda got: 500 if got.json["change"]["version"] == 1 and len(receiver.got) < 4 else 204)
    hook(receiver.url, types=["Channel"])
    written(workspace, "web")
    settle()
    workspace.write(channel.upsert, {"external_id": "web", "name": "New"}, by=workspace.alice)
    settle()
    assert told(receiver) == [("Channel", "UPDATED", 2)]  # the later one
    settle()
    assert len(receiver.got) == 2  # not before its time
    clock.advance(seconds=6)
    settle()
    clock.advance(seconds=359)
    settle()
    clock.advance(seconds=1)
    settle()
    assert told(receiver) == [("Channel", "UPDATED", 2), ("Channel", "CREATED", 1)]
    assert Counter(got.id for got in receiver.got) == {receiver.got[0].id: 3, receiver.taken[0].id: 1}
    first, second = deliveries(database)
    assert [(one["status"], one["error"]) for one in first["log"]] == [(500, "STATUS"), (500, "STATUS"), (204, None)]
    assert [(one["status"], one["error"]) for one in second["log"]] == [(204, None)]
    assert {first["state"], second["state"]} == {"DELIVERED"}
    assert all(one["duration_ms"] >= 0 for one in first["log"])


def test_whoever_asks_for_patience_gets_it(workspace, hook, receive, settle, clock):
    receiver = receive(lambda _got: (503, {"retry-after": "3600"}))
    hook(receiver.url, types=["Channel"])
    written(workspace, "web")
    settle()
    clock.advance(seconds=3_599)
    settle()
    assert len(receiver.got) == 1
    clock.advance(seconds=1)
    settle()
    assert len(receiver.got) == 2


def test_after_the_last_attempt_a_delivery_has_failed(workspace, hook, receive, settle, clock, database):
    receiver = receive(lambda _got: 500)
    hook(receiver.url, types=["Channel"])
    written(workspace, "web")
    settle()
    for seconds in workspace.door.settings.webhook_waits:
        clock.advance(seconds=1.2 * seconds)
        settle()
    assert len(receiver.got) == 10
    clock.advance(days=1)
    settle()
    assert len(receiver.got) == 10
    (delivery,) = deliveries(database)
    assert delivery["state"] == "FAILED"
    assert endpoint(database)["disabled_at"] is None  # three days and a bit


def test_an_endpoint_that_fails_for_days_is_disabled_and_says_why(workspace, hook, receive, settle, clock, database):
    receiver = receive(lambda _got: RESET)
    hook(receiver.url, types=["Channel"])
    written(workspace, "a")
    settle()
    clock.advance(days=4, hours=23)
    written(workspace, "b")
    settle()
    assert endpoint(database)["disabled_at"] is None
    clock.advance(hours=1)
    written(workspace, "c")
    settle()
    row = endpoint(database)
    assert (row["disabled_at"], row["disabled_reason"]) == (clock.now, "FAILING")
    count = len(receiver.got)
    clock.advance(days=1)
    written(workspace, "d")
    settle()
    assert len(receiver.got) == count
    said = [(one.noun, one.action, one.fields) for one in workspace.read(change.since, 0, 100) if one.noun == "Webhook"]
    assert said == [("Webhook", "CREATED", []), ("Webhook", "UPDATED", ["disabled_at", "disabled_reason"])]


def test_one_success_in_between_is_enough(workspace, hook, receive, settle, clock, database):
    receiver = receive(lambda _got: 200 if len(receiver.got) == 2 else 500)
    hook(receiver.url, types=["Channel"])
    for name in "abc":
        written(workspace, name)
        settle()
        clock.advance(days=4)
    assert endpoint(database)["disabled_at"] is None


def test_410_disables_at_once(workspace, hook, receive, settle, clock, database):
    receiver = receive(lambda _got: 410)
    hook(receiver.url, types=["Channel"])
    written(workspace, "a")
    settle()
    row = endpoint(database)
    assert (row["disabled_at"], row["disabled_reason"]) == (clock.now, WebhookDisabledReason.GONE)
    assert [one["state"] for one in deliveries(database)] == ["FAILED"]
    written(workspace, "b")
    clock.advance(days=1)
    settle()
    assert len(receiver.got) == 1


@pytest.mark.parametrize(("status", "wakes"), [(200, 0), (500, 0), (410, 1)])
def test_what_came_of_a_delivery_wakes_nobody_unless_the_endpoint_is_disabled(
    workspace, door, hook, receive, clock, status, wakes
):
    hook(receive(lambda _got: status).url, types=["Channel"])
    written(workspace, "a")
    Worker(door).drain()
    woken = []
    unlisten = door.bus.listen(woken.append)
    assert Courier(door).drain()
    unlisten()
    assert woken == [workspace.id] * wakes


def test_an_enabled_endpoint_hears_of_what_comes_then_and_of_the_rest_when_asked(
    workspace, hook, receiver, settle, clock
):
    hook(receiver.url, types=["Channel"])
    began = clock.now
    written(workspace, "a")
    settle()
    workspace.write(webhook.disable, HOOK)
    clock.advance(minutes=1)
    written(workspace, "b")
    settle()
    assert workspace.write(webhook.enable, HOOK)[1] == "UPDATED"
    assert workspace.write(webhook.enable, HOOK)[1] == "UNCHANGED"
    clock.advance(minutes=1)
    c = written(workspace, "c")
    settle()
    assert [got.json["change"]["id"] for got in receiver.taken][1:] == [c]
    workspace.write(webhook_delivery.replay_since, HOOK, began)
    settle()
    again = receiver.taken[2:]
    assert len(again) == 3
    assert {got.id for got in again} > {got.id for got in receiver.taken[:2]}  # those are made again under their ids


def test_a_replay_begins_where_it_is_told(workspace, hook, receiver, settle, clock):
    for name in range(20):
        clock.advance(minutes=1)
        written(workspace, f"c{name}")
    settle()
    hook(receiver.url, types=["Channel"])
    for back in (5, 1, 0, 20):
        workspace.write(webhook_delivery.replay_since, HOOK, clock.now - timedelta(minutes=back, seconds=30))
        settle()
        names = {got.json["change"]["id"] for got in receiver.taken}
        assert (len(receiver.taken), len(names)) == (min(back + 1, 20), min(back + 1, 20))
        receiver.taken.clear()


def test_a_delivery_is_made_again_by_its_id(workspace, hook, receiver, settle, database):
    hook(receiver.url, types=["Channel"])
    written(workspace, "a")
    settle()
    (row,) = deliveries(database)
    id_ = ids.encode("WebhookDelivery", row["id"])
    assert workspace.write(webhook_delivery.replay, [id_]) == 1
    settle()
    assert [got.id for got in receiver.taken] == [str(row["id"])] * 2
    (row,) = deliveries(database)
    assert len(row["log"]) == 2


def test_a_rotated_secret_signs_beside_the_new_one_for_a_while(workspace, hook, receiver, settle, clock, door):
    clock.set(datetime.now(UTC))
    _, old = hook(receiver.url, types=["Channel"])
    new = webhook_secret.mint()
    workspace.write(webhook.rotate, HOOK, door.keys.seal(new), 2)
    written(workspace, "a")
    settle()
    (both,) = receiver.taken
    for secret in (old, new):
        assert Oracle(secret).verify(both.body, both.headers)
    clock.advance(hours=2)
    written(workspace, "b")
    settle()
    one = receiver.taken[1]
    stamp = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
    assert stamp == clock.now.replace(microsecond=0)
    signed = [Oracle(secret).sign(one.id, stamp, one.body.decode()) for secret in (new, old)]
    assert one.headers["webhook-signature"] == signed[0]
    with pytest.raises(WebhookVerificationError):
        Oracle(webhook_secret.mint()).verify(both.body, both.headers)


def test_secrets_are_kept_sealed(workspace, hook, receiver, database, door):
    _, secret = hook(receiver.url)
    kept = endpoint(database)["secrets"]
    assert secret not in str(kept)
    assert [door.keys.opened(one["sealed"]) for one in kept] == [secret]


def test_a_test_event_is_about_the_webhook(workspace, hook, receiver, settle):
    row, _ = hook(receiver.url, types=["Staff"])
    workspace.write(webhook_delivery.test, HOOK)
    settle()
    (got,) = receiver.taken
    assert got.json["type"] == "Webhook.test"
    assert got.json["change"] == {
        "type": "Webhook",
        "action": None,
        "id": ids.encode("Webhook", row.id),
        "version": 1,
        "fields": [],
        "sequence": None,
    }


def test_a_deleted_endpoint_leaves_nothing(workspace, hook, receiver, settle, database):
    hook(receiver.url, types=["Channel"])
    written(workspace, "a")
    settle()
    workspace.write(webhook.remove, HOOK)
    written(workspace, "b")
    settle()
    assert len(receiver.got) == 1
    assert deliveries(database) == []
    assert webhook.DELIVER not in {row["kind"] for row in stored.rows(database, "job")}


@pytest.mark.slow
def test_dead_endpoints_hold_up_no_other(workspace, hook, receive, receiver, settle, open_door):
    """Twenty that never answer beside one that does: it has everything before the first of them is given up."""
    impatient = open_door(webhook_allow="127.0.0.0/8", webhook_plain_http=True, webhook_timeout_s=3)
    dead = receive(lambda _got: STALL)
    for number in range(20):
        hook(dead.url, f"dead{number}", types=["Channel"])
    hook(receiver.url, types=["Channel"])
    for number in range(12):
        written(workspace, f"c{number}")
    settle(of=impatient)
    assert len(receiver.taken) == 12
    assert len(dead.got) >= 20
    assert max(got.at for got in receiver.taken) - min(got.at for got in [*dead.got, *receiver.got]) < 3


def test_open_deliveries_are_bounded_and_the_rest_waits_in_the_sequence(
    workspace, hook, receive, settle, clock, database, monkeypatch
):
    monkeypatch.setattr(webhook_round, "MOST_OPEN", 4)
    monkeypatch.setattr(webhook_round, "WINDOW", 2)
    state = {"answer": 500}
    receiver = receive(lambda _got: state["answer"])
    hook(receiver.url, types=["Channel"])
    for number in range(12):
        written(workspace, f"c{number}")
    settle()
    assert 4 <= len(deliveries(database)) <= 6
    state["answer"] = 204
    clock.advance(minutes=10)
    settle()
    assert [one["state"] for one in deliveries(database)] == ["DELIVERED"] * 12
    assert len({got.json["change"]["id"] for got in receiver.taken}) == 12


def test_when_an_endpoint_is_back_everything_that_waits_is_tried(workspace, hook, receive, settle, clock):
    state = {"answer": 500}
    receiver = receive(lambda _got: state["answer"])
    hook(receiver.url, types=["Channel"])
    for number in range(5):
        written(workspace, f"c{number}")
    for seconds in (0, 6, 361, 2_161):  # they wait for two hours by now
        clock.advance(seconds=seconds)
        settle()
    state["answer"] = 204
    written(workspace, "new")
    settle()
    assert len(receiver.taken) == 6


def test_finished_deliveries_are_forgotten_after_their_time(workspace, hook, receiver, settle, clock, database):
    hook(receiver.url, types=["Channel"])
    written(workspace, "a")
    settle()
    clock.advance(days=30)
    settle()
    assert len(deliveries(database)) == 1
    clock.advance(days=1, seconds=1)
    settle()
    assert deliveries(database) == []


def test_what_a_courier_held_comes_due_again_when_it_dies(workspace, hook, receiver, settle, clock, door):
    hook(receiver.url, types=["Channel"])
    written(workspace, "a")
    lease = timedelta(seconds=60)
    (held,) = job.hold(door, webhook.DELIVER, 10, lease)
    assert job.hold(door, webhook.DELIVER, 10, lease) == []
    settle()
    assert receiver.got == []
    clock.advance(seconds=60)
    settle()
    assert len(receiver.taken) == 1
    job.give_back(door, held, clock.now + timedelta(days=9))  # it lives after all, and has nothing to say any more
    clock.advance(seconds=1)
    written(workspace, "b")
    settle()
    assert len(receiver.taken) == 2


def test_what_is_woken_while_it_is_held_comes_due_when_it_is_given_back(workspace, hook, receiver, door, clock):
    hook(receiver.url)
    (held,) = job.hold(door, webhook.DELIVER, 10, timedelta(seconds=60))
    job.wake(door, workspace.id)
    job.give_back(door, held, clock.now + timedelta(days=1))
    (held,) = job.hold(door, webhook.DELIVER, 10, timedelta(seconds=60))
    job.give_back(door, held, clock.now + timedelta(days=1))
    assert job.hold(door, webhook.DELIVER, 10, timedelta(seconds=60)) == []
