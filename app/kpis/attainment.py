"""The KPI of targets: how many of those that were due were met."""

from app.kpis.atom import Judged
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage, ratio
from app.kpis.measure import Live
from app.models.target import Target
from app.text import Text

targets = Live("target", "TARGET", Target, Target.ends_on, {})

targets_met = Judged("targets_met", targets, is_met=True)
targets_due = Judged("targets_due", targets)

TARGET_ATTAINMENT = ratio(
    "TARGET_ATTAINMENT",
    Text("Target attainment", "目标达成率"),
    Text(
        "Of a hundred targets whose last day lies in the period and is over, how many were met, by what is known now "
        "and everybody may see. A target without a value to judge it by was due and not met; targets for this KPI "
        "itself do not count.",
        "最后一天落在期内且已结束的每百个目标中，已达成的个数，以目前已知且人人可见的数据判断。"
        "没有值可供判断的目标视为到期未达成；针对本指标自身的目标不计入。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=targets_met,
    denominator=targets_due,
    scale=100,
    bounds=(0, 100),
    example=({"targets_met": 3, "targets_due": 4}, 75),
)

KPIS = (TARGET_ATTAINMENT,)
