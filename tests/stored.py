"""What really lies in the database, read past all of the program's own ways of reading."""

from collections import defaultdict
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import oracle
from databases import compiled_once
from sqlalchemy import Engine, select
from sqlmodel import SQLModel

from app import migrate
from app.kpis import CUBES
from app.settings import Settings

TABLE_OF = {"feedback": "feedback", "spell_start": "spell", "spell_end": "spell"}


@lru_cache(maxsize=1)
def _engine(url: str) -> Engine:
    engine = migrate.owner_engine(Settings(database_url=url))
    compiled_once("owner", engine)
    return engine


def rows(settings: Settings, table: str, tenant_id: object = None) -> list[dict[str, Any]]:
    """Every row of a table, of every workspace or of one."""
    statement = select(found := SQLModel.metadata.tables[table])
    if tenant_id is not None:
        statement = statement.where(found.c.tenant_id == tenant_id)
    with _engine(settings.database_url).connect() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def everything(settings: Settings, of: UUID | None = None) -> dict[str, list[str]]:
    """The whole content of the database, or of one workspace, to be compared: each table's rows as their drivers say.

    Without quotas, which asking uses up, and without when tokens were used.
    """
    found = {}
    with _engine(settings.database_url).connect() as connection:
        for name, statement in _read_raw(connection.dialect.name):
            rows = connection.exec_driver_sql(statement)
            if of is not None and "tenant_id" not in rows.keys():  # noqa: SIM118 - a result is no mapping
                continue
            found[name] = sorted(repr(tuple(row)) for row in rows if of is None or UUID(str(row.tenant_id)) == of)
    return found


@cache
def _read_raw(engine: str) -> list[tuple[str, str]]:
    """Reads whole tables, in no words of SQLAlchemy's: those would have to be compiled for each database.

    PostgreSQL writes its rows as texts itself: that is far quicker than to make values of them first.
    """
    found = []
    for table in SQLModel.metadata.sorted_tables:
        names = ", ".join(f'"{column.name}"' for column in table.c if column.name != "last_used_at")
        if engine == "postgresql":
            names = ("tenant_id, " if "tenant_id" in table.c else "") + f"ROW({names})::text"
        found.append((table.name, f'SELECT {names} FROM "{table.name}"'))
    return [one for one in found if one[0] != "quota"]


def execute(settings: Settings, *statements: Any) -> None:
    """Change the database behind the program's back."""
    with _engine(settings.database_url).begin() as connection:
        for statement in statements:
            connection.execute(statement)


def from_rollups(settings: Settings, tenant_id: object) -> oracle.Cells:
    """What the rollups say by day, appended and compacted together, of the generation that answers."""
    live = {row["cube"]: row["generation"] for row in rows(settings, "rollup_state", tenant_id)}
    found: oracle.Cells = defaultdict(lambda: defaultdict(int))
    for table in ("rollup", "rollup_entry"):
        for row in rows(settings, table, tenant_id):
            if row.get("grain") == "M" or row["generation"] != live[row["cube"]]:
                continue
            cell = found[row["cube"], row["dim"], row["day"], row["key"]]
            for measure in CUBES[row["cube"]].measures:
                cell[measure.name] += row[f"a{measure.slot}"]
    return oracle.without_zeroes(found)


def by_month(settings: Settings, tenant_id: object) -> oracle.Cells:
    """What the month rows say, and what the day rows beside them add up to: the same."""
    found: dict[str, oracle.Cells] = {grain: defaultdict(lambda: defaultdict(int)) for grain in "DM"}
    for row in rows(settings, "rollup", tenant_id):
        cell = found[row["grain"]][row["cube"], row["dim"], row["day"].replace(day=1), row["key"]]
        for measure in CUBES[row["cube"]].measures:
            cell[measure.name] += row[f"a{measure.slot}"]
    days, months = (oracle.without_zeroes(found[grain]) for grain in "DM")
    assert days == months
    return months


def from_facts(settings: Settings, tenant_id: object) -> oracle.Cells:
    """What the stored facts add up to, by brute force."""
    found: oracle.Cells = {}
    for cube, table in TABLE_OF.items():
        found |= oracle.cells(cube, rows(settings, table, tenant_id))
    return found


def assert_rollups_are_the_facts(settings: Settings, tenant_id: object) -> oracle.Cells:
    """The whole of the rollups, cell by cell, is what the facts add up to; months are what days add up to."""
    told, counted = from_rollups(settings, tenant_id), from_facts(settings, tenant_id)
    differing = {cell: (told.get(cell), counted.get(cell)) for cell in told.keys() | counted.keys()}
    differing = {cell: pair for cell, pair in differing.items() if pair[0] != pair[1]}
    assert not differing, dict(list(differing.items())[:5])
    by_month(settings, tenant_id)
    return told
