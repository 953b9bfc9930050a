"""The roots that write."""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from app.errors import Invalid
from app.schema import channel as channels
from app.schema import customer_input as customers
from app.schema import feedback_input as feedbacks
from app.schema import staff as staffs
from app.schema import survey as surveys
from app.schema import target_input as targets
from app.schema.context import Info
from app.schema.describe import arg, mutation, type_
from app.schema.errors import user_errors
from app.schema.filters import filters
from app.schema.inputs import DeleteBatchInput, as_ref, unwrapped
from app.schema.outcome import DeleteBatchPayload, counts, deletions, refused_deletions, row_errors
from app.schema.period import asked
from app.schema.target import Target
from app.services import channel, customer, feedback, staff, survey, target
from app.services.row import ErrorPolicy, Options, Outcome, Wrong, camel, check_readable

ALONE = Options(ErrorPolicy.REJECT_FAILED_ROWS)
_INPUT = "What to write."


def options(value: Any) -> Options:  # noqa: ANN401 - any batch input
    """How a batch input is to be taken. Raises Invalid for an option that could not be read."""
    for name in ("error_policy", "create_missing", "dry_run", "idempotency_key"):
        given = getattr(value, name, None)
        if isinstance(given, Wrong):
            raise Invalid(given.message, camel(name))
    key = getattr(value, "idempotency_key", None)
    return Options(
        value.error_policy,
        getattr(value, "create_missing", False),
        getattr(value, "dry_run", False),
        None if key is strawberry.UNSET else key,
    )


@type_
class Mutation:
    """Everything that can be written. What a caller can mend in the input is in the payload's `userErrors`."""

    @mutation
    async def channel_upsert(
        self,
        info: Info,
        input: Annotated[channels.ChannelUpsertInput, arg(_INPUT)],
    ) -> channels.ChannelUpsertPayload:
        """Make a channel, or bring it up to date."""
        try:
            row, outcome = await info.context.run(channel.upsert, unwrapped(input))
        except Invalid as error:
            return channels.ChannelUpsertPayload(
                channel=None, outcome=Outcome.REJECTED, user_errors=user_errors(error.problems)
            )
        return channels.ChannelUpsertPayload(channel=channels.Channel.of(row), outcome=outcome, user_errors=[])

    @mutation
    async def staff_upsert(
        self,
        info: Info,
        input: Annotated[staffs.StaffUpsertInput, arg(_INPUT)],
    ) -> staffs.StaffUpsertPayload:
        """Make a member of staff, or bring them up to date."""
        try:
            row, outcome = await info.context.run(staff.upsert, unwrapped(input))
        except Invalid as error:
            return staffs.StaffUpsertPayload(
                staff=None, outcome=Outcome.REJECTED, user_errors=user_errors(error.problems)
            )
        return staffs.StaffUpsertPayload(staff=staffs.Staff.of(row), outcome=outcome, user_errors=[])

    @mutation
    async def survey_upsert(
        self,
        info: Info,
        input: Annotated[surveys.SurveyUpsertInput, arg(_INPUT)],
    ) -> surveys.SurveyUpsertPayload:
        """Make a survey, or bring it up to date."""
        try:
            row, outcome = await info.context.run(survey.upsert, unwrapped(input))
        except Invalid as error:
            return surveys.SurveyUpsertPayload(
                survey=None, outcome=Outcome.REJECTED, user_errors=user_errors(error.problems)
            )
        return surveys.SurveyUpsertPayload(survey=surveys.Survey.of(row), outcome=outcome, user_errors=[])

    @mutation
    async def customer_upsert(
        self,
        info: Info,
        input: Annotated[customers.CustomerUpsertInput, arg(_INPUT)],
    ) -> customers.CustomerUpsertPayload:
        """Make a customer, or bring it up to date: absent keeps, null clears."""
        try:
            (row,) = await info.context.run(customer.upsert_batch, [unwrapped(input)], ALONE)
        except Invalid as error:
            return customers.CustomerUpsertPayload(
                outcome=Outcome.REJECTED, user_errors=user_errors(error.problems), record_id=None
            )
        return customers.CustomerUpsertPayload(
            outcome=row.outcome, user_errors=user_errors(row.problems), record_id=row.id
        )

    @mutation
    async def customer_upsert_batch(
        self,
        info: Info,
        input: Annotated[customers.CustomerUpsertBatchInput, arg(_INPUT)],
    ) -> customers.CustomerUpsertBatchPayload:
        """Make or bring up to date up to 500 customers."""
        try:
            results = await info.context.run(customer.upsert_batch, unwrapped(input.rows), options(input))
        except Invalid as error:
            return customers.CustomerUpsertBatchPayload(
                results=[], counts=counts([]), user_errors=user_errors(error.problems)
            )
        rows = [
            customers.CustomerUpsertResult(index=r.index, outcome=r.outcome, user_errors=row_errors(r), record_id=r.id)
            for r in results
        ]
        return customers.CustomerUpsertBatchPayload(results=rows, counts=counts(results), user_errors=[])

    @mutation
    async def feedback_record(
        self,
        info: Info,
        input: Annotated[feedbacks.FeedbackRecordInput, arg(_INPUT)],
    ) -> feedbacks.FeedbackRecordPayload:
        """Record a feedback, or replace it as a whole."""
        try:
            (row,) = await info.context.run(feedback.record_batch, [unwrapped(input)], ALONE)
        except Invalid as error:
            return feedbacks.FeedbackRecordPayload(
                outcome=Outcome.REJECTED, user_errors=user_errors(error.problems), record_id=None
            )
        return feedbacks.FeedbackRecordPayload(
            outcome=row.outcome, user_errors=user_errors(row.problems), record_id=row.id
        )

    @mutation
    async def feedback_record_batch(
        self,
        info: Info,
        input: Annotated[feedbacks.FeedbackRecordBatchInput, arg(_INPUT)],
    ) -> feedbacks.FeedbackRecordBatchPayload:
        """Record or replace up to 500 feedbacks."""
        try:
            results = await info.context.run(feedback.record_batch, unwrapped(input.rows), options(input))
        except Invalid as error:
            return feedbacks.FeedbackRecordBatchPayload(
                results=[], counts=counts([]), user_errors=user_errors(error.problems)
            )
        rows = [
            feedbacks.FeedbackRecordResult(index=r.index, outcome=r.outcome, user_errors=row_errors(r), record_id=r.id)
            for r in results
        ]
        return feedbacks.FeedbackRecordBatchPayload(results=rows, counts=counts(results), user_errors=[])

    @mutation
    async def feedback_delete_batch(
        self,
        info: Info,
        input: Annotated[DeleteBatchInput, arg("What to delete.")],
    ) -> DeleteBatchPayload:
        """Delete up to 500 feedbacks; KPIs forget them at once."""
        try:
            return deletions(await info.context.run(feedback.delete_batch, unwrapped(input.rows), options(input)))
        except Invalid as error:
            return refused_deletions(error)

    @mutation
    async def target_set(
        self,
        info: Info,
        input: Annotated[targets.TargetSetInput, arg(_INPUT)],
    ) -> targets.TargetSetPayload:
        """Set a target, or replace it; its history is kept."""
        try:
            row, outcome, advice = await info.context.run(target.set_, _target(input))
        except Invalid as error:
            return targets.TargetSetPayload(
                target=None, outcome=Outcome.REJECTED, advice=[], user_errors=user_errors(error.problems)
            )
        shown = [
            targets.TargetAdvice(criterion=targets.SmartCriterion(one.criterion), message=one.message) for one in advice
        ]
        return targets.TargetSetPayload(target=Target.of(row), outcome=outcome, advice=shown, user_errors=[])

    @mutation
    async def target_delete(
        self,
        info: Info,
        input: Annotated[targets.TargetDeleteInput, arg("What to delete.")],
    ) -> targets.TargetDeletePayload:
        """Delete a target; its history is kept."""
        try:
            wanted = as_ref(input)
            check_readable(wanted)
            row = await info.context.run(target.delete, wanted)
        except Invalid as error:
            return targets.TargetDeletePayload(
                target=None, outcome=Outcome.REJECTED, user_errors=user_errors(error.problems)
            )
        return targets.TargetDeletePayload(target=Target.of(row), outcome=Outcome.DELETED, user_errors=[])


def _target(value: targets.TargetSetInput) -> Mapping[str, Any]:
    """The input as the service takes it. Raises Invalid for what could not be read, wherever it stands."""
    check_readable(unwrapped(value))
    data: dict[str, Any] = {
        name: one
        for name in (
            "external_id",
            "kpi",
            "variant",
            "kind",
            "value",
            "stretch",
            "from_",
            "before",
            "owner",
            "rationale",
        )
        if (one := getattr(value, name)) is not strawberry.UNSET
    }
    data["kpi"] = value.kpi.value
    if value.scope:
        data["scope"] = list(filters(value.scope))
    if value.baseline:
        if value.baseline.period:
            data["baseline_period"] = asked(value.baseline.period, "baseline", "period")
        else:
            data["baseline_value"] = value.baseline.value
    return data
