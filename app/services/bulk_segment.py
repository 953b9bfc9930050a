"""Segments as files bring them."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import select

from app.errors import Code, Invalid
from app.models.segment import Segment, SegmentKind
from app.services import segment
from app.services.row import Outcome
from app.services.segment import SegmentRow
from app.services.segment_rule import RuleRow
from app.text import Text
from app.uow import Uow


class SegmentFileRow(SegmentRow):
    """A segment whose rule can be read from a file."""

    rule: RuleRow | None = None


def put(uow: Uow, data: Mapping[str, Any]) -> tuple[Segment, Outcome]:
    """The segment after `data`. One of the other kind stays: its members could not be put back. Raises Invalid."""
    key, kind = data.get("external_id"), data.get("kind")
    present = uow.session.scalars(select(Segment).where(Segment.key == key)).first() if isinstance(key, str) else None
    if present is not None and isinstance(kind, SegmentKind) and kind is not present.kind:
        msg = Text(
            f"The segment is of kind {present.kind.value} here, which a file does not change, for that could not be "
            "undone; use segmentUpsert.",
            f"此分群在此处为 {present.kind.value} 类型；文件不会更改类型，因为无法撤销；请使用 segmentUpsert。",
        )
        raise Invalid(msg, "kind", code=Code.CONFLICT)
    return segment.upsert(uow, data)
