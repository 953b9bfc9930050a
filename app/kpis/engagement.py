"""KPIs of what customers do with the product."""

from sqlalchemy import and_
from sqlmodel import col

from app.kpis.atom import Daily, Distinct
from app.kpis.dimension import Dimension
from app.kpis.given import DAYS
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage, Variant, ratio
from app.kpis.measure import Crowd
from app.kpis.retention import active_base, seen
from app.models.engagement import Engagement
from app.text import Text

crowd = Crowd(
    "user",
    "ENGAGEMENT",
    Engagement,
    Engagement.day,
    {
        Dimension.CHANNEL: Engagement.channel_id,
        Dimension.ACQUISITION_CHANNEL: Engagement.acquisition_channel_id,
        Dimension.SEGMENT: Engagement.segment,
        Dimension.CUSTOMER_KIND: Engagement.customer_kind,
        Dimension.REGION: Engagement.region,
        Dimension.PRODUCT: Engagement.product,
        Dimension.CAMPAIGN: Engagement.campaign,
    },
    and_(col(Engagement.is_test).is_(False), col(Engagement.deleted_at).is_(None), col(Engagement.is_qualifying)),
    scanned={Dimension.CUSTOMER: Engagement.customer_id},
    person=Engagement.customer_id,
    is_busy=True,
    ahead=True,  # of a running period only the days that have begun are divided by
)

active_users = Distinct("active_users", crowd)
daily_users = Daily("daily_users", crowd)

ACTIVE_USERS = ratio(
    "ACTIVE_USERS",
    Text("Active users", "活跃用户数"),
    Text(
        "Distinct customers with at least one event of use in the period that counts as engagement.",
        "期内至少有一次计为互动的使用行为的客户数（去重）。",
    ),
    unit=KpiUnit.COUNT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=active_users,
    example=({"active_users": 1200}, 1200),
)

ENGAGEMENT_RATE = ratio(
    "ENGAGEMENT_RATE",
    Text("Engagement rate", "客户参与度"),
    Text(
        "Distinct customers with at least one event of use in the period that counts as engagement, per hundred "
        "customers at its start and newcomers; passes 100 where people use the product who are no customers.",
        "期内至少有一次计为互动的使用行为的客户（去重）与期初客户加新客户之比，以百分数计；"
        "若有非客户使用产品，可能超过 100。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=active_users,
    denominator=active_base,
    scale=100,
    evidence=(*seen, active_users),
    over_whole=frozenset({Dimension.CHANNEL, Dimension.PRODUCT, Dimension.CAMPAIGN}),
    others=(
        Variant(
            "stickiness",
            Text("Stickiness", "用户粘性"),
            Text(
                "The mean of how many customers use the product on a day, per hundred who use it in the period: of a "
                "month, daily over monthly active users. A running period counts the days that have begun.",
                "日均使用产品的客户数与期内使用产品的客户数之比，以百分数计：按月即日活与月活之比。"
                "进行中的期间只计已开始的日子。",
            ),
            daily_users / DAYS,
            active_users,
            scale=100,
        ),
    ),
    example=({"active_users": 300, "opening(started)": 450, "new_customers": 50, "started": 50}, 60),
)

KPIS = (ENGAGEMENT_RATE, ACTIVE_USERS)
