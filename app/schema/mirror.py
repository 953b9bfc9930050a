"""Mirrors in the schema: a full dump in batches, and what it lacks deleted."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from app.errors import Invalid
from app.models.mirror import MirrorState
from app.schema.attempt import attempt
from app.schema.context import Context, Info
from app.schema.describe import absent, arg, enum, field, input_, plain, type_
from app.schema.errors import UserError, mend, user_errors
from app.schema.node import Node, found_by
from app.schema.outcome import Outcome
from app.schema.scalars import Moment
from app.schema.weight import weighs
from app.schema.writing import WEIGHT, known
from app.services import mirror
from app.services.mirror import MIRRORS, SAMPLES, SHARE, Standing
from app.services.row import Options


class MirrorType(StrEnum):
    """Of what a mirror is."""

    CUSTOMERS = "Customer"
    INVITATIONS = "Invitation"
    FEEDBACK = "Feedback"
    ORDERS = "Order"
    REFUNDS = "Refund"
    COSTS = "Cost"
    TOUCHPOINTS = "Touchpoint"
    INTERACTIONS = "Interaction"
    LEADS = "Lead"
    REFERRALS = "Referral"
    ENGAGEMENTS = "Engagement"
    CONTRACTS = "Contract"
    EXCHANGE_RATES = "ExchangeRate"


enum(MirrorType, {one.name: f"The source's {one.name.lower().replace('_', ' ')}." for one in MirrorType})
enum(
    MirrorState,
    {
        "OPEN": "Batches may name it.",
        "FINISHING": "What it lacks is being deleted.",
        "FINISHED": "What it lacked is deleted.",
        "EXPIRED": "It was left alone for 24 hours; nothing was deleted.",
    },
)


@type_
class Mirror(Node):
    """A full dump of one kind of records that a source sends, in any number of batches."""

    type: MirrorType = plain("Of what it is.")
    state: MirrorState = plain("How far it has come.")
    started_at: Moment = plain("When it began: what is written from then on stays.")
    expires_at: Moment = plain("When it expires, unless another batch names it or it is finished.")
    finished_at: Moment | None = plain("When the last record that it lacked was deleted.")
    rows: int = plain("How many rows came with it.")
    unread: int = plain("Of how many of these the externalId could not be read; it cannot be finished then.")
    present_count: int = plain("How many records the source had when it began, and has still.")
    missing_count: int = plain("How many of these have not come, and would be deleted.")
    samples: list[str] = plain(f"The external ids of the first {SAMPLES} that would be deleted.")
    deleted_count: int = plain("How many were deleted by now.")

    @classmethod
    def of(cls, row: Standing) -> Self:
        """The mirror as the schema shows it."""
        one = row.mirror
        return cls(
            id=strawberry.ID(mirror.encoded(one)),
            type=MirrorType(one.noun),
            state=one.state,
            started_at=Moment(one.started_at),
            expires_at=Moment(one.expires_at),
            finished_at=None if one.finished_at is None else Moment(one.finished_at),
            rows=one.rows,
            unread=one.unread,
            present_count=row.there,
            missing_count=row.missing,
            samples=list(row.samples),
            deleted_count=one.deleted,
        )


@input_
class MirrorStartInput:
    """A full dump that is about to be sent."""

    type: MirrorType = plain("Of what it is.")


@input_
class MirrorFinishInput:
    """A full dump that was sent."""

    mirror: strawberry.ID = plain("Which one.")
    dry_run: bool = plain("Whether to answer as if and delete nothing.", default=False)
    at_most: int | None = absent(
        f"How many records may be deleted; when absent {SHARE} % of those that the source had when it began."
    )


@type_
class MirrorPayload:
    """What became of a mirror."""

    mirror: Mirror | None = plain("The mirror: when it is finished, as it stood before.")
    outcome: Outcome = plain("What became of it; UNCHANGED for a dry run, and where it was finished before.")
    user_errors: list[UserError] = mend("What is in the way; nothing was done then.")


class MirrorRoots:
    """Sending all that there is."""

    @attempt("What will be sent.")
    async def mirror_start(self, info: Info, input: MirrorStartInput, once: Options) -> MirrorPayload:
        """Begin a full dump. Batches name it as `mirror`; what it lacks in the end is deleted by `mirrorFinish`.

        Whatever the source writes meanwhile, in batches that name it or not, stays.
        """
        made = await info.context.run(MIRRORS[input.type.value].start, options=once)
        return MirrorPayload(mirror=Mirror.of(made), outcome=Outcome.CREATED)

    @attempt("Which one, and how much may go.")
    async def mirror_finish(self, info: Info, input: MirrorFinishInput, once: Options) -> MirrorPayload:
        """Delete what the source had when the mirror began and has not sent since.

        Up to 500 records go at once, more in the background: `state` says when it is done. Finishing twice is finishing
        once. Where more would go than `atMost` allows, nothing does, and the mirror says how many.
        """
        mirrors, id_ = mirror.of_id(input.mirror)
        how = replace(once, dry_run=input.dry_run)
        done, outcome, problems = await info.context.run(
            mirrors.finish, id_, known(input.at_most), input.dry_run, options=how
        )
        return MirrorPayload(mirror=Mirror.of(done), outcome=outcome, user_errors=user_errors(problems))


class MirrorReads:
    """Looking at a full dump."""

    @field
    @weighs(WEIGHT)
    async def mirror(self, info: Info, id: Annotated[strawberry.ID, arg("Which one.")]) -> Mirror | None:
        """A full dump of the caller's source as it stands: how many records would be deleted, with samples."""
        try:
            mirrors, id_ = mirror.of_id(id)
        except Invalid:
            return None
        standing = await info.context.run(mirrors.find, id_)
        return None if standing is None else Mirror.of(standing)


async def _find(context: Context, parts: list[str]) -> Mirror | None:
    """The mirror whose id has these parts."""
    try:
        mirrors, id_ = MIRRORS[parts[0]], UUID(parts[1])
    except (LookupError, ValueError):
        return None
    standing = await context.run(mirrors.find, id_)
    return None if standing is None else Mirror.of(standing)


found_by("Mirror", _find)
