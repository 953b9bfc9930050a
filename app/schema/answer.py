"""Answers from pages and apps in the schema."""

from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.describe import absent, input_, plain, type_
from app.schema.errors import UserError, mend
from app.schema.feedback_input import COMMENT, JOURNEY_STAGE, PRODUCT, QUESTION, SaidInput
from app.schema.inputs import unwrapped
from app.schema.scalars import Moment
from app.services import answer


@input_
class AnswerRecordInput(SaidInput):
    """One answer from a page or an app. Whatever it names, it names by the keys and ids of the caller's source."""

    external_id: str = plain("Its id, made where it is given: a random one; the same for a retry.")
    survey: str | None = absent("The key of the survey that it answers.")
    question: str | None = absent(QUESTION)
    channel: str | None = absent("The key of the channel where it was said.")
    customer: str | None = absent("The id of who said it in the caller's source; nobody known when absent.")
    invitation: str | None = absent("The id of the invitation that it answers, which knows its customer.")
    product: str | None = absent(PRODUCT)
    journey_stage: str | None = absent(JOURNEY_STAGE)
    comment: str | None = absent(COMMENT)
    occurred_at: Moment | None = absent("When it was said; now when absent.")


@type_
class AnswerRecordPayload:
    """Whether an answer was taken. It tells nothing of what is stored."""

    accepted: bool = plain(
        "Whether the answer is as it should be. Under an id that is there already nothing is changed, nor that told.",
        default=False,
    )
    user_errors: list[UserError] = mend("What to mend in the input; nothing was stored then.")


class AnswerRoot:
    """What a publishable key can do."""

    @attempt("What was answered.")
    async def answer_record(self, info: Info, input: AnswerRecordInput) -> AnswerRecordPayload:
        """Record an answer from a page or an app. It is added, never changed, and nothing of what is stored is told."""
        await info.context.run(answer.record, unwrapped(input))
        return AnswerRecordPayload(accepted=True)
