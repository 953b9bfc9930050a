"""Components of one page, each with a query of its own for the same figure: what they share, and what they must not."""

YEAR = "{last: {count: 12, grain: MONTH}}"


def csat(fields: str, more: str = "") -> str:
    """A query for the satisfaction of the last twelve months."""
    return f"{{ kpi(key: CSAT, period: {YEAR}{more}) {{ id {fields} }} }}"


FIGURE = csat("value period { id from } definition { id key } interval { id low }")
PAGE = csat("""
    display period { id before label } definition { id unit } interval { id high }
    series(grain: MONTH) { id value period { id from } }
    breakdown(by: CHANNEL) { id slices { id key share } }
    comparison { id change baseline { id value } }
""")
BOTH = csat("""
    value display period { id from before label } definition { id key unit } interval { id low high }
    series(grain: MONTH) { id period { id from } } breakdown(by: CHANNEL) { id slices { id share } }
""")
WEB = ', filter: {by: CHANNEL, anyOf: ["web"]}'

SHARED = {
    "a figure and its page": [FIGURE, PAGE],
    "points": [
        csat("series(grain: MONTH) { id value period { id from } interval { id low } }"),
        csat("series(grain: MONTH) { id display period { id label } interval { id high } }"),
    ],
    "slices": [
        csat("breakdown(by: CHANNEL) { id slices { id key interval { id low } } }"),
        csat("breakdown(by: CHANNEL) { id totalCount slices { id label interval { id high } } }"),
        csat("breakdown(by: CHANNEL) { id isAdditive other { id } slices { id result { id period { id label } } } }"),
    ],
    "a comparison": [
        csat("comparison { id change interval { id low } baseline { id value period { id from } } }"),
        csat("comparison { id display interval { id high } baseline { id display period { id label } } }"),
    ],
    "several ways to one figure": [
        csat("value interval { id low } period { id from }"),
        f"{{ kpis(ask: {{key: CSAT, period: {YEAR}}}) {{ id display interval {{ id high }} period {{ id label }} }} }}",
        f'{{ kpiDefinition(key: "CSAT") {{ id result(period: {YEAR}) {{ id numerator interval {{ id level }} }} }} }}',
    ],
    "a target": [csat("target { id state target { id goal } }"), csat("target { id required target { id before } }")],
}
APART = {
    "filters": [csat("value interval { id low }"), csat("value interval { id low }", WEB)],
    "days": [
        csat("value period { id from before } interval { id low }"),
        "{ kpi(key: CSAT, period: {named: THIS_YEAR}) { id value period { id from before } interval { id low } } }",
    ],
    "days of a baseline": [
        "{ kpi(key: CSAT, period: {named: THIS_YEAR}) { id period { id from isComplete } } }",
        "{ targets { nodes { id baselinePeriod { id before isComplete } } } }",
    ],
    "days of knowledge": [csat("value knownOn"), csat("value knownOn", ', knownOn: "2026-06-01"')],
    "baselines": [
        csat("comparison { id change interval { id low } baseline { id value } }"),
        csat("comparison(to: {kind: SAME_PERIOD_LAST_YEAR}) { id change interval { id low } baseline { id value } }"),
    ],
    "parts of a breakdown": [
        csat("breakdown(by: CHANNEL) { id slices { id key value } other { id value weight } }"),
        csat("breakdown(by: CHANNEL, first: 1) { id slices { id key value } other { id value weight } }"),
        csat("breakdown(by: SEGMENT) { id slices { id key value } other { id value weight } }"),
        csat(
            "breakdown(by: CHANNEL, orderBy: {field: KEY, direction: DESC}) "
            "{ id slices { id key value } other { id value weight } }"
        ),
    ],
    "grains": [
        csat("series(grain: MONTH) { id value period { id from before } interval { id low } }"),
        csat("series(grain: QUARTER) { id value period { id from before } interval { id low } }"),
        csat("series(grain: YEAR) { id value period { id from before } interval { id low } }"),
    ],
    "intervals": [
        csat("interval { id low high } comparison { id interval { id low high } }"),
        csat("comparison { id baseline { id interval { id low high } } }"),
    ],
}
