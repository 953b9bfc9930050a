"""Industries: which KPIs are typical of each, the most telling first, and to whom a KPI is of use."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.kpis.kpi import BusinessModel, Kpi
from app.text import Text


@dataclass(frozen=True)
class Industry:
    """A branch of business and the KPIs that companies of it watch, the most telling first."""

    key: str
    name: Text
    kpis: tuple[str, ...]


_SALES = ("LEADS", "CONVERSION_RATE", "SALES_CYCLE", "LOST_LEADS")
_WORTH = ("CLV", "CAC", "LTV_CAC_RATIO", "CAC_PAYBACK_MONTHS")
_CARE = ("RESPONSE_TIME", "RESPONSE_WITHIN_TARGET", "RESOLUTION_TIME", "WAITING_TIME")
_COMPLAINTS = ("COMPLAINT_RESOLUTION_RATE", "COMPLAINTS", "INTERACTIONS")
_SURVEYS = ("CSAT_MEAN", "CES", "REFERRAL_INTENT", "FEEDBACK_COUNT")
_ASKING = ("SURVEY_COVERAGE", "RESPONSE_RATE", "SURVEY_ANSWER_TIME")
_BASE = ("ACTIVE_CUSTOMERS", "NEW_CUSTOMERS", "CHURNED_CUSTOMERS")
_USE = ("ENGAGEMENT_RATE", "ACTIVE_USERS")
_TARGETS = ("TARGET_ATTAINMENT",)
_BUYING = ("REPEAT_PURCHASE_RATE", "AVERAGE_ORDER_VALUE", "RETURN_RATE", "REVENUE", "REVENUE_GROWTH")

_ALL = (
    Industry(
        "RETAIL",
        Text("Retail and online shops", "零售与电商"),
        (
            *("CSAT", "NPS", *_BUYING, "RETENTION_RATE", *_WORTH, "REVIEW_SCORE", "LOYALTY_INDEX", "REFERRAL_RATE"),
            *(*_CARE, *_COMPLAINTS, *_SURVEYS, *_ASKING, *_BASE, "COST_TO_SERVE", *_TARGETS),
        ),
    ),
    Industry(
        "BANKING",
        Text("Banks and financial services", "银行与金融服务"),
        (
            *("CSAT", "NPS", "CHURN_RATE", "RETENTION_RATE", *_CARE, *_COMPLAINTS, "CES", *_WORTH, "COST_TO_SERVE"),
            *(*_SALES, "REFERRAL_RATE", *_USE, "REVENUE", "REVENUE_GROWTH", *_BASE, *_ASKING, *_TARGETS),
        ),
    ),
    Industry(
        "INSURANCE",
        Text("Insurance", "保险"),
        (
            *("RETENTION_RATE", "CHURN_RATE", "NPS", "CSAT", *_COMPLAINTS, *_CARE, "CES", *_SALES, *_WORTH),
            *("COST_TO_SERVE", "REFERRAL_RATE", "REVENUE", "REVENUE_GROWTH", *_BASE, *_ASKING, *_TARGETS),
        ),
    ),
    Industry(
        "SOFTWARE",
        Text("Software and subscriptions", "软件与订阅服务"),
        (
            *("CHURN_RATE", "RETENTION_RATE", *_USE, "NPS", "CSAT", *_WORTH, "REVENUE", "REVENUE_GROWTH", *_SALES),
            *("CES", *_CARE, "REFERRAL_RATE", "REVIEW_SCORE", "COST_TO_SERVE", *_BASE, *_ASKING, *_TARGETS),
        ),
    ),
    Industry(
        "TELECOMMUNICATIONS",
        Text("Telecommunications", "电信"),
        (
            *("CHURN_RATE", "NPS", "CSAT", *_CARE, *_COMPLAINTS, "CES", "RETENTION_RATE", *_WORTH, "COST_TO_SERVE"),
            *("CONVERSION_RATE", "REVENUE", "REVENUE_GROWTH", "REFERRAL_RATE", *_USE, *_BASE, *_ASKING, *_TARGETS),
        ),
    ),
    Industry(
        "TRAVEL",
        Text("Hotels, restaurants and travel", "酒店、餐饮与旅游"),
        (
            *("REVIEW_SCORE", "CSAT", "NPS", "REPEAT_PURCHASE_RATE", "LOYALTY_INDEX", "WAITING_TIME"),
            *("COMPLAINT_RESOLUTION_RATE", "COMPLAINTS", "REVENUE", "REVENUE_GROWTH", "AVERAGE_ORDER_VALUE", "CLV"),
            *("CAC", "REFERRAL_RATE", "REFERRAL_INTENT", "CSAT_MEAN", "RESPONSE_TIME", *_BASE, *_ASKING, *_TARGETS),
        ),
    ),
    Industry(
        "HEALTHCARE",
        Text("Health care", "医疗健康"),
        (
            *("CSAT", "WAITING_TIME", "NPS", *_COMPLAINTS, "CES", "RESPONSE_TIME", "RESPONSE_WITHIN_TARGET"),
            *("RESOLUTION_TIME", "RETENTION_RATE", "REFERRAL_RATE", "COST_TO_SERVE", *_BASE, *_ASKING, *_TARGETS),
        ),
    ),
    Industry(
        "MANUFACTURING",
        Text("Manufacturing and wholesale", "制造与批发"),
        (
            *("CSAT", "NPS", "RETENTION_RATE", "REVENUE", "REVENUE_GROWTH", *_SALES, "RETURN_RATE", *_CARE),
            *(*_COMPLAINTS, *_WORTH, "AVERAGE_ORDER_VALUE", "COST_TO_SERVE", "REFERRAL_RATE", *_BASE, *_TARGETS),
        ),
    ),
    Industry(
        "EDUCATION",
        Text("Education", "教育培训"),
        (
            *("CSAT", "NPS", *_USE, "RETENTION_RATE", "CONVERSION_RATE", "LEADS", "REFERRAL_RATE", "REFERRAL_INTENT"),
            *("CAC", "CLV", "RESPONSE_TIME", *_COMPLAINTS, "CES", "REVENUE", "REVENUE_GROWTH", *_BASE, *_TARGETS),
        ),
    ),
    Industry(
        "SERVICES",
        Text("Professional services", "专业服务"),
        (
            *("NPS", "CSAT", "RETENTION_RATE", "CHURN_RATE", "REFERRAL_RATE", *_SALES, "REVENUE", "REVENUE_GROWTH"),
            *(*_WORTH, *_CARE, *_COMPLAINTS, "CES", "COST_TO_SERVE", *_BASE, *_ASKING, *_TARGETS),
        ),
    ),
)

INDUSTRIES: Mapping[str, Industry] = {industry.key: industry for industry in _ALL}
"""Every industry by its key."""

_ONLY: Mapping[str, BusinessModel] = {
    # deals are worked on for weeks, by somebody
    "SALES_CYCLE": BusinessModel.B2B,
    "LOST_LEADS": BusinessModel.B2B,
    # persons buy on impulse, send back, and tell the world
    "REPEAT_PURCHASE_RATE": BusinessModel.B2C,
    "RETURN_RATE": BusinessModel.B2C,
    "REVIEW_SCORE": BusinessModel.B2C,
    "LOYALTY_INDEX": BusinessModel.B2C,
}


def typical(kpi: Kpi) -> tuple[str, ...]:
    """The industries that a KPI is typical of; none for one that is of use to all alike."""
    return tuple(one.key for one in _ALL if kpi.key in one.kpis)


def models(kpi: Kpi) -> tuple[BusinessModel, ...]:
    """The kinds of business that a KPI is of use to."""
    return (_ONLY[kpi.key],) if kpi.key in _ONLY else tuple(BusinessModel)


def place(kpi: Kpi, industry: Industry) -> int:
    """Where a KPI stands among those of an industry; behind them all where it is of use to all alike."""
    return industry.kpis.index(kpi.key) if kpi.key in industry.kpis else len(industry.kpis)
