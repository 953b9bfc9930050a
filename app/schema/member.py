"""The members of a workspace in the schema."""

from typing import Self

import strawberry

from app.actor import ROLES, Role
from app.models.member import Member as Row
from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.describe import absent, enum, input_, one_of, plain, type_
from app.schema.errors import UserError, mend
from app.schema.inputs import as_ref, unwrapped
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.outcome import Outcome
from app.schema.rows import RowScope, RowScopeInput
from app.schema.scalars import Moment
from app.services import member
from app.services.row import Options


def _may(role: Role) -> str:
    """What a role lets a member do, in print."""
    return ", ".join(sorted(scope.value for scope in ROLES[role]))


enum(
    Role,
    {
        "OWNER": f"May do everything; a workspace with members keeps one at the least. Scopes: {_may(Role.OWNER)}.",
        "ADMIN": f"May do everything but see personal data. Scopes: {_may(Role.ADMIN)}.",
        "ANALYST": f"Reads and defines KPIs, segments, targets. Scopes: {_may(Role.ANALYST)}.",
        "CONTRIBUTOR": f"Reads, and records what happened. Scopes: {_may(Role.CONTRIBUTOR)}.",
        "VIEWER": f"Reads, and sees nothing personal. Scopes: {_may(Role.VIEWER)}.",
    },
)


@type_
class Member(Node):
    """A person who may sign in to the workspace by the configured OpenID Connect issuer."""

    name: str | None = plain("Their name. Null without the scope personal:read.")
    email: str | None = plain(
        "The e-mail by which they are known, once the issuer has verified it. Null without the scope personal:read."
    )
    subject: str | None = plain(
        "What the issuer calls them; who has one is known by it alone. Null without the scope personal:read."
    )
    role: Role = plain("What they are.")
    created_at: Moment = plain("When they were added.")
    updated_at: Moment = plain("When something about them last changed.")
    version: int = plain("Rises with each change.")
    scopes: list[str] = plain("What they may do, by their role and what is granted to them beside it.")
    rows: RowScope | None = plain("Which rows they see; null for all.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        limits = RowScope.of(f"Member:{row.id}", row.rows)
        scopes = sorted(scope.value for scope in member.scopes_of(row))
        return node_of(cls, row, scopes=scopes, rows=limits)


@one_of
class MemberRefInput:
    """A member, by id."""

    id: strawberry.ID | None = absent("By global id.")


MEMBER = Noun(
    Member,
    member.LIST,
    one="member",
    many="members",
    words=("a member of the workspace", "members of the workspace"),
    by=MemberRefInput,
    filters=("role", "email", "name", "created_at"),
    orders=("created_at",),
)


@input_
class MemberAddInput:
    """A new member; an e-mail or a subject is needed."""

    role: Role = plain("What they are.")
    email: str | None = absent("The e-mail by which they are known, once the issuer has verified it.")
    subject: str | None = absent("What the configured issuer calls them.")
    name: str | None = absent("Their name.")
    scopes: list[str] | None = absent("What they may do beside what their role lets them, such as personal:read.")
    rows: RowScopeInput | None = absent("Which rows they see; all when absent.")


@input_
class MemberUpdateInput:
    """What changes about a member; absent keeps, null clears."""

    id: strawberry.ID = plain("Who.")
    role: Role | None = absent("What they are.")
    email: str | None = absent("The e-mail by which they are known, once the issuer has verified it.")
    subject: str | None = absent("What the configured issuer calls them.")
    name: str | None = absent("Their name.")
    scopes: list[str] | None = absent("What they may do beside what their role lets them; replaces what was granted.")
    rows: RowScopeInput | None = absent("Which rows they see; replaces what was said, null for all.")


@input_
class MemberRemoveInput:
    """Which member is taken away."""

    id: strawberry.ID = plain("Who.")


@type_
class MemberPayload:
    """What became of a member."""

    member: Member | None = plain(
        "The member as of now; null when nothing was stored, and for a retry of their removal."
    )
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was stored then.")


class MemberRoots:
    """What can be done to members."""

    @attempt("Who, and what they may do.")
    async def member_add(self, info: Info, input: MemberAddInput, once: Options) -> MemberPayload:
        """Let somebody sign in to the workspace, at once. Needs workspace:admin; nobody grants what they lack."""
        row, outcome = await info.context.run(member.add, unwrapped(input), options=once)
        return MemberPayload(member=row and MEMBER.shown(info.context, row), outcome=outcome)

    @attempt("Who, and what changes.")
    async def member_update(self, info: Info, input: MemberUpdateInput, once: Options) -> MemberPayload:
        """Change what a member may do, from their next request on. Needs workspace:admin."""
        data = unwrapped(input)
        wanted = as_ref(MemberRefInput(id=data.pop("id")))
        row, outcome = await info.context.run(member.update, wanted, data, options=once)
        return MemberPayload(member=row and MEMBER.shown(info.context, row), outcome=outcome)

    @attempt("Who.")
    async def member_remove(self, info: Info, input: MemberRemoveInput, once: Options) -> MemberPayload:
        """Take a member away, from their next request on; the last owner stays. Needs workspace:admin."""
        row = await info.context.run(member.remove, as_ref(MemberRefInput(id=input.id)), options=once)
        return MemberPayload(member=row and MEMBER.shown(info.context, row), outcome=Outcome.DELETED)
