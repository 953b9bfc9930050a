"""How long a dashboard takes, and whether ten times the facts make it slower.

    python benchmarks/dashboard.py [--sizes 100000 1000000] [--databases sqlite postgresql] [--only Dashboard]

Of feedback three KPIs over twelve months: the value, the series by month, and the breakdown by channel with a series by
month for every slice. Of money the same of twelve KPIs over a calendar year; what is said of customers is broken down
by the channel that they came through. Asked over HTTP of a server in a process of its own. The sizes take turns, so
that whatever else the machine does meets them alike; their ratio is what counts.

Beside them what no rollup holds: a breakdown asked by somebody who may see nothing personal, for whom cells of few
people are hidden, and a filter and a breakdown by different dimensions. There the facts themselves are read.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

import httpx
from cohorts import COHORTS
from generate import FEEDBACK
from members import MEMBERS
from money import ORDERS
from sqlalchemy import Engine, event
from support import DATABASES, Databases, Server, Store, ask, median, percentile, seconds, table
from talks import TALKS

from app.actor import ORDINARY, Scope
from app.main import create_app
from app.services.token import create
from app.settings import Settings
from app.uow import open_door

TILES = ("CSAT", "NPS", "FEEDBACK_COUNT")
QUERY = (
    "query Dashboard {"
    + " ".join(f"{key}: kpi(key: {key}, period: {{last: {{count: 12, grain: MONTH}}}}) {{ ...Tile }}" for key in TILES)
    + """}
    fragment Tile on KpiResult {
      value
      series(grain: MONTH) { period { label } value }
      breakdown(by: CHANNEL) { slices { key label value share result { series(grain: MONTH) { value } } } }
    }"""
)
NARROW = """query Narrow {
  kpi(key: CSAT, period: {last: {count: 12, grain: MONTH}}) { value breakdown(by: CHANNEL) { slices { key value } } }
}"""
SALES = (
    ("REVENUE", None),
    ("AVERAGE_ORDER_VALUE", None),
    ("RETURN_RATE", None),
    ("REVENUE_GROWTH", None),
    ("REPEAT_PURCHASE_RATE", None),
    ("REPEAT_PURCHASE_RATE", "returning"),
    ("CSAT", None),
)
"""What is cut by the channel of the sale or answer; each with its variant."""
PEOPLE = (
    ("REPEAT_PURCHASE_RATE", "cohort"),
    ("CAC", None),
    ("CLV", None),
    ("NEW_CUSTOMERS", None),
    ("RETENTION_RATE", None),
)
"""What is cut by the channel through which customers came."""
SERVICE = (("RESPONSE_TIME", None), ("RESPONSE_TIME", "p90"), ("RESPONSE_WITHIN_TARGET", None))
"""What is cut by the member of staff."""
STAYING = ("NEW_CUSTOMERS", "CHURNED_CUSTOMERS", "ACTIVE_CUSTOMERS", "RETENTION_RATE", "CHURN_RATE")
YEAR_LONG = "period: {last: {count: 12, grain: MONTH, complete: true}}"
LASTING = (
    "query Lasting {"
    + " ".join(f"{key}: kpi(key: {key}, {YEAR_LONG}) {{ ...Tile }}" for key in STAYING)
    + """}
    fragment Tile on KpiResult {
      value series(grain: MONTH) { period { label } value } breakdown(by: SEGMENT) { slices { key value } }
    }"""
)
"""Who stays and who leaves, month by month and by segment."""
MOVING = f"{{ kpi(key: CHURN_RATE, {YEAR_LONG}) {{ value intraPeriodChurn reactivated }} }}"
YEAR = datetime.now(UTC).year - 1


def during(months: int = 12) -> str:
    """The first months of last year, as an argument."""
    before = date(YEAR + 1, 1, 1) if months == 12 else date(YEAR, months + 1, 1)
    return f'period: {{range: {{from: "{YEAR}-01-01", before: "{before}"}}}}'


def sheet(tiles: Sequence[tuple[str, str | None]] = (*SALES, *PEOPLE), *, months: int = 12, channels: int = 10) -> str:
    """The dashboard of these tiles, over so many months of last year and so many channels or staff."""
    asked = []
    for key, variant in tiles:
        by = "STAFF" if tiles is SERVICE else "ACQUISITION_CHANNEL" if (key, variant) in PEOPLE else "CHANNEL"
        named = f', variant: "{variant}"' if variant else ""
        asked.append(
            f"{key}_{variant}: kpi(key: {key}, {during(months)}{named}) {{ "
            f"value series(grain: MONTH) {{ period {{ label }} value }} breakdown(by: {by}, first: {channels}) "
            "{ slices { key label value share result { series(grain: MONTH) { value } } } } }"
        )
    return f"query Money {{ {' '.join(asked)} }}"


def crossed(key: str) -> str:
    """One KPI of one segment, broken down by channel."""
    segment = 'filter: [{by: SEGMENT, anyOf: ["segment1"]}]'
    return f"{{ kpi(key: {key}, {during()}, {segment}) {{ breakdown(by: CHANNEL) {{ slices {{ key value }} }} }} }}"


GROWN = {
    "3 KPIs of one kind of facts": sheet(SALES[:3]),
    "3 KPIs of all kinds": sheet((SALES[-1], *PEOPLE[1:3])),
    "12 KPIs, 3 months": sheet(months=3),
    "12 KPIs, 3 channels": sheet(channels=3),
    "12 KPIs": sheet(),
}
"""The dashboard of money, smaller and larger."""
WARM, ROUNDS = 20, 12
FLOOR = 1.5
"""The most that ten times the facts may cost."""
HEAD = ("database", "facts", "p50 ms", "p99 ms", "requests", "SQL statements")


@dataclass(frozen=True)
class Screen:
    """What is asked: of which data, by whom, how many times in a row, and whether it must not grow with the facts."""

    title: str
    query: str
    stored: Callable[[Databases, str, int], Store] = ORDERS.stored
    token_of: Callable[[Store], str] = lambda store: store.token
    block: int = 1
    is_flat: bool = True


def viewer(store: Store) -> str:
    """A token that may see KPIs and nothing personal, for which small cells are hidden."""
    door = open_door(Settings(database_url=store.url))
    try:
        return create(door, store.workspace, "viewer", scopes=ORDINARY - {Scope.PERSONAL_READ})
    finally:
        door.close()


def statements(store: Store, token: str, query: str) -> int:
    """How many SQL statements one request takes, its token's included."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    async def asked() -> None:
        nonlocal count
        app = create_app(Settings(database_url=store.url), work=False)
        headers = {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://x") as client,
        ):
            for _ in range(2):  # the first one opens connections
                count = 0
                answer = await client.post("/graphql", json={"query": query}, headers=headers)
                assert "errors" not in answer.json(), answer.text

    event.listen(Engine, "before_cursor_execute", counted)
    try:
        asyncio.run(asked())
    finally:
        event.remove(Engine, "before_cursor_execute", counted)
    return count


def measure(stores: Sequence[Store], tokens: Sequence[str], query: str, rounds: int, block: int) -> list[list[float]]:
    """Milliseconds of every request, per store; the stores take turns, a block of requests each."""
    times: list[list[float]] = [[] for _ in stores]
    with ExitStack() as opened:
        servers = [opened.enter_context(Server(store)) for store in stores]
        clients = [opened.enter_context(server.another(token)) for server, token in zip(servers, tokens, strict=True)]
        for client in clients:
            for _ in range(min(block, WARM)):
                ask(client, query)
        for _ in range(rounds):
            for client, found in zip(clients, times, strict=True):
                found.extend(1000 * seconds(partial(ask, client, query)) for _ in range(block))
    return times


def cohorts(*, narrowed: str = "") -> str:
    """The three cohort tables of two years."""
    during_ = f"period: {{last: {{count: 24, grain: MONTH}}}}, months: 24{narrowed}"
    cells = "{ rows { key size cells { value numerator nullReason } } averages { value } }"
    tables = " ".join(f"{of}: cohortTable(of: {of}, {during_}) {cells}" for of in ("CUSTOMERS", "BUYERS", "REVENUE"))
    return f"{{ {tables} }}"


SCREENS = (
    Screen("Dashboard", QUERY, FEEDBACK.stored, block=20),
    Screen("One breakdown, nothing personal", NARROW, FEEDBACK.stored, viewer),
    Screen("Dashboard of money", sheet(), block=5),
    Screen("Dashboard of conversations", sheet(SERVICE), TALKS.stored, block=5),
    Screen("Retention and churn", LASTING, COHORTS.stored, block=2, is_flat=False),
    Screen("Retention and churn by activity", LASTING, MEMBERS.stored, block=2, is_flat=False),
    Screen("Who came to go and who came back", MOVING, MEMBERS.stored, is_flat=False),
    Screen("Three cohort tables, 24 by 24", cohorts(), COHORTS.stored, block=5),
    Screen(
        "Three cohort tables of a segment",
        cohorts(narrowed=', filter: [{by: SEGMENT, anyOf: ["segment1"]}]'),
        COHORTS.stored,
        is_flat=False,
    ),
    Screen("Revenue by a filter and a breakdown", crossed("REVENUE"), is_flat=False),
    Screen("Buyers by a filter and a breakdown", crossed("REPEAT_PURCHASE_RATE"), is_flat=False),
    Screen("Top customers", f"{{ topCustomers({during()}) {{ nodes {{ rank revenue margin }} }} }}", is_flat=False),
    Screen(
        "Effectiveness of channels",
        f"{{ channelEffectiveness({during()}) {{ rows {{ spend {{ value }} cac {{ value }} clv {{ value }} }} }} }}",
        is_flat=False,
    ),
)


def run(
    databases: Databases, sizes: Sequence[int], kinds: Sequence[str], *, rounds: int = ROUNDS, only: Sequence[str] = ()
) -> None:
    """Measure and print, for every database."""
    for screen in SCREENS:
        if only and screen.title not in only:
            continue
        rows: list[list[object]] = []
        ratios: list[list[object]] = []
        for kind in kinds:
            stores = [screen.stored(databases, kind, size) for size in sizes]
            tokens = [screen.token_of(store) for store in stores]
            times = measure(stores, tokens, screen.query, rounds, screen.block)
            for store, token, found in zip(stores, tokens, times, strict=True):
                asked = statements(store, token, screen.query)
                size = f"{store.size:,}"
                rows.append([kind, size, median(found), percentile(found, 0.99), len(found), asked])
            ratio = median(times[-1]) / median(times[0])
            kept = (f"at most {FLOOR}", "kept" if ratio <= FLOOR else "not kept") if screen.is_flat else ("none", "")
            ratios.append([kind, ratio, *kept])
        table(screen.title, HEAD, rows)
        if len(sizes) > 1:
            title = f"{screen.title}: {sizes[-1]:,} ÷ {sizes[0]:,} facts"
            table(title, ("database", "p50 ratio", "promise", ""), ratios)
    if not only or "Statements" in only:
        stores = [ORDERS.stored(databases, kind, sizes[0]) for kind in kinds]
        grown = [[what, *(statements(store, store.token, query) for store in stores)] for what, query in GROWN.items()]
        table("SQL statements of the dashboard of money", ("what is asked", *kinds), grown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    titles = [screen.title for screen in SCREENS]
    parser.add_argument("--only", nargs="+", choices=[*titles, "Statements"], default=[])
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.sizes, chosen.databases, only=chosen.only)


if __name__ == "__main__":
    main()
