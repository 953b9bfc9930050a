"""What the process counts of itself, for `/metrics`. No label holds anything of a workspace but a token's id."""

from prometheus_client import Counter, Gauge, Histogram

OPERATIONS = Histogram(
    "custograph_graphql_operation_seconds",
    "GraphQL operations: how long they took, by type (query, mutation, none) and HTTP status.",
    ("type", "status"),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
GROUPS = Histogram(
    "custograph_write_group_size",
    "Writes that shared a transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
JOINED = Counter("custograph_writes_joined_total", "Writes of several callers that were worked off as one batch.")
JOBS = Counter("custograph_jobs_total", "Jobs that were run, by kind and outcome (done, failed).", ("kind", "outcome"))
DEPRECATED = Counter(
    "custograph_graphql_deprecated_total",
    "Operations that use what is deprecated, by element of the schema and id of the token.",
    ("element", "token"),
)
LIMITED = Counter("custograph_graphql_limited_total", "Requests that a limit refused, by its code.", ("code",))
DELIVERIES = Counter(
    "custograph_webhook_attempts_total", "Attempts to deliver webhooks, by what came of them.", ("outcome",)
)
READERS = Gauge("custograph_subscriptions", "Subscriptions that are open.")
ENDED = Counter(
    "custograph_subscriptions_ended_total",
    "Subscriptions that ended, by why (done, denied, slow, shut).",
    ("why",),
)
