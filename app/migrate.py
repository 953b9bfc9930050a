"""Brings a database up to date, as the role that owns its tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, create_engine

from app.db import Database, with_driver
from app.settings import Settings

_SCRIPTS = Path(__file__).parent.parent / "migrations"


def owner_engine(settings: Settings) -> Engine:
    """Connections as the database URL says, without the role that ordinary work puts on."""
    return create_engine(with_driver(settings.database_url.get_secret_value()), hide_parameters=True, poolclass=NullPool)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


def upgrade(settings: Settings) -> None:
    """Apply every migration that the database lacks. Safe to call from several processes at once."""
    engine = owner_engine(settings)
    config = _config()
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # one process migrates, the others wait and find nothing to do
            connection.exec_driver_sql("PRAGMA busy_timeout=60000")
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.commit()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7227182654)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    engine.dispose()


def is_current(db: Database) -> bool:
    """Whether the database has every migration that this program brings."""
    with db.reader.connect() as connection:
        present = MigrationContext.configure(connection).get_current_heads()
    return set(present) == set(ScriptDirectory.from_config(_config()).get_heads())
