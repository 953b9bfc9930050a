"""KPIs of what comes of leads: how many are won, in what time, and how many are lost."""

from sqlalchemy import and_, case
from sqlmodel import col

from app.kpis.atom import Percentile
from app.kpis.dimension import Dimension
from app.kpis.kpi import Direction, Kpi, KpiUnit, LeftOut, LifecycleStage, Variant, ratio
from app.kpis.measure import Cube, Measure
from app.models.lead import Lead, LeadType
from app.text import Text

_DAY = 86_400

_dimensions = {
    Dimension.CHANNEL: Lead.channel_id,
    Dimension.ACQUISITION_CHANNEL: Lead.acquisition_channel_id,
    Dimension.SEGMENT: Lead.segment,
    Dimension.CUSTOMER_KIND: Lead.customer_kind,
    Dimension.REGION: Lead.region,
    Dimension.STAFF: Lead.staff_id,
    Dimension.TEAM: Lead.team_id,
    Dimension.PRODUCT: Lead.product,
    Dimension.CAMPAIGN: Lead.campaign,
    Dimension.JOURNEY_STAGE: Lead.journey_stage,
}
_scanned = {Dimension.CUSTOMER: Lead.customer_id}
_present = and_(col(Lead.is_test).is_(False), col(Lead.deleted_at).is_(None))
_qualified = col(Lead.is_qualified_in_time).is_(True)
_won = col(Lead.is_won_in_time).is_(True)
_is_won = col(Lead.won_on).is_not(None)
_is_lost = col(Lead.lost_on).is_not(None)
_new = col(Lead.type) == LeadType.NEW
_timed = and_(_new, col(Lead.cycle_seconds).is_not(None))

leads = Cube("lead", "LEAD", Lead, Lead.day, _dimensions, _present, scanned=_scanned)
wins = Cube(
    "win",
    "LEAD",
    Lead,
    Lead.won_on,
    _dimensions,
    and_(_present, _is_won),
    scanned=_scanned,
    spread=case((_new, col(Lead.cycle_seconds))),
)
losses = Cube(
    "loss",
    "LEAD",
    Lead,
    Lead.lost_on,
    {**_dimensions, Dimension.REASON: Lead.lost_reason},
    and_(_present, _is_lost),
    scanned=_scanned,
)

created = Measure("leads", leads)
qualified_in_time = Measure("qualified_in_time", leads, _qualified)
won_in_time = Measure("won_in_time", leads, _won)
qualified_and_won = Measure("qualified_and_won_in_time", leads, and_(_qualified, _won))
won_late = Measure("won_late", leads, and_(_is_won, col(Lead.is_won_in_time).is_(False)))
lost_since = Measure("lost_since", leads, _is_lost)
still_open = Measure("open", leads, and_(col(Lead.won_on).is_(None), col(Lead.lost_on).is_(None)))

won = Measure("won", wins)
timed = Measure("timed_wins", wins, _timed)
cycles = Measure("cycle_days", wins, _timed, col(Lead.cycle_seconds), _DAY)
won_before = Measure("won_before_first_contact", wins, and_(_new, col(Lead.cycle_seconds).is_(None)))

lost = Measure("lost_leads", losses)

LEADS = ratio(
    "LEADS",
    Text("Leads", "线索数"),
    Text("Leads whose first contact lies in the period.", "首次接触发生在期内的线索数。"),
    unit=KpiUnit.COUNT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.CONVERT,
    numerator=created,
    others=(
        Variant(
            "won_late",
            Text("Leads won late", "超期赢单线索数"),
            Text(
                "Those of them that were won, but only after the workspace's conversion window.",
                "其中在工作区转化窗口之后才赢单的线索数。",
            ),
            won_late,
        ),
        Variant(
            "lost",
            Text("Leads lost since", "已输单线索数"),
            Text("Those of them that have been lost, whenever.", "其中已输单的线索数（不论何时输单）。"),
            lost_since,
        ),
        Variant(
            "open",
            Text("Open leads", "未结线索数"),
            Text("Those of them that are neither won nor lost.", "其中既未赢单也未输单的线索数。"),
            still_open,
        ),
    ),
    additive=True,
    example=({"leads": 8000}, 8000),
)

LOST_LEADS = ratio(
    "LOST_LEADS",
    Text("Lost leads", "输单线索数"),
    Text("Leads that were lost in the period, whenever they came.", "期内输单的线索数（不论何时产生）。"),
    unit=KpiUnit.COUNT,
    direction=Direction.LOWER_IS_BETTER,
    stage=LifecycleStage.CONVERT,
    numerator=lost,
    additive=True,
    example=({"lost_leads": 12}, 12),
)

_CONVERSION = Text(
    "Of a hundred leads of the period, how many were won within the workspace's conversion window; provisional until "
    "the window of the last one is over. A deal won before its first contact is won in time.",
    "期内每百条线索中，在工作区转化窗口内赢单的条数；最后一条线索的窗口结束前为暂定值。早于首次接触赢单的交易视为及时赢单。",
)

CONVERSION_RATE = Kpi(
    "CONVERSION_RATE",
    Text("Conversion rate", "转化率"),
    _CONVERSION,
    KpiUnit.PERCENT,
    Direction.HIGHER_IS_BETTER,
    LifecycleStage.CONVERT,
    (
        Variant(
            "default",
            Text("Conversion rate", "转化率"),
            _CONVERSION,
            won_in_time,
            created,
            scale=100,
            settles_in="conversion_window_days",
        ),
        Variant(
            "period",
            Text("Wins per lead of the period", "期内赢单与线索之比"),
            Text(
                "Leads won in the period, whenever they came, per hundred leads of the period; may pass 100.",
                "期内赢单的线索（不论何时产生）与期内新线索之比，以百分数计；可能超过 100。",
            ),
            won,
            created,
            scale=100,
        ),
        Variant(
            "qualified",
            Text("Qualification rate", "线索合格率"),
            Text(
                "Of a hundred leads of the period, how many were qualified within the conversion window.",
                "期内每百条线索中，在转化窗口内合格的条数。",
            ),
            qualified_in_time,
            created,
            scale=100,
            settles_in="conversion_window_days",
        ),
        Variant(
            "won_of_qualified",
            Text("Conversion of qualified leads", "合格线索转化率"),
            Text(
                "Of a hundred leads of the period that were qualified within the conversion window, how many were won "
                "within it.",
                "期内在转化窗口内合格的每百条线索中，在窗口内赢单的条数。",
            ),
            qualified_and_won,
            qualified_in_time,
            scale=100,
            evidence=(created,),
            settles_in="conversion_window_days",
        ),
    ),
    example=({"won_in_time": 842, "leads": 8000}, 10.525),
)

_LEFT_OUT = (
    LeftOut(
        "WON_BEFORE_FIRST_CONTACT",
        Text("Won before the first contact", "早于首次接触赢单"),
        won_before,
    ),
)
_CYCLE = Text(
    "How long it took from the first contact until a new deal was won: the median of the deals of the type NEW won in "
    "the period, whenever they began. A deal won before its first contact is left out.",
    "从首次接触到新交易赢单所用的时间：期内赢单的 NEW 类交易的中位数（不论何时开始）。早于首次接触赢单的交易不计入。",
)


def _percentile(key: str, name: Text, about: Text, percent: int) -> Variant:
    """The time that so many of a hundred deals did not pass."""
    value = Percentile("cycle_days", wins, percent, _DAY)
    return Variant(key, name, about, value, sample=timed, left_out=_LEFT_OUT)


SALES_CYCLE = Kpi(
    "SALES_CYCLE",
    Text("Sales cycle", "销售周期"),
    _CYCLE,
    KpiUnit.DAYS,
    Direction.LOWER_IS_BETTER,
    LifecycleStage.CONVERT,
    (
        _percentile("median", Text("Sales cycle", "销售周期"), _CYCLE, 50),
        Variant(
            "mean",
            Text("Mean sales cycle", "平均销售周期"),
            Text("The mean of the same deals.", "同一批交易的平均值。"),
            cycles,
            timed,
            left_out=_LEFT_OUT,
        ),
        _percentile(
            "p75",
            Text("Sales cycle, 75th percentile", "销售周期（第 75 百分位）"),
            Text("The time that three of four of the same deals did not pass.", "同一批交易中四分之三未超过的时间。"),
            75,
        ),
    ),
)

KPIS = (LEADS, CONVERSION_RATE, SALES_CYCLE, LOST_LEADS)
