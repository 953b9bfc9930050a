"""The KPIs that handbooks name, and the readings that go by other names: each has a place in the catalogue."""

import pytest

from app.kpis import CATALOGUE
from app.kpis.kpi import Direction, KpiUnit

UP, DOWN = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
CANON = [
    # key, unit, direction, variants beside the default one
    ("CSAT", "PERCENT", UP, []),
    ("CSAT_MEAN", "PERCENT", UP, ["raw"]),
    ("CES", "PERCENT", UP, []),
    ("REVIEW_SCORE", "PERCENT", UP, []),
    ("RESPONSE_RATE", "PERCENT", UP, []),
    ("SURVEY_COVERAGE", "PERCENT", UP, []),
    ("SURVEY_ANSWER_TIME", "SECONDS", DOWN, ["mean"]),
    ("NPS", "POINTS", UP, ["latest_per_customer"]),
    ("REFERRAL_INTENT", "PERCENT", UP, []),
    ("RETENTION_RATE", "PERCENT", UP, ["net_count"]),
    ("CHURN_RATE", "PERCENT", DOWN, ["churned_over_start", "churned_over_start_plus_new"]),
    ("ACTIVE_CUSTOMERS", "COUNT", UP, []),
    ("NEW_CUSTOMERS", "COUNT", UP, []),
    ("CHURNED_CUSTOMERS", "COUNT", DOWN, []),
    ("CLV", "MONEY", UP, ["historic", "retention"]),
    ("CAC", "MONEY", DOWN, ["paid"]),
    ("LTV_CAC_RATIO", "RATIO", UP, []),
    ("CAC_PAYBACK_MONTHS", "MONTHS", DOWN, []),
    ("RESPONSE_TIME", "SECONDS", DOWN, ["mean", "p90", "every_response"]),
    ("RESPONSE_WITHIN_TARGET", "PERCENT", UP, []),
    ("RESOLUTION_TIME", "SECONDS", DOWN, ["mean", "p90"]),
    ("WAITING_TIME", "SECONDS", DOWN, ["mean", "p90"]),
    ("CONVERSION_RATE", "PERCENT", UP, ["period", "qualified", "won_of_qualified"]),
    ("SALES_CYCLE", "DAYS", DOWN, ["mean", "p75"]),
    ("REFERRAL_RATE", "PERCENT", UP, ["per_base", "referrers", "invitations_converted"]),
    ("COMPLAINT_RESOLUTION_RATE", "PERCENT", UP, ["throughput", "confirmed"]),
    ("ENGAGEMENT_RATE", "PERCENT", UP, ["stickiness"]),
    ("REPEAT_PURCHASE_RATE", "PERCENT", UP, ["returning", "cohort"]),
    ("REVENUE", "MONEY", UP, ["refund_date"]),
    ("REVENUE_GROWTH", "PERCENT", UP, ["year_over_year"]),
    ("AVERAGE_ORDER_VALUE", "MONEY", UP, []),
    ("RETURN_RATE", "PERCENT", DOWN, ["refund_date"]),
    ("COST_TO_SERVE", "MONEY", DOWN, []),
    ("LOYALTY_INDEX", "POINTS", UP, []),
    ("TARGET_ATTAINMENT", "PERCENT", UP, []),
]


@pytest.mark.parametrize(("key", "unit", "direction", "variants"), CANON, ids=[row[0] for row in CANON])
def test_what_handbooks_name_is_in_the_catalogue(key, unit, direction, variants):
    kpi = CATALOGUE[key]
    assert (kpi.unit, kpi.direction) == (KpiUnit(unit), direction)
    assert set(variants) <= {variant.key for variant in kpi.variants[1:]}
