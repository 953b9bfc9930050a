"""The pieces of statements that read facts themselves, for cuts that no rollup holds."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, and_, case, column, exists, func, literal, or_, select, true, values
from sqlalchemy.types import Date, Integer, String

from app.errors import Limited
from app.formula import Atom
from app.kpis.atom import Closing, Daily, Distinct, Lost, Opening, PerAccount, Percentile, Shift
from app.kpis.dimension import JOINED, Dimension
from app.kpis.kpi import cube_of
from app.kpis.measure import Cube, Measure
from app.models.contract import Recurrence
from app.models.spell import Spell
from app.services import belonging
from app.services.belonging import MARK
from app.services.period import Span
from app.text import Text
from app.uow import Uow


@dataclass(frozen=True, slots=True)
class Condition:
    """Only facts whose value of `by` is one of `any_of` (None: any) and none of `none_of`; "" is no value.

    `attribute` names the attribute where `by` is one; a defined segment is named by `MARK` and its id.
    """

    by: Dimension
    any_of: frozenset[str] | None = None
    none_of: frozenset[str] = frozenset()
    attribute: str | None = None

    @property
    def is_joined(self) -> bool:
        """Whether facts do not hold what is asked themselves."""
        return self.by in JOINED or any(key.startswith(MARK) for key in (self.any_of or frozenset()) | self.none_of)

    def allows(self, key: str) -> bool:
        """Whether facts of `key` are meant."""
        return (self.any_of is None or key in self.any_of) and key not in self.none_of


def awaits_members(uow: Uow, conditions: Sequence[Condition]) -> bool:
    """Whether a segment that is named has yet to find its members."""
    named = {key for one in conditions if one.is_joined for key in (one.any_of or frozenset()) | one.none_of}
    return bool(named) and any(one.inner in named and not one.is_ready for one in belonging.defined(uow).values())


@dataclass(frozen=True, slots=True)
class Cutting:
    """By what facts are told apart: a dimension, one attribute, or the segments that the workspace defines."""

    by: Dimension
    attribute: str | None = None
    is_defined: bool = False

    @property
    def is_joined(self) -> bool:
        """Whether facts do not hold it themselves."""
        return self.is_defined or self.by in JOINED


APART = (Lost, Distinct, Daily, Percentile, PerAccount, Shift)
"""What is counted otherwise than by adding up."""
STATES = (Spell, Recurrence)
"""What tells of people's states by when they began and ended: who is a customer, and what their contracts come to."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """An atom, the days over which it is read, the conditions that narrow it, and the dimension that breaks it down."""

    atom: Atom
    spans: tuple[Span, ...]
    conditions: tuple[Condition, ...]
    by: Cutting | None

    @property
    def kind(self) -> type[Atom]:
        """Which sort of statement counts it. A state of people has stocks, which are narrowed on their own day."""
        if isinstance(self.atom, Opening | Closing) and cube_of(self.atom).model in STATES:
            return Opening
        return type(self.atom) if isinstance(self.atom, APART) else Measure


@dataclass(frozen=True, slots=True)
class Each:
    """A table that is joined to facts to tell them apart (None: they need none), and the key that it gives them."""

    table: Any
    on: ColumnElement[bool]
    key: ColumnElement[str]
    is_outer: bool = True


def buckets(spans: Sequence[Span], name: str = "buckets") -> CTE:
    """The spans as a table: i, low, high, and the days before the first and the last one: eve, last.

    Two in one statement need two names.
    """
    rows = [(i, one.start, one.end, _before(one.start), _before(one.end)) for i, one in enumerate(spans)]
    days = [column(day, Date) for day in ("low", "high", "eve", "last")]
    return values(column("i", Integer), *days, name="spans").data(rows).cte(name)


def _before(day: date) -> date:
    return day if day == date.min else day - timedelta(days=1)


def each_of(uow: Uow, cube: Cube, by: Cutting | None, on: Any = None) -> Each | None:  # noqa: ANN401 - a day
    """What is joined to tell facts apart, where they do not hold one value themselves. `on` is as for `where`."""
    if by is None:
        return None
    if by.is_defined:
        return Each(*belonging.memberships(uow, cube, cube.day if on is None else on), is_outer=False)
    if by.by is Dimension.LIFECYCLE_STAGE:
        return Each(None, true(), belonging.stage(cube, cube.day if on is None else on))
    if by.by is Dimension.ATTRIBUTE:
        assert by.attribute is not None  # noqa: S101 - who asks has named it
        return Each(*belonging.attributes(uow, cube, by.attribute))
    if by.by in cube.many:
        table = uow.db.elements(cube.many[by.by])
        return Each(table, true(), func.coalesce(table.c.value, ""))
    return None


def key_of(uow: Uow, cube: Cube, by: Cutting | None, each: Each | None) -> ColumnElement[str]:
    """The key that a fact falls into, by `by`; "" for none, and without a breakdown."""
    if each is not None:
        return each.key
    return literal("", String) if by is None else func.coalesce(uow.db.as_key(_seen(uow, cube, by.by)), "")


def column_of(cube: Cube, by: Dimension) -> Any:  # noqa: ANN401 - SQLModel types columns as their values
    """The column that holds the one value of `by`."""
    return cube.dimensions.get(by) or cube.scanned[by]


def _seen(uow: Uow, cube: Cube, by: Dimension) -> Any:  # noqa: ANN401 - as above
    """The same for the actor: a channel that they may not see is none."""
    column, rows = column_of(cube, by), uow.actor.rows
    if rows is None or rows.channels is None or by is not Dimension.ACQUISITION_CHANNEL:
        return column
    return case((column.in_(sorted(rows.channels)), column))


def over(  # noqa: PLR0913 - what a scan depends on
    statement: Select[Any],
    uow: Uow,
    cube: Cube,
    buckets: CTE,
    conditions: tuple[Condition, ...],
    each: Each | None = None,
    on: Any = None,  # noqa: ANN401 - a day
) -> Select[Any]:
    """`statement` over the facts that count in each bucket and meet the conditions. `on` is as for `where`."""
    inside = and_(cube.day >= buckets.c.low, cube.day < buckets.c.high)
    statement = joined(statement.select_from(buckets).join(cube.model, inside), each)
    return statement.where(cube.counted, *(where(uow, cube, condition, on) for condition in conditions))


def joined(statement: Select[Any], each: Each | None) -> Select[Any]:
    """`statement` with what tells its facts apart."""
    return (
        statement if each is None or each.table is None else statement.join(each.table, each.on, isouter=each.is_outer)
    )


def where(uow: Uow, cube: Cube, condition: Condition, on: Any = None) -> ColumnElement[bool]:  # noqa: ANN401 - a day
    """`condition` over the facts of `cube`, as SQL; who belonged to what is asked of the day `on`, or of its own."""
    day = cube.day if on is None else on
    parts: list[ColumnElement[bool]] = []
    for wanted, keys in ((True, condition.any_of), (False, condition.none_of or None)):
        if keys is not None:
            met = _holds(uow, cube, condition, keys, day)
            parts.append(met if wanted else ~met)
    return and_(True, *parts)


def _holds(uow: Uow, cube: Cube, condition: Condition, keys: AbstractSet[str], day: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a day
    """Whether a fact has one of `keys`."""
    if condition.by is Dimension.ATTRIBUTE:
        assert condition.attribute is not None  # noqa: S101 - `conditions` made sure
        return uow.db.is_any(belonging.attribute(uow, cube, condition.attribute), sorted(keys))
    if condition.by is Dimension.LIFECYCLE_STAGE:
        return uow.db.is_any(belonging.stage(cube, day), sorted(keys))
    named = sorted(key for key in keys if key and not key.startswith(MARK))
    if condition.by in cube.many:
        document = cube.many[condition.by]
        each = uow.db.elements(document)
        some: ColumnElement[bool] = exists(
            select(literal(1)).select_from(each).where(uow.db.is_any(each.c.value, named))
        )
        none: ColumnElement[bool] = ~exists(select(literal(1)).select_from(uow.db.elements(document)))
    else:
        value = _seen(uow, cube, condition.by)
        some = uow.db.is_any(func.coalesce(uow.db.as_key(value), ""), named)
        none = value.is_(None)
    found = [some, none] if "" in keys else [some]
    if defined := sorted(UUID(key.removeprefix(MARK)) for key in keys if key.startswith(MARK)):
        found.append(belonging.member(uow, cube, defined, day))
    return or_(*found)


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
