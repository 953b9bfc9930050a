"""How a company is set up, in rows of files: channels, teams, staff, surveys, calendars, KPIs, segments, targets."""

ORDER = (
    "CHANNELS", "TEAMS", "STAFF", "SURVEYS", "BUSINESS_CALENDARS", "KPI_DEFINITIONS", "SEGMENTS", "EXCHANGE_RATES",
    "CUSTOMERS", "CONTRACTS", "TOUCHPOINTS", "LEADS", "ORDERS", "REFUNDS", "COSTS", "REFERRALS", "ENGAGEMENTS",
    "INVITATIONS", "FEEDBACK", "INTERACTIONS", "SEGMENT_MEMBERS", "TARGETS",
)  # fmt: skip
"""The types of files in the order in which a whole workspace moves."""

QUESTION = {"key": "q", "kind": "CSAT", "scaleWorst": 1, "scaleBest": 5, "threshold": 5,
            "texts": [{"language": "en", "text": "How was it?"}]}  # fmt: skip
RULE = {
    "any": [{"orders": {"atLeast": 1}}, {"not": {"segment": {"anyOf": ["A", "B"]}}}, {"revenue": {"atLeast": "9.5"}}]
}
HOURS = {"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "before": "17:00"}
SETUP = {
    "CHANNELS": [
        {"externalId": "online", "name": "Online", "kind": "ONLINE"},
        {"externalId": "web", "name": "=Web", "kind": "ONLINE", "medium": "ORGANIC_SEARCH", "parent": "online"},
        {"externalId": "shop", "name": "Shop", "kind": "OFFLINE"},
    ],
    "TEAMS": [{"externalId": "north", "name": "North"}, {"externalId": "south", "name": "South"}],
    "STAFF": [
        {"externalId": "ann", "name": "Ann", "teams": [{"team": "north", "before": "2026-01-12"},
                                                       {"team": "south", "from": "2026-01-12"}]},
        {"externalId": "bob", "name": "Bob"},
    ],
    "SURVEYS": [{"externalId": "s1", "name": "Survey", "occasion": "TRANSACTIONAL", "questions": [QUESTION],
                 "earlierEditions": [{"questions": [QUESTION | {"threshold": 3}]}, {"questions": []}]}],
    "BUSINESS_CALENDARS": [
        {"externalId": "de", "name": "Berlin", "versions": [
            {"timeZone": "Europe/Berlin", "weeklyHours": [HOURS], "country": "DE", "subdivision": "BY",
             "before": "2026-02-01", "closed": ["2026-01-07"],
             "open": [{"date": "2026-01-10", "from": "10:00", "before": "12:00"}]},
            {"timeZone": "Europe/Berlin", "weeklyHours": [], "from": "2026-02-01"}]},
    ],
    "KPI_DEFINITIONS": [
        {"key": "REFUNDED", "name": {"en": "Refunded", "zh": "退款"}, "about": {"en": "Of orders.", "zh": "订单中。"},
         "formula": "refunds / revenue", "unit": "RATIO", "direction": "LOWER_IS_BETTER", "stage": "RETAIN",
         "minimum": 0, "maximum": 1},
    ],
    "SEGMENTS": [
        {"externalId": "buyers", "name": "Buyers", "description": "Who bought.", "kind": "RULE", "rule": RULE,
         "membersFrom": "2026-01-01"},
        {"externalId": "vip", "name": "VIP", "kind": "MANUAL"},
    ],
    "SEGMENT_MEMBERS": [
        {"segment": "vip", "customer": "c1", "from": "2025-12-01", "before": "2026-01-20"},
        {"segment": "vip", "customer": "c1", "from": "2026-02-01"},
        {"segment": "vip", "customer": "c4", "from": "2026-01-01"},
        {"segment": "buyers", "customer": "c2", "from": "2026-01-02", "before": "2026-01-05"},
        {"segment": "buyers", "customer": "c3", "from": "2026-01-03"},
    ],
    "TARGETS": [
        {"externalId": "t1", "kpi": "CSAT", "kind": "DELTA_POINTS", "value": 5, "from": "2026-06-01",
         "before": "2026-07-01", "owner": "Ann", "scope": [{"by": "CHANNEL", "anyOf": ["web", "shop"]}],
         "baseline": {"value": 41.5, "from": "2026-05-01", "before": "2026-06-01"}},
        {"externalId": "t2", "kpi": "REVENUE", "kind": "ABSOLUTE", "value": 1000, "stretch": 1200, "from": "2026-06-01",
         "before": "2026-07-01", "scope": [{"by": "CUSTOMER", "anyOf": ["c1", "c2"], "withDescendants": True},
                                           {"by": "SEGMENT", "noneOf": ["vip"]}]},
        {"externalId": "t3", "kpi": "CUSTOM", "custom": "REFUNDED", "kind": "ABSOLUTE", "value": 0.1,
         "from": "2026-06-01", "before": "2026-07-01", "baseline": {"value": 0.25}, "rationale": "-5 % of the cost"},
    ],
}  # fmt: skip
