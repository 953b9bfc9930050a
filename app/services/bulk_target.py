"""Targets as files bring them: set as by the API, with the baseline that was frozen elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app import ids
from app.errors import Code, Invalid
from app.kpis.dimension import Dimension
from app.models.target import Target, TargetKind
from app.services import ref, target
from app.services.period import Span, checked
from app.services.row import Day, Key, Outcome, Ref, Row, parse
from app.services.slices import Filter
from app.text import Text
from app.uow import Uow

Words = Annotated[list[str], Field(max_length=1_000)]


class TargetFilterRow(Row):
    """To what a target is narrowed; customers by global id, or by what the source calls them."""

    by: Dimension
    attribute: str | None = None
    any_of: Words | None = None
    none_of: Words | None = None
    with_descendants: bool | None = None


class BaselineRow(Row):
    """What the KPI was before, or from when until when to measure it; of one that was measured both."""

    value: Annotated[float, Field(allow_inf_nan=False)] | None = None
    from_: Day | None = None
    before: Day | None = None


class TargetFileRow(Row):
    """A target as a file brings it."""

    external_id: Key
    kpi: str
    custom: str | None = None
    variant: str | None = None
    scope: Annotated[list[TargetFilterRow], Field(max_length=100)] | None = None
    kind: TargetKind
    value: float
    stretch: float | None = None
    baseline: BaselineRow | None = None
    from_: Day
    before: Day
    owner: str | None = None
    rationale: str | None = None


def put(uow: Uow, data: Mapping[str, Any]) -> tuple[Target, Outcome]:
    """The target after `data`. Raises Invalid or Forbidden."""
    row = parse(TargetFileRow, data)
    told = {name: getattr(row, name) for name in row.model_fields_set - {"scope", "baseline"}}
    told["scope"] = _scope(uow, row.scope or ())
    if row.baseline is not None:
        told |= {"baseline_value": row.baseline.value, "baseline_period": _period(row.baseline)}
    found, outcome, _advice = target.set_(uow, told)
    return found, outcome


def _scope(uow: Uow, rows: Sequence[TargetFilterRow]) -> list[Filter]:
    """The filters, customers among them by their global ids."""
    people = [
        word for row in rows if row.by is Dimension.CUSTOMER for word in (*(row.any_of or ()), *(row.none_of or ()))
    ]
    refs = {word: Ref(external_id=word) for word in people if word and not ids.decode_uuid(word, "Customer")}
    found = ref.customers(uow, refs.values())
    known = {word: ids.encode("Customer", id_) for word, one in refs.items() if isinstance(id_ := found[one], UUID)}

    def words(row: TargetFilterRow, given: list[str] | None) -> tuple[str, ...]:
        return tuple(known.get(word, word) if row.by is Dimension.CUSTOMER else word for word in given or ())

    return [
        Filter(
            row.by,
            None if row.any_of is None else words(row, row.any_of),
            words(row, row.none_of),
            row.attribute,
            bool(row.with_descendants),
        )
        for row in rows
    ]


def _period(row: BaselineRow) -> Span | None:
    """When it was or is to be measured. Raises Invalid."""
    if row.from_ is None and row.before is None:
        return None
    if row.from_ is None or row.before is None:
        msg = Text("A baseline's period needs from and before.", "基线期间需要 from 和 before。")
        raise Invalid(msg, "baseline", code=Code.REQUIRED)
    try:
        return checked(row.from_, row.before)
    except Invalid as error:
        raise Invalid([one.under("baseline") for one in error.problems]) from None
