"""Tokens in the schema. No field tells a secret; the payloads that make one tell it once."""

from typing import Annotated, Any, Self

import strawberry

from app.actor import Scope
from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.describe import absent, arg, field, input_, plain, type_
from app.schema.errors import UserError, mend
from app.schema.inputs import unwrapped
from app.schema.node import Node, node_of, rows_found_by
from app.schema.outcome import Outcome
from app.schema.page import DEFAULT, After, Before, Connection, First, Last, connection, part
from app.schema.rows import RowScope, RowScopeInput
from app.schema.scalars import Moment
from app.schema.weight import sized
from app.services import granting, token
from app.services.row import Options


@type_
class Token(Node):
    """A credential of the workspace. Its secret was told once, when it was made or rotated."""

    name: str = plain("What it is for.")
    scopes: list[str] = plain("What it may do.")
    source: str = plain("The source system that it writes for.")
    rows: RowScope | None = plain("The rows that it is bound to; null for all.")
    is_publishable: bool = plain("Whether it is a publishable key, which records answers and reads nothing.")
    origins: list[str] | None = plain(
        "The web origins that a publishable key may come from; none in the list: from anywhere."
    )
    answers_per_minute: int | None = plain(
        "How many answers a publishable key takes per minute; null: what the server's settings say."
    )
    created_at: Moment = plain("When it was made.")
    created_by: str | None = plain("The name of who made it; null where that was not kept yet.")
    expires_at: Moment | None = plain("When it ends; null for never.")
    last_used_at: Moment | None = plain("When it was last used, to about a minute; null for never.")
    revoked_at: Moment | None = plain("When it was revoked.")
    previous_until: Moment | None = plain("Until when the secret before the last rotation is good.")
    version: int = plain("Rises with each change.")

    @field
    def is_active(self, info: Info) -> bool:
        """Whether it is good now: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > info.context.door.clock())

    @classmethod
    def of(cls, row: Any) -> Self:  # noqa: ANN401 - a token, or the driver's row of one
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            rows=RowScope.of(f"Token:{row.id}", granting.loaded(row.rows)),
            is_publishable=row.origins is not None,
        )


rows_found_by("Token", token.by_ids, lambda _context, row: Token.of(row))


@input_
class PublishableInput:
    """What binds a publishable key, which anybody can read in a page or an app: it records answers, nothing else."""

    origins: list[str] = plain(
        "The web origins, as https://shop.example, that it may come from, at most 100; none: from anywhere, as apps do."
    )
    answers_per_minute: int | None = absent(
        "How many answers it takes per minute; what the server's settings say when absent."
    )


@input_
class TokenCreateInput:
    """A token to make; it can have no more than whoever makes it."""

    name: str = plain("What it is for; at most 100 characters.")
    scopes: list[str] | None = absent(
        "What it may do, as `kpi:read`; everything but administer when absent. Known are: "
        + ", ".join(f"`{one}`" for one in Scope if one is not Scope.DEPLOYMENT_ADMIN)
        + "."
    )
    source: str = plain("The source system that it writes for.", default="default")
    expires_at: Moment | None = absent(
        "When it ends. When absent it ends with the token that makes it, and never if that one does not; never later."
    )
    rows: RowScopeInput | None = absent("The rows that it is bound to; all that its maker sees when absent.")
    publishable: PublishableInput | None = absent("What binds it, to make a publishable key.")


@input_
class TokenRotateInput:
    """Which token to rotate."""

    id: strawberry.ID = plain("Its global id.")
    overlap_hours: int = plain(
        "For how many hours the present secret is good yet, from 0 to 720.", default=token.OVERLAP_HOURS
    )


@input_
class TokenRevokeInput:
    """Which token to revoke."""

    id: strawberry.ID = plain("Its global id.")


@type_
class TokenCreatePayload:
    """What became of a new token."""

    token: Token | None = plain("The token.")
    secret: str | None = plain("What to send as `Authorization: Bearer …`. It is told here and never again.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was made then.")


@type_
class TokenRotatePayload:
    """What became of a rotation."""

    token: Token | None = plain("The token as of now.")
    secret: str | None = plain("The new secret. It is told here and never again.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; the secret is the same as before then.")


@type_
class TokenRevokePayload:
    """What became of a revocation."""

    token: Token | None = plain("The token as of now.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was revoked then.")


class TokensRoot:
    """The tokens of the workspace."""

    @field
    @sized(DEFAULT, by=("first", "last"), fields=("nodes", "edges"))
    async def tokens(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        active: Annotated[bool | None, arg("Only those that are good now, or only the others.")] = None,
    ) -> Connection[Token] | None:
        """The tokens and publishable keys of the workspace, the newest first."""
        chosen = part(first, after, last, before, info.context.door.settings.max_page_size)
        page = await info.context.run(token.page, chosen, active)
        return connection(page, Token.of, lambda: info.context.run(token.count, active))


class TokenRoots:
    """What can be done to tokens."""

    @attempt("What to make.")
    async def token_create(self, info: Info, input: TokenCreateInput) -> TokenCreatePayload:
        """Make a token or a publishable key of the workspace."""
        row, secret = await info.context.run(token.add, unwrapped(input))
        return TokenCreatePayload(token=Token.of(row), secret=secret, outcome=Outcome.CREATED)

    @attempt("What to rotate.")
    async def token_rotate(self, info: Info, input: TokenRotateInput) -> TokenRotatePayload:
        """Give a token a new secret; the present one lives on for a while, so that nothing stops in between."""
        row, secret = await info.context.run(token.rotate, input.id, input.overlap_hours)
        return TokenRotatePayload(token=Token.of(row), secret=secret, outcome=Outcome.UPDATED)

    @attempt("What to revoke.")
    async def token_revoke(self, info: Info, input: TokenRevokeInput, once: Options) -> TokenRevokePayload:
        """Revoke a token: from then on it is refused everywhere, all its secrets."""
        row, outcome = await info.context.run(token.revoke, input.id, options=once)
        return TokenRevokePayload(token=row and Token.of(row), outcome=outcome)
