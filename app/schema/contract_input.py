"""How contracts come in."""

from datetime import date
from decimal import Decimal

from app.models.base import ChurnKind
from app.models.contract import BillingInterval, ContractStatus
from app.schema import customer_input  # noqa: F401 - it gives the kinds of leaving their names in the schema
from app.schema.describe import absent, enum, input_, plain
from app.schema.inputs import ChannelRefInput, CustomerRefInput, StaffRefInput, record_input
from app.schema.scalars import CurrencyCode

enum(
    ContractStatus,
    {
        "PENDING": "Not agreed yet; does not count.",
        "ACTIVE": "Agreed; counts over its days.",
        "CANCELLED": "Called off before it began; does not count. What ended has an end instead.",
    },
)
enum(
    BillingInterval,
    {"MONTH": "A month.", "QUARTER": "Three months.", "YEAR": "Twelve months."},
)


@input_
class ContractTermInput:
    """What is paid for each interval from a day on."""

    from_: date = plain("The first day on which it holds, while the contract runs.", name="from")
    amount: Decimal = plain("What is paid for each interval; 0 while it is free.")


@record_input
class ContractRecordInput:
    """One contract. It replaces the whole of what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    customer: CustomerRefInput = plain("Whose it is.")
    status: ContractStatus = plain("Whether it counts.", default=ContractStatus.ACTIVE)
    from_: date = plain("The first day.", name="from")
    before: date | None = absent("The first day no longer meant; absent while no end is agreed.")
    currency: CurrencyCode = plain("The currency of all its amounts.")
    interval: BillingInterval = plain("For how long an amount is paid.", default=BillingInterval.MONTH)
    terms: list[ContractTermInput] | None = absent(
        "What is paid, by the day from which it holds, in order; at most 500. Before the first one nothing is."
    )
    reason: str | None = absent("Why it ended.")
    churn_kind: ChurnKind | None = absent("Whether the customer chose to end it.")
    channel: ChannelRefInput | None = absent("The channel on which it was agreed.")
    staff: StaffRefInput | None = absent("Who looks after it.")
    product: str | None = absent("The product that it is about.")
    campaign: str | None = absent("The campaign that it belongs to.")
