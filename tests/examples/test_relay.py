"""The kit for Relay as it is copied: it compiles, shows what was recorded, and its components share Relay's store."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from components import APART, BOTH, FIGURE, PAGE, SHARED
from npm import installed, ran, running, told

from app.actor import ORDINARY, Scope
from app.services import token

pytestmark = [pytest.mark.slow, pytest.mark.node]

HERE = Path(__file__).parent
CARDS = """\
Customer satisfaction  100.0%  of 12  75.8 to 100.0  +50.0 points
Net promoter score  30.0  of 10  -24.1 to 70.3
Customer retention rate  83.3%  of 6  -16.7 points
Customer response time  – (not set up)
Customer acquisition cost  – (not set up)
Customer lifetime value  – (not set up)
"""
A_YEAR_LATER = datetime(2027, 6, 15, 9, 30, tzinfo=UTC)
TURNED = {
    "Customer satisfaction  – (no data)",
    "Net promoter score  – (no data)",
    "Customer retention rate  100.0%  of 6  +16.7 points",
}
SATISFIED = "{ kpi(key: CSAT, period: {named: THIS_YEAR}) { id display } }"
DISSATISFIED = """
mutation {
  feedbackRecord(input: {externalId: "late", kind: CSAT, score: 1, occurredAt: "2026-05-10"}) { outcome }
}
"""
LAST = "what two have fetched, a third need not ask for"
PAGES = {"a refetched figure": [SATISFIED], **SHARED, **APART, LAST: [FIGURE, PAGE]}


@pytest.fixture(scope="session")
def kit(tmp_path_factory) -> Path:
    kit = installed(HERE.parents[1] / "examples" / "relay", tmp_path_factory)
    done = ran(kit, "npm", "run", "build")
    assert done.returncode == 0, done.stdout + done.stderr
    return kit


@pytest.fixture
def place(server) -> dict[str, str]:
    return {"CUSTOGRAPH_URL": server["url"], "CUSTOGRAPH_TOKEN": server["token"]}


def documents(name: str, queries: list[str]) -> str:
    """Queries as Relay wants them, named after their module."""
    return ", ".join(f"graphql`query pages{name}x{place}Query {query}`" for place, query in enumerate(queries))


def pages() -> str:
    """A module with the queries of every page: which are asked, and which are then read."""
    told = [
        f"{{ asked: [{documents(f'{number}', queries)}], shown: [{documents(f'{number}Read', read)}], plain: {read} }}"
        for number, (name, queries) in enumerate(PAGES.items())
        for read in [[BOTH] if name == LAST else queries]
    ]
    return 'import { graphql } from "react-relay";\nexport const pages = [' + ",\n".join(told) + "];\n"


def test_it_prints_what_was_recorded_and_every_customer_once(kit, place, records):
    done = ran(kit, "node", "dist/print.js", "3", **place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == CARDS + "".join(f"{name}\n" for name in reversed(records))


def test_a_figure_that_is_refused_says_why_and_spoils_no_other(kit, place, door, workspace, records):
    secret = token.create(door, workspace.id, "few", scopes=ORDINARY - {Scope.KPI_READ})
    done = ran(kit, "node", "dist/print.js", **place | {"CUSTOGRAPH_TOKEN": secret})
    refused = "This needs the scope kpi:read, which the token does not have.\n"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == 6 * refused + "".join(f"{name}\n" for name in reversed(records))


def test_it_says_why_there_is_no_answer(kit, place):
    done = ran(kit, "node", "dist/print.js", **place | {"CUSTOGRAPH_TOKEN": "cgt_unknown"})
    assert (done.returncode, done.stdout, done.stderr) == (1, "The token is not one of ours.\n", "")


def test_what_is_shown_changes_with_what_is_recorded_and_as_periods_turn(kit, place, records, ask, clock):
    with running(kit, "node", "dist/print.js", "--live", **place) as lines:
        assert [next(lines) for _ in range(13)] == [*CARDS.splitlines(), *reversed(records)]
        ask(DISSATISFIED)
        assert next(lines) == "Customer satisfaction  92.3%  of 13  66.7 to 98.6  +42.3 points"
        clock.set(A_YEAR_LATER)
        assert {next(lines) for _ in range(3)} == TURNED


def test_components_share_the_store_and_a_figure_is_refetched_by_its_id(kit, server, records):
    shutil.copy(HERE / "store.ts", kit / "src")
    (kit / "src" / "pages.ts").write_text(pages())
    for command in (["npx", "relay-compiler"], ["node", "build.mjs", "src/store.ts"]):
        done = ran(kit, *command)
        assert done.returncode == 0, done.stdout + done.stderr
    found = told(kit, "dist/store.js", server=server, mutation=DISSATISFIED)
    assert found["complaints"] == []
    for name, page in zip(PAGES, found["pages"], strict=True):
        for component in page:
            assert component["answered"], name
            assert component["shown"] == component["answered"], name
    assert [answer["kpi"]["display"] for answer in found["refetched"]] == ["100.0%", "100.0%", "92.3%"]
