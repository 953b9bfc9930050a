"""Sandboxes: workspaces in which partners try out their sync, and whose records go all at once."""

from sqlmodel import SQLModel, delete

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.base import Tenanted
from app.models.business_calendar import BusinessCalendar
from app.models.change import Action, Change, ChangeHead
from app.models.custom_kpi import CustomKpi
from app.models.member import Member
from app.models.quota import Quota
from app.models.rollup import RollupState
from app.models.webhook import Webhook
from app.models.webhook_delivery import WebhookDelivery
from app.models.workspace import Workspace
from app.reach import REACH
from app.services import rollup
from app.services.repeatable import repeatable, row_of
from app.text import Text
from app.uow import Uow, writes

KEPT: frozenset[type[Tenanted]] = frozenset(
    {
        Workspace,
        BusinessCalendar,
        Change,
        ChangeHead,
        CustomKpi,
        Member,
        Quota,
        RollupState,
        Webhook,
        WebhookDelivery,
    }
)
"""What an emptied sandbox keeps: its settings, and the record of what was done in it."""


@writes(Scope.WORKSPACE_ADMIN)
@repeatable("sandboxReset", row_of(Workspace))
def reset(uow: Uow, name: str) -> Workspace:
    """The workspace of that name, the caller's own, without a record; tokens and settings stay.

    Raises Invalid where it is no sandbox, or called otherwise.
    """
    uow.take_turn()
    workspace = uow.session.get_one(Workspace, (uow.tenant_id, uow.tenant_id), with_for_update=True)
    if not workspace.is_sandbox:
        msg = Text(
            "This workspace is no sandbox, and its records stay; `workspace create --sandbox` makes one.",
            "此工作区不是沙箱，其记录将保留；可用 `workspace create --sandbox` 创建沙箱。",
        )
        raise Invalid(msg, code=Code.CONFLICT)
    if name != workspace.name:
        msg = Text("The workspace of this token is called otherwise.", "此令牌的工作区并非此名称。")
        raise Invalid(msg, "name", code=Code.CONFLICT)
    for model in emptied():
        uow.session.execute(delete(model), execution_options={"synchronize_session": False})
    rollup.clear(uow)
    workspace.derived_to = None
    uow.record(workspace, "Workspace", Action.UPDATED, ["records"])
    uow.session.flush()
    return workspace


def emptied() -> list[type[Tenanted]]:
    """The tables that a reset empties, those that refer to others first."""
    known = {str(model.__tablename__): model for model in REACH}
    models = [known[table.name] for table in reversed(SQLModel.metadata.sorted_tables) if table.name in known]
    return [model for model in models if model not in KEPT]
