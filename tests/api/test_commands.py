"""The commands: what they print, and that whoever uses them wrongly gets one sentence and the exit code 2."""

# ruff: noqa: E501 - a query, or a case of a table, stands on one line

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import typer

from app import commands
from app.actor import system
from app.errors import Unauthenticated
from app.services import customer
from app.services import token as tokens
from app.services.row import Options

ROOT = Path(__file__).parents[2]
BERLIN = ("--name", "Shop", "--time-zone", "Europe/Berlin", "--currency", "EUR")


class Run:
    """What a command printed and how it ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


@pytest.fixture
def custograph(monkeypatch, capsys):
    """Runs a command in this process."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["custograph", *arguments])
        capsys.readouterr()
        try:
            commands.main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        told = capsys.readouterr()
        return Run(code, told.out, told.err)

    return run


def address(settings):
    return settings.database_url.get_secret_value()


@pytest.fixture
def at(monkeypatch, database):
    """Commands work on a fresh database; its address."""
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", address(database))
    return address(database)


def all_commands(command=None, path=()):
    command = command or typer.main.get_command(commands.cli)
    yield path
    for name, sub in getattr(command, "commands", {}).items():
        yield from all_commands(sub, (*path, name))


def test_every_command_has_help(custograph, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    found = list(all_commands())
    assert {
        ("serve",), ("workspace", "create"), ("token", "create"), ("worker",), ("rebuild",), ("audit", "verify"), ("settings",), ("schema",), ("docs",), ("backup",), ("restore",),
    } <= set(found)  # fmt: skip
    for path in found:
        run = custograph(*path, "--help")
        assert run.code == 0, path
        assert "Usage: custograph" in run.out
        _, _, listed = run.out.partition("Commands:")
        assert "..." not in listed, path  # what each does stands on its line, whole
        assert run.err == ""


def test_the_program_itself_starts_as_a_module():
    run = subprocess.run([sys.executable, "-m", "app", "nope"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "nope" in run.stderr
    assert "Traceback" not in run.stderr


def assert_one_sentence(run, hint):
    assert run.code == 2, run
    assert run.out == "", run
    assert "Traceback" not in run.err
    assert hint in " ".join(run.err.split()), run
    if run.err.startswith("custograph: "):
        (line,) = run.err.splitlines()
        assert line.endswith((".", "!", "?", ")")) or ":" in line


WORKSPACES = [
    (("--name", "X", "--time-zone", "Mars/Olympus", "--currency", "EUR"), "no time zone 'Mars/Olympus'; use an IANA name"),
    (("--name", "X", "--time-zone", "../../etc/passwd", "--currency", "EUR"), "no time zone"),
    (("--name", "X", "--time-zone", "", "--currency", "EUR"), "no time zone"),
    (("--name", "X", "--time-zone", "UTC", "--currency", "EURO"), "no currency 'EURO'; use an ISO 4217 code"),
    (("--name", "X", "--time-zone", "UTC", "--currency", "eur"), "no currency"),
    (("--name", "X", "--time-zone", "UTC", "--currency", "EUR", "--locale", "klingon"), "no locale"),
    (("--name", "X", "--time-zone", "UTC", "--currency", "EUR", "--first-weekday", "8"), "firstWeekday"),
    (("--name", "X", "--time-zone", "UTC", "--currency", "EUR", "--small-cell-k", "0"), "smallCellK"),
    (("--name", "", "--time-zone", "UTC", "--currency", "EUR"), "name must not be empty"),
    (("--name", "x" * 201, "--time-zone", "UTC", "--currency", "EUR"), "too long"),
    (("--name", "X", "--time-zone", "UTC"), "--currency"),
    (("--name", "X", "--time-zone", "UTC", "--currency", "EUR", "--first-weekday", "monday"), "--first-weekday"),
]  # fmt: skip


def test_a_workspace_that_cannot_be_is_refused(custograph, at, dump):
    before = dump()
    for arguments, hint in WORKSPACES:
        assert_one_sentence(custograph("workspace", "create", *arguments), hint)
    assert dump() == before


def test_a_sandbox_is_made_and_emptied(custograph, at, door, dump):
    sandbox, real = (custograph("workspace", "create", *BERLIN, *more).out.strip() for more in (("--sandbox",), ()))
    name = BERLIN[BERLIN.index("--name") + 1]
    for id_ in (sandbox, real):
        door.write(system(UUID(id_)), customer.upsert_batch, [{"external_id": "c"}], Options())
    for arguments, hint in [
        ((real, name), "no sandbox"),
        ((sandbox, "Another"), "called otherwise"),
        ((str(uuid4()), name), "There is no workspace"),
        (("shop", name), "not the id of a workspace"),
    ]:
        assert_one_sentence(custograph("workspace", "reset", "--workspace", arguments[0], "--name", arguments[1]), hint)
    assert len(dump()["customer"]) == 2
    emptied = custograph("workspace", "reset", "--workspace", sandbox, "--name", name)
    assert (emptied.code, emptied.out, emptied.err) == (0, "The sandbox is empty.\n", "")
    (left,) = dump()["customer"]
    assert UUID(real).hex in left.replace("-", "")


def test_workspace_and_token_are_printed_alone(custograph, at, open_door):
    made = custograph("workspace", "create", *BERLIN)
    assert made.code == 0
    id_ = UUID(made.out.strip())
    assert made.out == f"{id_}\n"
    given = custograph(
        "token", "create", "--workspace", str(id_), "--name", "crm", "--source", "crm", "--scope", "kpi:read"
    )
    assert given.code == 0
    assert given.out.count("\n") == 1
    actor = tokens.authenticate(open_door(), given.out.strip())
    assert (actor.tenant_id, actor.name, actor.source, {scope.value for scope in actor.scopes}) == (
        id_,
        "crm",
        "crm",
        {"kpi:read"},
    )
    whole = custograph("token", "create", "--workspace", str(id_), "--name", "all")
    assert "workspace:admin" not in {
        scope.value for scope in tokens.authenticate(open_door(), whole.out.strip()).scopes
    }
    assert whole.out != given.out
    rebuilt = custograph("rebuild", "--workspace", str(id_))
    assert rebuilt.code == 0
    for arguments, hint in [
        (
            ("token", "create", "--workspace", str(id_), "--name", "x", "--scope", "everything"),
            "no scope 'everything'; there are kpi:read",
        ),
        (("token", "create", "--workspace", str(id_), "--name", ""), "name must not be empty"),
        (("token", "create", "--workspace", str(id_), "--name", "x", "--source", "x" * 101), "at most 100 characters"),
        (("token", "create", "--workspace", str(uuid4()), "--name", "x"), "There is no workspace"),
        (("token", "create", "--workspace", "shop", "--name", "x"), "not the id of a workspace"),
        (("token", "create", "--workspace", str(id_), "--name", "x", "--expires-in", "0"), "--expires-in"),
        (("token", "create", "--workspace", str(id_), "--name", "x", "--expires-in", "99999999999"), "xpire"),
        (("token", "create", "--workspace", str(id_), "--name", "x", "--expires-in", "3000000"), "xpire"),
        (("token", "create", "--name", "x"), "--workspace"),
        (("rebuild", "--workspace", "shop"), "not the id of a workspace"),
        (("rebuild", "--workspace", str(uuid4())), "There is no workspace"),
        (("rebuild", "--workspace", str(id_), "--cube", "nope"), "There is no rollup nope; there are"),
    ]:
        assert_one_sentence(custograph(*arguments), hint)


def test_members_are_added_listed_and_removed(custograph, at):
    workspace = custograph("workspace", "create", *BERLIN).out.strip()
    here = ("--workspace", workspace)
    olga = custograph("member", "add", *here, "--role", "OWNER", "--email", "Olga@example.com").out.strip()
    shop = ("--role", "CONTRIBUTOR", "--email", "shop@example.com", "--source", "till", "--segment", "small")
    seller = custograph("member", "add", *here, *shop).out.strip()
    assert UUID(olga) != UUID(seller)
    told = custograph("member", "list", *here)
    assert told.out.splitlines() == [f"{olga}\tOWNER\tolga@example.com", f"{seller}\tCONTRIBUTOR\tshop@example.com"]
    assert repr(custograph("member", "remove", *here, "--member", seller)) == "exit 0\n\n"
    assert custograph("member", "list", *here).out.splitlines() == [f"{olga}\tOWNER\tolga@example.com"]
    for wrong, why in (
        (("remove", *here, "--member", olga), "last owner"),
        (("remove", *here, "--member", seller), "no member"),
        (("remove", *here, "--member", "me"), "not the id"),
        (("add", *here, "--role", "KING", "--email", "k@example.com"), "role"),
        (("add", *here, "--role", "VIEWER"), "email"),
        (("add", *here, "--role", "VIEWER", "--email", "v@example.com", "--channel", "web"), "channel"),
    ):
        refused = custograph("member", *wrong)
        assert (refused.code, refused.out) == (2, ""), wrong
        assert why in refused.err


def test_a_setting_that_cannot_be_is_named(custograph, monkeypatch, tmp_path):
    make = ("workspace", "create", *BERLIN)
    folder = tmp_path / "not here"
    (tmp_path / "text.db").write_text("this is not a database, whatever its name says. " * 100)
    for url, hint in [
        ("mysql://root:sekret@localhost/db", "CUSTOGRAPH_DATABASE_URL must start with sqlite:/// or postgresql://"),
        ("", "CUSTOGRAPH_DATABASE_URL must start with"),
        (f"sqlite:///{folder}/x.db", f"{folder} of the database does not exist"),
        (f"sqlite:///{tmp_path}", "cannot be used"),
        (f"sqlite:///{tmp_path}/text.db", "not a database"),
        ("postgresql://user:sekret@127.0.0.1:1/db", "The database cannot be used"),
        ("postgresql://user:sekret@127.0.0.1:port/db", "atabase"),
    ]:
        monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", url)
        run = custograph(*make)
        assert_one_sentence(run, hint)
        assert "sekret" not in run.err
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", f"sqlite:///{tmp_path}/x.db")
    for name, value in (
        ("PORT", "http"),
        ("PORT", "99999"),
        ("WRITE_TIMEOUT_S", "0"),
        ("MAX_BODY_BYTES", "-1"),
        ("GRAPHIQL", "maybe"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(f"CUSTOGRAPH_{name}", value)
            assert_one_sentence(custograph("settings"), f"CUSTOGRAPH_{name}")
    assert not (tmp_path / "x.db").exists()


def test_serving_refuses_what_it_cannot_do(custograph, monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", f"sqlite:///{tmp_path}/x.db")
    assert_one_sentence(custograph("serve", "--workers", "2"), "--workers above 1 needs PostgreSQL")
    assert_one_sentence(custograph("serve", "--workers", "0"), "--workers")
    assert_one_sentence(custograph("serve", "--port", "65536"), "--port")
    assert not list(tmp_path.iterdir())


def test_a_database_that_is_behind_is_not_used(custograph, monkeypatch, postgresql_server):
    postgresql_server.run("CREATE DATABASE empty")
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", postgresql_server.url("empty"))
    try:
        assert_one_sentence(custograph("workspace", "create", *BERLIN), "run `serve` once")
    finally:
        postgresql_server.run("DROP DATABASE empty WITH (FORCE)")


def test_a_missing_sqlite_file_is_made(custograph, monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", f"sqlite:///{tmp_path}/x.db")
    assert custograph("workspace", "create", *BERLIN).code == 0
    assert (tmp_path / "x.db").exists()


def test_settings_are_printed_without_secrets(custograph, monkeypatch):
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", "postgresql://user:sekret@127.0.0.1/db")
    monkeypatch.setenv("CUSTOGRAPH_PROT", "1")
    run = custograph("settings")
    assert run.code == 0
    assert "CUSTOGRAPH_DATABASE_URL=postgresql://user:***@127.0.0.1/db" in run.out
    assert re.search("^CUSTOGRAPH_PORT=8000$", run.out, re.MULTILINE)
    assert "sekret" not in run.out + run.err
    assert "CUSTOGRAPH_PROT is not a setting" in run.err


def test_schema_and_catalogue_are_printed_or_written(custograph, tmp_path):
    for command, start in (("schema", "directive @oneOf"), ("docs", "# ")):
        printed = custograph(command)
        assert printed.code == 0
        assert start in printed.out
        written = custograph(command, "--write", str(tmp_path / command))
        assert (written.code, written.out) == (0, "")
        assert (tmp_path / command).read_text("utf-8") == printed.out
        assert_one_sentence(custograph(command, "--write", str(tmp_path / "not here" / "x")), "not here")


def test_a_backup_is_the_database_of_one_moment(custograph, monkeypatch, sqlite, tmp_path):
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", address(sqlite))
    id_ = custograph("workspace", "create", *BERLIN).out.strip()

    def rows(path):
        with closing(sqlite3.connect(path)) as connection:
            return list(connection.iterdump())

    copy = tmp_path / "copy.db"
    assert custograph("backup", str(copy)).code == 0
    assert rows(copy) == rows(sqlite.sqlite_path)
    assert_one_sentence(custograph("backup", str(copy)), "there already")
    assert_one_sentence(custograph("backup", str(tmp_path / "not here" / "x.db")), "could not be written")
    assert_one_sentence(custograph("restore", str(copy)), "there already")
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", f"sqlite:///{tmp_path}/second.db")
    (tmp_path / "text").write_text("nothing of the kind" * 1000)
    empty = tmp_path / "empty.db"
    with closing(sqlite3.connect(empty)) as connection:
        connection.execute("CREATE TABLE something (x)")
    for source in (tmp_path / "text", tmp_path / "missing", empty, tmp_path):
        assert_one_sentence(custograph("restore", str(source)), "not a backup that can be restored")
        assert not (tmp_path / "second.db").exists()
    assert_one_sentence(custograph("backup", str(tmp_path / "third.db")), "There is no database")
    assert custograph("restore", str(copy)).code == 0
    assert rows(tmp_path / "second.db") == rows(copy)
    assert custograph("token", "create", "--workspace", id_, "--name", "x").code == 0
    assert sorted(os.listdir(tmp_path))  # noqa: PTH208 - names are enough
    assert not list(tmp_path.glob("*.part"))


def test_backups_are_for_the_file_only(custograph, monkeypatch, postgresql, tmp_path):
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", address(postgresql))
    for command in ("backup", "restore"):
        assert_one_sentence(custograph(command, str(tmp_path / "x")), "pg_dump")


def test_tokens_and_workspaces_are_listed_rotated_and_revoked(custograph, at, open_door, clock):
    clock.set(datetime.now(UTC) + timedelta(minutes=5))  # commands go by the real time
    door = open_door()
    id_ = custograph("workspace", "create", *BERLIN).out.strip()
    other = custograph("workspace", "create", "--name", "Other", "--time-zone", "UTC", "--currency", "USD").out.strip()
    listed = custograph("workspace", "list")
    assert listed.out.splitlines() == [f"{other}\tUSD\tUTC\tOther", f"{id_}\tEUR\tEurope/Berlin\tShop"]
    first = custograph("token", "create", "--workspace", id_, "--name", "crm", "--scope", "kpi:read").out.strip()
    (line,) = custograph("token", "list", "--workspace", id_).out.splitlines()
    token, *rest = line.split("\t")
    assert rest == ["active", "never used", "default", "crm", "kpi:read"]
    assert str(tokens.authenticate(door, first).token_id) == token
    mine = ("--workspace", id_, "--token", token)
    rotated = custograph("token", "rotate", *mine, "--overlap-hours", "0")
    second = rotated.out.strip()
    assert (rotated.code, rotated.out) == (0, f"{second}\n")
    with pytest.raises(Unauthenticated):
        tokens.authenticate(door, first)
    assert str(tokens.authenticate(door, second).token_id) == token
    for arguments, hint in [
        (("token", "rotate", "--workspace", other, "--token", token), "There is no token with this id"),
        (("token", "revoke", "--workspace", id_, "--token", "x"), "There is no token with this id"),
        (("token", "rotate", *mine, "--overlap-hours", "1000"), "between 0 and 720"),
        (("token", "list", "--workspace", "shop"), "not the id of a workspace"),
        (("token", "create", "--workspace", id_, "--name", "x", "--origin", "https://a.example"), "--publishable"),
        (("token", "create", "--workspace", id_, "--name", "x", "--publishable", "--origin", "a"), "no web origin"),
    ]:
        assert_one_sentence(custograph(*arguments), hint)
    revoked = custograph("token", "revoke", *mine)
    assert (revoked.code, revoked.out) == (0, "")
    with pytest.raises(Unauthenticated):
        tokens.authenticate(door, second)
    assert "\trevoked\t" in custograph("token", "list", "--workspace", id_).out
    key = custograph(
        "token", "create", "--workspace", id_, "--name", "w", "--publishable", "--origin", "https://a.example"
    )
    assert tokens.authenticate(door, key.out.strip()).public.origins == ("https://a.example",)
    root = custograph(
        "token", "create", "--workspace", id_, "--name", "root", "--scope", "deployment:admin"
    ).out.strip()
    assert {scope.value for scope in tokens.authenticate(door, root).scopes} == {"deployment:admin"}


def test_a_wrong_key_is_told_before_anything_is_done(custograph, at, monkeypatch):
    assert custograph("workspace", "create", *BERLIN).code == 0
    monkeypatch.setenv("CUSTOGRAPH_SECRET_KEY", "short")
    assert_one_sentence(custograph("workspace", "list"), "CUSTOGRAPH_SECRET_KEY must have at least 32")
    monkeypatch.setenv("CUSTOGRAPH_SECRET_KEY", "a secret of thirty-two letters at least")
    assert custograph("workspace", "list").out.count("\n") == 1
    monkeypatch.setenv("CUSTOGRAPH_SECRET_KEY", "another secret of thirty-two letters")
    assert_one_sentence(custograph("workspace", "list"), "CUSTOGRAPH_SECRET_KEY is not the one")
    monkeypatch.delenv("CUSTOGRAPH_SECRET_KEY")
    assert_one_sentence(custograph("workspace", "list"), "CUSTOGRAPH_SECRET_KEY is not set")
