"""The dashboard kit: built from a clean checkout, served beside the API, and looked at in a browser.

Every figure was counted by hand from what dashboard_records.py records. Tests happen on 15 June 2026, so that twelve
months are July 2025 to June 2026.
"""

import math
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from chromium import browser
from dashboard_board import Board
from dashboard_records import EVERYTHING, RECORD
from npm import installed, ran
from serving import serving
from starlette.staticfiles import StaticFiles

from app.main import create_app
from app.services import token

pytestmark = [pytest.mark.slow, pytest.mark.node, pytest.mark.browser]

ROOT = Path(__file__).parents[2]
MANY = "mutation($input: FeedbackRecordBatchInput!) { feedbackRecordBatch(input: $input) { counts { created } } }"
ONE_MORE = """
mutation($input: FeedbackRecordInput!) { feedbackRecord(input: $input) { outcome userErrors { message } } }
"""


Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit, installed, checked and built."""
    folder = installed(ROOT / "examples" / "dashboard", tmp_path_factory)
    done = ran(folder, "npm", "run", "build")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.fixture
def secret(door, workspace) -> str:
    return token.create(door, workspace.id, "dashboard")


@pytest.fixture
def address(door, files) -> Iterator[str]:
    """Where the API is, and the built page beside it under /dashboard/."""
    api, page = create_app(door.settings, door=door), StaticFiles(directory=files / "dist", html=True)

    async def both(scope: Any, receive: Any, send: Any) -> None:
        is_page = scope["type"] == "http" and scope["path"].startswith("/dashboard/")
        if is_page:
            scope = scope | {"root_path": "/dashboard"}
        await (page if is_page else api)(scope, receive, send)

    with serving(both) as address:
        yield address


@pytest.fixture
def ask(address, secret) -> Ask:
    def ask_(query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        headers = {"Authorization": f"Bearer {secret}"}
        answer = httpx.post(f"{address}/graphql", json=body, headers=headers, timeout=60).json()
        assert "errors" not in answer, answer
        return answer["data"]

    return ask_


@pytest.fixture
def records(ask) -> None:
    told = ask(RECORD, **EVERYTHING)
    counts = {name: one["counts"]["created"] for name, one in told.items() if "counts" in one}
    assert counts == {
        "customerUpsertBatch": 15,
        "feedbackRecordBatch": 50,
        "interactionRecordBatch": 5,
        "orderRecordBatch": 3,
    }
    assert {one["outcome"] for one in told.values() if "outcome" in one} == {"CREATED"}


@pytest.fixture
def board(tmp_path, address) -> Iterator[Board]:
    with browser(tmp_path / "chromium") as page:
        yield Board(page, address)


def percent(good: int, of: int) -> str:
    """Wilson's interval at 95 %, as the page writes it."""
    z, share = 1.959964, good / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return " – ".join(f"{round(100 * one, 1):g}%" for one in (middle - half, middle + half))


def test_it_shows_what_was_counted_by_hand(board, records, secret):
    board.open(token=secret, locale="en", theme="light")
    board.says("#CSAT .figure output", "80.0%")  # 32 of 40
    board.says("#NPS .figure output", "40")  # 6 promoters less 2 detractors of 10
    board.says("#RETENTION_RATE .figure output", "80.0%")  # 8 of the 10 of July 2025
    board.says("#RESPONSE_TIME .figure output", "10.1 min")  # 10, as near as medians are told: to 1 %
    board.says("#CAC .figure output", "€200.00")  # 1000 for 5 new customers
    # 350 of 3 orders, one of each buyer a year, times 5 years: of 10 customers 2 left
    board.says("#CLV .figure output", "€583.33")
    board.says("#stack output", "€350.00")
    board.says("#cohorts tbody tr", "January 2026")

    # marks: a dot where there is a value, the goal from January to June, the interval around two single months
    board.page.wait("document.querySelectorAll('#CSAT .dot').length", lambda dots: dots == 2)
    assert board.attribute("#CSAT .goal", "d").count(",") == 6
    assert board.text("#CSAT .figure .interval") == percent(32, 40)
    assert board.count("#CSAT .band") == 2
    assert "Target 90%" in board.text("#CSAT .chips")
    rows = {label: rest for label, *rest in board.table("#CSAT")}
    assert len(rows) == 12
    assert rows["March 2026"] == ["65.0%", percent(13, 20), "90%"]
    assert rows["May 2026"] == ["95.0%", percent(19, 20), "90%"]
    assert rows["July 2025"][1:] == ["", ""]

    assert board.count("#stack .chart rect.layer[height='12']") == 2, "two in the legend"
    assert board.count("#stack .chart > svg rect") == 3
    stack = {label: rest for label, *rest in board.table("#stack")}
    assert stack["March 2026"] == ["€100", "€0", "€100.00"]
    assert stack["May 2026"] == ["€200", "€50", "€250.00"]

    young = next(row for row in board.table("#cohorts") if row[0] == "January 2026")
    assert [cell for cell in young if cell] == [
        "January 2026",
        "5",
        "100.0%",
        "100.0%",
        "80.0%",
        "80.0%",
        "80.0%",
        "80.0%",
    ]

    board.chosen("Channel", "shop")
    board.says("#CSAT .figure output", "50.0%")  # 5 of 10
    board.says("#stack output", "€50.00")
    board.says("#RETENTION_RATE .figure output", "80.0%")  # 4 of the 5 who came through it
    board.chosen("Channel", "")
    board.chosen("By", "QUARTER")
    board.page.wait("document.querySelectorAll('#CSAT tbody tr').length", lambda rows: rows == 4)
    assert board.complaints == []
    assert [one for one in board.page.requests if not re.match(rf"(ws|http){board.address[4:-10]}|data:", one)] == []


def test_two_that_ask_for_one_figure_differently_settle(board, records, secret):
    board.open(token=secret, locale="en")
    board.says("#CSAT .figure output", "80.0%")
    board.page.wait("document.querySelectorAll('[aria-busy=true]').length === 0")
    assert board.requests == 9  # a card each, the bars, the cohorts, and the frame around them
    board.page.click("#CSAT .views label:nth-of-type(2)")
    board.says("#CSAT .chart", "Corner shop")
    assert board.attribute("#CSAT .chart svg", "aria-label").startswith(
        "Customer satisfaction, By channel: Web shop 90.0%"
    )
    assert board.count("#CSAT .bar") == board.count("#CSAT .whisker") == 2
    assert board.count("#CSAT line.goal") == 1
    assert board.table("#CSAT") == [
        ["Web shop", "90.0%", percent(27, 30)],
        ["Corner shop", "50.0%", percent(5, 10)],
    ]
    board.page.evaluate("new Promise((resolve) => setTimeout(resolve, 1500))")
    assert board.requests == 10
    assert board.text("#CSAT .figure output") == "80.0%"
    assert board.text("#CSAT .figure .interval") == percent(32, 40)
    board.page.click("#CSAT .views label:nth-of-type(1)")
    board.page.wait("document.querySelectorAll('#CSAT .dot').length", lambda dots: dots == 2)
    assert board.requests == 10
    assert board.complaints == []


def test_it_speaks_two_languages_in_light_and_dark(board, records, secret):
    board.page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    board.open(token=secret, locale="zh")
    board.says("#CSAT h2", "客户满意度")
    board.says("h1", "客户指标")
    assert board.attribute("html", "lang") == "zh-CN"
    assert "目标 90%" in board.text("#CSAT .chips")
    assert "2026年5月" in [label for label, *_ in board.table("#CSAT")]
    dark = board.background()

    board.page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
    light = board.page.wait("getComputedStyle(document.documentElement).backgroundColor", lambda now: now != dark)
    board.page.click("#theme")
    assert board.background() == dark
    board.page.click("#language")
    board.says("#CSAT h2", "Customer satisfaction")
    board.says("h1", "Customer KPIs")
    assert board.attribute("html", "lang") == "en"

    board.page.open(board.address)  # what was chosen is kept, and so is the token
    board.says("#CSAT h2", "Customer satisfaction")
    assert board.background() == dark != light
    assert board.attribute("#theme", "aria-pressed") == "true"
    assert board.complaints == []


def test_pages_of_channels_are_one_list(board, secret, ask):
    rows = [
        {
            "externalId": str(number),
            "kind": "COMMENT",
            "comment": "Good.",
            "occurredAt": "2026-05-10T12:00:00Z",
            "channel": {"externalId": f"channel {number}"},
        }
        for number in range(230)
    ]
    told = ask(MANY, input={"rows": rows, "createMissing": True})
    assert told["feedbackRecordBatch"]["counts"]["created"] == 230
    board.open(token=secret, locale="en")
    options = "new Set([...document.querySelectorAll('.filters label:last-child option')].map((one) => one.value)).size"
    board.page.wait(options, lambda found: found == 231)  # all, and each of them
    board.page.click("#refresh")
    board.page.wait(options, lambda found: found == 231)
    assert board.complaints == []


PLACE = """(() => {
  const element = document.activeElement;
  const drawn = element.matches(".views input") ? element.nextElementSibling : element;
  const label = element.labels?.[0] ?? element;
  const name = element.getAttribute("aria-label") ?? (element.matches("select") ? label.firstChild : label).textContent;
  const where = element.closest("[id]")?.id ?? element.closest("form")?.className ?? "";
  return [where, name, getComputedStyle(drawn).outlineStyle];
})()"""


def test_a_keyboard_is_enough(board, records, secret):
    board.open(token=secret, locale="en")
    board.says("#CSAT .figure output", "80.0%")
    board.says("#NPS .figure output", "40")
    path = []
    for _ in range(10):
        board.page.press("Tab")
        *place, outline = board.page.evaluate(PLACE)
        path.append(tuple(place))
        assert outline == "solid", place
    assert path == [
        ("refresh", "Refresh"),
        ("language", "中文"),
        ("theme", "Dark"),
        ("", "Sign out"),
        ("filters", "Period"),
        ("filters", "By"),
        ("filters", "Channel"),
        ("CSAT", "Over time"),
        ("CSAT", "Customer satisfaction, Jul 1, 2025 – Jun 30, 2026"),
        ("CSAT", "Values"),
    ]
    assert board.count("#CSAT details[open]") == 0
    board.page.press("Enter")
    assert board.count("#CSAT details[open]") == 1

    board.page.evaluate("document.querySelector('#CSAT .chart svg').focus()")
    assert board.attribute("#CSAT .chart svg", "aria-valuetext") == "May 2026: 95.0%"
    board.page.press("ArrowLeft")
    board.page.press("ArrowLeft")
    assert board.attribute("#CSAT .chart svg", "aria-valuetext") == "March 2026: 65.0%"
    assert board.text("#CSAT .readout") == f"March 2026 65.0% {percent(13, 20)}"

    board.page.evaluate("document.querySelector('#CSAT .views input').focus()")
    board.page.press("ArrowRight")
    board.says("#CSAT .chart", "Corner shop")

    board.page.evaluate("document.querySelectorAll('.filters select')[2].focus()")
    board.page.press("ArrowDown")
    board.page.wait("document.querySelectorAll('.filters select')[2].value !== ''")
    board.page.press("ArrowDown")
    board.page.wait("document.querySelectorAll('.filters select')[2].value === 'web'")
    board.says("#CSAT .figure output", "90.0%")  # 27 of 30
    assert board.complaints == []


def test_a_wrong_token_is_told_and_another_one_taken(board, records, secret):
    board.open(token="cgt_wrong", locale="zh")
    said = board.page.wait("document.querySelector('.sign-in [role=alert]')?.textContent")
    assert re.search(r"[\u4e00-\u9fff]", said), said
    board.page.click("#language, .sign-in input")
    board.page.type(secret)
    board.page.press("Enter")
    board.says("#CSAT .figure output", "80.0%")
    assert secret in board.page.evaluate("JSON.stringify(sessionStorage)")
    assert secret not in board.page.evaluate("JSON.stringify(localStorage) + location.href")
    assert {one for one in board.complaints if "401" not in one} == set()


def test_a_lost_network_leaves_what_was_known(board, records, secret):
    board.open(token=secret, locale="en")
    board.says("#CSAT .figure output", "80.0%")
    cut = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    board.page.send("Network.emulateNetworkConditions", offline=True, **cut)
    board.page.click("#refresh")
    board.says("[role=alert]", "The server cannot be reached. The figures are those of")
    assert board.text("#CSAT .figure output") == "80.0%"
    assert board.count("#CSAT .dot") == 2
    assert board.count(".card .failure") == 0

    board.page.send("Network.emulateNetworkConditions", offline=False, **cut)
    board.page.wait("document.querySelector('.failure') === null")
    assert board.text("#CSAT .figure output") == "80.0%"


def one_more(ask: Ask) -> None:
    """Somebody is content: 33 of 41."""
    row = {"externalId": "more", "kind": "CSAT", "score": 5, "occurredAt": "2026-06-02T12:00:00Z"}
    assert ask(ONE_MORE, input=row)["feedbackRecord"]["outcome"] == "CREATED"


def test_without_a_websocket_it_asks_now_and_then(board, records, secret, ask):
    never = (
        "class extends EventTarget { constructor() { super(); setTimeout(() => this.onclose?.({code: 1006}), 10); } }"
    )
    board.page.send("Page.addScriptToEvaluateOnNewDocument", source=f"window.WebSocket = {never}")
    board.open(token=secret, locale="en")
    board.says("#CSAT .figure output", "80.0%")
    assert board.text("[role=status]") == "Asked every 30 seconds"
    one_more(ask)
    board.says("#CSAT .figure output", "80.5%")
    board.says("#CSAT .figure .interval", percent(33, 41))
    assert board.complaints == []


def test_what_is_recorded_shows_at_once(board, records, secret, ask, clock):
    board.open(token=secret, locale="en")
    board.says("#CSAT .figure output", "80.0%")
    board.says("[role=status]", "Live")
    board.page.click("#NPS .views label:nth-of-type(2)")
    board.page.wait("document.querySelectorAll('[aria-busy=true]').length === 0")
    before = board.requests
    one_more(ask)
    board.says("#CSAT .figure output", "80.5%")
    board.page.wait("document.querySelectorAll('#CSAT .dot').length", lambda dots: dots == 3)

    assert [label for label, *_ in board.table("#CSAT")][::11] == ["July 2025", "June 2026 (not over yet)"]
    assert board.requests == before, "nothing was asked for"
    clock.set(datetime(2026, 7, 1, 9, tzinfo=UTC))  # the months turn: it is a figure of other days
    board.says("#CSAT tbody", "July 2026")
    assert [label for label, *_ in board.table("#CSAT")][::11] == ["August 2025", "July 2026 (not over yet)"]
    assert board.text("#CSAT .figure output") == "80.5%"
    assert board.complaints == []


def test_one_command_starts_it_beside_a_running_server(board, records, files, secret, address):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        ["npm", "start", "--", "--port", str(port), "--strictPort", "--host", "127.0.0.1"],
        cwd=files,
        env=os.environ | {"CUSTOGRAPH_SERVER": address, "BROWSER": "none"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as started:
        try:
            assert any("ready in" in line for line in started.stdout)
            board.page.open(f"http://127.0.0.1:{port}/#token={secret}&locale=en")
            board.says("#CSAT .figure output", "80.0%")
            assert board.complaints == []
        finally:
            os.killpg(started.pid, signal.SIGTERM)
