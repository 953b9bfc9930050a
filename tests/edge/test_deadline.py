"""An operation has so long and no longer, and its statements end with it; what a mutation may have done is said."""

import asyncio
import gc
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from asking import Api, Caller
from sqlalchemy import text

from app.actor import Scope
from app.edge.documents import Documents
from app.edge.runner import Runner
from app.errors import TimedOut
from app.schema.build import build
from app.schema.context import Context
from app.services import customer, kpi
from app.services import token as tokens
from app.services.page import Page
from app.services.row import Options
from app.uow import reads, writes

SOON = 0.25
"""How long an operation may take here, in seconds."""
PATIENCE = 5
"""Seconds in which something must have come to its end."""
COUNT = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {}) SELECT count(*) FROM c"
LIST, KPI = "{ customers { nodes { id } } }", "{ kpi(key: CSAT, period: {named: LAST_MONTH}) { value } }"
WRITE = 'mutation { customerUpsert(input: {externalId: "x"}) { outcome userErrors { message } } }'
BY = '{ customer(by: {externalId: "x"}) { version } }'


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def opened(open_door):
    """Opens the application with one place for reading; settings may differ by name."""
    with asyncio.Runner() as runner:
        apis = []

        def opened_(**changed):
            settings = {"pool_size": 1, "operation_timeout_s": SOON, "rate_limit_points": 0} | changed
            apis.append(Api(open_door(**settings), runner))
            apis[-1].open()
            return apis[-1]

        yield opened_
        for api in apis:
            api.close()


@pytest.fixture
def alice(opened, workspace):
    return opened().caller(workspace, name="alice")


@contextmanager
def listing(monkeypatch, work):
    """Have the page of customers do some work first, in the database."""

    @reads(Scope.CUSTOMER_READ)
    def page(uow, *_):
        work(uow)
        return Page([], [], has_next=False, has_previous=False)

    with monkeypatch.context() as patch:
        patch.setattr(customer.LIST, "page", page)
        yield


def forever(uow, *_):
    """One statement that has no end worth waiting for."""
    uow.session.connection().execute(text(COUNT.format(1_000_000_000)))


def some_time(uow, seconds=None, size=100_000):
    """A statement that takes its time but comes to its end; on SQLite long enough for its clock to be looked at."""
    if seconds is None or uow.db.is_sqlite:
        uow.session.connection().execute(text(COUNT.format(size)))
    else:
        uow.session.connection().execute(text(f"SELECT pg_sleep({seconds})"))


def active(database):
    """How many statements of the program PostgreSQL works on."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE %s"
    url = database.database_url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as connection:
        return sum(connection.execute(asked, [like]).fetchone()[0] for like in ("%RECURSIVE c(x)%", "%pg_sleep%"))


def soon(condition, patience=PATIENCE):
    """Whether it comes to hold before long."""
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def assert_timed_out(answer, field):
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "TIMEOUT"
    # the database stops a statement a moment before the answer would go without it, or after: whichever comes first
    assert (answer.get("data"), error.get("path")) in ((None, None), ({field: None}, [field]))
    return error["message"]


def test_an_operation_beyond_its_time_is_answered_and_its_statement_stopped(alice, database, monkeypatch):
    with listing(monkeypatch, forever):
        message = assert_timed_out(alice.answer(LIST), "customers")
        assert message.startswith("This took longer than a")
        message = assert_timed_out(alice.answer(LIST, accept_language="zh-CN"), "customers")
        assert "耗时超过上限" in message
    if database.sqlite_path is None:
        assert soon(lambda: active(database) == 0)
    # the only thread for reading is free again
    assert soon(lambda: alice.answer("{ workspace { name } }").get("data") == {"workspace": {"name": "Workshop"}})


def test_one_who_has_run_out_of_time_holds_nobody_up(alice, monkeypatch):
    for _ in range(3):
        with listing(monkeypatch, forever):
            assert_timed_out(alice.answer(LIST), "customers")
        assert soon(lambda: "errors" not in alice.answer(BY))


@pytest.mark.slow
def test_what_comes_after_has_its_own_time(opened, workspace, monkeypatch):
    api = opened(operation_timeout_s=1)
    alice = api.caller(workspace)
    with listing(monkeypatch, forever):
        for _ in range(2):  # as many connections as there are
            assert_timed_out(alice.answer(LIST), "customers")

    @reads(Scope.CUSTOMER_READ)
    def connection(uow):
        some_time(uow, 0.05)
        return id(uow.session.connection().connection.dbapi_connection)

    time.sleep(0.1)
    # outside of an operation there is no deadline, whatever the connection was used for before
    assert len({api.door.read(workspace.alice, connection) for _ in range(6)}) <= 2
    with listing(monkeypatch, lambda uow: some_time(uow, 0.05)):
        for _ in range(4):
            assert alice.ask(LIST) == {"customers": {"nodes": []}}


def test_kpis_have_no_more_time_than_lists(alice, database, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(kpi, "answer", reads(Scope.KPI_READ)(lambda uow, _keys: forever(uow)))
        for _ in range(2):
            assert_timed_out(alice.answer(KPI), "kpi")
    if database.sqlite_path is None:
        assert soon(lambda: active(database) == 0)
    assert soon(lambda: "errors" not in alice.answer(KPI))


def timed_out(door, actor, how):
    """What an operation raises whose time ends in the database."""

    async def ask():
        with ThreadPoolExecutor(1) as threads:
            context = Context(door, threads, asyncio.Semaphore(1), actor, until=time.monotonic() + 0.1)
            try:
                await getattr(context, how)(reads(Scope.KPI_READ)(forever))
            except Exception as error:  # noqa: BLE001 - which one is the question
                return error
            finally:
                await context.close()

    return asyncio.run(ask())


def test_a_statement_that_is_stopped_says_so(workspace):
    error = timed_out(workspace.door, workspace.alice, "run")
    assert type(error) is TimedOut
    assert "longer than" in error.text.en
    assert "超过上限" in error.text.zh


def test_a_statement_that_is_stopped_in_the_snapshot_of_all_kpis_says_so(workspace):
    assert type(timed_out(workspace.door, workspace.alice, "snapshot")) is TimedOut


def test_many_statements_have_no_more_time_than_one(alice, monkeypatch):
    ended = threading.Event()

    def many(uow):
        try:
            for _ in range(12):
                some_time(uow, SOON * 0.8, 1_000_000)
        finally:
            ended.set()

    with listing(monkeypatch, many):
        assert_timed_out(alice.answer(LIST), "customers")
        assert ended.wait(2 * SOON)


@contextmanager
def nobody_else_writes(open_door, people):
    """Hold what a write in the workspace waits for."""
    with open_door()._open(people.id) as (session, unit):
        session.connection()
        unit(people.system).take_turn()
        yield


def test_a_mutation_that_waits_too_long_says_that_it_may_have_been_stored(alice, open_door):
    with nobody_else_writes(open_door, alice.people):
        message = assert_timed_out(alice.answer(WRITE), "customerUpsert")
        assert "may or may not have been stored" in message
        assert "send it again" in message
        assert alice.one(BY) is None
        assert "可能已保存，也可能未保存" in assert_timed_out(
            alice.answer(WRITE, accept_language="zh"), "customerUpsert"
        )
    # it had begun: it is stored as soon as nothing is in its way; sent again it has no second effect
    assert soon(
        lambda: alice.answer(WRITE).get("data") == {"customerUpsert": {"outcome": "UNCHANGED", "userErrors": []}}
    )
    assert soon(lambda: alice.answer(BY).get("data") == {"customer": {"version": 1}})


@writes(Scope.CUSTOMER_WRITE)
def busy(uow, until):
    """Writes nothing and takes its time."""
    assert until.wait(PATIENCE)


def test_a_mutation_that_had_not_begun_when_its_time_was_over_has_no_effect(alice):
    door, done = alice.api.door, threading.Event()
    running = door.submit(alice.people.alice, busy, done)
    try:
        assert soon(running.running)
        assert "may or may not" in assert_timed_out(alice.answer(WRITE), "customerUpsert")
    finally:
        done.set()
    running.result(PATIENCE)
    door.write(alice.people.alice, writes(Scope.CUSTOMER_WRITE)(lambda _: None))  # whatever waited has had its turn
    assert alice.one(BY) is None
    assert soon(lambda: alice.answer(WRITE).get("data") == {"customerUpsert": {"outcome": "CREATED", "userErrors": []}})


def test_what_follows_in_a_mutation_that_ran_out_of_time_has_no_effect(alice, open_door):
    two = WRITE.replace("customerUpsert", "a: customerUpsert").removesuffix(" }")
    two += ' b: customerUpsert(input: {externalId: "y"}) { outcome } }'
    with nobody_else_writes(open_door, alice.people):
        assert "may or may not" in assert_timed_out(alice.answer(two), "a")
    assert soon(lambda: (alice.answer(BY).get("data") or {}).get("customer"))  # it had begun
    alice.api.door.write(alice.people.alice, writes(Scope.CUSTOMER_WRITE)(lambda _: None))
    assert alice.one("{ customers { totalCount } }") == {"totalCount": 1}


MANY = """query Many { workspace { name } customers { nodes { id parent { id } } totalCount }
    channels { nodes { externalId } }
    kpi(key: CSAT, period: {named: LAST_MONTH}) { value series(grain: DAY) { value target } } }"""


def test_one_that_is_given_up_at_any_moment_leaves_nothing_that_nobody_waits_for(workspace, open_door):
    door = open_door()
    workspace.write(customer.upsert_batch, [{"external_id": str(number)} for number in range(5)], Options())

    async def given_up(runner, document):
        assert not document.errors
        for steps in range(60):
            asked = (document.document, document.operation(None), {}, workspace.alice, "en", None, 1)
            task = asyncio.create_task(runner.run(*asked))
            for _ in range(steps):
                await asyncio.sleep(0 if steps % 2 else 0.0005)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await runner.close()

    with ThreadPoolExecutor(2) as threads, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        runner, document = Runner(door, door.settings, build(), threads), Documents(build(), door.settings)
        asyncio.run(given_up(runner, document.get(MANY, stranger=False)))
        gc.collect()
    assert [str(one.message) for one in told] == []


@pytest.mark.parametrize("kind", ["application/json", "application/graphql-response+json"])
def test_an_operation_that_ran_out_of_time_was_executed_and_is_answered_so(alice, open_door, kind):
    with nobody_else_writes(open_door, alice.people):
        response = alice.post(WRITE, accept=kind)
    assert response.headers["content-type"].startswith(kind)
    assert response.status_code == 200
    answer = response.json()
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert (error["extensions"], "path" in error) == ({"code": "TIMEOUT"}, False)


def test_an_operation_that_ran_out_of_time_has_cost_what_it_was_estimated_at(opened, workspace, open_door):
    alice = opened(rate_limit_points=1_000_000).caller(workspace)
    alice.ask(BY)  # points in hand
    with nobody_else_writes(open_door, alice.people):
        cost = alice.answer(WRITE)["extensions"]["cost"]
    assert cost["actualQueryCost"] == cost["requestedQueryCost"] > 10


def test_writes_that_wait_together_are_told_together_that_they_cannot(opened, workspace, open_door):
    alice = opened(write_timeout_s=0.3, operation_timeout_s=10).caller(workspace)
    alice.ask(BY)
    asked = [{"json": {"query": WRITE.replace('"x"', f'"x{n}"')}, "headers": alice.headers()} for n in range(12)]
    with nobody_else_writes(open_door, workspace):
        began = time.monotonic()
        answers = alice.api.at_once(*asked)
        # the first, and those that came while it waited: one by one it would be twelve times as long
        assert time.monotonic() - began < 12 * 0.3 / 2
    for answer in answers:
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert alice.one("{ customers { totalCount } }") == {"totalCount": 0}
    assert [answer.json()["data"]["customerUpsert"]["outcome"] for answer in alice.api.at_once(*asked)] == [
        "CREATED"
    ] * 12


def test_reads_go_on_while_a_mutation_waits(alice, open_door):
    with nobody_else_writes(open_door, alice.people):
        answers = alice.api.at_once(
            *({"json": {"query": query}, "headers": alice.headers()} for query in (WRITE, "{ workspace { name } }"))
        )
    assert_timed_out(answers[0].json(), "customerUpsert")
    assert answers[1].json()["data"] == {"workspace": {"name": "Workshop"}}


def test_processes_at_once_never_hand_out_more_than_a_bucket_has(opened, workspace):
    settings = {
        "rate_limit_points": 60,
        "rate_limit_per_s": 1,
        "max_cost": 10,
        "pool_size": 4,
        "operation_timeout_s": 10,
    }
    apis = [opened(**settings) for _ in range(3)]
    secret = tokens.create(apis[0].door, workspace.id, "alice")
    asked = {"json": {"query": "{ a: workspace { id } b: workspace { id } }"}}
    callers = [Caller(api, secret) for api in apis]

    async def all_at_once():
        requests = (caller.api._client.post("/graphql", **asked, headers=caller.headers()) for caller in callers * 15)
        return await asyncio.gather(*requests)

    statuses = [answer.status_code for answer in apis[0]._runner.run(all_at_once())]
    statuses += [caller.post(asked["json"]["query"]).status_code for caller in callers * 10]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) == 30  # of two points each
