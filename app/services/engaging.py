"""What counts as engagement: all events of use, or those of the types that the workspace names."""

from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, true
from sqlmodel import col, update

from app.models.engagement import Engagement
from app.services.refusal import refused
from app.services.row import Word
from app.text import Text
from app.uow import Uow


def _named(types: list[str]) -> list[str]:
    if not types:
        msg = Text(
            "engagementTypes names no type, so nothing could count; set it to null to count all events.",
            "engagementTypes 未列出任何类型，因此没有可统计的内容；若要统计全部行为，请设为 null。",
        )
        raise refused(msg)
    return list(dict.fromkeys(types))


Types = Annotated[list[Word], Field(max_length=100), AfterValidator(_named)]
"""The types that count, each once."""


def qualifies(uow: Uow, type_: str) -> bool:
    """Whether events of `type_` count as engagement."""
    types = uow.workspace.engagement_types
    return types is None or type_ in types


def counting(uow: Uow) -> ColumnElement[bool]:
    """The types that count as engagement, as a condition on events."""
    types = uow.workspace.engagement_types
    return true() if types is None else uow.db.is_any(col(Engagement.type), types)


def refresh(uow: Uow, chosen: ColumnElement[bool]) -> None:
    """Hold the `chosen` events against the workspace's types; the rollups are left alone."""
    counts = counting(uow)
    for is_ in (True, False):
        stale = (col(Engagement.is_qualifying).is_not(is_), counts if is_ else ~counts)
        statement = update(Engagement).where(chosen, *stale).values(is_qualifying=is_)
        uow.session.execute(statement, execution_options={"synchronize_session": False})
