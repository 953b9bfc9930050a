"""Rollups: signed amounts per cube, dimension and day; the tables behind every KPI read.

An *entry* is appended in the fact's own transaction and never touched again; compaction adds entries up into
*rollup* rows, by day (with the day they became known, so that an earlier state of knowledge can be read) and by month
(present knowledge only, `known_on` is `ALWAYS`). What is true now is the sum of both tables.

The amounts of a cube's measures stand on page 0; the later pages hold how its spread is distributed: so many facts in
each bucket, as many buckets to a page as there are slots.
"""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, PrimaryKeyConstraint, SmallInteger, String, Table, Uuid
from sqlmodel import Field, SQLModel

from app.models.base import Tenanted

SLOTS = 24
"""How many measures one cube may have: each has a column of its own, so that a fact costs one row per dimension."""

ALWAYS = date(1, 1, 1)
"""The `known_on` of month rows, which keep no history of knowledge."""

DAY, MONTH = "D", "M"


def _key() -> list[Column[Any]]:
    return [
        Column("tenant_id", Uuid, nullable=False),
        Column("cube", String(32), nullable=False),
        Column("generation", SmallInteger, nullable=False),
    ]


def _cell() -> list[Column[Any]]:
    return [
        Column("dim", String(24), nullable=False),
        Column("day", Date, nullable=False),
        Column("key", String(200), nullable=False),
        Column("known_on", Date, nullable=False),
        Column("page", SmallInteger, nullable=False),
        *(Column(f"a{slot}", BigInteger, nullable=False) for slot in range(SLOTS)),
    ]


entry = Table(
    "rollup_entry",
    SQLModel.metadata,
    *_key(),
    *_cell(),
    Index("ix_rollup_entry", "tenant_id", "cube", "generation", "dim"),
)
rollup = Table(
    "rollup",
    SQLModel.metadata,
    *_key(),
    Column("grain", String(1), nullable=False),
    *_cell(),
    PrimaryKeyConstraint("tenant_id", "cube", "generation", "grain", "dim", "day", "key", "known_on", "page"),
)


class RollupState(Tenanted, table=True):
    """Which generation of a cube answers, under which fingerprint of its measures, and how far the next one is built.

    `building` is 0 when no rebuild is under way; `building_for` is the fingerprint that it will have, `cursor` the last
    fact id that it has passed (hex, empty at first).
    """

    __tablename__ = "rollup_state"

    cube: str = Field(max_length=32, primary_key=True)
    fingerprint: str = Field(max_length=64)
    generation: int = 1
    building: int = 0
    building_for: str = Field(default="", max_length=64)
    cursor: str = Field(default="", max_length=32)
    rebuilt_on: date = ALWAYS
