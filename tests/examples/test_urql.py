"""The kit for urql as it is copied: it compiles, prints what was recorded, and its components share Graphcache."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from components import APART, BOTH, FIGURE, PAGE, SHARED
from npm import installed, ran, running, told

pytestmark = [pytest.mark.slow, pytest.mark.node]

HERE = Path(__file__).parent
HEAD = """\
Customer satisfaction                       100.0%        ▁▁▁▁▁   of 12, 75.8 to 100.0, +50.0 points, ON_TRACK
Net promoter score                            30.0            ▁   of 10, -24.1 to 70.3
Customer retention rate                      83.3%  ████████▁███  of 6, -16.7 points
Customer response time              – (not set up)
Customer acquisition cost            – (not set up)
Customer lifetime value             – (not set up)

"""
MOVED = "Customer satisfaction                        92.3%        ████▁   of 13, 66.7 to 98.6, +42.3 points, ON_TRACK"
# nobody has said anything for a year, and the target's own year ended with 12 of 13 above its 90 %
A_YEAR_LATER = datetime(2027, 6, 15, 9, 30, tzinfo=UTC)
TURNED = """\
Customer satisfaction                  – (no data)                MET
Net promoter score                     – (no data)
Customer retention rate                     100.0%  ▁▁▁▁▁▁▁▁▁▁▁▁  of 6, +16.7 points
"""
WRONG = '{ kpi(key: CSAT, period: {range: {from: "2026-02-01", before: "2026-01-01"}}) { id display } }'
SATISFIED = "{ kpi(key: CSAT, period: {named: THIS_YEAR}) { id display numerator denominator } }"
DISSATISFIED = """
mutation {
  feedbackRecord(input: {externalId: "late", kind: CSAT, score: 1, occurredAt: "2026-05-10"}) { outcome }
}
"""


@pytest.fixture(scope="session")
def kit(tmp_path_factory) -> Path:
    kit = installed(HERE.parents[1] / "examples" / "urql", tmp_path_factory)
    done = ran(kit, "npm", "run", "build")
    assert done.returncode == 0, done.stdout
    return kit


@pytest.fixture
def place(server) -> dict[str, str]:
    return {"CUSTOGRAPH_URL": server["url"], "CUSTOGRAPH_TOKEN": server["token"]}


@pytest.fixture
def watch(kit, server, records):
    """What becomes of pages whose components share a cache."""
    shutil.copy(HERE / "graphcache.mjs", kit)

    def watch_(*pages):
        found = told(kit, "graphcache.mjs", server=server, pages=pages)
        assert found["complaints"] == []
        return found["pages"]

    return watch_


def settled(page, requests: int, afterwards: int = 0) -> bool:
    """Whether all components show what the server answers, after so many requests at first and later."""
    assert [one["shown"] for one in page["components"]] == [one["answered"] for one in page["components"]]
    assert [one["error"] for one in page["components"]] == [None] * len(page["components"])
    return (page["requests"], page["afterwards"]) == (requests, afterwards)


def test_it_prints_what_was_recorded_and_every_customer_once(kit, place, records):
    done = ran(kit, "node", "dist/main.js", "3", **place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == HEAD + "7 customers\n" + "".join(f"  {name}\n" for name in reversed(records))


def test_it_says_why_there_is_no_answer(kit, place):
    done = ran(kit, "node", "dist/main.js", **place | {"CUSTOGRAPH_TOKEN": "cgt_unknown"})
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "[GraphQL] The token is not one of ours.\n")


def test_what_is_shown_changes_with_what_is_recorded_and_as_periods_turn(kit, place, records, ask, clock):
    with running(kit, "node", "dist/live.js", **place) as lines:
        assert [next(lines) for _ in range(6)] == HEAD.splitlines()[:6]
        ask(DISSATISFIED)
        assert next(lines) == MOVED
        clock.set(A_YEAR_LATER)
        assert [next(lines) for _ in range(3)] == TURNED.splitlines()


def test_components_settle_after_one_request_each(watch):
    pages = SHARED | APART
    for name, page in zip(pages, watch(*({"watched": queries} for queries in pages.values())), strict=True):
        assert settled(page, len(pages[name])), name


def test_what_two_have_fetched_a_third_need_not_ask_for(watch):
    (page,) = watch({"watched": [FIGURE, PAGE], "later": BOTH})
    assert settled(page, 2)


def test_a_refused_component_asks_once_and_leaves_the_others_alone(watch):
    (page,) = watch({"watched": [WRONG, FIGURE]})
    assert (page["requests"], page["afterwards"]) == (2, 0)
    refused, answered = page["components"]
    assert (refused["shown"], refused["answered"]) == (None, {"kpi": None})
    assert refused["error"].startswith("[GraphQL] ")
    assert answered["shown"] == answered["answered"]


def test_after_a_write_what_is_shown_is_asked_again(watch):
    (page,) = watch({"watched": [SATISFIED], "written": DISSATISFIED})
    assert settled(page, 1, 2)  # the write, and the question
    kpi = page["components"][0]["shown"]["kpi"]
    assert (kpi["display"], kpi["numerator"], kpi["denominator"]) == ("92.3%", 12, 13)
