"""The Python kit, from a clean checkout with one command: its client, its report, and what it says when it cannot."""

import filecmp
import os
import re
import select
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from serving_kits import answers, serving

ROOT = Path(__file__).parents[2]
KIT = ROOT / "examples" / "python"
SCHEMA = (ROOT / "docs" / "schema.graphql").read_text()
PATIENCE = 300  # seconds after which something will not happen any more
OFFLINE = ("NewConnectionError", "NameResolutionError", "ConnectTimeout", "ReadTimeout", "ProxyError", "Max retries")

pytestmark = pytest.mark.slow

RECORD = """
mutation($feedback: FeedbackRecordBatchInput!, $customers: CustomerUpsertBatchInput!, $order: OrderRecordInput!) {
  feedbackRecordBatch(input: $feedback) { counts { created } }
  customerUpsertBatch(input: $customers) { counts { created } }
  orderRecord(input: $order) { outcome userErrors { message } }
}
"""
MORE = "mutation($more: FeedbackRecordBatchInput!) { feedbackRecordBatch(input: $more) { counts { created } } }"
CUSTOMERS = {  # since when, until when
    "ann": ("2025-01-10", None),
    "bob": ("2025-01-10", None),
    "cem": ("2025-01-10", None),
    "dot": ("2025-01-10", "2026-03-10"),
    "eve": ("2026-02-03", None),
    "fay": ("2026-02-20", "2026-04-20"),
}
WRONG = """
from custograph_client import Figure

def amount(of: Figure) -> int:
    return of.amount
"""
TYPED = """
import asyncio, datetime, decimal
from connect import connect
from custograph_client import DateRangeInput, Grain, PeriodInput

async def ask():
    days = PeriodInput(range=DateRangeInput(from_=datetime.date(2026, 1, 1), before=datetime.date(2026, 6, 1)))
    async with connect() as custograph:
        return await custograph.report(days, Grain.MONTH, days, timeout=60)

told = asyncio.run(ask())
assert told.revenue.amount == decimal.Decimal("1234567890123.45"), told.revenue.amount
assert (told.revenue.currency, told.workspace.currency) == ("EUR", "EUR")
assert told.revenue.data_through == datetime.datetime(2026, 5, 5, 12, tzinfo=datetime.UTC), told.revenue.data_through
assert [point.period.from_ for point in told.csat.series] == [datetime.date(2026, month, 1) for month in range(1, 6)]
"""


def missing(what):
    """Skip the test where somebody tries it out; fail where everything should be there."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


def run(checkout, *words, **environment):
    """What comes of the one command."""
    return subprocess.run(
        [sys.executable, str(checkout / "run.py"), *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The kit as a checkout has it, set up by generating its client anew."""
    base = tmp_path_factory.mktemp("checkout")
    kit = base / "examples" / "python"
    shutil.copytree(KIT, kit, ignore=shutil.ignore_patterns(".venv", "__pycache__", "report.html", ".mypy_cache"))
    (base / "docs").mkdir()
    (base / "docs" / "schema.graphql").write_text(SCHEMA)
    done = run(kit, "generate")
    if done.returncode and any(sign in done.stderr for sign in OFFLINE):
        missing("pip reaches no index")
    assert done.returncode == 0, done.stderr + done.stdout
    return kit


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.fixture
def served(door, workspace):
    with serving(door, workspace.id) as server:
        yield server


@pytest.fixture
def world(served):
    """Eight answers of each kind, six customers, an order."""
    rows = answers("CSAT", {"web": [5, 5, 5, 5, 5, 2], "shop": [5, 2]})
    rows += answers("NPS", {"web": [10, 10, 10, 10], "shop": [8, 8, 3, 3]})
    customers = [
        {"externalId": name, "joinedOn": since, "churnedOn": left} for name, (since, left) in CUSTOMERS.items()
    ]
    order = {"externalId": "1", "amount": "1234567890123.45", "currency": "EUR", "occurredAt": "2026-05-05T12:00:00Z"}
    told = served.ask(
        RECORD, feedback={"rows": rows, "createMissing": True}, customers={"rows": customers}, order=order
    )
    assert told == {
        "feedbackRecordBatch": {"counts": {"created": 16}},
        "customerUpsertBatch": {"counts": {"created": 6}},
        "orderRecord": {"outcome": "CREATED", "userErrors": []},
    }
    return served


def test_the_client_that_is_committed_is_the_one_that_the_schema_and_the_operations_give(checkout):
    compared = filecmp.dircmp(KIT / "custograph_client", checkout / "custograph_client", ignore=["__pycache__"])
    assert (compared.left_only, compared.right_only) == ([], [])
    _, different, unreadable = filecmp.cmpfiles(compared.left, compared.right, compared.common_files, shallow=False)
    assert (different, unreadable) == ([], [])


def test_every_scalar_of_the_schema_is_mapped():
    mapped = tomllib.loads((KIT / "pyproject.toml").read_text())["tool"]["ariadne-codegen"]["scalars"]
    assert sorted(mapped) == sorted(re.findall(r"^scalar (\w+)", SCHEMA, re.MULTILINE))


def test_the_types_are_strict(checkout):
    command = [sys.executable, "-m", "mypy", "--python-executable", str(checkout / ".venv" / "bin" / "python")]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout
    (checkout / "wrong.py").write_text(
        "from custograph_client import Figure\n\ndef f(it: Figure) -> int:\n    return it.amount\n"
    )
    done = subprocess.run([*command, "wrong.py"], cwd=checkout, capture_output=True, text=True, check=False)
    (checkout / "wrong.py").unlink()
    assert 'got "Decimal | None", expected "int"' in done.stdout


def test_amounts_days_and_instants_are_what_python_calls_them(checkout, world):
    told = {"CUSTOGRAPH_URL": world.url, "CUSTOGRAPH_TOKEN": world.token}
    command = [str(checkout / ".venv" / "bin" / "python"), "-c", TYPED]
    done = subprocess.run(
        command, cwd=checkout, env=told, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr


def test_the_report_shows_what_was_counted_by_hand(checkout, world, tmp_path):
    out = tmp_path / "report.html"
    done = run(checkout, "report", "--url", world.url, "--token", world.token, "--out", str(out))
    assert (done.returncode, done.stdout.strip()) == (0, str(out)), done.stderr
    page = out.read_text()
    drawn = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])  # noqa: S314 - our own
    said = ["".join(one.itertext()).strip() for one in drawn.iter("{http://www.w3.org/2000/svg}text")]

    heads = dict(one.split(": ", 1) for one in said if ": " in one)
    assert heads["Customer satisfaction"].startswith("75.0% (")  # six of eight
    assert heads["Net promoter score"].startswith("25.0 (")  # four promoters less two detractors, of eight
    assert heads["Customer retention rate"] == "75.0%"  # three of four
    assert heads["Revenue"] == "€1,234,567,890,123.45"
    # by channel: five of six and one of two; four promoters, and two detractors of four
    assert [said.count(one) for one in ("83.3", "50.0", "-50.0")] == [1, 1, 1]
    # two came in February, of whom one left in April
    assert [one for one in said if one.startswith("February 2026")] == ["February 2026  (2)"]
    assert said[said.index("June 2026  (0)") + 1 :][:5] == ["100", "100", "50", "50", "50"]
    # nothing of it is fetched from anywhere
    assert not re.search(r"<(script|link|img|iframe)|@import|url\(\s*['\"]?http", page)


def test_a_workspace_without_data_is_told_why(checkout, served, tmp_path):
    out = tmp_path / "report.html"
    done = run(checkout, "report", "--url", served.url, "--token", served.token, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert out.read_text().count("– (not set up)") == 2 * 4  # in the tile and above the drawing


def test_it_says_what_it_lacks(checkout, world, tmp_path):
    done = run(checkout, "report", CUSTOGRAPH_TOKEN="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a token is needed" in done.stderr
    for url, token, why in ((world.url, "cgt_none", "401"), ("http://127.0.0.1:1/graphql", world.token, "connect")):
        done = run(checkout, "report", "--url", url, "--token", token, "--out", str(tmp_path / "none.html"))
        assert (done.returncode, list(tmp_path.glob("none*"))) == (1, [])
        assert why in done.stderr
        live = run(checkout, "live", "--url", url, "--token", token)
        assert (live.returncode, live.stdout) == (1, "")
        assert "The server cannot be followed: " in live.stderr
        assert "Traceback" not in done.stderr + live.stderr


def test_a_kpi_is_followed_as_it_moves(checkout, world):
    told = {**os.environ, "CUSTOGRAPH_URL": world.url, "CUSTOGRAPH_TOKEN": world.token}
    command = [str(checkout / ".venv" / "bin" / "python"), str(checkout / "live.py")]
    with subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert line(process) == "2026: 75.0% of 8 answers until 2026-05-10\n"
            world.ask(MORE, more={"rows": answers("CSAT", {"web": [5] * 8})[-2:]})
            assert line(process) == "2026: 80.0% of 10 answers until 2026-05-10\n"
        finally:
            process.terminate()


def line(process):
    """The next line that a program prints."""
    assert select.select([process.stdout], [], [], 60)[0], "nothing came"
    return process.stdout.readline().decode() or process.stderr.read().decode()
