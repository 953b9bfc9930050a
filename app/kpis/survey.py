"""KPIs of asking: how many of those who were asked answer, how soon, and how many customers are heard at all."""

from sqlalchemy import and_
from sqlmodel import col

from app.kpis import feedback
from app.kpis.atom import Distinct, Percentile
from app.kpis.dimension import Dimension
from app.kpis.kpi import UNANSWERED, Direction, Kpi, KpiUnit, LeftOut, LifecycleStage, Variant, ratio
from app.kpis.measure import Crowd, Cube, Measure
from app.kpis.order import TRAITS
from app.kpis.retention import at_start, new_customers
from app.models.feedback import Feedback, FeedbackKind
from app.models.invitation import Invitation
from app.text import Text

_counted = and_(
    col(Invitation.is_test).is_(False), col(Invitation.deleted_at).is_(None), col(Invitation.is_stub).is_(False)
)
_answered = col(Invitation.answered_at).is_not(None)

invitations = Cube(
    "invitation",
    "INVITATION",
    Invitation,
    Invitation.day,
    {
        Dimension.CHANNEL: Invitation.channel_id,
        Dimension.ACQUISITION_CHANNEL: Invitation.acquisition_channel_id,
        Dimension.SEGMENT: Invitation.segment,
        Dimension.CUSTOMER_KIND: Invitation.customer_kind,
        Dimension.REGION: Invitation.region,
        Dimension.SURVEY: Invitation.survey_id,
        Dimension.PRODUCT: Invitation.product,
        Dimension.CAMPAIGN: Invitation.campaign,
        Dimension.JOURNEY_STAGE: Invitation.journey_stage,
    },
    _counted,
    scanned={Dimension.CUSTOMER: Invitation.customer_id},
)
answers = Cube(
    "invitation_answer",
    "INVITATION",
    Invitation,
    Invitation.answered_on,
    invitations.dimensions,
    and_(_counted, _answered),
    scanned=invitations.scanned,
    spread=Invitation.answer_seconds,
)
_NARROW = (Dimension.CHANNEL, Dimension.SURVEY, Dimension.PRODUCT, Dimension.CAMPAIGN, Dimension.JOURNEY_STAGE)
"""What answers are cut by, and customers are not."""
heard = Crowd(
    "nps_customer",
    "FEEDBACK",
    Feedback,
    Feedback.day,
    {dimension: feedback.cube.dimensions[dimension] for dimension in (*TRAITS, *_NARROW)},
    and_(
        feedback.cube.counted,
        col(Feedback.kind) == FeedbackKind.NPS,
        col(Feedback.position).is_not(None),
        col(Feedback.customer_id).is_not(None),
    ),
    scanned=feedback.cube.scanned,
    person=Feedback.customer_id,
)

sent = Measure("invitations", invitations)
answered = Measure("answered_invitations", invitations, _answered)
unanswered = Measure("unanswered_invitations", invitations, col(Invitation.answered_at).is_(None))
answered_then = Measure("survey_answers", answers)
seconds = Measure("answer_seconds", answers, value=col(Invitation.answer_seconds))
nps_customers = Distinct("nps_customers", heard)

RESPONSE_RATE = ratio(
    "RESPONSE_RATE",
    Text("Survey response rate", "调查回复率"),
    Text(
        "Of a hundred invitations to surveys sent in the period, how many were answered, whenever. Skipped and "
        "dismissed questions are no answer.",
        "期内发送的每百份调查邀请中，得到回答的份数（不论何时回答）；跳过或关闭的问题不算回答。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=answered,
    denominator=sent,
    scale=100,
    bounds=(0, 100),
    example=({"answered_invitations": 12, "invitations": 40}, 30),
)

_LEFT_OUT = (
    LeftOut(
        UNANSWERED,
        Text("Sent in the period and not answered yet", "期内已发送、尚未回答"),
        unanswered,
    ),
)


def _percentile(key: str, percent: int, name: Text, about: Text) -> Variant:
    """One percentile of the time to the answer."""
    spread = Percentile("answer_seconds", answers, percent)
    return Variant(key, name, about, spread, sample=answered_then, left_out=_LEFT_OUT)


_MEDIAN = Text(
    "Half of the answers of the period came within this time after the invitation. An invitation is answered once, by "
    "the first answer to it.",
    "期内的回答中，有一半在邀请发出后的这段时间内到达；一份邀请以对它的首次回答为准，只计一次。",
)

SURVEY_ANSWER_TIME = Kpi(
    "SURVEY_ANSWER_TIME",
    Text("Survey answer time", "调查回答时间"),
    _MEDIAN,
    KpiUnit.SECONDS,
    Direction.LOWER_IS_BETTER,
    LifecycleStage.RETAIN,
    (
        _percentile("median", 50, Text("Survey answer time, median", "调查回答时间（中位数）"), _MEDIAN),
        Variant(
            "mean",
            Text("Survey answer time, mean", "调查回答时间（平均值）"),
            Text(
                "The mean time from the invitation to its first answer, of the answers of the period.",
                "期内的回答从邀请发出到首次回答的平均时间。",
            ),
            seconds,
            answered_then,
            left_out=_LEFT_OUT,
        ),
        _percentile(
            "p90",
            90,
            Text("Survey answer time, nine in ten", "调查回答时间（90 分位）"),
            Text(
                "Nine in ten of the answers of the period came within this time after the invitation.",
                "期内的回答中，九成在邀请发出后的这段时间内到达。",
            ),
        ),
    ),
)

SURVEY_COVERAGE = ratio(
    "SURVEY_COVERAGE",
    Text("Survey coverage", "调查覆盖率"),
    Text(
        "Customers who answered the recommendation question in the period, per hundred customers who were active at "
        "its start or became so in it. By survey, channel and the like: each part over all of them. May pass 100 where "
        "people answer who are no customers.",
        "期内回答过推荐意愿问题的客户数，除以期初活跃客户与期内新客户之和，以百分数计。按调查、渠道等细分时，"
        "各部分均除以全部客户；若非客户也参与回答，可能超过 100。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=nps_customers,
    denominator=at_start + new_customers,
    scale=100,
    over_whole=frozenset(_NARROW),
)

KPIS = (RESPONSE_RATE, SURVEY_ANSWER_TIME, SURVEY_COVERAGE)
