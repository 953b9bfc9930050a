"""KPIs of satisfaction: who is satisfied, and how much on the whole."""

from app.kpis.account import by_account
from app.kpis.feedback import (
    csat_answers,
    csat_asked,
    csat_best,
    csat_best_squares,
    csat_positions,
    csat_scores,
    csat_squares,
    csat_worst,
    csat_worst_squares,
    satisfied,
)
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage, Variant, ratio
from app.kpis.sampling import MeanInterval, OneScale, Wilson
from app.text import Text

CSAT = ratio(
    "CSAT",
    Text("Customer satisfaction", "客户满意度"),
    Text(
        "Satisfied answers per hundred valid answers of satisfaction surveys; an answer satisfies from 70 % of the way "
        "between the scale's worst and best, or from its question's own threshold. Skipped answers do not count, and "
        "of two answers to one question of an invitation the later one does.",
        "满意度调查中，每百份有效回答里满意的份数；得分达到量表从最差到最好的 70 %（或问题自设的阈值）即为满意，"
        "跳过的回答不计；对同一邀请的同一问题回答两次时，以较晚的一次为准。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=satisfied,
    denominator=csat_answers,
    scale=100,
    evidence=(csat_asked,),
    interval=Wilson(),
    others=by_account(
        "csat", Text("Customer satisfaction", "客户满意度"), satisfied, csat_answers, csat_asked, Wilson()
    ),
    bounds=(0, 100),
    survey=True,
    example=({"satisfied": 46, "csat_answers": 91, "csat_asked": 91}, 100 * 46 / 91),
)

CSAT_MEAN = ratio(
    "CSAT_MEAN",
    Text("Mean satisfaction", "平均满意度"),
    Text(
        "The mean of (answer − worst) ÷ (best − worst) × 100, so that scales of any length compare.",
        "（得分 − 最差）÷（最好 − 最差）× 100 的平均值，不同量表之间可以比较。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=csat_positions,
    denominator=csat_answers,
    scale=100,
    evidence=(csat_asked,),
    interval=MeanInterval(csat_positions, csat_squares, csat_answers),
    others=(
        Variant(
            "raw",
            Text("Plain mean score", "原始平均分"),
            Text(
                "The plain mean of the scores, in their own scale; no value when answers of several scales meet.",
                "得分在其自身量表上的简单平均；多种量表混在一起时无值。",
            ),
            csat_scores,
            csat_answers,
            evidence=(csat_asked,),
            one_scale=OneScale(csat_answers, csat_worst, csat_worst_squares, csat_best, csat_best_squares),
        ),
    ),
    bounds=(0, 100),
    survey=True,
    example=({"csat_positions": 1_500_000, "csat_answers": 2, "csat_asked": 2, "csat_squares": 1_250_000}, 75),
)

KPIS = (CSAT, CSAT_MEAN)
