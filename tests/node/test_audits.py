"""The specification "GraphQL over HTTP", as its reference implementation audits it."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.node]


def test_the_endpoint_does_what_the_specification_must_should_and_may_ask(run, server):
    results = run("audit.mjs", **server)
    assert len(results) > 50
    assert [f"{one['id']} {one['name']}: {one['reason']}" for one in results if one["status"] != "ok"] == []
