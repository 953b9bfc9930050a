"""Reads facts themselves: for cuts that no rollup holds, survivals, and the latest answer of each customer."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    and_,
    case,
    column,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    values,
)
from sqlalchemy.orm import aliased
from sqlalchemy.types import Date, Integer, String
from sqlmodel import col

from app.errors import Limited
from app.formula import Atom
from app.kpis.dimension import Dimension
from app.kpis.kpi import Variant, cube_of
from app.kpis.measure import Cube, Lost, Measure, Opening
from app.models.spell import Spell
from app.services.period import Span
from app.text import Text
from app.uow import Uow

Narrowed = tuple[Atom, tuple["Condition", ...], Dimension | None]
"""An atom, the conditions that narrow it, and the dimension that it is broken down by."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Only facts whose value of `by` is one of `any_of` (None: any) and none of `none_of`; "" is no value."""

    by: Dimension
    any_of: frozenset[str] | None = None
    none_of: frozenset[str] = frozenset()

    def allows(self, key: str) -> bool:
        """Whether facts of `key` are meant."""
        return (self.any_of is None or key in self.any_of) and key not in self.none_of


def amounts(
    uow: Uow, spans: Sequence[Span], atoms: Sequence[Narrowed], variant: Variant, known_on: date | None
) -> dict[Atom, dict[str, list[int]]]:
    """For each atom, its amount per key and span, counted from the facts. Raises Limited beyond the stated bound."""
    groups: dict[tuple[Any, ...], list[Atom]] = defaultdict(list)
    for atom, conditions, by in atoms:
        is_latest = variant.is_latest(atom)
        groups[cube_of(atom), isinstance(atom, Lost), isinstance(atom, Opening), is_latest, conditions, by].append(atom)
    found: dict[Atom, dict[str, list[int]]] = {}
    for (cube, is_lost, is_opening, is_latest, conditions, by), members in groups.items():
        ranges = [Span(date.min, span.start) for span in spans] if is_opening else list(spans)
        if is_lost:
            seen = uow.seen.setdefault(_lost, {})  # several KPIs may rest on the same survivals
            asked = cube.name, tuple(ranges), conditions, by, known_on
            if asked not in seen:
                seen[asked] = uow.session.execute(_lost(uow, cube, *asked[1:])).all()
            told = seen[asked]
        else:
            _bound(uow, cube, ranges)
            answered = _answered(variant) if is_latest else None
            told = uow.session.execute(_flows(uow, cube, ranges, conditions, by, members, answered=answered)).all()
        rows: list[dict[str, list[int]]] = [{} for _ in members]
        for index, key, *row in told:
            for target, amount in zip(rows, row, strict=True):
                target.setdefault(key or "", [0] * len(spans))[index] += int(amount or 0)
        # where everything is zero, there is nothing: a fact of another kind, or one that was taken back
        found |= {
            atom: {k: row for k, row in each.items() if any(row)} for atom, each in zip(members, rows, strict=True)
        }
    return found


def people(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    spans: Sequence[Span],
    counted: Measure,
    conditions: tuple[Condition, ...],
    by: Dimension | None,
    *,
    complement: bool = False,
    known_on: date | None = None,
) -> dict[str, list[int]]:
    """How many people stand behind the facts of `counted`, per key and span; anonymous facts count one each.

    With `complement`, behind the facts that the conditions leave out. With `known_on`, behind those that have not
    changed since that day: so many at the least there were.
    """
    cube = counted.cube
    model: Any = cube.model
    _bound(uow, cube, spans)
    buckets = _buckets(spans)
    each = _each(uow, cube, by)
    key = _key(uow, cube, by, each)
    who = func.count(func.distinct(case((counted.where, uow.db.as_key(cube.person)))))
    met = and_(true(), *(_where(uow, cube, condition) for condition in conditions))
    statement = _over(select(buckets.c.i, key, who), uow, cube, buckets, (), by, each)
    statement = statement.where(not_(met) if complement else met).group_by(buckets.c.i, key)
    if known_on is not None:
        statement = statement.where(model.known_on <= known_on)
    found: dict[str, list[int]] = {}
    for index, name, count in uow.session.execute(statement):
        found.setdefault(name or "", [0] * len(spans))[index] = count
    return found


def _buckets(spans: Sequence[Span]) -> CTE:
    rows = [(index, span.start, span.end) for index, span in enumerate(spans)]
    columns = (column("i", Integer), column("low", Date), column("high", Date))
    return values(*columns, name="spans").data(rows).cte("buckets")


def _answered(variant: Variant) -> ColumnElement[bool]:
    """Which answers compete to be a customer's latest: those that the denominator counts."""
    assert isinstance(variant.denominator, Measure)  # noqa: S101 - such a variant divides by its answers
    return variant.denominator.where


def _flows(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    cube: Cube,
    spans: Sequence[Span],
    conditions: tuple[Condition, ...],
    by: Dimension | None,
    atoms: Sequence[Atom],
    *,
    answered: ColumnElement[bool] | None,
) -> Select[Any]:
    buckets = _buckets(spans)
    each = _each(uow, cube, by)
    measures = [atom.measure if isinstance(atom, Opening) else atom for atom in atoms]
    amounts_ = [measure.amount.label(f"v{i}") for i, measure in enumerate(measures) if isinstance(measure, Measure)]
    key = _key(uow, cube, by, each).label("key")
    if answered is None:
        sums = [func.sum(amount) for amount in amounts_]
        return _over(select(buckets.c.i, key, *sums), uow, cube, buckets, conditions, by, each).group_by(
            buckets.c.i, key
        )
    model: Any = cube.model
    place = func.row_number().over(
        partition_by=(buckets.c.i, key, cube.person), order_by=(model.occurred_at.desc(), model.id.desc())
    )
    inner = _over(
        select(buckets.c.i, key, *amounts_, place.label("place")).where(answered),
        uow,
        cube,
        buckets,
        conditions,
        by,
        each,
    ).subquery()
    sums = [func.sum(inner.c[f"v{i}"]) for i in range(len(amounts_))]
    return select(inner.c.i, inner.c.key, *sums).where(inner.c.place == 1).group_by(inner.c.i, inner.c.key)


def _each(uow: Uow, cube: Cube, by: Dimension | None) -> Any:  # noqa: ANN401 - a table-valued function or nothing
    return uow.db.elements(cube.many[by]) if by is not None and by in cube.many else None


def _key(uow: Uow, cube: Cube, by: Dimension | None, each: Any) -> ColumnElement[str]:  # noqa: ANN401 - as above
    if by is None:
        return literal("", String)
    if by in cube.many:
        return func.coalesce(each.c.value, "")
    return func.coalesce(uow.db.as_key(_column(cube, by)), "")


def _column(cube: Cube, by: Dimension) -> Any:  # noqa: ANN401 - SQLModel types columns as their values
    return cube.dimensions.get(by) or cube.scanned[by]


def _over(  # noqa: PLR0913 - what a scan depends on
    statement: Select[Any],
    uow: Uow,
    cube: Cube,
    buckets: CTE,
    conditions: tuple[Condition, ...],
    by: Dimension | None,
    each: Any = None,  # noqa: ANN401 - a table-valued function or nothing
) -> Select[Any]:
    inside = and_(cube.day >= buckets.c.low, cube.day < buckets.c.high)
    statement = statement.select_from(buckets).join(cube.model, inside)
    if by is not None and each is not None:
        statement = statement.join(each, true(), isouter=True)
    return statement.where(cube.counted, *(_where(uow, cube, condition) for condition in conditions))


def _where(uow: Uow, cube: Cube, condition: Condition) -> ColumnElement[bool]:
    """`condition` over the facts of `cube`, as SQL."""
    parts: list[ColumnElement[bool]] = []
    for wanted, keys in ((True, condition.any_of), (False, condition.none_of or None)):
        if keys is None:
            continue
        named = sorted(keys - {""})
        if condition.by in cube.many:
            document = cube.many[condition.by]
            each = uow.db.elements(document)
            some: ColumnElement[bool] = exists(
                select(literal(1)).select_from(each).where(uow.db.is_any(each.c.value, named))
            )
            none: ColumnElement[bool] = ~exists(select(literal(1)).select_from(uow.db.elements(document)))
        else:
            value = _column(cube, condition.by)
            some = uow.db.is_any(func.coalesce(uow.db.as_key(value), ""), named)
            none = value.is_(None)
        met = or_(some, none) if "" in keys else some
        parts.append(met if wanted else ~met)
    return and_(True, *parts)


def _bound(uow: Uow, cube: Cube, spans: Sequence[Span]) -> None:
    """Refuse to read more facts than the setting allows."""
    limit = uow.settings.max_scan_rows
    inside = (cube.day >= min(span.start for span in spans), cube.day < max(span.end for span in spans))
    model: Any = cube.model
    some = select(model.id).where(*inside).limit(limit + 1).subquery()
    if (uow.session.scalar(select(func.count()).select_from(some)) or 0) > limit:
        msg = Text(
            f"These filters together would read more than {limit} facts; ask for a shorter period or fewer filters.",
            f"这些筛选合在一起会读取超过 {limit} 条事实；请缩短期间或减少筛选。",
        )
        raise Limited(msg)


def _lost(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    cube: Cube,
    spans: Sequence[Span],
    conditions: tuple[Condition, ...],
    by: Dimension | None,
    known_on: date | None,
) -> Select[Any]:
    """Customers at the start who are none at the end: spells that ended inside, less those who came back in time.

    A spell covers a day's beginning when it started before that day and its first day without is that day or later.
    Rows are signed, so pairs of rows multiply their signs.
    """
    buckets = _buckets(spans)
    key = _key(uow, cube, by, None).label("key")
    back = aliased(Spell)
    left_inside = and_(
        col(Spell.ends_on) >= buckets.c.low, col(Spell.ends_on) < buckets.c.high, col(Spell.starts_on) < buckets.c.low
    )
    came_back = and_(
        col(back.customer_id) == col(Spell.customer_id),
        col(back.ordinal) > 1,
        col(back.starts_on) >= col(Spell.ends_on),
        col(back.starts_on) < buckets.c.high,
        col(back.ends_on) >= buckets.c.high,
    )
    where = [cube.counted, *(_where(uow, cube, condition) for condition in conditions)]
    known = [] if known_on is None else [col(Spell.known_on) <= known_on]
    known_back = [] if known_on is None else [col(back.known_on) <= known_on]
    ended = select(buckets.c.i, key, col(Spell.sign).label("n")).select_from(buckets).join(Spell, left_inside)
    returned = (
        select(buckets.c.i, key, (-col(Spell.sign) * col(back.sign)).label("n"))
        .select_from(buckets)
        .join(Spell, left_inside)
        .join(back, came_back)
        .where(col(back.is_test).is_(False), *known_back)
    )
    both = ended.where(*where, *known).union_all(returned.where(*where, *known)).subquery()
    return select(both.c.i, both.c.key, func.sum(both.c.n)).group_by(both.c.i, both.c.key)
