"""Exports in the schema."""

from typing import Any, Self

import strawberry

from app import ids
from app.errors import Code, Invalid, Problem
from app.models.bulk_export import Export as Row
from app.models.bulk_import import BulkFormat, BulkType
from app.schema import bulk_import  # noqa: F401 - it gives types and formats their names in the schema
from app.schema.attempt import attempt
from app.schema.business_calendar import BUSINESS_CALENDAR
from app.schema.channel import CHANNEL
from app.schema.context import Info
from app.schema.contract import CONTRACT
from app.schema.cost import COST
from app.schema.customer import CUSTOMER
from app.schema.describe import absent, input_, one_of, plain, type_
from app.schema.engagement import ENGAGEMENT
from app.schema.errors import UserError, mend
from app.schema.exchange_rate import EXCHANGE_RATE
from app.schema.feedback import FEEDBACK
from app.schema.inputs import tree, unwrapped
from app.schema.interaction import INTERACTION
from app.schema.invitation import INVITATION
from app.schema.lead import LEAD
from app.schema.made import made
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.order import ORDER
from app.schema.outcome import Outcome
from app.schema.referral import REFERRAL
from app.schema.refund import REFUND
from app.schema.scalars import Moment
from app.schema.segment import SEGMENT
from app.schema.staff import STAFF
from app.schema.survey import SURVEY
from app.schema.target_input import TARGET
from app.schema.team import TEAM
from app.schema.touchpoint import TOUCHPOINT
from app.services import bulk_export
from app.services.refusal import camel
from app.services.row import Options
from app.text import Text


@type_
class Export(Node):
    """Records that can be downloaded as a file; it is read anew with each download, all of it from one moment."""

    type: BulkType = plain("Of what it holds records.")
    format: BulkFormat = plain("How it is written.")
    source: str = plain(
        "The source whose records it holds, under the ids that it has for them; not of what has keys in the workspace."
    )
    started_by: str = plain("The token that asked for it.")
    fields: list[str] = plain("The fields that it holds.")
    created_at: Moment = plain("When it was asked for.")
    downloaded_at: Moment | None = plain("When it was last downloaded to its end.")
    downloads: int = plain("How often it was downloaded to its end.")
    rows: float | None = plain("How many records the last download held.")
    path: str = plain("Where to GET the file.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(cls, row, path=f"/exports/{ids.encode('Export', row.id)}")


@one_of
class ExportRefInput:
    """An export, by id."""

    id: strawberry.ID | None = absent("By global id.")


EXPORT = Noun(
    Export,
    bulk_export.LIST,
    one="export",
    many="exports",
    words=("an export", "exports"),
    by=ExportRefInput,
    filters=("type", "source", "started_by", "created_at"),
    orders=("-created_at",),
)
_NOUNS: dict[BulkType, Noun[Any]] = {
    BulkType.CHANNELS: CHANNEL,
    BulkType.TEAMS: TEAM,
    BulkType.STAFF: STAFF,
    BulkType.SURVEYS: SURVEY,
    BulkType.BUSINESS_CALENDARS: BUSINESS_CALENDAR,
    BulkType.SEGMENTS: SEGMENT,
    BulkType.CUSTOMERS: CUSTOMER,
    BulkType.INVITATIONS: INVITATION,
    BulkType.FEEDBACK: FEEDBACK,
    BulkType.ORDERS: ORDER,
    BulkType.REFUNDS: REFUND,
    BulkType.COSTS: COST,
    BulkType.TOUCHPOINTS: TOUCHPOINT,
    BulkType.INTERACTIONS: INTERACTION,
    BulkType.LEADS: LEAD,
    BulkType.REFERRALS: REFERRAL,
    BulkType.ENGAGEMENTS: ENGAGEMENT,
    BulkType.CONTRACTS: CONTRACT,
    BulkType.EXCHANGE_RATES: EXCHANGE_RATE,
    BulkType.TARGETS: TARGET,
}
ExportRecordsInput = made(
    one_of,
    "ExportRecordsInput",
    "Which records to export: the filter of their list.",
    {
        type_.value.lower(): (noun.filter_input | None, absent(f"Of {noun.words.many}."))
        for type_, noun in _NOUNS.items()
    },
)


@input_
class ExportStartInput:
    """What to export."""

    type: BulkType = plain("Of what to export records.")
    format: BulkFormat = plain("How the file is to be written.")
    filter: ExportRecordsInput | None = absent("Which records; all when absent.")  # type: ignore[valid-type]  # known when it runs
    fields: list[str] | None = absent("Which fields, by their names in the input; all when absent.")
    source: str | None = absent(
        "The source whose records to export; by default the caller's own. What has keys in the workspace is told "
        "whatever the source."
    )


@type_
class ExportPayload:
    """What became of the wish for an export."""

    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was stored then.")
    export: Export | None = plain("The export; GET its `path`.")


class ExportRoots:
    """What can be exported."""

    @attempt("What to export.")
    async def export_start(self, info: Info, input: ExportStartInput, once: Options) -> ExportPayload:
        """Prepare an export, to be fetched with the same kind of token from its `path`."""
        data = unwrapped(input)
        data.pop("filter", None)
        row, outcome = await info.context.run(bulk_export.start, data, _filter(input), options=once)
        return ExportPayload(outcome=outcome, export=row and EXPORT.shown(info.context, row))


def _filter(input: ExportStartInput) -> dict[str, Any] | None:
    """The filter of the records, as services take it. Raises Invalid for one of others."""
    given: Any = input.filter
    if given is strawberry.UNSET or given is None:
        return None
    name = input.type.value.lower()
    of = next(one for one in given.__dataclass_fields__ if getattr(given, one) is not strawberry.UNSET)
    if of != name:
        msg = Text(
            f"The filter is of {camel(of)}, not of {camel(name)}.", f"筛选属于 {camel(of)}，而不是 {camel(name)}。"
        )
        raise Invalid([Problem(Code.CONFLICT, msg, ("filter", camel(of)))])
    return tree(getattr(given, of))
