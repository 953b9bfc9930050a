"""Rows of input: how they are read, what is wrong with them, and what became of them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.errors import Code, Invalid, Problem, Undone
from app.services.mode import Mode
from app.services.period import EARLIEST, LATEST, start_of_day
from app.services.refusal import camel, like, problem
from app.text import Text
from app.uow import Uow

MAX_ROWS = 500
"""Most rows that one batch may have."""
MAX_DEPTH = 50
"""How deep a JSON value may be nested."""
_WIDEST = 2**63
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Day = Annotated[date, Field(ge=EARLIEST, lt=LATEST)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_WRITE = Text("Write an email address as name@example.com.", "邮箱地址请写成 name@example.com 的形式。")
Email = Annotated[str, Field(max_length=320), like(r"[^@\s]+@[^@\s]+", _WRITE)]


class ErrorPolicy(StrEnum):
    """What becomes of a batch in which some rows are wrong."""

    REJECT_ALL = "REJECT_ALL"
    REJECT_FAILED_ROWS = "REJECT_FAILED_ROWS"


class Outcome(StrEnum):
    """What became of one row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    STALE = "STALE"
    DELETED = "DELETED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Options:
    """How a batch is to be taken."""

    policy: ErrorPolicy = ErrorPolicy.REJECT_FAILED_ROWS
    create_missing: bool | None = None
    """Whether what is named and not known becomes a stub; None where that cannot be asked for."""
    dry_run: bool = False
    idempotency_key: str | None = None
    mode: Mode = Mode.UPSERT
    mirror: str | None = None
    keys: tuple[str | None, ...] | None = None
    """Where each row is another caller's: the idempotency key of each."""


AS_USUAL = Options()


@dataclass(slots=True)
class Result:
    """What became of the row at `index`: its outcome, the id of the record, or the problems with it."""

    index: int
    outcome: Outcome
    id: UUID | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that could not be read as its scalar; rejects its row instead of the whole request."""

    message: Text


@dataclass(frozen=True, slots=True)
class Ref:
    """A record as a caller names it: by global id, or by a source and the id it has there (None: the caller's)."""

    id: str | None = None
    external_id: Key | None = None
    source: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None


class Row(BaseModel):
    """Base of the rows; unknown names cannot occur, the schema has let only known ones in."""

    model_config = ConfigDict(
        extra="forbid",
        arbitrary_types_allowed=True,
        str_strip_whitespace=True,
        allow_inf_nan=False,
        revalidate_instances="always",  # a Ref comes ready made, and its names are looked at here
    )


R = TypeVar("R", bound=Row)
T = TypeVar("T")


def parse(kind: type[R], data: Mapping[str, Any]) -> R:
    """`data` (absent names left out) as a row. Raises Invalid with every problem found, each with its path."""
    check_readable(data)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise Invalid([problem(item) for item in error.errors(include_url=False)]) from None


def check_readable(data: object) -> None:
    """Refuse what could not be read as its scalar, or no column can hold. Raises Invalid with each path."""
    if not _is_plain(data) and (problems := list(_unreadable(data, ()))):
        raise Invalid(problems)


def _unreadable(value: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, Wrong):
        yield Problem(Code.INVALID, value.message, path)
    elif len(path) > MAX_DEPTH:
        name = path[0]
        msg = Text(
            f"{name} is nested too deeply: at most {MAX_DEPTH} levels.",
            f"{name} 嵌套过深：最多 {MAX_DEPTH} 层。",
        )
        yield Problem(Code.INVALID, msg, path[:1])
    elif (isinstance(value, int) and abs(value) >= _WIDEST) or (isinstance(value, float) and not isfinite(value)):
        name = path[-1]
        msg = Text(
            f"{name} holds a number beyond 64 bits; write it as text.",
            f"{name} 含有超出 64 位的数字；请写成文本。",
        )
        yield Problem(Code.OUT_OF_RANGE, msg, path)
    elif isinstance(value, str):
        if text := _unfit(value, path[-1]):
            yield Problem(Code.INVALID, text, path)
    elif isinstance(value, Ref):
        yield from _unreadable_inside({part.name: getattr(value, part.name) for part in fields(value)}, path)
    elif isinstance(value, Mapping | list | tuple):
        yield from _unreadable_inside(value, path)


def _unfit(value: str, name: str) -> Text | None:
    """Why no column can hold the text."""
    if "\0" in value:
        return Text(
            f"{name} holds a NUL character, which text cannot have.",
            f"{name} 含有文本中不允许的 NUL 字符。",
        )
    if _SURROGATE.search(value):
        return Text(
            f"{name} holds half a surrogate pair, which is no character.",
            f"{name} 含有半个代理对，它不是字符。",
        )
    return None


def _unreadable_inside(value: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - whatever JSON holds
    is_named = isinstance(value, Mapping)
    for name, part in value.items() if is_named else enumerate(value):
        if is_named and not _is_plain(name):
            yield from _unreadable(str(name), path or (str(name),))
        if not _is_plain(part):
            yield from _unreadable(part, (*path, camel(str(name))))


def _is_plain(value: object, depth: int = 0) -> bool:
    """Whether `value` is certainly readable, as most are: looking closer at each would cost more than storing it."""
    if isinstance(value, str):
        return value.isprintable()
    if type(value) in _READABLE:
        return True
    if depth < _SHALLOW and isinstance(value, dict):
        return all(_is_plain(part, depth + 1) for pair in value.items() for part in pair)
    if depth < _SHALLOW and isinstance(value, list):
        return all(_is_plain(part, depth + 1) for part in value)
    if isinstance(value, Ref):
        return _is_plain(value.id) and _is_plain(value.external_id) and _is_plain(value.source)
    return isinstance(value, float) and isfinite(value)


_READABLE = frozenset({type(None), bool, date, datetime, Decimal})
_SHALLOW = 3
"""As deep as a list of lines in a row lies; what lies deeper is looked at closely."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def moment(uow: Uow, value: datetime | date | None, name: str, *, past: bool = True) -> datetime | None:
    """A timestamp in UTC; a bare date is the start of that day in the workspace's zone.

    Raises Invalid for one without a zone, before 1900, or (with `past`) more than a day ahead.
    """
    if value is None:
        return None
    try:
        if not isinstance(value, datetime):
            value = start_of_day(value, uow.zone)
        if value.tzinfo is None:
            value = value.replace(tzinfo=uow.zone)
        value = value.astimezone(UTC)
    except OverflowError:  # a day from the calendar's first or last, beyond it in UTC
        value = datetime.min.replace(tzinfo=UTC) if value.year == 1 else datetime.max.replace(tzinfo=UTC)
    if value < _EARLIEST:
        msg = Text(f"{name} lies before 1900.", f"{name} 早于 1900 年。")
        raise Invalid(msg, name, code=Code.OUT_OF_RANGE)
    if past and value > uow.now + _AHEAD:
        msg = Text(f"{name} lies more than a day in the future.", f"{name} 比现在晚一天以上。")
        raise Invalid(msg, name, code=Code.OUT_OF_RANGE)
    return value


def check_size(rows: Sequence[object]) -> None:
    """Refuse a batch of more rows than one request may bring."""
    if len(rows) > MAX_ROWS:
        msg = Text(
            f"A batch has at most {MAX_ROWS} rows; this one has {len(rows)}. Send it in parts.",
            f"一个批次最多 {MAX_ROWS} 行；此批次有 {len(rows)} 行。请分批发送。",
        )
        raise Invalid(msg, "rows", code=Code.TOO_MANY)


def waves(
    rows: Mapping[int, T], name: Callable[[T], str], needs: Callable[[T], str | None] = lambda _row: None
) -> list[dict[int, T]]:
    """Rows of one name one after the other, in order, and after the row that they need; the rest together."""
    found: list[dict[int, T]] = []
    made: dict[str, int] = {}
    named: dict[str, int] = {}
    for index, row in rows.items():
        own, other = name(row), needs(row) or ""
        turn = 1 + max(made.get(own, -1), named.get(own, -1), made.get(other, -1))
        made[own] = turn
        named[other] = max(turn, named.get(other, -1))
        if turn == len(found):
            found.append({})
        found[turn][index] = row
    return found


@dataclass
class Batch:
    """The rows of one request on their way: what could be read, and what is known of each by now."""

    results: list[Result | None]
    waiting: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, kind: type[Row], rows: Sequence[Mapping[str, Any]]) -> "Batch":
        """Every row parsed or rejected. Raises Invalid when there are too many."""
        check_size(rows)
        batch = cls([None] * len(rows))
        for index, data in enumerate(rows):
            try:
                batch.waiting[index] = parse(kind, data)
            except Invalid as error:
                batch.reject(index, *error.problems)
        return batch

    def reject(self, index: int, *problems: Problem) -> None:
        """Take the row at `index` out, for `problems`."""
        self.results[index] = Result(index, Outcome.REJECTED, None, problems)
        self.waiting.pop(index, None)

    def settle(self, index: int, outcome: Outcome, id_: UUID | None) -> None:
        """Note what became of the row at `index`."""
        self.results[index] = Result(index, outcome, id_)

    def done(self, options: Options) -> list[Result]:
        """The results in the order of the rows.

        Raises Undone, so that nothing stays written, for a dry run and where one rejected row forbids the others.
        """
        results = [result for result in self.results if result is not None]
        if options.policy is ErrorPolicy.REJECT_ALL and any(result.problems for result in results):
            raise Undone([result if result.problems else _with_the_others(result.index) for result in results])
        if options.dry_run:
            new = {Outcome.CREATED}
            raise Undone([replace(result, id=None) if result.outcome in new else result for result in results])
        return results


def _with_the_others(index: int) -> Result:
    why = Text(
        "Not stored, because another row was rejected and errorPolicy is REJECT_ALL.",
        "未保存，因为另有一行被拒绝，而 errorPolicy 为 REJECT_ALL。",
    )
    return Result(index, Outcome.REJECTED, None, (Problem(Code.INVALID, why),))
