"""One KPI followed by the clients that people use, each over the transport that it speaks."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.node]


def test_every_client_is_told_how_the_kpi_moves(run, server, answers):
    # 18 of 24 are content; then 19 of 25, 20 of 26 and 20 of 27
    moved = ["75.0%", "76.0%", "76.9%", "74.1%"]
    assert run("live.mjs", **server, scores=[5, 5, 1]) == {
        "graphql-ws": moved,
        "graphql-sse": moved,
        "apollo": moved,
        "urql": moved,
    }
