"""What customers say: the measures of all of it, and the KPIs of effort and reviews."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import col

from app.formula import Atom
from app.kpis.dimension import Dimension
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage, ratio
from app.kpis.measure import MILLIONTHS, Cube, Measure
from app.kpis.sampling import MeanInterval, Wilson
from app.models.feedback import Feedback, FeedbackKind
from app.models.survey import SurveyOccasion
from app.text import Text

SATISFIED = 700_000
"""The position on the scale, in millionths of the way from worst to best, from which an answer satisfies.

A question may have a threshold of its own.
"""

cube = Cube(
    "feedback",
    "FEEDBACK",
    Feedback,
    day=Feedback.day,
    counted=and_(
        col(Feedback.is_test).is_(False), col(Feedback.deleted_at).is_(None), col(Feedback.is_replaced).is_(False)
    ),
    dimensions={
        Dimension.CHANNEL: Feedback.channel_id,
        Dimension.ACQUISITION_CHANNEL: Feedback.acquisition_channel_id,
        Dimension.SEGMENT: Feedback.segment,
        Dimension.CUSTOMER_KIND: Feedback.customer_kind,
        Dimension.REGION: Feedback.region,
        Dimension.STAFF: Feedback.staff_id,
        Dimension.TEAM: Feedback.team_id,
        Dimension.SURVEY: Feedback.survey_id,
        Dimension.PRODUCT: Feedback.product,
        Dimension.CAMPAIGN: Feedback.campaign,
        Dimension.JOURNEY_STAGE: Feedback.journey_stage,
        Dimension.ORIGIN: Feedback.origin,
    },
    many={Dimension.TAG: Feedback.tags},
    scanned={Dimension.CUSTOMER: Feedback.customer_id},
    person=func.coalesce(Feedback.customer_id, Feedback.id),
)


def _of(kind: FeedbackKind, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(col(Feedback.kind) == kind, *more)


_position = col(Feedback.position)
_answered = _position.is_not(None)
_satisfied = _position >= func.coalesce(col(Feedback.threshold), SATISFIED)
_squared = _position * _position // MILLIONTHS

feedback = Measure("feedback", cube)

csat_asked = Measure("csat_asked", cube, _of(FeedbackKind.CSAT))
csat_answers = Measure("csat_answers", cube, _of(FeedbackKind.CSAT, _answered))
satisfied = Measure("satisfied", cube, _of(FeedbackKind.CSAT, _satisfied))
csat_positions = Measure("csat_positions", cube, _of(FeedbackKind.CSAT, _answered), _position, MILLIONTHS)
csat_squares = Measure("csat_squares", cube, _of(FeedbackKind.CSAT, _answered), _squared, MILLIONTHS)
csat_scores = Measure(
    "csat_scores", cube, _of(FeedbackKind.CSAT, _answered), func.round(col(Feedback.score) * MILLIONTHS), MILLIONTHS
)
csat_worst = Measure("csat_worst", cube, _of(FeedbackKind.CSAT, _answered), col(Feedback.scale_worst))
csat_worst_squares = Measure(
    "csat_worst_squares", cube, _of(FeedbackKind.CSAT, _answered), col(Feedback.scale_worst) * col(Feedback.scale_worst)
)
csat_best = Measure("csat_best", cube, _of(FeedbackKind.CSAT, _answered), col(Feedback.scale_best))
csat_best_squares = Measure(
    "csat_best_squares", cube, _of(FeedbackKind.CSAT, _answered), col(Feedback.scale_best) * col(Feedback.scale_best)
)

nps_asked = Measure("nps_asked", cube, _of(FeedbackKind.NPS))
nps_answers = Measure("nps_answers", cube, _of(FeedbackKind.NPS, _answered))
promoters = Measure("promoters", cube, _of(FeedbackKind.NPS, col(Feedback.score) >= 9))
detractors = Measure("detractors", cube, _of(FeedbackKind.NPS, col(Feedback.score) <= 6))
nps_relationship, nps_transactional = (
    Measure(f"nps_{one.lower()}", cube, _of(FeedbackKind.NPS, _answered, col(Feedback.survey_occasion) == one))
    for one in (SurveyOccasion.RELATIONSHIP, SurveyOccasion.TRANSACTIONAL)
)

ces_asked = Measure("ces_asked", cube, _of(FeedbackKind.CES))
ces_answers = Measure("ces_answers", cube, _of(FeedbackKind.CES, _answered))
ces_positions = Measure("ces_positions", cube, _of(FeedbackKind.CES, _answered), _position, MILLIONTHS)
ces_squares = Measure("ces_squares", cube, _of(FeedbackKind.CES, _answered), _squared, MILLIONTHS)

reviews = Measure("reviews", cube, _of(FeedbackKind.REVIEW))
review_answers = Measure("review_answers", cube, _of(FeedbackKind.REVIEW, _answered))
review_satisfied = Measure("review_satisfied", cube, _of(FeedbackKind.REVIEW, _satisfied))

ANSWERS: Mapping[Atom, Measure] = {
    measure: counted
    for counted, told in (
        (csat_answers, (satisfied, csat_positions, csat_squares, csat_scores)),
        (csat_answers, (csat_worst, csat_worst_squares, csat_best, csat_best_squares)),
        (nps_answers, (promoters, detractors)),
        (ces_answers, (ces_positions, ces_squares)),
        (review_answers, (review_satisfied,)),
    )
    for measure in told
}
"""What counts the answers of which a measure tells what they say: where few people gave them, it is hidden."""

_COUNTED = {
    csat_asked: FeedbackKind.CSAT,
    csat_answers: FeedbackKind.CSAT,
    nps_asked: FeedbackKind.NPS,
    nps_answers: FeedbackKind.NPS,
    nps_relationship: FeedbackKind.NPS,
    nps_transactional: FeedbackKind.NPS,
    ces_asked: FeedbackKind.CES,
    ces_answers: FeedbackKind.CES,
    reviews: FeedbackKind.REVIEW,
    review_answers: FeedbackKind.REVIEW,
}
KIND: Mapping[Atom, FeedbackKind] = _COUNTED | {measure: _COUNTED[counted] for measure, counted in ANSWERS.items()}
"""Of which kind of feedback a measure tells."""

CES = ratio(
    "CES",
    Text("Customer effort score", "客户费力度"),
    Text(
        "The mean of (answer − worst) ÷ (best − worst) × 100 of effort surveys: higher is less effort. The scale's "
        "worst and best say which end is which.",
        "费力度调查中（得分 − 最差）÷（最好 − 最差）× 100 的平均值：越高越省力；量表的最差和最好端点说明方向。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=ces_positions,
    denominator=ces_answers,
    scale=100,
    evidence=(ces_asked,),
    interval=MeanInterval(ces_positions, ces_squares, ces_answers),
    bounds=(0, 100),
    survey=True,
    example=({"ces_positions": 1_500_000, "ces_answers": 2, "ces_asked": 2, "ces_squares": 1_250_000}, 75),
)

REVIEW_SCORE = ratio(
    "REVIEW_SCORE",
    Text("Review score", "评价满意率"),
    Text(
        "Satisfied public reviews per hundred reviews with a score, by the same rule as customer satisfaction.",
        "每百条有评分的公开评价中满意的条数，判定规则与客户满意度相同。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.CONVERT,
    numerator=review_satisfied,
    denominator=review_answers,
    scale=100,
    evidence=(reviews,),
    interval=Wilson(),
    bounds=(0, 100),
    survey=True,
    example=({"review_satisfied": 8, "review_answers": 10, "reviews": 10}, 80),
)

FEEDBACK_COUNT = ratio(
    "FEEDBACK_COUNT",
    Text("Feedback received", "反馈数量"),
    Text("How many feedback records of any kind were received.", "收到的各类反馈记录的数量。"),
    unit=KpiUnit.COUNT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=feedback,
    additive=True,
    example=({"feedback": 7}, 7),
)

KPIS = (CES, REVIEW_SCORE, FEEDBACK_COUNT)
