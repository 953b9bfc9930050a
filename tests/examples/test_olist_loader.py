"""The loader of the Olist example against a server that only pretends: what it sends, and how it waits."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Load = Callable[[Path, str, str], Any]

# Invented, in the shape of the files. p1 bought in SP and later in RJ; p2's order was reviewed twice.
# Of p2's other orders, nobody had paid for o4 and o6 yet, and o5 is cancelled.
FILES = {
    "olist_customers_dataset.csv": (
        "customer_id,customer_unique_id,customer_state\nc3,p2,BA\nc1,p1,SP\nc2,p1,RJ\nc4,p2,AM\nc5,p2,AM\nc6,p2,AM\n"
    ),
    "olist_orders_dataset.csv": (
        "order_id,customer_id,order_status,order_purchase_timestamp\n"
        "o2,c2,shipped,10/2/2017 9:05\n"
        "o1,c1,delivered,9/30/2017 23:59\n"
        "o3,c3,invoiced,2017-10-02 10:56:33\n"
        "o4,c4,created,9/1/2017 8:00\n"
        "o5,c5,canceled,9/2/2017 8:00\n"
        "o6,c6,processing,9/3/2017 8:00\n"
    ),
    "olist_order_payments_dataset.csv": "order_id,payment_value\no1,0.1\no2,35.5\no1,0.2\no3,10.01\n",
    "olist_order_items_dataset.csv": (
        "order_id,product_id,price,freight_value\n"
        "o1,soap,0.1,0\no1,soap,0.19,0.01\n"
        "o2,lamp,20,5.25\no2,bulb,8.25,2\n"
        "o3,soap,8,2\n"  # a cent less than was paid
    ),
    "olist_order_reviews_dataset.csv": (
        "review_pk,order_id,review_score,review_creation_date,review_answer_timestamp\n"
        "1,o1,5,10/8/2017 0:00,10/9/2017 16:42\n"  # winter time, UTC-3
        "2,o2,1,10/15/2017 0:00,10/15/2017 0:30\n"  # the clock went from 0:00 to 1:00 that night
        "3,o3,4,2018-02-17,2018-02-17 23:30:00\n"  # the clock went back to 23:00 that night
        "4,o3,3,12/20/2017 0:00,12/20/2017 21:03\n"  # summer time, UTC-2
    ),
}


# Of l1's deal the representative is known; l2 was won before its first contact; l3 is open, and nobody knows whence.
LEADS = {
    "olist_marketing_qualified_leads_dataset.csv": (
        "mql_id,first_contact_date,landing_page_id,origin\n"
        "l1,2018-02-01,page,social\nl2,2018-03-08,page,other publicities\nl3,2017-10-15,other,\n"
    ),
    "olist_closed_deals_dataset.csv": (
        "mql_id,seller_id,sdr_id,sr_id,won_date\n"
        "l1,s1,dan,rita,2018-02-26 19:58:54\nl2,s2,dan,rob,2018-03-06 19:38:55\n"
    ),
}


class Pretender(ThreadingHTTPServer):
    """Takes every row as new, unless told to say something else first."""

    def __init__(self) -> None:
        """Listen on a free port of loopback."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/graphql"
        self.busy: list[tuple[int, dict[str, str]]] = []  # statuses to answer first, with their headers
        self.reject: dict[str, dict[str, Any]] = {}  # external id to user error
        nouns = ("channel", "customer", "order", "invitation", "feedback", "staff", "lead")
        self.sent: dict[str, list[dict[str, Any]]] = {noun: [] for noun in nouns}
        self.sizes: list[int] = []  # rows in each request
        self.tokens: set[str | None] = set()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give the payload of a mutation, and keep the rows."""
        sent = request["variables"]["input"]
        noun = next(noun for noun in self.sent if f"payload: {noun}" in request["query"])
        rows = sent.get("rows", [sent])
        self.sent[noun] += rows
        self.sizes.append(len(rows))
        errors = [[self.reject[row["externalId"]]] if row["externalId"] in self.reject else [] for row in rows]
        results = [
            {"index": i, "outcome": "REJECTED" if row else "CREATED", "userErrors": row} for i, row in enumerate(errors)
        ]
        return {"results": results, "userErrors": []} if "rows" in sent else results[0]


class Handler(BaseHTTPRequestHandler):
    """Answers a post with what the server says."""

    server: Pretender

    def do_POST(self) -> None:
        """Answer one request."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.tokens.add(self.headers["Authorization"])
        status, headers = self.server.busy.pop(0) if self.server.busy else (200, {})
        body = json.dumps({"data": {"payload": self.server.answer(request)}}).encode() if status == 200 else b""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""


@pytest.fixture
def api() -> Iterator[Pretender]:
    """Serve for as long as a test runs."""
    with Pretender() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Write the invented files into a folder."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_it_sends_people_with_their_latest_state_and_reviews_at_their_instant(
    api: Pretender, files: Path, load: Load
) -> None:
    """One person for all their orders; local times with the offset that held, also where the clocks changed."""
    done = load(files, api.url, "secret")

    counts = {"channels": 1, "customers": 2, "orders": 6, "invitations": 4, "feedback": 4}
    assert (done.code, done.counts) == (0, {noun: {"CREATED": n} for noun, n in counts.items()})
    assert [row["externalId"] for row in api.sent["channel"]] == ["marketplace"]
    assert {row["externalId"]: row["region"] for row in api.sent["customer"]} == {"p1": "RJ", "p2": "BA"}
    assert {row["kind"] for row in api.sent["customer"]} == {"PERSON"}
    assert not any("joinedOn" in row for row in api.sent["customer"])
    reviews = [
        (row["externalId"], row["customer"]["externalId"], row["score"], row["occurredAt"])
        for row in api.sent["feedback"]
    ]
    assert reviews == [
        ("1", "p1", 5, "2017-10-09T16:42:00-03:00"),
        ("2", "p1", 1, "2017-10-15T01:30:00-02:00"),
        ("3", "p2", 4, "2018-02-17T23:30:00-02:00"),
        ("4", "p2", 3, "2017-12-20T21:03:00-02:00"),
    ]
    assert [row["invitation"]["externalId"] for row in api.sent["feedback"]] == ["1", "2", "3", "4"]
    asked = [(row["externalId"], row["customer"]["externalId"], row["occurredAt"]) for row in api.sent["invitation"]]
    assert asked == [
        ("1", "p1", "2017-10-08T00:00:00-03:00"),
        ("2", "p1", "2017-10-15T01:00:00-02:00"),
        ("3", "p2", "2018-02-17T00:00:00-02:00"),
        ("4", "p2", "2017-12-20T00:00:00-02:00"),
    ]
    assert {(row["kind"], row["channel"]["externalId"]) for row in api.sent["feedback"]} == {("CSAT", "marketplace")}
    assert api.tokens == {"Bearer secret"}


def test_it_sends_orders_with_what_was_paid_for_them(api: Pretender, files: Path, load: Load) -> None:
    """Lines where they add up to the cent, one product where there is one, and no sale that nobody paid for."""

    def order(name: str, person: str, amount: str, status: str, at: str, **more: object) -> dict[str, Any]:
        return {
            "externalId": name,
            "customer": {"externalId": person},
            "channel": {"externalId": "marketplace"},
            "amount": amount,
            "currency": "BRL",
            "status": status,
            "product": None,
            "lines": [],
            "occurredAt": at,
            **more,
        }

    assert load(files, api.url, "secret").code == 0
    soaps = [{"product": "soap", "amount": "0.1"}, {"product": "soap", "amount": "0.20"}]
    lights = [{"product": "lamp", "amount": "25.25"}, {"product": "bulb", "amount": "10.25"}]
    assert api.sent["order"] == [
        order("o4", "p2", "0", "PENDING", "2017-09-01T08:00:00-03:00"),
        order("o5", "p2", "0", "CANCELLED", "2017-09-02T08:00:00-03:00"),
        order("o6", "p2", "0", "PENDING", "2017-09-03T08:00:00-03:00"),
        order("o1", "p1", "0.3", "COMPLETED", "2017-09-30T23:59:00-03:00", product="soap", lines=soaps),
        order("o2", "p1", "35.5", "COMPLETED", "2017-10-02T09:05:00-03:00", lines=lights),
        order("o3", "p2", "10.01", "COMPLETED", "2017-10-02T10:56:33-03:00", product="soap"),
    ]


def test_it_sends_leads_where_there_are_some(api: Pretender, files: Path, load: Load) -> None:
    """With the channel that they came through, and with the deals that came of them."""
    for name, text in LEADS.items():
        (files / name).write_text(text, encoding="utf-8")

    done = load(files, api.url, "secret")

    assert done.code == 0, done.stderr
    assert {noun: done.counts[noun] for noun in ("channels", "staff", "leads")} == {
        "channels": {"CREATED": 3},
        "staff": {"CREATED": 2},
        "leads": {"CREATED": 3},
    }
    assert [(row["externalId"], row.get("medium")) for row in api.sent["channel"]] == [
        ("marketplace", "MARKETPLACE"),
        ("other publicities", "OTHER"),
        ("social", "SOCIAL"),
    ]
    assert [row["externalId"] for row in api.sent["staff"]] == ["rita", "rob"]
    rows = [
        (row["externalId"], row["channel"], row["staff"], row["campaign"], row["occurredAt"], row["wonAt"])
        for row in api.sent["lead"]
    ]
    social, rita = {"externalId": "social"}, {"externalId": "rita"}
    other, rob = {"externalId": "other publicities"}, {"externalId": "rob"}
    assert rows == [
        ("l1", social, rita, "page", "2018-02-01T00:00:00-02:00", "2018-02-26T19:58:54-03:00"),
        ("l2", other, rob, "page", "2018-03-08T00:00:00-03:00", "2018-03-06T19:38:55-03:00"),
        ("l3", None, None, "other", "2017-10-15T01:00:00-02:00", None),  # that day began at 1:00
    ]
    assert all(row["qualifiedAt"] == row["occurredAt"] for row in api.sent["lead"])


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("olist_closed_deals_dataset.csv", None, "there is no olist_closed_deals_dataset.csv"),
        (
            "olist_marketing_qualified_leads_dataset.csv",
            "mql_id,first_contact_date,landing_page_id,origin\nl1,2018-02-01,page,hearsay\n",
            "olist_marketing_qualified_leads_dataset.csv, line 2: 'hearsay' is not known",
        ),
        (
            "olist_closed_deals_dataset.csv",
            "mql_id,sr_id,won_date\nl1,rita,yesterday\n",
            "olist_closed_deals_dataset.csv, line 2: ",
        ),
    ],
)
def test_it_says_what_is_wrong_with_the_leads_and_sends_nothing(
    api: Pretender, files: Path, load: Load, name: str, text: str | None, reason: str
) -> None:
    """A sentence, not a traceback."""
    for file, content in (LEADS | {name: text}).items():
        if content:
            (files / file).write_text(content, encoding="utf-8")

    done = load(files, api.url, "secret")

    assert (done.code, done.counts) == (1, {})
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(api.sent.values())


def test_it_sends_no_more_than_500_rows_at_once(api: Pretender, files: Path, load: Load) -> None:
    """Every review arrives, in the order of the file."""
    rows = [f"{n},o1,5,10/9/2017 0:00,10/9/2017 16:42" for n in range(1201)]
    reviews = files / "olist_order_reviews_dataset.csv"
    reviews.write_text("\n".join([FILES[reviews.name].splitlines()[0], *rows]), encoding="utf-8")

    done = load(files, api.url, "secret")

    assert done.counts["feedback"] == {"CREATED": 1201}
    assert [row["externalId"] for row in api.sent["feedback"]] == [str(n) for n in range(1201)]
    assert api.sizes == [
        1,
        2,
        6,
        500,
        500,
        201,
        500,
        500,
        201,
    ]  # the channel, the people, the orders, and reviews twice
    assert "feedback: 1,201 of 1,201" in done.stderr


def test_it_waits_as_long_as_it_is_asked_to(api: Pretender, files: Path, load: Load) -> None:
    """A busy server's rows arrive once it has time."""
    api.busy = [(429, {"Retry-After": "1"}), (503, {})]

    done = load(files, api.url, "secret")

    assert done.code == 0
    assert "HTTP 429; trying again in 1.0 s" in done.stderr
    assert "HTTP 503; trying again in 1.0 s" in done.stderr
    assert len(api.sent["channel"]) == 1


def test_it_says_why_a_row_was_rejected_and_fails(api: Pretender, files: Path, load: Load) -> None:
    """The other rows are loaded all the same."""
    api.reject = {"2": {"code": "INVALID", "message": "too bad", "path": ["score"]}}

    done = load(files, api.url, "secret")

    assert (done.code, done.counts["feedback"]) == (1, {"CREATED": 3, "REJECTED": 1})
    assert "feedback 2: INVALID score: too bad" in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("olist_orders_dataset.csv", None, "there is no olist_orders_dataset.csv"),
        (
            "olist_order_reviews_dataset.csv",
            (
                "review_pk,order_id,review_score,review_creation_date,review_answer_timestamp\n"
                "1,o9,5,10/9/2017 0:00,10/9/2017 16:42\n"
            ),
            "line 2: 'o9' is not known",
        ),
        (
            "olist_order_payments_dataset.csv",
            "order_id,payment_value\no1,1.50\no1,1.5O\n",
            "olist_order_payments_dataset.csv, line 3: '1.5O' is not an amount",
        ),
        (
            "olist_orders_dataset.csv",
            "order_id,customer_id,order_status,order_purchase_timestamp\no1,c1,lost,10/2/2017 9:05\n",
            "olist_orders_dataset.csv, line 2: 'lost' is not known",
        ),
        (
            "olist_order_reviews_dataset.csv",
            (
                "review_pk,order_id,review_score,review_creation_date,review_answer_timestamp\n"
                "1,o1,5,10/9/2017 0:00,31/1/2017 16:42\n"
            ),
            "olist_order_reviews_dataset.csv, line 2: ",
        ),
    ],
)
def test_it_says_what_is_wrong_with_the_files_and_sends_nothing(
    api: Pretender, files: Path, load: Load, name: str, text: str | None, reason: str
) -> None:
    """A sentence, not a traceback."""
    (files / name).unlink()
    if text:
        (files / name).write_text(text, encoding="utf-8")

    done = load(files, api.url, "secret")

    assert (done.code, done.counts) == (1, {})
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(api.sent.values())
