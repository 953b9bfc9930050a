"""Names of customers in several systems, in the schema."""

from collections.abc import Callable
from typing import Any

from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.customer import CUSTOMER, Customer
from app.schema.describe import absent, input_, plain, type_
from app.schema.errors import UserError, mend
from app.schema.inputs import CustomerRefInput, unwrapped
from app.schema.outcome import Outcome
from app.schema.writing import ONCE, taken
from app.services import customer_link

_SOURCE = "The key of the system; the caller's own source when absent."


@input_
class CustomerLinkInput:
    """One more name for a customer who is known."""

    customer: CustomerRefInput = plain("Whose name it is.")
    source: str | None = absent(_SOURCE)
    external_id: str = plain("The customer's id in that system.")
    idempotency_key: str | None = absent(ONCE)


@input_
class CustomerUnlinkInput:
    """A name that is not the customer's any more."""

    source: str | None = absent(_SOURCE)
    external_id: str = plain("The customer's id in that system.")
    idempotency_key: str | None = absent(ONCE)


@type_
class CustomerLinkPayload:
    """What became of a name."""

    customer: Customer | None = plain("The customer, as of now.")
    outcome: Outcome = plain("UPDATED, or UNCHANGED where it was so already.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was changed then.")


class LinkRoots:
    """Giving customers names, and taking them back."""

    @attempt("Which name, and whose.")
    async def customer_link(self, info: Info, input: CustomerLinkInput) -> CustomerLinkPayload:
        """Have another system's id mean a customer who is known.

        What that system records under it is the customer's. A name that means somebody else is a CONFLICT. The customer
        is one whom the caller's source knows, or the name is one of that source's own.
        """
        return await _named(info, customer_link.link, input)

    @attempt("Which name.")
    async def customer_unlink(self, info: Info, input: CustomerUnlinkInput) -> CustomerLinkPayload:
        """Have another system's id mean a customer no longer.

        What was recorded under it stays with the customer, what comes from now on does not. The last name stays.
        """
        return await _named(info, customer_link.unlink, input)


async def _named(info: Info, service: Callable[..., Any], input_: Any) -> CustomerLinkPayload:  # noqa: ANN401 - either input
    data = unwrapped(input_)
    data.pop("idempotency_key", None)
    row, outcome = await info.context.run(service, data, taken(input_))
    return CustomerLinkPayload(customer=CUSTOMER.shown(info.context, row), outcome=outcome)
