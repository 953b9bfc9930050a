"""How interactions come in."""

from app.models.interaction import InteractionEventKind, InteractionKind, InteractionStanding
from app.schema.describe import absent, enum, input_, plain
from app.schema.inputs import ChannelRefInput, CustomerRefInput, StaffRefInput, record_input
from app.schema.scalars import Moment

enum(
    InteractionKind,
    {
        "QUESTION": "They want to know something.",
        "REQUEST": "They want something done.",
        "COMPLAINT": "They are not satisfied with something.",
    },
)
enum(
    InteractionStanding,
    {
        "VALID": "It stands.",
        "WITHDRAWN": "The customer took it back; not counted among complaints.",
        "DUPLICATE": "The same has been said before; not counted among complaints.",
    },
)
enum(
    InteractionEventKind,
    {
        "CUSTOMER_MESSAGE": "The customer says something; the first one starts the clock.",
        "STAFF_REPLY": "A person replies, visibly to the customer; the first one stops the clock of the response.",
        "BOT_REPLY": "A machine replies; no clock stops.",
        "NOTE": "Said among staff; no clock stops.",
        "ASSIGNED": "It is given to a member of staff.",
        "HANDOVER": "It is passed on to another one.",
        "HOLD": "The customer is put on hold and waits.",
        "RESUMED": "The hold is over.",
        "RESOLVED": "It is settled; messages after it wait for nothing until it is reopened.",
        "REOPENED": "It was not settled after all; the customer waits again.",
        "CONFIRMED": "The customer confirms that it is settled.",
    },
)


@input_
class InteractionEventInput:
    """One event of an interaction. Their order is that of their instants; the same one twice counts once."""

    kind: InteractionEventKind = plain("What happened.")
    at: Moment = plain("When; not before the interaction began.")
    staff: StaffRefInput | None = absent("Who of the staff acted; by default the interaction's.")


@record_input
class InteractionRecordInput:
    """One interaction with all its events so far. It replaces the whole of what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    kind: InteractionKind = plain("What the customer wants.")
    standing: InteractionStanding = plain("Whether it stands.", default=InteractionStanding.VALID)
    customer: CustomerRefInput | None = absent("Whose it is; absent for an anonymous one.")
    channel: ChannelRefInput | None = absent("Where it is held.")
    staff: StaffRefInput | None = absent("Whose task it is.")
    product: str | None = absent("The product that it is about.")
    campaign: str | None = absent("The campaign that it belongs to.")
    journey_stage: str | None = absent("The stage of the customer's journey.")
    reason: str | None = absent("What it is about, such as a category.")
    events: list[InteractionEventInput] = plain("What happened in it, at most 1000; may be empty at first.")
    occurred_at: Moment = plain(
        "When it began: the instant of its first event. A bare date is the start of that day in the workspace's zone."
    )
