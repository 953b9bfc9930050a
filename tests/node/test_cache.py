"""Figures in Apollo's cache as it comes: components share one page, and none takes from another what it shows."""

import pytest
from components import APART, BOTH, FIGURE, PAGE, SHARED

pytestmark = [pytest.mark.slow, pytest.mark.node]


@pytest.fixture
def page(run, server, answers):
    """What becomes of components that watch these queries."""

    def page_(watched, later=None, *, at_once=True):
        told = run("cache.mjs", **server, watched=watched, later=later, atOnce=at_once)
        assert told["complaints"] == []
        for component in told["components"]:
            assert component["answered"]
            assert component["shown"] == component["answered"]
        return told

    return page_


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one after the other"])
@pytest.mark.parametrize("watched", [*SHARED.values(), *APART.values()], ids=[*SHARED, *APART])
def test_components_settle_after_one_request_each(page, watched, at_once):
    assert page(watched, at_once=at_once)["requests"] == len(watched)


def test_what_two_have_fetched_a_third_need_not_ask_for(page):
    told = page([FIGURE, PAGE], BOTH)
    assert told["requests"] == 2
    assert told["later"]["requests"] == 0
    assert told["later"]["shown"] == told["later"]["answered"]
