"""Dimensions: what a KPI can be cut by."""

from enum import StrEnum


class Dimension(StrEnum):
    """What a KPI can be filtered and broken down by; a KPI's definition lists those it has."""

    CHANNEL = "CHANNEL"
    ACQUISITION_CHANNEL = "ACQUISITION_CHANNEL"
    SEGMENT = "SEGMENT"
    CUSTOMER_KIND = "CUSTOMER_KIND"
    REGION = "REGION"
    STAFF = "STAFF"
    TEAM = "TEAM"
    SURVEY = "SURVEY"
    PRODUCT = "PRODUCT"
    CAMPAIGN = "CAMPAIGN"
    JOURNEY_STAGE = "JOURNEY_STAGE"
    LIFECYCLE_STAGE = "LIFECYCLE_STAGE"
    ORIGIN = "ORIGIN"
    TAG = "TAG"
    REASON = "REASON"
    CHURN_KIND = "CHURN_KIND"
    CUSTOMER = "CUSTOMER"
    ATTRIBUTE = "ATTRIBUTE"
    COHORT = "COHORT"
    PURCHASE_COHORT = "PURCHASE_COHORT"


JOINED = frozenset({Dimension.ATTRIBUTE, Dimension.LIFECYCLE_STAGE})
"""What facts do not hold themselves: it is looked up at their customer, wherever they name one."""

TOTAL = "TOTAL"
"""The rollup's own dimension that everything falls into."""
