"""What keeps a database in order: refreshing rollups after an upgrade, rebuilding, backing up."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

from app import migrate
from app.actor import Actor, system
from app.errors import Invalid, NotFound
from app.kpis import CUBES
from app.models.workspace import Workspace
from app.services import audit, rebuild, rollup, sandbox
from app.settings import Settings
from app.text import Text
from app.uow import Door

_DIGITS = 18
"""Of the number of a change, which is a whole number of 64 bits."""


class Refused(Exception):
    """A backup or restore that would do harm; says why."""


def refresh(settings: Settings, door: Door) -> int:
    """Begin rebuilding the rollups whose measures have changed since they were built; in how many workspaces.

    Asked as the owner of the tables, because ordinary work sees one workspace at a time.
    """
    stale = migrate.stale_workspaces(settings, {cube.name: cube.fingerprint for cube in CUBES.values()})
    for tenant_id in stale:
        door.write(system(tenant_id, "upgrade"), rebuild.start)
    return len(stale)


def rebuild_now(door: Door, tenant_id: UUID, cubes: Sequence[str] | None) -> int:
    """Rebuild rollups of a workspace now; how many. Raises NotFound without such a workspace."""
    actor = _inside(door, tenant_id)
    names = list(CUBES) if not cubes else list(cubes)
    if unknown := set(names) - set(CUBES):
        msg = Text(
            f"There is no rollup {', '.join(sorted(unknown))}; there are {', '.join(CUBES)}.",
            f"没有汇总 {', '.join(sorted(unknown))}；可用的有 {', '.join(CUBES)}。",
        )
        raise NotFound(msg)
    begun = door.write(actor, rebuild.start, names)
    while door.write(actor, rebuild.step):
        door.write(actor, rollup.compact, at_least=door.settings.compact_after)
    door.write(actor, rollup.compact)
    return len(begun)


def verify(door: Door, tenant_id: UUID, head: str | None, *, since: bool) -> audit.Verification:
    """Whether a workspace's audit is whole, against a `SEQ:HASH` kept elsewhere; with `since` only from there on.

    Raises NotFound without such a workspace, Invalid for a head that is none.
    """
    kept = None
    if head is not None:
        seq, _, digest = head.partition(":")
        if not seq.isdecimal() or len(seq) > _DIGITS:
            msg = Text(
                "A head is written SEQ:HASH, as `audit verify` prints it.",
                "链头写作 SEQ:HASH，即 `audit verify` 所打印的形式。",
            )
            raise Invalid(msg, "head")
        kept = audit.Head(int(seq), digest)
    return door.read(_inside(door, tenant_id), audit.verify, kept, since=since)


def reset(door: Door, tenant_id: UUID, name: str) -> None:
    """Empty a sandbox of that name. Raises NotFound without such a workspace, Invalid where it is no sandbox."""
    door.write(_inside(door, tenant_id), sandbox.reset, name)


def _inside(door: Door, tenant_id: UUID) -> Actor:
    """The command line, at work in a workspace. Raises NotFound without such a workspace."""
    actor = system(tenant_id, "command line")
    with door.snapshot(actor) as uow:
        if uow.session.get(Workspace, (tenant_id, tenant_id)) is None:
            msg = Text(f"There is no workspace {tenant_id}.", f"没有工作区 {tenant_id}。")
            raise NotFound(msg)
    return actor


def backup(settings: Settings, to: Path) -> None:
    """Copy the SQLite database to `to` as of one moment. Raises Refused."""
    path = _sqlite(settings)
    if not path.exists():
        msg = f"There is no database {path}."
        raise Refused(msg)
    if to.exists():
        msg = f"{to} is there already."
        raise Refused(msg)
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path)) as source:
            source.execute("VACUUM INTO ?", (str(part),))
        _put(part, to)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        msg = f"The backup could not be written: {error}"
        raise Refused(msg) from None


def restore(settings: Settings, from_: Path) -> None:
    """Put the backup `from_` in the place of the SQLite database. Raises Refused."""
    path = _sqlite(settings)
    there = [name for name in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))) if name.exists()]
    if there:  # a -wal left behind holds writes of the database that was moved away, and would spoil the new one
        msg = f"{', '.join(map(str, there))} is there already; move it away first, all of it together."
        raise Refused(msg)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(f"file:{from_}?mode=ro", uri=True)) as source:
            if source.execute("PRAGMA quick_check").fetchone() != ("ok",):
                msg = f"{from_} is damaged."
                raise Refused(msg)
            source.execute("SELECT count(*) FROM alembic_version")
            source.execute("VACUUM INTO ?", (str(part),))
        _put(part, path)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        msg = f"{from_} is not a backup that can be restored: {error}"
        raise Refused(msg) from None


def _put(part: Path, to: Path) -> None:
    """Give a file that is complete its name, so that no crash leaves half of one."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.rename(to)


def _sqlite(settings: Settings) -> Path:
    if settings.sqlite_path is None:
        msg = "Back up PostgreSQL with its own tools (pg_dump); these commands are for the SQLite file."
        raise Refused(msg)
    return settings.sqlite_path
