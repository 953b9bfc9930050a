"""Counts facts themselves: amounts and people in cuts that no rollup holds, survivals, customers' latest answers."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, select, true

from app.formula import Atom
from app.kpis.atom import Daily, Distinct, Lost, Opening, PerAccount, Percentile, Shift
from app.kpis.kpi import Variant, cube_of, flow_of
from app.kpis.measure import Among, Cube, Measure
from app.kpis.spread import Histogram, bucket_of
from app.services import account_score
from app.services.period import Span
from app.services.returning import lost
from app.services.scan import Condition, Cutting, Narrowed, bound, buckets, each_of, key_of, over, where
from app.services.shifting import shifts
from app.uow import Uow


def amounts(
    uow: Uow, wanted: Sequence[Narrowed], variant: Variant, known_on: date | None
) -> dict[Atom, dict[str, list[Any]]]:
    """For each atom, its amount per key and span, counted from the facts. Raises Limited beyond the stated bound."""
    groups: dict[tuple[Any, ...], list[Atom]] = defaultdict(list)
    for one in wanted:
        is_latest = variant.is_latest(one.atom)
        groups[one.kind, cube_of(one.atom), is_latest, one.spans, one.conditions, one.by].append(one.atom)
    found: dict[Atom, dict[str, list[Any]]] = {}
    for (kind, cube, is_latest, spans, conditions, by), members in groups.items():
        if kind is Percentile:
            bound(uow, cube, spans)
            spread = _spread(uow, cube, spans, conditions, by)
            found |= dict.fromkeys(members, spread)
            continue
        if kind is PerAccount:
            found |= account_score.amounts(uow, spans, conditions, by, members)
            continue
        if kind is Lost:
            told = _survivals(uow, cube, spans, conditions, by, known_on)
        elif kind is Shift:
            told = _shifts(uow, cube, spans, conditions, by, members, known_on)
        else:
            bound(uow, cube, spans)
            how = {Distinct: _crowd, Daily: _daily}.get(kind)
            if how is None:
                answered = _answered(variant) if is_latest else None
                how = partial(_flows, answered=answered, among=variant.among, is_stock=kind is Opening)
            told = uow.session.execute(how(uow, cube, spans, conditions, by, members)).all()
        found |= _by_key(members, told, len(spans))
    return found


def _by_key(atoms: Sequence[Atom], told: Sequence[Any], width: int) -> dict[Atom, dict[str, list[Any]]]:
    """Rows of (span, key, an amount for each atom) as the amounts of each atom per key and span."""
    rows: list[dict[str, list[int]]] = [{} for _ in atoms]
    for index, key, *row in told:
        for target, amount in zip(rows, row, strict=True):
            target.setdefault(key or "", [0] * width)[index] += int(amount or 0)
    # where everything is zero, there is nothing: a fact of another kind, or one that was taken back
    return {atom: {k: row for k, row in each.items() if any(row)} for atom, each in zip(atoms, rows, strict=True)}


def people(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    spans: Sequence[Span],
    counted: Measure,
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    *,
    complement: bool = False,
    among: ColumnElement[bool] | None = None,
    known_on: date | None = None,
) -> dict[str, list[int]]:
    """How many people stand behind the facts of `counted`, per key and span; anonymous facts count one each.

    With `complement`, behind the facts that the conditions, or `among`, leave out. With `known_on`, behind those that
    have not changed since that day: so many at the least there were.
    """
    cube = counted.cube
    model: Any = cube.model
    bound(uow, cube, spans)
    days = buckets(spans)
    each = each_of(uow, cube, by)
    key = key_of(uow, cube, by, each)
    who = func.count(func.distinct(case((counted.where, uow.db.as_key(cube.person)))))
    met = and_(true() if among is None else among, *(where(uow, cube, condition) for condition in conditions))
    statement = over(select(days.c.i, key, who), uow, cube, days, (), each)
    statement = statement.where(not_(met) if complement else met).group_by(days.c.i, key)
    if known_on is not None:
        statement = statement.where(model.known_on <= known_on)
    found: dict[str, list[int]] = {}
    for index, name, count in uow.session.execute(statement):
        found.setdefault(name or "", [0] * len(spans))[index] = count
    return found


def _answered(variant: Variant) -> ColumnElement[bool]:
    """Which answers compete to be a customer's latest: those that the denominator counts."""
    assert isinstance(variant.denominator, Measure)  # noqa: S101 - such a variant divides by its answers
    return variant.denominator.where


def _flows(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    cube: Cube,
    spans: Sequence[Span],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    atoms: Sequence[Atom],
    *,
    answered: ColumnElement[bool] | None,
    among: ColumnElement[bool] | None,
    is_stock: bool,
) -> Select[Any]:
    days = buckets(spans)
    on = days.c.last if is_stock else None
    each = each_of(uow, cube, by, on)
    amounts_ = [flow_of(atom).amount.label(f"v{i}") for i, atom in enumerate(atoms)]
    key = key_of(uow, cube, by, each).label("key")
    if answered is None:
        sums = [func.sum(amount) for amount in amounts_]
        statement = over(select(days.c.i, key, *sums), uow, cube, days, conditions, each, on)
        return (statement if among is None else statement.where(among)).group_by(days.c.i, key)
    model: Any = cube.model
    place = func.row_number().over(
        partition_by=(days.c.i, key, cube.person), order_by=(model.occurred_at.desc(), model.id.desc())
    )
    inner = over(
        select(days.c.i, key, *amounts_, place.label("place")).where(answered),
        uow,
        cube,
        days,
        conditions,
        each,
    ).subquery()
    sums = [func.sum(inner.c[f"v{i}"]) for i in range(len(amounts_))]
    return select(inner.c.i, inner.c.key, *sums).where(inner.c.place == 1).group_by(inner.c.i, inner.c.key)


def _spread(
    uow: Uow, cube: Cube, spans: Sequence[Span], conditions: tuple[Condition, ...], by: Cutting | None
) -> dict[str, list[Histogram]]:
    """How the cube's values are distributed per key and span."""
    days = buckets(spans)
    each = each_of(uow, cube, by)
    key = key_of(uow, cube, by, each).label("key")
    number = bucket_of(cube.spread).label("number")
    columns = (days.c.i, key, number, func.count())
    statement = over(select(*columns), uow, cube, days, conditions, each).where(cube.spread.is_not(None))
    counts: dict[str, list[dict[int, int]]] = {}
    for index, name, bucket, count in uow.session.execute(statement.group_by(days.c.i, key, number)):
        counts.setdefault(name or "", [{} for _ in spans])[index][bucket] = int(count)
    return {name: [Histogram(one) for one in row] for name, row in counts.items()}


def _crowd(  # noqa: PLR0913 - what a count depends on
    uow: Uow,
    cube: Cube,
    spans: Sequence[Span],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    atoms: Sequence[Atom],
) -> Select[Any]:
    """How many people have facts in each span, how many of them two or more, and how many none before it."""
    days = buckets(spans)
    told = each_of(uow, cube, by)
    key = key_of(uow, cube, by, told).label("key")
    met = over(
        select(days.c.i, key, cube.person.label("person"), func.count().label("n")), uow, cube, days, conditions, told
    )
    each = met.group_by(days.c.i, key, cube.person).subquery()
    groups = [atom.among for atom in atoms if isinstance(atom, Distinct)]
    first = select(cube.person.label("person"), func.min(cube.day).label("day")).where(cube.counted)
    ever = first.group_by(cube.person).subquery()
    columns = [_among(among, each, days, ever) for among in groups]
    statement = select(each.c.i, each.c.key, *columns).select_from(each)
    if Among.NEW in groups:
        statement = statement.join(days, days.c.i == each.c.i).join(ever, ever.c.person == each.c.person)
    return statement.group_by(each.c.i, each.c.key)


def _daily(  # noqa: PLR0913 - what a count depends on
    uow: Uow,
    cube: Cube,
    spans: Sequence[Span],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    atoms: Sequence[Atom],
) -> Select[Any]:
    """How many people have facts on the days of each span, each day's people added up."""
    days = buckets(spans)
    told = each_of(uow, cube, by)
    columns = (days.c.i, key_of(uow, cube, by, told).label("key"), cube.person.label("person"), cube.day.label("day"))
    each = over(select(*columns), uow, cube, days, conditions, told).distinct().subquery()
    return select(each.c.i, each.c.key, *[func.count() for _ in atoms]).group_by(each.c.i, each.c.key)


def _among(among: Among, each: Any, days: Any, ever: Any) -> ColumnElement[Any]:  # noqa: ANN401 - tables of a statement
    if among is Among.ALL:
        return func.count()
    if among is Among.REPEATED:
        return func.sum(case((each.c.n > 1, 1), else_=0))
    return func.sum(case((ever.c.day >= days.c.low, 1), else_=0))


def _whole(cube: Cube, conditions: Sequence[Condition], by: Cutting | None) -> Cutting | None:
    """The one dimension of a cut, if facts hold it themselves: all of its values can be read at once."""
    named = {condition.by for condition in conditions} | ({by.by} if by else set())
    is_joined = any(condition.is_joined for condition in conditions) or (by is not None and by.is_joined)
    is_one = len(named) == 1 and named <= cube.dimensions.keys() and not is_joined
    return Cutting(next(iter(named))) if is_one else None


def _once(  # noqa: PLR0913 - what is asked, and how it is read
    uow: Uow,
    place: tuple[Any, ...],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    whole: Cutting | None,
    read: Callable[[tuple[Condition, ...], Cutting | None], Sequence[Any]],
) -> Sequence[Any]:
    """What `read` finds; all values of a dimension are read at once, however many of them are asked for by themselves.

    Several KPIs may rest on the same, too: a statement is run once in a unit of work.
    """
    narrowed: tuple[tuple[Condition, ...], Cutting | None] = ((), whole) if whole else (conditions, by)
    seen = uow.seen.setdefault(_once, {})
    if (place, narrowed) not in seen:
        seen[place, narrowed] = read(*narrowed)
    told: Sequence[Any] = seen[place, narrowed]
    if whole is None:
        return told
    met = [row for row in told if all(condition.allows(row[1]) for condition in conditions)]
    return met if by else [(index, "", *amounts) for index, _, *amounts in met]


def _survivals(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    cube: Cube,
    spans: tuple[Span, ...],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    known_on: date | None,
) -> Sequence[Any]:
    """What `lost` finds."""

    def read(conditions: tuple[Condition, ...], by: Cutting | None) -> Sequence[Any]:
        return lost(uow, cube, spans, conditions, by, known_on)

    return _once(uow, (cube.name, spans, known_on), conditions, by, _whole(cube, conditions, by), read)


def _shifts(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    cube: Cube,
    spans: tuple[Span, ...],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    atoms: Sequence[Atom],
    known_on: date | None,
) -> Sequence[Any]:
    """What `shifts` finds. Somebody's shift over several values is not the sum of those over each."""

    def read(conditions: tuple[Condition, ...], by: Cutting | None) -> Sequence[Any]:
        return shifts(uow, cube, spans, conditions, by, atoms, known_on)

    is_each = by is not None or all(len(one.any_of or ()) == 1 and not one.none_of for one in conditions)
    whole = _whole(cube, conditions, by) if is_each else None
    return _once(uow, (cube.name, spans, known_on, *atoms), conditions, by, whole, read)
