"""Recording referrals: who brought whom, without anybody bringing themselves."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.channel import Channel
from app.models.keyed import Keyed
from app.models.referral import Referral
from app.services import fact, referring, tombstone
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow, happened
from app.services.listing import Listing
from app.services.referral_chain import Chains
from app.services.row import Options, Ref, Result, Word, moment
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(Referral, Scope.REFERRAL_READ, present=col(Referral.deleted_at).is_(None))


class ReferralRow(RecordRow):
    """One referral as it comes in."""

    customer: Ref
    referred: Ref
    converted_at: datetime | date | None = None
    channel: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None
    occurred_at: datetime | date


class Referrals(Kind):
    """What is particular to referrals."""

    noun = "Referral"
    model = Referral
    row = ReferralRow
    plain = ("product", "campaign")
    people = ("customer", "referred")
    references: Mapping[str, type[Keyed]] = {"channel": Channel}
    derived = frozenset({"converted_on", "is_counted"})
    keys = ("customer_id", "referred_id")

    def parts(self, uow: Uow, row: ReferralRow) -> Iterable[Part]:
        """The day, and when it was converted."""
        yield partial(happened, uow, row.occurred_at)
        yield partial(_converted, uow, row)

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """Nothing yet of what `settle` derives. Refuses a referral that comes to close a circle."""
        chains = Chains(uow, rows)

        def derive(columns: Mapping[str, Any], present: Referral | None) -> dict[str, Any]:
            now = columns["customer_id"], columns["referred_id"]
            if present is None or present.deleted_at is not None:
                chains.take(now, None)
                return {"converted_on": None, "is_counted": False}
            before = present.customer_id, present.referred_id
            if now != before:  # two who were let in stay, whatever merges have made of them since
                chains.take(now, before)
            return {name: getattr(present, name) for name in self.derived}

        return derive

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """Whether referrals count follows from all that name the same customer, and so does how these were won."""
        del ids
        referring.restate(uow, concerned["referred_id"])


REFERRALS = Referrals()


def _converted(uow: Uow, row: ReferralRow) -> dict[str, Any]:
    """When the referral was converted. Raises Invalid for a time before it was made; of a bare date the day counts."""
    at, made = moment(uow, row.converted_at, "convertedAt"), None
    with suppress(Invalid):  # which another part tells
        made = happened(uow, row.occurred_at)
    if at is not None and made is not None:
        is_instant = isinstance(row.converted_at, datetime)
        if at < made["occurred_at"] if is_instant else at.astimezone(uow.zone).date() < made["day"]:
            msg = Text(
                "convertedAt lies before occurredAt: a referral is converted after it was made.",
                "convertedAt 早于 occurredAt：推荐须先作出才能转化。",
            )
            raise Invalid(msg, "convertedAt", code=Code.OUT_OF_RANGE)
    return {"converted_at": at}


@joins
@writes(Scope.REFERRAL_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 referrals; what became of each, in order."""
    return fact.ingest(uow, REFERRALS, rows, options)


@writes(Scope.REFERRAL_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 referrals by their external ids; what became of each, in order."""
    return tombstone.delete(uow, REFERRALS, rows, options)
