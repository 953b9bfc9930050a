"""Referrals in the schema."""

from datetime import date

from app.schema.customer import CUSTOMER
from app.schema.describe import absent, plain, type_
from app.schema.event import CustomerEvent
from app.schema.inputs import ChannelRefInput, CustomerRefInput, record_input
from app.schema.node import Node
from app.schema.noun import Noun, refers
from app.schema.scalars import Moment
from app.schema.writing import Deletes, records
from app.services import referral


@record_input
class ReferralRecordInput:
    """One referral. It replaces the whole of what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    customer: CustomerRefInput = plain("Who referred.")
    referred: CustomerRefInput = plain(
        "Who was referred; nobody who has referred this customer, through others either."
    )
    converted_at: Moment | None = absent(
        "When it led to what it was made for; while absent, becoming a customer converts it."
    )
    channel: ChannelRefInput | None = absent("Where it was made.")
    product: str | None = absent("The product that it was about.")
    campaign: str | None = absent("The campaign that it belongs to.")
    occurred_at: Moment = plain("When it was made; a bare date is the start of that day in the workspace's time zone.")


@type_
class Referral(CustomerEvent, Node):
    """One customer brought another. Whoever was referred by the day they joined is a referred new customer."""

    converted_at: Moment | None = plain("When it was converted, as its source says.")
    converted_on: date | None = plain(
        "The day on which it was converted: by what is said of these two people, or by becoming a customer."
    )
    is_counted: bool = plain(
        "Whether KPIs count it: not where the same two people stand in an earlier one, have been merged, or the one "
        "referred is a test customer."
    )
    product: str | None = plain("The product that it was about.")

    customer = refers(CUSTOMER, "customer_id", "Who referred.")
    referred = refers(CUSTOMER, "referred_id", "Who was referred.")


REFERRAL = Noun(
    Referral,
    referral.LIST,
    one="referral",
    many="referrals",
    words=("a referral", "referrals"),
    filters=(
        "source",
        "external_id",
        "product",
        "campaign",
        "is_counted",
        "converted_on",
        "occurred_at",
        "day",
        "recorded_at",
        "customer",
        "referred",
        "channel",
    ),
    orders=("-occurred_at", "recorded_at"),
    writes=(
        records(referral.record_batch, ReferralRecordInput, stubs="customers and channels"),
        Deletes(referral.delete_batch),
    ),
)
