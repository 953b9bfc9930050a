"""The statement that folds facts into rollup entries: the same expression for one new fact and for all history."""

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
from app.models.rollup import SLOTS, entry

_AMOUNTS = [f"a{slot}" for slot in range(SLOTS)]


class Which(Enum):
    """Which facts a fold takes: some by id, those of them that a rebuild has passed, or a rebuild's next stretch."""

    THESE = auto()
    PASSED = auto()
    STRETCH = auto()


def folding(db: Database, cube: Cube, which: Which, *, is_spread: bool = False) -> Insert:
    """The statement, with its parameters: whose, into which generation, with which sign, and which facts.

    It folds what the measures of the cube come to or, for `is_spread`, into which buckets its values fall.
    """
    tenant_id = bindparam("of_tenant", type_=Uuid())
    page, amounts = _paged(cube) if is_spread else (literal(0), [measure.amount for measure in cube.measures])
    keys = {dimension: db.as_key(column).label(f"k_{dimension}") for dimension, column in cube.dimensions.items()}
    named = [amount.label(f"a{slot}") for slot, amount in enumerate(amounts)]
    columns = [page.label("page"), *keys.values(), *cube.many.values(), *named]
    facts = _facts(db, cube, which, columns).where(cube.spread.is_not(None) if is_spread else true()).cte("facts")
    cell = _cells(db, cube, facts, keys).subquery("cell")
    sign = bindparam("with_sign", type_=BigInteger())
    sums = [
        sql_cast(func.sum(cell.c[f"a{slot}"]) * sign, entry.c.a0.type) if slot < len(amounts) else literal(0)
        for slot in range(SLOTS)
    ]
    rows = (
        select(
            tenant_id,
            literal(cube.name),
            bindparam("of_generation", type_=SmallInteger()),
            cell.c.dim,
            cell.c.day,
            cell.c.key,
            cell.c.known_on,
            cell.c.page,
            *sums,
        )
        .where(cell.c.key.is_not(None))
        .group_by(cell.c.dim, cell.c.day, cell.c.key, cell.c.known_on, cell.c.page)
    )
    into = ["tenant_id", "cube", "generation", "dim", "day", "key", "known_on", "page", *_AMOUNTS]
    return entry.insert().from_select(into, rows)


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


def _paged(cube: Cube) -> tuple[ColumnElement[int], list[ColumnElement[Any]]]:
    """On which page of the histogram a fact's value falls, and 1 in the slot of its bucket."""
    number = bucket_of(cube.spread)
    slots: list[ColumnElement[Any]] = [
        sql_cast(case((number % SLOTS == slot, 1), else_=0) * cube.sign, BigInteger) for slot in range(SLOTS)
    ]
    return 1 + number // SLOTS, slots


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


def _of(facts: Any) -> Iterator[ColumnElement[Any]]:  # noqa: ANN401 - a CTE's columns are untyped
    yield from (facts.c.known_on, facts.c.page)
    yield from (column for column in facts.c if column.key.startswith("a") and column.key[1:].isdigit())
