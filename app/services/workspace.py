"""Workspaces: made by the command line, read by everybody in them, set by their administrators."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, Field

from app.actor import Scope
from app.errors import Invalid
from app.kpis import CUBES, engagement
from app.kpis.measure import Crowd
from app.kpis.order import firsts
from app.models.business_calendar import BusinessCalendar
from app.models.change import Action
from app.models.spell import ActiveBasis
from app.models.workspace import Workspace
from app.services import prediction, prediction_fit, rebuild, ref, rollup, tenure
from app.services.attribute import Declared
from app.services.engaging import Types
from app.services.health_weights import Weights
from app.services.money import Currency
from app.services.refusal import refused
from app.services.repeatable import fate_of, repeatable
from app.services.row import Outcome, Ref, Row, Word, parse
from app.services.zone import Zone
from app.text import Text
from app.uow import Uow, reads, writes


def _locale(value: str) -> str:
    try:
        Locale.parse(value, sep="-" if "-" in value else "_")
    except (UnknownLocaleError, ValueError):
        msg = Text(
            f"There is no locale {value!r}; use a tag such as en or zh-CN.",
            f"没有语言区域 {value!r}；请使用 en 或 zh-CN 这样的标签。",
        )
        raise refused(msg) from None
    return value


class WorkspaceRow(Row):
    """A workspace as it is set; absent keeps."""

    name: Word
    time_zone: Zone
    currency: Currency
    first_weekday: Annotated[int, Field(ge=1, le=7)] = 1
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    small_cell_k: Annotated[int, Field(ge=1, le=1000)] = 5
    is_sandbox: bool = False
    locale: Annotated[str, AfterValidator(_locale)] = "en"
    repeat_window_days: Annotated[int, Field(ge=1, le=3650)] = 90
    rate_carry_days: Annotated[int, Field(ge=0, le=31)] = 0
    expected_lifespan_months: Annotated[int, Field(ge=1, le=1200)] | None = None
    lifespan_cap_months: Annotated[int, Field(ge=1, le=1200)] | None = None
    response_target_minutes: Annotated[int, Field(ge=1, le=100_000)] = 60
    complaint_limit_days: Annotated[int, Field(ge=1, le=365)] = 7
    conversion_window_days: Annotated[int, Field(ge=1, le=3650)] = 90
    prediction_horizon_months: Annotated[int, Field(ge=1, le=60)] = 12
    health_weights: Weights | None = None
    business_calendar: Ref | None = None
    engagement_types: Types | None = None
    active_by: ActiveBasis = ActiveBasis.STATUS
    inactivity_window_days: Annotated[int, Field(ge=1, le=3650)] = 90
    attribute_dimensions: Declared = Field(default_factory=list)


_MONEY = frozenset(name for name, cube in CUBES.items() if any(one.unpriced for one in cube.measures))
_CROWDS = frozenset(name for name, cube in CUBES.items() if isinstance(cube, Crowd))
_BEHIND: Mapping[str, frozenset[str]] = {
    "currency": _MONEY,
    "rate_carry_days": _MONEY,
    "repeat_window_days": frozenset({firsts.name}),
    "first_weekday": _CROWDS,
    "fiscal_year_start": _CROWDS,
    "business_calendar_id": frozenset({"response", "resolution", "wait", "turn"}),
    "response_target_minutes": frozenset({"response"}),
    "complaint_limit_days": frozenset({"interaction"}),
    "conversion_window_days": frozenset({"lead"}),
    "engagement_types": frozenset({engagement.crowd.name}),
}
"""The rollups that rest on a setting, by its column."""
_ACTIVITY = frozenset({"inactivity_window_days", "engagement_types"})
"""What decides who is a customer where that goes by activity."""


def begin_anew(uow: Uow, settings: Iterable[str]) -> None:
    """Count anew what rests on the columns `settings`, whose values have changed or mean something else now."""
    changed = frozenset(settings)
    named = frozenset[str]().union(*(_BEHIND.get(name, ()) for name in changed))
    if "active_by" in changed or (uow.workspace.active_by is ActiveBasis.ACTIVITY and changed & _ACTIVITY):
        tenure.begin(uow)
        named |= tenure.CUBES
    if behind := sorted(named & CUBES.keys()):
        rebuild.start(uow, behind, afresh=True)


@writes(Scope.WORKSPACE_ADMIN)
def create(uow: Uow, data: Mapping[str, Any]) -> Workspace:
    """A new workspace, whose id the actor carries already. Raises Invalid."""
    row = parse(WorkspaceRow, data)
    made = Workspace(tenant_id=uow.tenant_id, id=uow.tenant_id, created_at=uow.now, **_columns(uow, row))
    uow.session.add(made)
    uow.session.flush()
    rollup.open_states(uow)
    prediction_fit.schedule(uow)
    uow.record(made, "Workspace", Action.CREATED)
    return made


@writes(Scope.WORKSPACE_ADMIN)
@repeatable("workspaceUpdate", fate_of(Workspace))
def update(uow: Uow, data: Mapping[str, Any]) -> tuple[Workspace, Outcome]:
    """Set what `data` names: absent keeps, null clears. Raises Invalid; the time zone cannot be changed.

    KPIs that rest on a setting that changes are counted anew, and say PREPARING until that is done.
    """
    uow.take_turn()
    present = uow.session.get_one(Workspace, (uow.tenant_id, uow.tenant_id), with_for_update=True)
    if "time_zone" in data and data["time_zone"] != present.time_zone:
        msg = Text("The time zone of a workspace cannot be changed.", "工作区的时区不能更改。")
        raise Invalid(msg, "timeZone")
    kept = {name: getattr(present, name) for name in WorkspaceRow.model_fields if hasattr(present, name)}
    columns = _columns(uow, parse(WorkspaceRow, kept | dict(data)))
    changed = [name for name, value in columns.items() if getattr(present, name) != value]
    if not changed:
        return present, Outcome.UNCHANGED
    for name in changed:
        setattr(present, name, columns[name])
    present.version += 1
    uow.session.flush()
    uow.record(present, "Workspace", Action.UPDATED, changed)
    if "currency" in changed:
        prediction.withdraw(uow)
    if "prediction_horizon_months" in changed:
        uow.enqueue("fit")
    begin_anew(uow, changed)
    return present, Outcome.UPDATED


def _columns(uow: Uow, row: WorkspaceRow) -> dict[str, Any]:
    """What `row` sets, by column. Raises Invalid."""
    columns = row.model_dump(exclude={"business_calendar"})
    if "business_calendar" in row.model_fields_set:
        wanted = row.business_calendar
        found = ref.keyed(uow, BusinessCalendar, [wanted] if wanted else [])
        hit = ref.require(found, wanted, "business_calendar", "businessCalendar")
        columns["business_calendar_id"] = hit
    return columns


@reads(Scope.WORKSPACE_READ)
def get(uow: Uow) -> Workspace:
    """The caller's workspace."""
    return uow.workspace


@reads(Scope.WORKSPACE_READ)
def by_ids(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Workspace]:
    """The caller's workspace, if it is among `ids`."""
    return {uow.tenant_id: uow.workspace} if uow.tenant_id in ids else {}
