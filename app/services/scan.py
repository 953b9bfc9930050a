"""The pieces of statements that read facts themselves, for cuts that no rollup holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, column, exists, func, literal, or_, select, true, values
from sqlalchemy.types import Date, Integer, String

from app.errors import Limited
from app.kpis.dimension import Dimension
from app.kpis.measure import Cube
from app.services.period import Span
from app.text import Text
from app.uow import Uow


@dataclass(frozen=True, slots=True)
class Condition:
    """Only facts whose value of `by` is one of `any_of` (None: any) and none of `none_of`; "" is no value."""

    by: Dimension
    any_of: frozenset[str] | None = None
    none_of: frozenset[str] = frozenset()

    def allows(self, key: str) -> bool:
        """Whether facts of `key` are meant."""
        return (self.any_of is None or key in self.any_of) and key not in self.none_of


def buckets(spans: Sequence[Span], name: str = "buckets") -> CTE:
    """The spans as a table: i, low, high. Two in one statement need two names."""
    rows = [(index, span.start, span.end) for index, span in enumerate(spans)]
    columns = (column("i", Integer), column("low", Date), column("high", Date))
    return values(*columns, name="spans").data(rows).cte(name)


def each_of(uow: Uow, cube: Cube, by: Dimension | None) -> Any:  # noqa: ANN401 - a table-valued function or nothing
    """The values of `by`, as a table to join, where one fact may have several."""
    return uow.db.elements(cube.many[by]) if by is not None and by in cube.many else None


def key_of(uow: Uow, cube: Cube, by: Dimension | None, each: Any) -> ColumnElement[str]:  # noqa: ANN401 - what each_of gave
    """The key that a fact falls into, by `by`; "" for none, and without a breakdown."""
    if by is None:
        return literal("", String)
    if by in cube.many:
        return func.coalesce(each.c.value, "")
    return func.coalesce(uow.db.as_key(column_of(cube, by)), "")


def column_of(cube: Cube, by: Dimension) -> Any:  # noqa: ANN401 - SQLModel types columns as their values
    """The column that holds the one value of `by`."""
    return cube.dimensions.get(by) or cube.scanned[by]


def over(  # noqa: PLR0913 - what a scan depends on
    statement: Select[Any],
    uow: Uow,
    cube: Cube,
    buckets: CTE,
    conditions: tuple[Condition, ...],
    by: Dimension | None,
    each: Any = None,  # noqa: ANN401 - a table-valued function or nothing
) -> Select[Any]:
    """`statement` over the facts that count in each bucket and meet the conditions."""
    inside = and_(cube.day >= buckets.c.low, cube.day < buckets.c.high)
    statement = statement.select_from(buckets).join(cube.model, inside)
    if by is not None and each is not None:
        statement = statement.join(each, true(), isouter=True)
    return statement.where(cube.counted, *(where(uow, cube, condition) for condition in conditions))


def where(uow: Uow, cube: Cube, condition: Condition) -> ColumnElement[bool]:
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
            value = column_of(cube, condition.by)
            some = uow.db.is_any(func.coalesce(uow.db.as_key(value), ""), named)
            none = value.is_(None)
        met = or_(some, none) if "" in keys else some
        parts.append(met if wanted else ~met)
    return and_(True, *parts)


def bound(uow: Uow, cube: Cube, spans: Sequence[Span]) -> None:
    """Refuse to read more facts than the setting allows."""
    limit = uow.settings.max_scan_rows
    inside = (cube.day >= min(span.start for span in spans), cube.day < max(span.end for span in spans))
    # the day alone stands in the index: for the id every row would be read, which takes as long as the answer itself
    some = select(cube.day).where(*inside).limit(limit + 1).subquery()
    if (uow.session.scalar(select(func.count()).select_from(some)) or 0) > limit:
        msg = Text(
            f"This would read more than {limit} facts: ask for a shorter or a calendar period, or fewer filters.",
            f"这会读取超过 {limit} 条事实：请缩短期间、使用日历期间，或减少筛选。",
        )
        raise Limited(msg)
