"""The kit for Relay as it is copied: it compiles, shows what was recorded, and its components share Relay's store."""

import shutil
from pathlib import Path

import pytest
from components import APART, BOTH, FIGURE, PAGE, SHARED
from npm import installed, ran, told

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
def start(kit, server):
    def start_(*arguments: str, **environment: str):
        told = {"CUSTOGRAPH_URL": server["url"], "CUSTOGRAPH_TOKEN": server["token"], **environment}
        return ran(kit, "node", "dist/print.js", *arguments, **told)

    return start_


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


def test_it_prints_what_was_recorded_and_every_customer_once(start, records):
    done = start("3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == CARDS + "".join(f"{name}\n" for name in reversed(records))


def test_a_figure_that_is_refused_says_why_and_spoils_no_other(start, door, workspace, records):
    secret = token.create(door, workspace.id, "few", scopes=ORDINARY - {Scope.KPI_READ})
    done = start(CUSTOGRAPH_TOKEN=secret)
    refused = "This needs the scope kpi:read, which the token does not have.\n"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == 6 * refused + "".join(f"{name}\n" for name in reversed(records))


def test_it_says_why_there_is_no_answer(start):
    done = start(CUSTOGRAPH_TOKEN="cgt_unknown")
    assert (done.returncode, done.stdout, done.stderr) == (1, "The token is not one of ours.\n", "")


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
