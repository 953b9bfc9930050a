"""Manifests of trusted documents that are none stop the start, and say why."""

import pytest
from pydantic import ValidationError
from wire import Wire

from app.settings import Settings

ASK = "{ workspace { name } }"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"a": "\xff"}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"null", "must hold texts by id"),
        (b"5", "must hold texts by id"),
        ([], "must hold texts by id"),
        (["{ a }"], "must hold texts by id"),
        ({"a": 5}, "must hold texts by id"),
        ({"a": None}, "must hold texts by id"),
        ({"a": {"body": "{ a }"}}, "must hold texts by id"),
        ({"operations": [{"id": "a"}]}, "must hold texts by id"),
        ({"operations": [{"id": "a", "body": 5}]}, "must hold texts by id"),
        ({"format": "apollo-persisted-query-manifest", "version": 1, "operations": {}}, "must hold texts by id"),
    ],
)
def test_a_manifest_that_is_none_stops_the_start_with_a_sentence(serve, write, content, why):
    manifest = write(content)
    with pytest.raises(ValueError, match=f"The manifest of trusted documents .*{why}") as refused:
        serve(trusted_documents=manifest)
    assert str(manifest) in str(refused.value)
    assert refused.value.__cause__ is None
    assert len(str(refused.value).split("(")[0]) < 150


@pytest.mark.parametrize("entry", [5, None, "{ a }", {"body": "{ a }"}, {"id": 5, "body": "{ a }"}])
def test_an_entry_that_is_none_stops_the_start_with_a_sentence(serve, write, entry):
    with pytest.raises(ValueError, match="The manifest of trusted documents"):
        serve(trusted_documents=write({"operations": [{"id": "who", "body": ASK}, entry]}))


def test_a_manifest_that_is_missing_stops_the_start_with_a_sentence(serve, tmp_path):
    for path in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(ValueError, match="The manifest of trusted documents cannot be read") as refused:
            serve(trusted_documents=path)
        assert str(path) in str(refused.value)


def test_an_empty_manifest_is_one(serve, token, write):
    for content in ({}, {"operations": []}):
        alice = Wire(serve(trusted_documents=write(content), only_trusted_documents=True), token)
        assert alice.post({"documentId": "who"}).code == "PERSISTED_QUERY_NOT_FOUND"
        assert alice.post({"query": ASK}).code == "QUERY_NOT_TRUSTED"


def test_settings_that_contradict_each_other_are_refused(tmp_path):
    for names, settings in (
        (("only_trusted_documents", "trusted_documents"), {"only_trusted_documents": True}),
        (("rate_limit_points", "max_cost"), {"rate_limit_points": 99, "max_cost": 100}),
    ):
        with pytest.raises(ValidationError) as refused:
            Settings(**settings)
        (error,) = refused.value.errors()
        for name in names:
            assert name in f"{error['loc']} {error['msg']}"
    assert Settings(only_trusted_documents=True, trusted_documents=tmp_path / "x").trusted_documents
    assert Settings(rate_limit_points=0, max_cost=100).rate_limit_points == 0
    assert Settings(rate_limit_points=100, max_cost=100).max_cost == 100
