"""Brings a database up to date, as the role that owns its tables."""

from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, Uuid, column, create_engine, select, table
from sqlalchemy.exc import OperationalError

from app.db import Database, with_driver
from app.expectation import expect_many
from app.settings import Settings

_SCRIPTS = Path(__file__).parent.parent / "migrations"


def owner_engine(settings: Settings) -> Engine:
    """Connections as the database URL says, without the role that ordinary work puts on."""
    return create_engine(
        with_driver(settings.database_url.get_secret_value()), hide_parameters=True, poolclass=NullPool
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


PATIENCE_S = 60
"""How long a process waits for another one that migrates."""


def upgrade(settings: Settings) -> None:
    """Apply every migration that the database lacks. Safe to call from several processes at once."""
    engine = owner_engine(settings)
    config = _config()
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # one process migrates, the others wait and find nothing to do
            connection.exec_driver_sql(f"PRAGMA busy_timeout={1000 * PATIENCE_S}")
            _switch_to_wal(connection)
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7227182654)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite":
            expect_many(connection)
        connection.commit()
    engine.dispose()


def _switch_to_wal(connection: Connection) -> None:
    """Have SQLite log ahead. For this switch it does not wait for others by itself, whatever its timeout."""
    until = monotonic() + PATIENCE_S
    while True:
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except OperationalError:
            connection.rollback()
            if monotonic() > until:
                raise
            sleep(0.05)
        else:
            connection.commit()
            return


def is_current(db: Database) -> bool:
    """Whether the database has every migration that this program brings."""
    with db.reader.connect() as connection:
        present = MigrationContext.configure(connection).get_current_heads()
    return set(present) == set(ScriptDirectory.from_config(_config()).get_heads())


def stale_workspaces(settings: Settings, current: Mapping[str, str]) -> list[UUID]:
    """The workspaces of which some rollup is missing or has another fingerprint than `current` (cube → fingerprint).

    Asked as the owner of the tables, because ordinary work sees one workspace at a time.
    """
    engine = owner_engine(settings)
    with engine.connect() as connection:
        fresh: dict[UUID, set[str]] = {row.tenant_id: set() for row in connection.execute(select(_workspace))}
        for tenant_id, cube, fingerprint in connection.execute(select(_state)):
            if current.get(cube) == fingerprint and tenant_id in fresh:
                fresh[tenant_id].add(cube)
    engine.dispose()
    return [tenant_id for tenant_id, cubes in fresh.items() if cubes != set(current)]


_workspace = table("workspace", column("tenant_id", Uuid))
_state = table("rollup_state", column("tenant_id", Uuid), column("cube"), column("fingerprint"))
