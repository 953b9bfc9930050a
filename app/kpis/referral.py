"""KPIs of customers who bring others."""

from sqlalchemy import and_
from sqlmodel import col

from app.kpis.atom import Distinct
from app.kpis.dimension import Dimension
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage, Variant, ratio
from app.kpis.measure import Crowd, Cube, Measure
from app.kpis.retention import active_base, at_start, new_customers, referred_customers, seen
from app.models.referral import Referral
from app.text import Text

_cube = Cube(
    "referral",
    "REFERRAL",
    Referral,
    Referral.day,
    {
        Dimension.CHANNEL: Referral.channel_id,
        Dimension.ACQUISITION_CHANNEL: Referral.acquisition_channel_id,
        Dimension.SEGMENT: Referral.segment,
        Dimension.CUSTOMER_KIND: Referral.customer_kind,
        Dimension.REGION: Referral.region,
        Dimension.PRODUCT: Referral.product,
        Dimension.CAMPAIGN: Referral.campaign,
    },
    and_(col(Referral.is_test).is_(False), col(Referral.deleted_at).is_(None), col(Referral.is_counted)),
    scanned={Dimension.CUSTOMER: Referral.customer_id},
)
_crowd = Crowd(
    "referrer",
    "REFERRAL",
    Referral,
    Referral.day,
    _cube.dimensions,
    _cube.counted,
    scanned=_cube.scanned,
    person=Referral.customer_id,
    ahead=True,  # a running period counts to the end of today, as does the base that it is held against
)

referrals = Measure("referrals", _cube)
converted = Measure("converted_referrals", _cube, col(Referral.converted_on).is_not(None))
referrers = Distinct("referrers", _crowd)

REFERRAL_RATE = ratio(
    "REFERRAL_RATE",
    Text("Referral rate", "转介绍率"),
    Text(
        "Of a hundred new customers of the period, how many another customer had referred by the day they joined; "
        "however many referred them, they count once.",
        "期内每百名新客户中，在成为客户当日或之前已由其他客户推荐的人数；无论被几人推荐，只计一次。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.EXPAND,
    numerator=referred_customers,
    denominator=new_customers,
    scale=100,
    needs=(_cube,),
    others=(
        Variant(
            "per_base",
            Text("Referred new customers over the starting base", "转介绍率（按期初客户）"),
            Text(
                "Referred new customers of the period per hundred customers at its start; may pass 100.",
                "期内由推荐而来的新客户与期初客户之比，以百分数计；可能超过 100。",
            ),
            referred_customers,
            at_start,
            scale=100,
            evidence=seen,
            needs=(_cube,),
        ),
        Variant(
            "referrers",
            Text("Customers who refer", "推荐人比例"),
            Text(
                "Distinct customers who referred somebody in the period, per hundred customers at its start and "
                "newcomers.",
                "期内推荐过他人的客户（去重）与期初客户加新客户之比，以百分数计。",
            ),
            referrers,
            active_base,
            scale=100,
            evidence=seen,
            over_whole=frozenset({Dimension.CHANNEL, Dimension.PRODUCT, Dimension.CAMPAIGN}),
        ),
        Variant(
            "invitations_converted",
            Text("Referrals converted", "推荐转化率"),
            Text(
                "Of a hundred referrals made in the period, how many were converted, whenever: by what the source "
                "says, or by becoming a customer. The same two people count once.",
                "期内每百次推荐中已转化的次数（不论何时转化）：以来源系统所述为准，或以被推荐人成为客户为准；"
                "同样两人之间的推荐只计一次。",
            ),
            converted,
            referrals,
            scale=100,
        ),
    ),
    example=({"referred_customers": 30, "new_customers": 200}, 15),
)

KPIS = (REFERRAL_RATE,)
