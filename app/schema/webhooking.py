"""What can be done to webhooks and their deliveries."""

from typing import Any

import strawberry

from app.errors import Code, Invalid, Problem
from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.describe import absent, input_, one_of, plain, type_
from app.schema.errors import UserError, mend
from app.schema.inputs import as_ref, unwrapped
from app.schema.outcome import Outcome
from app.schema.scalars import Moment
from app.schema.webhook import WEBHOOK, Webhook, WebhookRefInput, WebhookUpsertInput
from app.schema.webhook_delivery import WEBHOOK_DELIVERY, WebhookDelivery
from app.schema.writing import WRITTEN, known
from app.services import webhook, webhook_delivery, webhook_secret
from app.services.row import Options
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

    webhook: Webhook | None = plain("The webhook as of now, or as it stood; null for a retry of its deletion.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was done then.")


@type_
class WebhookSecretPayload:
    """What became of a webhook that may have a new secret."""

    webhook: Webhook | None = plain("The webhook as of now.")
    outcome: Outcome = plain("What became of it.")
    secret: str | None = plain("The new secret, told this once; null where there is none.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was stored then.")


@type_
class WebhookTestPayload:
    """What became of the wish for a test event."""

    delivery: WebhookDelivery | None = plain("The event on its way.")
    outcome: Outcome = plain("CREATED where it is on its way.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing is sent then.")


@type_
class WebhookReplayPayload:
    """What is delivered again."""

    outcome: Outcome = plain("UPDATED where something is.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing is delivered again then.")


class WebhookRoots:
    """What can be done to webhooks."""

    @attempt(WRITTEN)
    async def webhook_upsert(self, info: Info, input: WebhookUpsertInput) -> WebhookSecretPayload:
        """Make or update a webhook: absent keeps, null clears. The secret of a new one is told in the payload only."""
        data = unwrapped(input)
        if data.get("document") is not None:
            faults = await info.context.judged(data["document"], webhook.upsert)
            if faults:
                raise Invalid([Problem(Code.INVALID, text, ("document",)) for text in faults])
        secret = webhook_secret.mint()
        row, outcome = await info.context.run(webhook.upsert, data, info.context.door.keys.seal(secret))
        told = secret if outcome is Outcome.CREATED else None
        return WebhookSecretPayload(webhook=WEBHOOK.shown(info.context, row), outcome=outcome, secret=told)

    @attempt(WRITTEN)
    async def webhook_rotate_secret(self, info: Info, input: WebhookRotateSecretInput) -> WebhookSecretPayload:
        """Give a webhook a new secret; for a while deliveries are signed with the old one as well."""
        secret = webhook_secret.mint()
        sealed = info.context.door.keys.seal(secret)
        row = await info.context.run(webhook.rotate, as_ref(input.webhook), sealed, known(input.overlap_hours))
        shown = WEBHOOK.shown(info.context, row)
        return WebhookSecretPayload(webhook=shown, outcome=Outcome.UPDATED, secret=secret)

    @attempt("What to delete.")
    async def webhook_delete(self, info: Info, input: WebhookDeleteInput, once: Options) -> WebhookPayload:
        """Delete a webhook and its deliveries; nothing is sent to it any more."""
        row = await info.context.run(webhook.remove, as_ref(input), options=once)
        return WebhookPayload(webhook=row and WEBHOOK.shown(info.context, row), outcome=Outcome.DELETED)

    @attempt("Which one.")
    async def webhook_enable(self, info: Info, input: WebhookEnableInput, once: Options) -> WebhookPayload:
        """Enable a webhook: it is told of what is written from now on, and of what was left open."""
        row, outcome = await info.context.run(webhook.enable, as_ref(input.webhook), options=once)
        return WebhookPayload(webhook=row and WEBHOOK.shown(info.context, row), outcome=outcome)

    @attempt("Which one.")
    async def webhook_disable(self, info: Info, input: WebhookDisableInput, once: Options) -> WebhookPayload:
        """Disable a webhook: it is sent nothing until it is enabled again."""
        row, outcome = await info.context.run(webhook.disable, as_ref(input.webhook), options=once)
        return WebhookPayload(webhook=row and WEBHOOK.shown(info.context, row), outcome=outcome)

    @attempt("Which one.")
    async def webhook_test(self, info: Info, input: WebhookTestInput, once: Options) -> WebhookTestPayload:
        """Send a webhook a test event, which is about the webhook itself."""
        row = await info.context.run(webhook_delivery.test, as_ref(input.webhook), options=once)
        shown = row and WEBHOOK_DELIVERY.shown(info.context, row)
        return WebhookTestPayload(delivery=shown, outcome=Outcome.CREATED)

    @attempt("What to deliver again.")
    async def webhook_replay(self, info: Info, input: WebhookReplayInput, once: Options) -> WebhookReplayPayload:
        """Deliver again, each under the id that it had."""
        await _replayed(info, input, once)
        return WebhookReplayPayload(outcome=Outcome.UPDATED)


async def _replayed(info: Info, input_: WebhookReplayInput, once: Options) -> None:
    given = {
        name for name in ("deliveries", "webhook", "since") if getattr(input_, name) not in (None, strawberry.UNSET)
    }
    if given == {"deliveries"}:
        await info.context.run(webhook_delivery.replay, [str(one) for one in input_.deliveries or ()], options=once)
    elif given == {"webhook", "since"}:
        wanted: Any = input_
        await info.context.run(webhook_delivery.replay_since, as_ref(wanted.webhook), wanted.since, options=once)
    else:
        msg = Text("Give deliveries, or webhook and since.", "请提供 deliveries，或同时提供 webhook 与 since。")
        raise Invalid(msg, "deliveries", code=Code.REQUIRED)
