"""No room, or no turn: the caller is told that a retry is safe, nothing is half written, and afterwards all goes on."""

import resource
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import psycopg
import pytest
import stored
from sqlalchemy import text

from app import migrate
from app.services import token as tokens

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

RECORD = """mutation($rows: [FeedbackRecordInput!]!) { feedbackRecordBatch(input: {rows: $rows, createMissing: true}) {
    counts { created unchanged rejected } userErrors { message } } }"""
COUNT = "{ kpi(key: FEEDBACK_COUNT, period: {named: ALL_TIME}) { value nullReason } }"


def rows(number, size=100, comment="x" * 9_000):
    return [
        {
            "externalId": f"{number}-{place}",
            "kind": "CSAT",
            "score": 5,
            "occurredAt": "2026-05-02",
            "comment": comment,
            "customer": {"externalId": f"c{number}"},
        }
        for place in range(size)
    ]


def counted(database):
    engine = migrate.owner_engine(database)
    with engine.connect() as connection:
        found = {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
            for table in ("feedback", "customer", "change", "rollup_entry", "idempotency")
        }
    engine.dispose()
    return found


def assert_retryable(answer):
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "retryable": True}
    assert "try again" in error["message"]
    assert answer["data"] is None


def test_a_full_disk(start, database, door, workspace):
    if not door.db.is_sqlite:
        pytest.skip("what PostgreSQL does on a full disk is its own affair; its error is class 53")
    limit = 12_000_000
    secret = tokens.create(door, workspace.id, "writer")

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    server = start(secret, before=small)
    accepted = 0
    for number in range(60):
        before = counted(database)
        answer = server.ask(RECORD, {"rows": rows(number)})
        if "errors" in answer:
            break
        accepted += answer["data"]["feedbackRecordBatch"]["counts"]["created"]
    else:
        pytest.fail("the disk never filled up")
    assert_retryable(answer)
    assert counted(database) == before
    assert accepted > 0
    for _ in range(3):
        assert_retryable(server.ask(RECORD, {"rows": rows(number)}))
        assert server.ask(COUNT)["data"]["kpi"]["value"] == accepted
    assert counted(database)["feedback"] == accepted
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = server.ask(RECORD, {"rows": rows(number)})
    assert again["data"]["feedbackRecordBatch"]["counts"]["created"] == 100
    assert server.ask(COUNT)["data"]["kpi"]["value"] == accepted + 100
    server.kill()
    with closing(sqlite3.connect(database.sqlite_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    stored.assert_rollups_are_the_facts(database, workspace.id)


LOCKER = """import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@contextmanager
def locked(database):
    """Another process holds the database."""
    if database.sqlite_path is None:
        with psycopg.connect(database.database_url.get_secret_value()) as connection:
            connection.execute("LOCK TABLE feedback IN EXCLUSIVE MODE")
            yield
            connection.rollback()
        return
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(database.sqlite_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "locked\n"
        yield
        process.stdin.write("\n")
        process.stdin.flush()
        process.wait()


def test_a_database_that_another_process_holds_too_long(start, database, door, workspace):
    secret = tokens.create(door, workspace.id, "writer")
    server = start(secret, write_timeout_s=1)
    assert server.ask(RECORD, {"rows": rows(0, 5)})["data"]["feedbackRecordBatch"]["counts"]["created"] == 5
    with locked(database):
        before = counted(database)
        assert_retryable(server.ask(RECORD, {"rows": rows(1, 5)}))
        assert counted(database)["feedback"] == before["feedback"]
        assert counted(database)["customer"] == before["customer"]
        # readers need not wait
        assert server.ask(COUNT)["data"]["kpi"]["value"] == 5
    again = server.ask(RECORD, {"rows": rows(1, 5)})
    assert again["data"]["feedbackRecordBatch"]["counts"]["created"] == 5
    assert server.ask(COUNT)["data"]["kpi"]["value"] == 10
    server.kill()
    stored.assert_rollups_are_the_facts(database, workspace.id)
