"""The statements that fold facts into rollups: the same expression for one new fact and for all history."""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Insert,
    Select,
    SmallInteger,
    Subquery,
    Uuid,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.types import Date, String
from sqlmodel import col

from app.db import Database
from app.kpis.dimension import TOTAL
from app.kpis.measure import Cube
from app.kpis.spread import bucket_of
from app.models.rollup import ALWAYS, DAY, MONTH, SLOTS, entry, rollup

_AMOUNTS = [f"a{slot}" for slot in range(SLOTS)]


class Which(Enum):
    """Which facts a fold takes: some by id, those of them that a rebuild has passed, or a rebuild's next stretch."""

    THESE = auto()
    PASSED = auto()
    STRETCH = auto()


def folding(db: Database, cube: Cube, which: Which, *, is_spread: bool = False) -> Insert:
    """The statement, with its parameters: whose, into which generation, with which sign, and which facts.

    It folds what the measures of the cube come to or, for `is_spread`, into which buckets its values fall. What writers
    fold is appended; a rebuild's stretch, which nobody reads yet, is added up at once.
    """
    tenant_id = bindparam("of_tenant", type_=Uuid())
    keys = {dimension: db.as_key(column).label(f"k_{dimension}") for dimension, column in cube.dimensions.items()}
    by: tuple[Any, ...] = (*keys.values(), *cube.many.values())
    facts = _in_buckets(db, cube, which, by) if is_spread else _with_amounts(db, cube, which, by)
    cell = _cells(db, cube, facts, keys).subquery("cell")
    amounts: list[ColumnElement[Any]]
    if is_spread:
        amounts = [case((cell.c.slot == slot, cell.c.weight), else_=0) for slot in range(SLOTS)]
    else:
        amounts = [cell.c[f"a{slot}"] for slot in range(len(cube.measures))]
    sign = bindparam("with_sign", type_=BigInteger())
    sums: list[ColumnElement[Any]] = [sql_cast(func.sum(amount) * sign, entry.c.a0.type) for amount in amounts]
    sums += [literal(0)] * (SLOTS - len(sums))
    whose: tuple[Any, ...] = (tenant_id, literal(cube.name, String), bindparam("of_generation", type_=SmallInteger()))
    place: tuple[Any, ...] = (cell.c.dim, cell.c.day, cell.c.key, cell.c.known_on, cell.c.page)
    named = [part.label(name) for part, name in zip((*whose, *place, *sums), _COLUMNS, strict=True)]
    rows = select(*named).where(cell.c.key.is_not(None)).group_by(*place)
    return _added_up(db, rows) if which is Which.STRETCH else entry.insert().from_select(_COLUMNS, rows)


_COLUMNS = ["tenant_id", "cube", "generation", "dim", "day", "key", "known_on", "page", *_AMOUNTS]


def _added_up(db: Database, rows: Select[Any]) -> Insert:
    """The rows added to the days and months that compaction would make of them."""
    each = _once(rows, "rows")
    days = select(literal(DAY, String).label("grain"), *(each.c[name] for name in _COLUMNS))
    whose, place = (each.c[name] for name in _COLUMNS[:3]), (each.c.dim, db.month_start(each.c.day), each.c.key)
    sums = [sql_cast(func.sum(each.c[name]), entry.c.a0.type) for name in _AMOUNTS]
    months = select(literal(MONTH, String), *whose, *place, literal(ALWAYS, Date), each.c.page, *sums).group_by(
        *_COLUMNS[:3], *place, each.c.page
    )
    return adding(db, union_all(days, months).subquery())


def adding(db: Database, rows: Subquery) -> Insert:
    """The statement that adds `rows`, of which no two are of one cell, to those of the rollup."""
    columns = [column.key for column in rollup.columns]
    # SQLite cannot tell ON CONFLICT from a join's ON without a WHERE
    put = db.upsert(rollup).from_select(columns, select(*(rows.c[name] for name in columns)).where(true()))
    added = {name: rollup.c[name] + put.excluded[name] for name in _AMOUNTS}
    cell = [column.key for column in rollup.primary_key]
    statement: Insert = put.on_conflict_do_update(index_elements=cell, set_=added)
    return statement


def _facts(db: Database, cube: Cube, which: Which, columns: Sequence[Any]) -> Select[Any]:
    """The facts that count, of those that a fold takes: their day, since when they are known, and `columns`."""
    fact: Any = cube.model
    chosen = (
        [db.is_any(fact.id, bindparam("the_ids"))] if which is not Which.STRETCH else [fact.id > bindparam("after")]
    )
    if which is not Which.THESE:
        chosen.append(fact.id <= bindparam("until"))
    known = bindparam("learnt_on", type_=Date()) if which is not Which.STRETCH else col(fact.known_on)
    mine = fact.tenant_id == bindparam("of_tenant", type_=Uuid())
    read: tuple[Any, ...] = (col(cube.day).label("day"), known.label("known_on"), *columns)
    return select(*read).where(mine, cube.counted, *chosen)


def _with_amounts(db: Database, cube: Cube, which: Which, by: Sequence[Any]) -> CTE:
    """The facts with what each measure of the cube comes to."""
    amounts = [measure.amount.label(f"a{slot}") for slot, measure in enumerate(cube.measures)]
    return _once(_facts(db, cube, which, [literal(0).label("page"), *by, *amounts]), "facts")


def _in_buckets(db: Database, cube: Cube, which: Which, by: Sequence[Any]) -> CTE:
    """The facts with the page and the slot of the bucket into which the value of each falls."""
    weight = sql_cast(cube.sign, BigInteger).label("weight")
    value = _facts(db, cube, which, [*by, weight, cube.spread.label("value")]).where(cube.spread.is_not(None))
    values = _once(value, "spread")
    rest = [column for column in values.c if column.key != "value"]
    bucket = _once(select(*rest, bucket_of(values.c.value).label("bucket")), "buckets")
    rest = [column for column in bucket.c if column.key != "bucket"]
    placed = select(*rest, (1 + bucket.c.bucket // SLOTS).label("page"), (bucket.c.bucket % SLOTS).label("slot"))
    return placed.cte("facts")


def _once(statement: Select[Any], name: str) -> CTE:
    """The statement as a part of another, in which its long expressions stand and are worked out only once."""
    return statement.cte(name).prefix_with("MATERIALIZED")


def _cells(db: Database, cube: Cube, facts: CTE, keys: Iterable[str]) -> CompoundSelect[Any]:
    """The facts times the dimensions that each falls into: dim, day, key, known_on, page and the amounts."""
    # every fact falls into the total and into one key of each dimension it has: facts × names of dimensions
    names = union_all(*(select(literal(name, String).label("dim")) for name in (TOTAL, *keys))).cte("dims")
    key = case(
        *((names.c.dim == literal(name, String), facts.c[f"k_{name}"]) for name in keys), else_=literal("", String)
    )
    cells: list[Select[Any]] = [
        select(names.c.dim, facts.c.day, key.label("key"), *_of(facts)).select_from(facts.join(names, true()))
    ]
    for dimension, column in cube.many.items():
        each = db.elements(facts.c[column.key]).alias(f"each_{dimension}")
        some = select(literal(dimension.value, String), facts.c.day, each.c.value, *_of(facts))
        cells.append(some.select_from(facts.join(each, true())))
        none = select(literal(dimension.value, String), facts.c.day, literal("", String), *_of(facts))
        cells.append(none.where(sql_cast(facts.c[column.key], String) == "[]"))
    return union_all(*cells)


def _of(facts: CTE) -> Iterator[ColumnElement[Any]]:
    """What a cell takes of a fact beside its day and its key."""
    yield from (facts.c.known_on, facts.c.page)
    yield from (facts.c[name] for name in ("slot", "weight", *_AMOUNTS) if name in facts.c)
