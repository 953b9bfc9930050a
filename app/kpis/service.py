"""KPIs of conversations: how soon customers are answered, how long they wait, and what becomes of complaints."""

from app.kpis.atom import Percentile
from app.kpis.interaction import (
    answered,
    answered_turns,
    complaints,
    confirmed,
    in_time,
    judged,
    opened,
    reply_seconds,
    resolution_seconds,
    resolved,
    resolved_complaints,
    resolved_soon,
    turn_seconds,
    turns,
    unanswered,
    unresolved,
    waited,
    waiting,
    waiting_seconds,
)
from app.kpis.kpi import UNANSWERED, Direction, Kpi, KpiUnit, LeftOut, LifecycleStage, Variant, ratio
from app.kpis.measure import Measure
from app.text import Text


def _lasting(  # noqa: PLR0913 - what a duration is declared by
    key: str, name: Text, about: Text, count: Measure, seconds: Measure, left_out: LeftOut, *others: Variant
) -> Kpi:
    """A KPI of how long something takes: its median, its mean and what nine of ten do not pass."""

    def percentile(variant: str, percent: int, named: Text, said: Text) -> Variant:
        value = Percentile(seconds.name, count.cube, percent)
        return Variant(variant, named, said, value, sample=count, left_out=(left_out,))

    mean = Variant(
        "mean",
        Text(f"{name.en}, mean", f"{name.zh}（平均值）"),
        Text("All of the time over the number of cases.", "总时长除以案例数。"),
        seconds,
        count,
        left_out=(left_out,),
    )
    p90 = percentile(
        "p90",
        90,
        Text(f"{name.en}, 90th percentile", f"{name.zh}（第 90 百分位）"),
        Text("The time that nine of ten cases do not pass.", "十分之九的案例不超过的时长。"),
    )
    return Kpi(
        key,
        name,
        about,
        KpiUnit.SECONDS,
        Direction.LOWER_IS_BETTER,
        LifecycleStage.RETAIN,
        (percentile("median", 50, name, about), mean, p90, *others),
    )


_no_reply = LeftOut(UNANSWERED, Text("nobody has replied yet", "尚无人回复"), unanswered)

RESPONSE_TIME = _lasting(
    "RESPONSE_TIME",
    Text("Customer response time", "客户响应时间"),
    Text(
        "From the customer's first message to the first public reply of staff, by the workspace's clock, in the period "
        "of the reply: the median. Replies of bots, notes and reopenings neither stop nor start it.",
        "从客户的首条消息到员工首次公开回复的时间，按工作区的计时，计入回复所在的期间：中位数。机器人回复、备注与重新打开均不影响计时。",
    ),
    answered,
    reply_seconds,
    _no_reply,
    Variant(
        "every_response",
        Text("Customer response time, every response", "客户响应时间（每次回复）"),
        Text(
            "The median over each of the customer's turns: from their first message since a reply to the next reply.",
            "按客户的每一轮计算的中位数：从上次回复后客户的首条消息到下一次回复。",
        ),
        Percentile(turn_seconds.name, turns, 50),
        sample=answered_turns,
        left_out=(_no_reply,),
    ),
)

RESPONSE_WITHIN_TARGET = ratio(
    "RESPONSE_WITHIN_TARGET",
    Text("Responses within target", "目标时间内响应率"),
    Text(
        "Of a hundred first messages, how many staff replied to within the workspace's target; what is not answered "
        "counts as missed on the day on which the target passed.",
        "每百条首条消息中，员工在工作区目标时间内回复的数量；未回复者在目标时间届满之日计为未达标。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=in_time,
    denominator=judged,
    scale=100,
    bounds=(0, 100),
    example=({"answered_in_time": 45, "judged": 50}, 90),
)

RESOLUTION_TIME = _lasting(
    "RESOLUTION_TIME",
    Text("Resolution time", "解决时间"),
    Text(
        "From the customer's first message to the resolution that held, by the workspace's clock, in the period of "
        "that resolution: the median. What is reopened is not resolved until it is closed again.",
        "从客户的首条消息到最终解决的时间，按工作区的计时，计入解决所在的期间：中位数。重新打开后，直至再次关闭前均视为未解决。",
    ),
    resolved,
    resolution_seconds,
    LeftOut("UNRESOLVED", Text("not resolved yet", "尚未解决"), unresolved),
)

WAITING_TIME = _lasting(
    "WAITING_TIME",
    Text("Waiting time", "等待时间"),
    Text(
        "All the time that the customer waited for the company over the whole interaction, on hold too, by the "
        "workspace's clock, in the period in which the last wait ended: the median.",
        "客户在整个互动过程中等待公司的全部时间（含保持等待），按工作区的计时，计入最后一次等待结束的期间：中位数。",
    ),
    waited,
    waiting_seconds,
    LeftOut(UNANSWERED, Text("the customer waits still", "客户仍在等待"), waiting),
)

COMPLAINT_RESOLUTION_RATE = ratio(
    "COMPLAINT_RESOLUTION_RATE",
    Text("Complaint resolution rate", "投诉解决率"),
    Text(
        "Of a hundred complaints received in the period, how many were resolved within the workspace's limit and are "
        "resolved still; those that were withdrawn and duplicates are left out.",
        "期间内收到的每百件投诉中，在工作区期限内解决且仍处于已解决状态的数量；已撤回与重复的投诉不计入。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=resolved_soon,
    denominator=complaints,
    scale=100,
    settles_in="complaint_limit_days",
    default="in_time",
    others=(
        Variant(
            "throughput",
            Text("Complaint resolution rate, throughput", "投诉解决率（处理量）"),
            Text(
                "Complaints resolved in the period over complaints received in it; may pass 100.",
                "期间内解决的投诉数除以期间内收到的投诉数；可能超过 100。",
            ),
            resolved_complaints,
            complaints,
            scale=100,
        ),
        Variant(
            "confirmed",
            Text("Complaint resolution rate, confirmed", "投诉解决率（客户确认）"),
            Text(
                "Of a hundred complaints received in the period, how many customers confirmed to be resolved.",
                "期间内收到的每百件投诉中，客户确认已解决的数量。",
            ),
            confirmed,
            complaints,
            scale=100,
        ),
    ),
    example=({"resolved_in_time": 18, "complaints": 20}, 90),
)

INTERACTIONS = ratio(
    "INTERACTIONS",
    Text("Interactions", "互动数"),
    Text("Conversations with customers that began.", "开始的客户互动数量。"),
    unit=KpiUnit.COUNT,
    direction=Direction.LOWER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=opened,
    additive=True,
    example=({"interactions": 12}, 12),
)

COMPLAINTS = ratio(
    "COMPLAINTS",
    Text("Complaints", "投诉数"),
    Text("Complaints received, but for withdrawn ones and duplicates.", "收到的投诉数量，不含已撤回与重复的投诉。"),
    unit=KpiUnit.COUNT,
    direction=Direction.LOWER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=complaints,
    additive=True,
    example=({"complaints": 20}, 20),
)

KPIS = (
    RESPONSE_TIME,
    RESPONSE_WITHIN_TARGET,
    RESOLUTION_TIME,
    WAITING_TIME,
    COMPLAINT_RESOLUTION_RATE,
    INTERACTIONS,
    COMPLAINTS,
)
