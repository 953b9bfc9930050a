"""What interactions and the turns in them add up to."""

from sqlalchemy import and_
from sqlmodel import col

from app.kpis.dimension import Dimension
from app.kpis.measure import Cube, Measure
from app.models.interaction import Interaction, InteractionKind, InteractionStanding, Turn

_ALIKE = {
    Dimension.CHANNEL: "channel_id",
    Dimension.ACQUISITION_CHANNEL: "acquisition_channel_id",
    Dimension.SEGMENT: "segment",
    Dimension.CUSTOMER_KIND: "customer_kind",
    Dimension.REGION: "region",
    Dimension.PRODUCT: "product",
    Dimension.CAMPAIGN: "campaign",
    Dimension.JOURNEY_STAGE: "journey_stage",
    Dimension.REASON: "reason",
}
_present = and_(col(Interaction.is_test).is_(False), col(Interaction.deleted_at).is_(None))


def _cube(name: str, day: str, staff: str = "staff_id", team: str = "team_id", spread: str | None = None) -> Cube:
    """Interactions by one of their days, and whose they are then."""
    named = _ALIKE | {Dimension.STAFF: staff, Dimension.TEAM: team}
    return Cube(
        name,
        "INTERACTION",
        Interaction,
        getattr(Interaction, day),
        {dimension: getattr(Interaction, column) for dimension, column in named.items()},
        _present if day == "day" else and_(_present, col(getattr(Interaction, day)).is_not(None)),
        scanned={Dimension.CUSTOMER: Interaction.customer_id},
        spread=None if spread is None else getattr(Interaction, spread),
    )


interactions = _cube("interaction", "day")
responses = _cube("response", "judged_on", "responder_id", "responder_team_id", "reply_seconds")
resolutions = _cube("resolution", "resolved_on", "resolver_id", "resolver_team_id", "resolution_seconds")
waits = _cube("wait", "waited_on", spread="waiting_seconds")
turns = Cube(
    "turn",
    "INTERACTION",
    Turn,
    Turn.day,
    {
        dimension: getattr(Turn, column)
        for dimension, column in (_ALIKE | {Dimension.STAFF: "staff_id", Dimension.TEAM: "team_id"}).items()
    },
    col(Turn.is_test).is_(False),
    scanned={Dimension.CUSTOMER: Turn.customer_id},
    optional=True,
    spread=Turn.seconds,
)

_answered = col(Interaction.replied_at).is_not(None)
_complaint = and_(
    col(Interaction.kind) == InteractionKind.COMPLAINT, col(Interaction.standing) == InteractionStanding.VALID
)

opened = Measure("interactions", interactions)
unanswered = Measure("unanswered", interactions, and_(col(Interaction.asked_at).is_not(None), ~_answered))
unresolved = Measure("unresolved", interactions, col(Interaction.resolved_on).is_(None))
waiting = Measure("waiting", interactions, col(Interaction.is_waiting).is_(True))
complaints = Measure("complaints", interactions, _complaint)
resolved_soon = Measure(
    "resolved_in_time", interactions, and_(_complaint, col(Interaction.is_resolved_in_time).is_(True))
)
confirmed = Measure("confirmed", interactions, and_(_complaint, col(Interaction.is_confirmed).is_(True)))

answered = Measure("answered", responses, _answered)
reply_seconds = Measure("reply_seconds", responses, _answered, Interaction.reply_seconds)
judged = Measure("judged", responses)
in_time = Measure("answered_in_time", responses, col(Interaction.is_in_time).is_(True))

resolved = Measure("resolved", resolutions)
resolution_seconds = Measure("resolution_seconds", resolutions, value=Interaction.resolution_seconds)
resolved_complaints = Measure("resolved_complaints", resolutions, _complaint)

waited = Measure("waited", waits)
waiting_seconds = Measure("waiting_seconds", waits, value=Interaction.waiting_seconds)

answered_turns = Measure("answered_turns", turns)
turn_seconds = Measure("turn_seconds", turns, value=Turn.seconds)
