"""Merging customers in the schema."""

from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.customer import CUSTOMER, Customer
from app.schema.describe import absent, input_, plain, type_
from app.schema.errors import UserError, mend
from app.schema.inputs import CustomerRefInput, as_ref
from app.schema.outcome import Outcome
from app.schema.writing import ONCE, taken
from app.services import merge, merge_undo


@input_
class CustomerMergeInput:
    """Two records of one person or account."""

    from_: CustomerRefInput = plain("The record that becomes part of the other one.", name="from")
    into: CustomerRefInput = plain("The record that stays.")
    idempotency_key: str | None = absent(ONCE)


@type_
class CustomerMergePayload:
    """What became of a merge."""

    customer: Customer | None = plain("The record that stays, as of now.")
    outcome: Outcome = plain("UPDATED, or UNCHANGED where the two were one already.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was merged then.")


@input_
class CustomerMergeUndoInput:
    """The merge of two customers who are two."""

    from_: CustomerRefInput = plain(
        "The record that was merged away, as it was called: by its own id, or by a name that it brought.", name="from"
    )
    idempotency_key: str | None = absent(ONCE)


@type_
class CustomerMergeUndoPayload:
    """What became of the undo of a merge."""

    from_: Customer | None = plain("The record that was merged away, as of now.", name="from")
    into: Customer | None = plain("The record that it had become part of, as of now.")
    outcome: Outcome = plain("UPDATED, or UNCHANGED where the merge was undone already.")
    staying_count: int = plain(
        "How many records stayed with `into` because they came after the merge, so that nothing says of which of the "
        "two they are; to record one again with the right customer moves it.",
        default=0,
    )
    user_errors: list[UserError] = mend("What stands in the way; nothing was undone then.")


class MergeRoot:
    """Merging customers, and taking that back."""

    @attempt("Which into which.")
    async def customer_merge(self, info: Info, input: CustomerMergeInput) -> CustomerMergePayload:
        """Make one customer part of another.

        Names, records and times as a customer pass over; what the other lacks is filled in. KPIs count them as one.
        """
        row, outcome = await info.context.run(merge.merge, as_ref(input.from_), as_ref(input.into), taken(input))
        return CustomerMergePayload(customer=CUSTOMER.shown(info.context, row), outcome=outcome)

    @attempt("Which merge.")
    async def customer_merge_undo(self, info: Info, input: CustomerMergeUndoInput) -> CustomerMergeUndoPayload:
        """Take a merge back: the two customers are as if they had never been one, and KPIs count them as two.

        What was changed since stays as it is, and what was recorded since stays with `into`. Merges are undone in the
        reverse order; one that something since then stands upon is a CONFLICT, which names what to undo first.
        """
        parted = await info.context.run(merge_undo.undo, as_ref(input.from_), taken(input))
        return CustomerMergeUndoPayload(
            from_=CUSTOMER.shown(info.context, parted.gone),
            into=CUSTOMER.shown(info.context, parted.kept),
            outcome=parted.outcome,
            staying_count=parted.staying,
        )
