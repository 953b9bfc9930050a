"""What can be asked of segments before there are any, and done to those that there are."""

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from app import ids
from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.customer import CUSTOMER, Customer
from app.schema.describe import absent, arg, field, input_, one_of, plain, type_
from app.schema.errors import UserError, mend, user_errors
from app.schema.inputs import CustomerRefInput, SegmentRefInput, as_ref, unwrapped
from app.schema.outcome import Outcome, RowCounts, counted, counts
from app.schema.period import LocaleArgument
from app.schema.scalars import CurrencyCode
from app.schema.segment import SEGMENT, Segment
from app.schema.segment_rule import SegmentRule, SegmentRuleInput, shown_rule
from app.schema.weight import KPI_WEIGHT, sized, weighs
from app.schema.writing import WRITTEN, known
from app.services import rfv, segment
from app.services.rfv import NAMES, ClassShare, RfvClass
from app.services.row import Options, Result
from app.services.segment_template import TEMPLATES, Template


@type_
class SegmentPreview:
    """Who would belong to a segment of a rule."""

    member_count: int = plain("How many customers meet the rule today.")
    customer_ids: strawberry.Private[list[Any]]

    @field
    @sized(5)
    async def customers(self, info: Info) -> list[Customer]:
        """The first of them, in the order in which they were first known here; none without the scope customer:read."""
        found = await asyncio.gather(*(CUSTOMER.related(info, one) for one in self.customer_ids))
        return [one for one in found if one is not None]


@type_
class SegmentTemplate:
    """A rule that is ready made."""

    id: strawberry.ID = plain("Names the template, for clients' caches.")
    key: Template = plain("Its key, for `segmentUpsert`.")
    rule: SegmentRule = plain("The rule.")

    @field
    def name(self, info: Info, locale: LocaleArgument = None) -> str:
        """What a segment of it may be called."""
        return TEMPLATES[self.key].name.in_(locale or info.context.locale)

    @field
    def about(self, info: Info, locale: LocaleArgument = None) -> str:
        """Who belongs to it."""
        return TEMPLATES[self.key].about.in_(locale or info.context.locale)


@type_
class RfvClassShare:
    """The customers of a class of recency, frequency and value, and what they brought to date."""

    id: strawberry.ID = plain("Names the class, for clients' caches.")
    key: RfvClass = plain("The class.")
    customers: int = plain("How many customers.")
    customer_share: float | None = plain("Their part of all who bought, as a fraction.")
    revenue: Decimal = plain("What their purchases came to, less refunds.")
    revenue_share: float | None = plain("That part of what all purchases came to, as a fraction.")
    currency: CurrencyCode = plain("The currency of the amount.")

    @field
    def name(self, info: Info, locale: LocaleArgument = None) -> str:
        """What the class is called."""
        return NAMES[self.key][0].in_(locale or info.context.locale)

    @field
    def about(self, info: Info, locale: LocaleArgument = None) -> str:
        """What it says."""
        return NAMES[self.key][1].in_(locale or info.context.locale)


class SegmentingRoot:
    """Questions before there is a segment."""

    @field
    @weighs(2 * KPI_WEIGHT)
    async def segment_preview(
        self,
        info: Info,
        rule: Annotated[SegmentRuleInput, arg("The rule.")],
        first: Annotated[int, arg("How many customers to show; at most 500.")] = 5,
    ) -> SegmentPreview | None:
        """Who would belong to a segment of this rule today; nothing is stored."""
        found = await info.context.run(segment.preview, unwrapped(rule), first)
        info.context.spend(len(found.customer_ids))
        return SegmentPreview(member_count=found.count, customer_ids=found.customer_ids)

    @field
    @sized(len(TEMPLATES))
    async def segment_templates(self, info: Info) -> list[SegmentTemplate] | None:
        """The rules that are ready made."""
        found = await info.context.run(segment.templates)
        return [
            SegmentTemplate(
                id=strawberry.ID(ids.encode("SegmentTemplate", key.value)), key=key, rule=shown_rule(one.rule)
            )
            for key, one in found.items()
        ]

    @field
    @weighs(KPI_WEIGHT)
    @sized(len(RfvClass))
    async def rfv_classes(self, info: Info) -> list[RfvClassShare] | None:
        """Everybody who bought, by how lately, how often and for how much: every class, the best one first."""
        found, currency = await info.context.run(rfv.classes)
        return [_share(one, currency) for one in found]


def _share(one: ClassShare, currency: str) -> RfvClassShare:
    return RfvClassShare(
        id=strawberry.ID(ids.encode("RfvClassShare", one.of.value)),
        key=one.of,
        customers=one.customers,
        customer_share=one.customer_share,
        revenue=one.revenue,
        revenue_share=one.revenue_share,
        currency=CurrencyCode(currency),
    )


@one_of
class SegmentDeleteInput:
    """Which segment to delete, by id or by its key."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By its key.")


@input_
class SegmentRefreshInput:
    """Which segment to bring up to date."""

    segment: SegmentRefInput = plain("Which one.")


@input_
class SegmentMembersAddInput:
    """Customers who are to belong to a segment of kind MANUAL."""

    segment: SegmentRefInput = plain("Which one.")
    customers: list[CustomerRefInput] = plain("Who; at most 500.")
    from_: date | None = absent("From which day on, not after today; by default from today.", name="from")


@input_
class SegmentMembersRemoveInput:
    """Customers who are to belong to a segment of kind MANUAL no longer."""

    segment: SegmentRefInput = plain("Which one.")
    customers: list[CustomerRefInput] = plain("Who; at most 500.")
    before: date | None = absent("The first day on which they do not, not after today; by default today.")


@type_
class SegmentPayload:
    """What became of a segment."""

    segment: Segment | None = plain("The segment as of now, or as it stood; null for a retry of its deletion.")
    outcome: Outcome = plain("What became of it; UNCHANGED while the worker is still to bring it up to date.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was done then.")


@type_
class SegmentMemberResult:
    """What became of one customer."""

    index: int = plain("The customer's place in the input, from 0.")
    outcome: Outcome = plain("CREATED who was added, DELETED who was taken out, UNCHANGED who was or was not in it.")
    user_errors: list[UserError] = plain("Why it was rejected.")


@type_
class SegmentMembersPayload:
    """What became of customers who were added or taken out."""

    segment: Segment | None = plain("The segment as of now.")
    outcome: Outcome = plain("UPDATED where somebody was added or taken out.")
    results: list[SegmentMemberResult] = plain("One per customer, in their order.", default_factory=list)
    counts: RowCounts = counted()
    user_errors: list[UserError] = mend("What was wrong with the whole; nothing was stored then.")


class SegmentingRoots:
    """What can be done to segments."""

    @attempt("What to delete.")
    async def segment_delete(self, info: Info, input: SegmentDeleteInput, once: Options) -> SegmentPayload:
        """Delete a segment, and who belonged to it when: KPIs know its key no longer."""
        row = await info.context.run(segment.delete, as_ref(input), options=once)
        return SegmentPayload(segment=row and SEGMENT.shown(info.context, row), outcome=Outcome.DELETED)

    @attempt("Which one.")
    async def segment_refresh(self, info: Info, input: SegmentRefreshInput, once: Options) -> SegmentPayload:
        """Bring a segment up to date with its rule: at once, or by the worker where there are many customers."""
        row, outcome = await info.context.run(segment.refresh, as_ref(input.segment), options=once)
        return SegmentPayload(segment=row and SEGMENT.shown(info.context, row), outcome=outcome)

    @attempt(WRITTEN)
    @sized(by=("input.customers",), fields=("results",))
    async def segment_members_add(
        self, info: Info, input: SegmentMembersAddInput, once: Options
    ) -> SegmentMembersPayload:
        """Add customers to a segment by hand."""
        return await _moved(info, input, segment.add, input.from_, options=once)

    @attempt(WRITTEN)
    @sized(by=("input.customers",), fields=("results",))
    async def segment_members_remove(
        self, info: Info, input: SegmentMembersRemoveInput, once: Options
    ) -> SegmentMembersPayload:
        """Take customers out of a segment by hand."""
        return await _moved(info, input, segment.remove, input.before, options=once)


async def _moved(info: Info, input_: Any, service: Any, day: date | None, options: Options) -> SegmentMembersPayload:  # noqa: ANN401 - either input and its service
    who = [as_ref(one) for one in input_.customers]
    row, results = await info.context.run(service, as_ref(input_.segment), who, known(day), options=options)
    is_moved = any(one.outcome in (Outcome.CREATED, Outcome.DELETED) for one in results)
    return SegmentMembersPayload(
        segment=row and SEGMENT.shown(info.context, row),
        outcome=Outcome.UPDATED if is_moved else Outcome.UNCHANGED,
        results=_results(results),
        counts=counts(results),
    )


def _results(results: Sequence[Result]) -> list[SegmentMemberResult]:
    return [
        SegmentMemberResult(
            index=one.index,
            outcome=one.outcome,
            user_errors=user_errors(one.problems, "customers", str(one.index)),
        )
        for one in results
    ]
