"""Workspaces: made by the command line, read by everybody in them, set by their administrators."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.errors import Code
from app.models.change import Action
from app.models.workspace import Workspace
from app.services import rollup
from app.services.row import Row, Word, parse
from app.text import Text
from app.uow import Scope, Uow, reads, writes


def _zone(value: str) -> str:
    if value not in available_timezones():
        msg = Text(
            f"There is no time zone {value!r}; use an IANA name such as Europe/Berlin or Asia/Shanghai.",
            f"没有时区 {value!r}；请使用 IANA 名称，例如 Europe/Berlin 或 Asia/Shanghai。",
        )
        raise _wrong(msg)
    ZoneInfo(value)
    return value


def _currency(value: str) -> str:
    if value not in list_currencies():
        msg = Text(
            f"There is no currency {value!r}; use an ISO 4217 code such as EUR or CNY.",
            f"没有货币 {value!r}；请使用 ISO 4217 代码，例如 EUR 或 CNY。",
        )
        raise _wrong(msg)
    return value


def _locale(value: str) -> str:
    try:
        Locale.parse(value, sep="-" if "-" in value else "_")
    except (UnknownLocaleError, ValueError):
        msg = Text(
            f"There is no locale {value!r}; use a tag such as en or zh-CN.",
            f"没有语言区域 {value!r}；请使用 en 或 zh-CN 这样的标签。",
        )
        raise _wrong(msg) from None
    return value


def _wrong(text: Text) -> PydanticCustomError:
    return PydanticCustomError("custos", "{en}", {"code": Code.INVALID.value, "en": text.en, "zh": text.zh})


class WorkspaceRow(Row):
    """A workspace as it is set; absent keeps."""

    name: Word
    time_zone: Annotated[str, AfterValidator(_zone)]
    currency: Annotated[str, AfterValidator(_currency)]
    first_weekday: Annotated[int, Field(ge=1, le=7)] = 1
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    small_cell_k: Annotated[int, Field(ge=1, le=1000)] = 5
    locale: Annotated[str, AfterValidator(_locale)] = "en"


@writes(Scope.WORKSPACE_ADMIN)
def create(uow: Uow, data: Mapping[str, Any]) -> Workspace:
    """A new workspace, whose id the actor carries already. Raises Invalid."""
    row = parse(WorkspaceRow, data)
    made = Workspace(tenant_id=uow.tenant_id, id=uow.tenant_id, created_at=uow.now, **row.model_dump())
    uow.session.add(made)
    uow.session.flush()
    rollup.open_states(uow)
    uow.record(made, "Workspace", Action.CREATED)
    return made


@reads(Scope.WORKSPACE_READ)
def get(uow: Uow) -> Workspace:
    """The caller's workspace."""
    return uow.workspace


@reads(Scope.WORKSPACE_READ)
def by_ids(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Workspace]:
    """The caller's workspace, if it is among `ids`."""
    return {uow.tenant_id: uow.workspace} if uow.tenant_id in ids else {}
