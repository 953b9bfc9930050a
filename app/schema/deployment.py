"""The workspaces of a deployment, for its administrator."""

from typing import Any, Self

import strawberry
from uuid_utils.compat import uuid7

from app import ids
from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.describe import absent, field, input_, plain, type_
from app.schema.errors import UserError, mend
from app.schema.inputs import unwrapped
from app.schema.outcome import Outcome
from app.schema.page import DEFAULT, After, Before, Connection, First, Last, connection, part
from app.schema.scalars import CurrencyCode, Moment
from app.schema.token import Token
from app.schema.weight import sized
from app.schema.workspace import Workspace
from app.services import deployment


@type_
class WorkspaceEntry:
    """A workspace as it is known outside of it."""

    id: strawberry.ID = plain("Its global id, as `workspace { id }` tells it inside.")
    name: str = plain("Its name.")
    time_zone: str = plain("Its IANA time zone.")
    currency: CurrencyCode = plain("The currency that its money KPIs are given in.")
    created_at: Moment = plain("When it was made.")

    @classmethod
    def of(cls, row: Any) -> Self:  # noqa: ANN401 - the driver's row
        """The row as the schema shows it."""
        given = {name: getattr(row, name) for name in ("name", "time_zone", "currency", "created_at")}
        return cls(id=strawberry.ID(ids.encode("Workspace", row.id)), **given)


@input_
class WorkspaceCreateInput:
    """A workspace to make; `workspaceUpdate` sets the rest."""

    name: str = plain("Its name.")
    time_zone: str = plain("The IANA time zone in which its days are cut, such as Europe/Berlin; it stays.")
    currency: CurrencyCode = plain("The currency that its money KPIs are given in.")
    locale: str | None = absent("The language of names where the caller asks for none; en when absent.")
    first_weekday: int | None = absent("The day on which weeks begin, from 1 (Monday) to 7 (Sunday); 1 when absent.")
    fiscal_year_start: int | None = absent("The month in which years begin, from 1 to 12; 1 when absent.")
    small_cell_k: int | None = absent("Survey figures of fewer people are suppressed; 5 when absent.")
    is_sandbox: bool | None = absent("Whether `sandboxReset` may empty it out; false when absent.")


@type_
class WorkspaceCreatePayload:
    """What became of a new workspace."""

    workspace: Workspace | None = plain("The workspace.")
    token: Token | None = plain("Its first token, which may do everything in it and administer it.")
    secret: str | None = plain("The token's secret. It is told here and never again.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was made then.")


class WorkspacesRoot:
    """The workspaces of the deployment."""

    @field
    @sized(DEFAULT, by=("first", "last"), fields=("nodes", "edges"))
    async def workspaces(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[WorkspaceEntry] | None:
        """The workspaces of the deployment, the newest first; needs the scope deployment:admin."""
        chosen = part(first, after, last, before, info.context.door.settings.max_page_size)
        page = await info.context.run(deployment.page, chosen)
        return connection(page, WorkspaceEntry.of, lambda: info.context.run(deployment.count))


class DeploymentRoots:
    """What can be done to a deployment."""

    @attempt("What to make.")
    async def workspace_create(self, info: Info, input: WorkspaceCreateInput) -> WorkspaceCreatePayload:
        """Make a workspace and a first token for it; needs the scope deployment:admin."""
        given = {name: value for name, value in unwrapped(input).items() if value is not None}
        row, first, secret = await info.context.run_in(uuid7(), deployment.create_workspace, given)
        shown: dict[str, Any] = {"workspace": Workspace.of(row), "token": Token.of(first), "secret": secret}
        return WorkspaceCreatePayload(**shown, outcome=Outcome.CREATED)
