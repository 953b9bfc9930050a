"""KPIs of the recommendation question: the net promoter score, and how many would recommend."""

from app.kpis.account import by_account
from app.kpis.feedback import detractors, nps_answers, nps_asked, nps_relationship, nps_transactional, promoters
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage, Variant, ratio
from app.kpis.sampling import AdjustedWald, Wilson
from app.text import Text

_OCCASIONS = (nps_relationship, nps_transactional)
"""Answers about the relationship and about one transaction are pooled, but not in silence."""

NPS = ratio(
    "NPS",
    Text("Net promoter score", "净推荐值"),
    Text(
        "Promoters (9–10) minus detractors (0–6), per hundred answers to the recommendation question.",
        "推荐意愿问题中，每百份回答里推荐者（9–10 分）减贬损者（0–6 分）之差。",
    ),
    unit=KpiUnit.POINTS,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.EXPAND,
    numerator=promoters - detractors,
    denominator=nps_answers,
    scale=100,
    evidence=(nps_asked,),
    unlike=_OCCASIONS,
    interval=AdjustedWald(promoters, detractors, nps_answers),
    default="every_response",
    others=(
        Variant(
            "latest_per_customer",
            Text("Net promoter score, latest answer of each customer", "净推荐值（每位客户的最近一次回答）"),
            Text(
                "The same, of each customer's last answer in the period only; anonymous answers count one by one.",
                "同上，但每位客户只计其在该期间内的最后一次回答；匿名回答逐份计入。",
            ),
            promoters - detractors,
            nps_answers,
            scale=100,
            evidence=(nps_asked,),
            unlike=_OCCASIONS,
            interval=AdjustedWald(promoters, detractors, nps_answers),
            latest_per_customer=True,
        ),
        *by_account(
            "nps",
            Text("Net promoter score", "净推荐值"),
            promoters - detractors,
            nps_answers,
            nps_asked,
            AdjustedWald(promoters, detractors, nps_answers),
            _OCCASIONS,
        ),
    ),
    bounds=(-100, 100),
    survey=True,
    example=({"promoters": 32, "detractors": 6, "nps_answers": 51, "nps_asked": 51}, 100 * 26 / 51),
)

REFERRAL_INTENT = ratio(
    "REFERRAL_INTENT",
    Text("Referral intent", "推荐率"),
    Text(
        "Promoters per hundred answers to the recommendation question.",
        "推荐意愿问题中，每百份回答里推荐者的份数。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.EXPAND,
    numerator=promoters,
    denominator=nps_answers,
    scale=100,
    evidence=(nps_asked,),
    unlike=_OCCASIONS,
    interval=Wilson(),
    bounds=(0, 100),
    survey=True,
    example=({"promoters": 32, "nps_answers": 51, "nps_asked": 51}, 100 * 32 / 51),
)

KPIS = (NPS, REFERRAL_INTENT)
