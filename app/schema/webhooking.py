"""What can be done to webhooks and their deliveries."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import strawberry

from app.errors import Code, Invalid, Problem
from app.schema.context import Info
from app.schema.describe import absent, arg, input_, mutation, one_of, plain, type_
from app.schema.errors import UserError, user_errors
from app.schema.inputs import as_ref, unwrapped
from app.schema.outcome import Outcome
from app.schema.scalars import Moment
from app.schema.webhook import WEBHOOK, Webhook, WebhookRefInput, WebhookUpsertInput
from app.schema.webhook_delivery import WEBHOOK_DELIVERY, WebhookDelivery
from app.schema.weight import weighs
from app.schema.writing import WEIGHT, WRITTEN
from app.services import webhook, webhook_delivery, webhook_secret
from app.services.row import Ref, check_readable
from app.text import Text


@one_of
class WebhookDeleteInput:
    """Which webhook to delete, by id or by its key."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By its key.")


@input_
class WebhookEnableInput:
    """Which webhook to enable."""

    webhook: WebhookRefInput = plain("Which one.")


@input_
class WebhookDisableInput:
    """Which webhook to disable."""

    webhook: WebhookRefInput = plain("Which one.")


@input_
class WebhookTestInput:
    """Which webhook to send a test event."""

    webhook: WebhookRefInput = plain("Which one.")


@input_
class WebhookRotateSecretInput:
    """Which webhook gets a new secret."""

    webhook: WebhookRefInput = plain("Which one.")
    overlap_hours: float | None = absent(
        "For how many hours deliveries are signed with the old secret as well, at most 720; 24 when absent."
    )


@input_
class WebhookReplayInput:
    """What to deliver again: some deliveries, or everything that a webhook wants to hear of since some time."""

    deliveries: list[strawberry.ID] | None = absent("The global ids of deliveries; at most 500.")
    webhook: WebhookRefInput | None = absent("The webhook, with `since`.")
    since: Moment | None = absent("From which time on, with `webhook`; what was never delivered is included.")


@type_
class WebhookPayload:
    """What became of a webhook."""

    webhook: Webhook | None = plain("The webhook as of now, or as it stood.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = plain("What to mend in the input; nothing was done then.")


@type_
class WebhookSecretPayload:
    """What became of a webhook that may have a new secret."""

    webhook: Webhook | None = plain("The webhook as of now.")
    outcome: Outcome = plain("What became of it.")
    secret: str | None = plain("The new secret, told this once; null where there is none.")
    user_errors: list[UserError] = plain("What to mend in the input; nothing was stored then.")


@type_
class WebhookTestPayload:
    """What became of the wish for a test event."""

    delivery: WebhookDelivery | None = plain("The event on its way.")
    outcome: Outcome = plain("CREATED where it is on its way.")
    user_errors: list[UserError] = plain("What to mend in the input; nothing is sent then.")


@type_
class WebhookReplayPayload:
    """What is delivered again."""

    outcome: Outcome = plain("UPDATED where something is.")
    user_errors: list[UserError] = plain("What to mend in the input; nothing is delivered again then.")


class WebhookRoots:
    """What can be done to webhooks."""

    @mutation
    @weighs(WEIGHT)
    async def webhook_upsert(
        self, info: Info, input: Annotated[WebhookUpsertInput, arg(WRITTEN)]
    ) -> WebhookSecretPayload:
        """Make or update a webhook: absent keeps, null clears. The secret of a new one is told in the payload only."""

        async def work() -> tuple[Any, Outcome, str | None]:
            data = unwrapped(input)
            check_readable(data)
            if data.get("document") is not None:
                faults = await info.context.judged(data["document"], webhook.upsert)
                if faults:
                    raise Invalid([Problem(Code.INVALID, text, ("document",)) for text in faults])
            secret = webhook_secret.mint()
            row, outcome = await info.context.run(webhook.upsert, data, info.context.door.keys.seal(secret))
            return row, outcome, secret if outcome is Outcome.CREATED else None

        return await _told(info, work)

    @mutation
    @weighs(WEIGHT)
    async def webhook_rotate_secret(
        self, info: Info, input: Annotated[WebhookRotateSecretInput, arg(WRITTEN)]
    ) -> WebhookSecretPayload:
        """Give a webhook a new secret; for a while deliveries are signed with the old one as well."""

        async def work() -> tuple[Any, Outcome, str | None]:
            check_readable(unwrapped(input))
            hours = None if input.overlap_hours is strawberry.UNSET else input.overlap_hours
            secret = webhook_secret.mint()
            sealed = info.context.door.keys.seal(secret)
            row = await info.context.run(webhook.rotate, as_ref(input.webhook), sealed, hours)
            return row, Outcome.UPDATED, secret

        return await _told(info, work)

    @mutation
    @weighs(WEIGHT)
    async def webhook_delete(
        self, info: Info, input: Annotated[WebhookDeleteInput, arg("What to delete.")]
    ) -> WebhookPayload:
        """Delete a webhook and its deliveries; nothing is sent to it any more."""

        async def work(wanted: Ref) -> tuple[Any, Outcome]:
            return await info.context.run(webhook.remove, wanted), Outcome.DELETED

        return await _done(info, input, work, as_ref(input))

    @mutation
    @weighs(WEIGHT)
    async def webhook_enable(
        self, info: Info, input: Annotated[WebhookEnableInput, arg("Which one.")]
    ) -> WebhookPayload:
        """Enable a webhook: it is told of what is written from now on, and of what was left open."""

        async def work(wanted: Ref) -> tuple[Any, Outcome]:
            return await info.context.run(webhook.enable, wanted)

        return await _done(info, input, work, as_ref(input.webhook))

    @mutation
    @weighs(WEIGHT)
    async def webhook_disable(
        self, info: Info, input: Annotated[WebhookDisableInput, arg("Which one.")]
    ) -> WebhookPayload:
        """Disable a webhook: it is sent nothing until it is enabled again."""

        async def work(wanted: Ref) -> tuple[Any, Outcome]:
            return await info.context.run(webhook.disable, wanted)

        return await _done(info, input, work, as_ref(input.webhook))

    @mutation
    @weighs(WEIGHT)
    async def webhook_test(
        self, info: Info, input: Annotated[WebhookTestInput, arg("Which one.")]
    ) -> WebhookTestPayload:
        """Send a webhook a test event, which is about the webhook itself."""
        try:
            check_readable(unwrapped(input))
            row = await info.context.run(webhook_delivery.test, as_ref(input.webhook))
        except Invalid as error:
            errors = user_errors(error.problems)
            return WebhookTestPayload(delivery=None, outcome=Outcome.REJECTED, user_errors=errors)
        shown = WEBHOOK_DELIVERY.shown(info.context, row)
        return WebhookTestPayload(delivery=shown, outcome=Outcome.CREATED, user_errors=[])

    @mutation
    @weighs(WEIGHT)
    async def webhook_replay(
        self, info: Info, input: Annotated[WebhookReplayInput, arg("What to deliver again.")]
    ) -> WebhookReplayPayload:
        """Deliver again, each under the id that it had."""
        try:
            check_readable(unwrapped(input))
            await _replayed(info, input)
        except Invalid as error:
            return WebhookReplayPayload(outcome=Outcome.REJECTED, user_errors=user_errors(error.problems))
        return WebhookReplayPayload(outcome=Outcome.UPDATED, user_errors=[])


async def _replayed(info: Info, input_: WebhookReplayInput) -> None:
    given = {
        name for name in ("deliveries", "webhook", "since") if getattr(input_, name) not in (None, strawberry.UNSET)
    }
    if given == {"deliveries"}:
        await info.context.run(webhook_delivery.replay, [str(one) for one in input_.deliveries or ()])
    elif given == {"webhook", "since"}:
        wanted: Any = input_
        await info.context.run(webhook_delivery.replay_since, as_ref(wanted.webhook), wanted.since)
    else:
        msg = Text("Give deliveries, or webhook and since.", "请提供 deliveries，或同时提供 webhook 与 since。")
        raise Invalid(msg, "deliveries", code=Code.REQUIRED)


async def _told(info: Info, work: Callable[[], Awaitable[tuple[Any, Outcome, str | None]]]) -> WebhookSecretPayload:
    try:
        row, outcome, secret = await work()
    except Invalid as error:
        errors = user_errors(error.problems)
        return WebhookSecretPayload(webhook=None, outcome=Outcome.REJECTED, secret=None, user_errors=errors)
    shown = WEBHOOK.shown(info.context, row)
    return WebhookSecretPayload(webhook=shown, outcome=outcome, secret=secret, user_errors=[])


async def _done(
    info: Info,
    input_: Any,  # noqa: ANN401 - any of the inputs
    work: Callable[[Ref], Awaitable[tuple[Any, Outcome]]],
    wanted: Ref,
) -> WebhookPayload:
    try:
        check_readable(unwrapped(input_))
        row, outcome = await work(wanted)
    except Invalid as error:
        return WebhookPayload(webhook=None, outcome=Outcome.REJECTED, user_errors=user_errors(error.problems))
    return WebhookPayload(webhook=WEBHOOK.shown(info.context, row), outcome=outcome, user_errors=[])
