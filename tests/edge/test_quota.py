"""The rate limit: a bucket that fills by the clock, leased in parts, and what callers are told of it."""

import asyncio
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from asking import Api, Caller
from sqlalchemy import event, select
from sqlmodel import SQLModel

from app import migrate
from app.models.base import Tenanted
from app.models.quota import Quota
from app.services import quota
from app.services.quota import Lease, filled

TEN = "{" + "".join(f" a{n}: workspace {{ id }}" for n in range(10)) + " }"
"""Costs ten points, neither more nor less."""
SMALL = {"rate_limit_points": 20, "rate_limit_per_s": 2, "max_cost": 20}
WRITE = 'mutation { customerUpsert(input: {externalId: "x"}) { outcome } }'


@pytest.fixture
def opened(open_door, clock, monkeypatch):
    """Opens the application with other settings, in a process of its own as it were; all of them read one clock."""
    monkeypatch.setattr("app.edge.quota.monotonic", lambda: clock().timestamp())
    with asyncio.Runner() as runner:
        apis = []

        def opened_(**changed):
            apis.append(Api(open_door(**(SMALL | changed)), runner))
            apis[-1].open()
            return apis[-1]

        yield opened_
        for api in apis:
            api.close()


@pytest.fixture
def alice(opened, workspace):
    return opened().caller(workspace, name="alice")


def counted(door):
    """The writes on the table of quotas that the door sends from now on."""
    sent = []

    def note(_connection, _cursor, statement, *_):
        if statement.startswith(("INSERT INTO quota", "UPDATE quota")):
            sent.append(statement)

    event.listen(door.db.writer, "before_cursor_execute", note)
    return sent


LEVELS = [
    # points, seconds, limit, rate: the points then
    (0, 0, 100, 10, 0),
    (0, 1, 100, 10, 10),
    (0, 0.99, 100, 10, 9),
    (95, 1, 100, 10, 100),
    (40, 6, 100, 10, 100),
    (40, 5.9, 100, 10, 99),
    (7, -5, 100, 10, 7),
    (0, 86_400, 1_000_000, 100_000, 1_000_000),
]


@pytest.mark.parametrize(("points", "seconds", "limit", "rate", "then"), LEVELS)
def test_a_bucket_fills_by_the_clock_and_never_over(points, seconds, limit, rate, then):
    assert filled(points, timedelta(seconds=seconds), limit, rate) == then


def test_a_lease_is_taken_out_of_the_bucket(open_door, make_workspace, clock):
    door = open_door(**SMALL)
    here, there = make_workspace(), make_workspace()
    caller, other = here.id, there.id

    def lease(want, people=here, who=caller):
        return door.write(people.system, quota.lease, who, want)

    assert lease(15) == Lease(15, 5)
    assert lease(15) == Lease(5, 0)
    assert lease(15) == Lease(0, 0)
    assert lease(15, who=other) == Lease(15, 5)  # another caller
    assert lease(15, people=there) == Lease(15, 5)  # the same id in another workspace
    clock.advance(seconds=3)
    assert lease(4) == Lease(4, 2)
    clock.advance(seconds=-60)
    assert lease(4) == Lease(2, 0)
    clock.advance(days=1)
    assert lease(21) == Lease(20, 0)


def test_who_asks_often_gets_back_as_much_as_who_waits(open_door, workspace, clock):
    door = open_door(rate_limit_points=20, rate_limit_per_s=1, max_cost=20)
    door.write(workspace.system, quota.lease, workspace.id, 20)
    granted = 0
    for _ in range(20):
        clock.advance(seconds=0.5)
        granted += door.write(workspace.system, quota.lease, workspace.id, 20).granted
    assert granted == 10


def test_many_requests_are_one_write(opened, workspace):
    alice = opened(rate_limit_points=1_000_000, max_cost=20_000).caller(workspace)
    sent = counted(alice.api.door)
    for _ in range(50):
        alice.ask("{ workspace { id } }")
    assert len(sent) == 1


def test_an_empty_bucket_says_when_to_come_back_and_means_it(alice, clock):
    for _ in range(2):
        assert alice.post(TEN).status_code == 200
    for passed, wait in ((0, "5"), (1, "4"), (3.5, "1")):
        clock.advance(seconds=passed)
        refused = alice.post(TEN)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == wait
        assert "data" not in refused.json()
        (error,) = refused.json()["errors"]
        assert error["extensions"] == {"code": "RATE_LIMITED"}
        assert re.fullmatch(
            r"This costs 10 points and \d are left; 2 come back each second. Try again in \d s.", error["message"]
        )
        (error,) = alice.post(TEN, accept_language="zh-CN").json()["errors"]
        assert f"请在 {wait} 秒后重试" in error["message"]
    clock.advance(seconds=1)
    assert alice.post(TEN).status_code == 200


def structured(text):
    """A structured field that is a list of strings with whole numbers as parameters (RFC 9651), by hand."""
    found = {}
    for item in text.split(", "):
        name, *parameters = item.split(";")
        assert re.fullmatch(r'"[ !#-\[\]-~]*"', name), text
        pairs = [re.fullmatch(r"([a-z*][a-z0-9_.*-]*)=(-?\d{1,15})", one) for one in parameters]
        assert all(pairs), text
        found[name[1:-1]] = {pair[1]: int(pair[2]) for pair in pairs}
    return found


def test_the_header_fields_say_the_policy_and_what_is_left(alice, clock):
    answers = [(alice.post(TEN), 200, 10, 5), (alice.post(TEN), 200, 0, 10), (alice.post(TEN), 429, 0, 10)]
    clock.advance(seconds=2)
    answers += [(alice.post(TEN), 429, 4, 8)]
    for response, status, remaining, full_in_s in answers:
        assert response.status_code == status
        assert structured(response.headers["ratelimit-policy"]) == {"points": {"q": 20, "w": 10}}
        assert structured(response.headers["ratelimit"]) == {"points": {"r": remaining, "t": full_in_s}}
    assert alice.post("{ nope }").headers.get("ratelimit") is None


def test_the_field_tells_the_same_as_the_clock_and_the_bucket(alice, clock):
    alice.ask(TEN)
    found = alice.one("{ rateLimit { cost limit remaining used restoreRate resetAt } }")
    reset = datetime.fromisoformat(found.pop("resetAt"))
    assert found == {"cost": 1, "limit": 20, "remaining": 9, "used": 11, "restoreRate": 2}
    assert reset.astimezone(UTC) == clock() + timedelta(seconds=6)  # 5.5, rounded up


def test_the_answer_tells_how_much_more_may_be_asked(alice):
    for left in (10, 0):
        throttle = alice.answer(TEN)["extensions"]["cost"]["throttleStatus"]
        assert throttle == {"maximumAvailable": 20, "currentlyAvailable": left, "restoreRate": 2}


def test_what_was_estimated_and_not_used_comes_back(alice):
    for used in range(1, 6):
        answer = alice.answer("{ customers(first: 14) { nodes { id } } }")["extensions"]["cost"]
        assert (answer["requestedQueryCost"], answer["actualQueryCost"]) == (15, 1)
        assert answer["throttleStatus"]["currentlyAvailable"] == 20 - used
    assert alice.post("{ customers(first: 15) { nodes { id } } }").status_code == 429  # 15 are left


OWING = '{ kpi(key: CSAT, period: {range: {from: "2026-01-01", before: "2026-02-10"}}) { series(grain: DAY) { id } } }'


@pytest.fixture
def owing(opened, workspace):
    """Somebody who had 40 points and has used 51: a series of 40 days, taken to have 24."""
    alice = opened(rate_limit_points=40, max_cost=40).caller(workspace)
    cost = alice.answer(OWING)["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (10 + 1 + 24, 10 + 1 + 40)
    assert cost["throttleStatus"]["currentlyAvailable"] == 0
    return alice


def test_what_cost_more_than_it_was_estimated_at_is_owed(owing, clock):
    for passed, status in (
        (0, 429),
        (10, 429),
        (0.5, 200),
        (0, 429),
    ):  # 11 are owed, 10 are wanted, 2 come each second
        clock.advance(seconds=passed)
        assert owing.post(TEN).status_code == status


def test_who_owes_is_told_the_whole_time_to_wait(owing):
    assert owing.post(TEN).headers["retry-after"] == "11"


def test_a_dry_run_tells_the_price_and_costs_a_point(alice):
    answer = alice.answer("{ rateLimit(dryRun: true) { cost } customers(first: 15) { nodes { id } } }")
    assert answer["data"] == {"rateLimit": {"cost": 17}}
    assert answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 19
    # one that is dearer than the whole bucket, too
    answer = alice.answer("{ rateLimit(dryRun: true) { cost } customers(first: 50) { nodes { id } } }")
    assert answer["data"] == {"rateLimit": {"cost": 52}}
    assert answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 18


def test_one_callers_use_is_not_anothers(alice, make_workspace):
    bob = alice.api.caller(alice.people, name="bob")
    charlie = alice.api.caller(make_workspace(), name="charlie")
    for caller in (alice, bob, charlie):
        assert [caller.post(TEN).status_code for _ in range(3)] == [200, 200, 429]


def test_all_processes_of_a_caller_share_one_bucket(opened, workspace):
    one, other = (opened(rate_limit_points=60) for _ in range(2))
    secret = one.token(workspace)
    callers = Caller(one, secret), Caller(other, secret)
    statuses = [caller.post(TEN).status_code for _ in range(6) for caller in callers]
    assert statuses.count(200) == 6


def test_points_in_hand_are_enough_for_requests_at_once(opened, workspace):
    alice = opened(rate_limit_points=400).caller(workspace)
    assert alice.post(TEN).status_code == 200
    answers = alice.api.at_once(*[{"json": {"query": TEN}, "headers": alice.headers()}] * 2)
    assert [answer.status_code for answer in answers] == [200, 200]


def test_requests_at_once_are_not_refused_while_the_bucket_has_points(opened, workspace):
    alice = opened(rate_limit_points=400).caller(workspace)
    answers = alice.api.at_once(*[{"json": {"query": TEN}, "headers": alice.headers()}] * 8)
    assert [answer.status_code for answer in answers] == [200] * 8


def test_a_refusal_that_is_known_beforehand_writes_nothing(alice, clock):
    for _ in range(2):
        alice.ask(TEN)
    assert alice.post(TEN).status_code == 429
    sent = counted(alice.api.door)
    for _ in range(5):
        clock.advance(milliseconds=1)
        assert alice.post(TEN).status_code == 429
    assert sent == []


def test_a_refused_request_stores_nothing_but_the_quota(alice, database):
    def stored():
        with engine.connect() as connection:
            tables = [table for table in SQLModel.metadata.sorted_tables if table.name != "quota"]
            return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}

    engine = migrate.owner_engine(database)
    for _ in range(2):
        alice.ask(TEN)
    before = stored()
    assert alice.post(WRITE).status_code == 429
    assert stored() == before
    engine.dispose()


def test_without_a_limit_nothing_is_counted_and_nothing_told(opened, workspace):
    alice = opened(rate_limit_points=0).caller(workspace)
    sent = counted(alice.api.door)
    for _ in range(5):
        response = alice.post(TEN)
        assert response.status_code == 200
        assert not [name for name in response.headers if name.startswith("ratelimit")]
    assert alice.one("{ rateLimit { remaining } }") is None
    assert sent == []


def test_a_stranger_has_no_bucket(alice):
    nobody = Caller(alice.api, None)
    sent = counted(alice.api.door)
    for _ in range(30):
        response = nobody.post("{ __schema { queryType { name } } }")
        assert response.status_code == 200
        assert "ratelimit" not in response.headers
    assert sent == []


@pytest.mark.parametrize("gives_up", [False, True], ids=["waits on", "gives up"])
def test_a_database_too_busy_to_lease_does_not_stop_reads(opened, workspace, database, monkeypatch, gives_up):
    monkeypatch.setattr("app.edge.quota.PATIENCE_S", 5 if gives_up else 0.05)
    alice = opened(write_timeout_s=0.05 if gives_up else 30).caller(workspace)
    with closing(sqlite3.connect(database.sqlite_path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            assert alice.one("{ workspace { name } }") == {"name": "Workshop"}
        writer.execute("ROLLBACK")


def test_quotas_stand_behind_the_wall():
    # tests/wall tries every table whose rows belong to a workspace, and finds them so
    assert issubclass(Quota, Tenanted)
    assert {"tenant_id", "id"} == {column.name for column in Quota.__table__.primary_key}
