"""Answers with a publishable key: they are added, nothing is changed by them, and nothing can be found out with one."""

import itertools

import pytest
from asking import Caller

from app.services import survey, token
from app.services.page import Slice

ANSWER = (
    "mutation($input: AnswerRecordInput!) { answerRecord(input: $input) { accepted userErrors { code message path } } }"
)
SAID = {"kind": "CSAT", "score": 4, "occurredAt": "2026-06-01T10:00:00Z"}
TAKEN = {"accepted": True, "userErrors": []}


@pytest.fixture
def door(open_door):
    return open_door(answers_per_minute_and_address=100_000)


@pytest.fixture
def furnished(alice, workspace):
    """A survey with a question, a channel, a customer, two invitations, and an answer."""
    question = {"key": "q", "kind": "CSAT", "scale_worst": 1, "scale_best": 5}
    workspace.write(survey.upsert, {"external_id": "after", "name": "After", "questions": [question]})
    workspace.write(survey.upsert, {"external_id": "other", "name": "Other"})
    alice.channel("web")
    alice.customer("ann", name="Ann")
    for key, asked in (("asked", "after"), ("elsewhere", "other")):
        sent = {"externalId": key, "occurredAt": "2026-05-30", "customer": {"externalId": "ann"}}
        alice.write("invitationRecord", sent | {"survey": {"externalId": asked}}, "outcome")
    alice.feedback({"externalId": "there", "kind": "CSAT", "score": 5, "comment": "mine", "occurredAt": "2026-05-31"})
    return workspace


@pytest.fixture
def widget(api, furnished):
    """Whoever reads the key out of a page."""
    return Caller(api, api.token(furnished, publishable={"origins": []}, name="widget"))


def send(widget, external_id="new", **given):
    return widget.one(ANSWER, {"input": SAID | {"externalId": external_id} | given})


def found(alice, external_id, selection):
    return alice.one(f'{{ feedbackItem(by: {{externalId: "{external_id}"}}) {{ {selection} }} }}')


def test_an_answer_is_recorded_with_what_it_names(widget, alice):
    assert send(widget, "a1", survey="after", question="q", channel="web", customer="ann", comment="fine") == TAKEN
    told = "kind score origin comment question survey { externalId } channel { externalId } customer { name isStub }"
    assert found(alice, "a1", told) == {
        "kind": "CSAT",
        "score": 4,
        "origin": "WIDGET",
        "comment": "fine",
        "question": "q",
        "survey": {"externalId": "after"},
        "channel": {"externalId": "web"},
        "customer": {"name": "Ann", "isStub": False},
    }
    assert send(widget, "a2", invitation="asked") == TAKEN
    assert found(alice, "a2", "customer { name } survey { externalId } invitation { externalId }") == {
        "customer": {"name": "Ann"},
        "survey": {"externalId": "after"},
        "invitation": {"externalId": "asked"},
    }
    assert widget.one(ANSWER, {"input": {"externalId": "a3", "kind": "NPS", "score": 9}}) == TAKEN
    assert found(alice, "a3", "occurredAt") == {"occurredAt": "2026-06-15T09:30:00Z"}


def test_what_is_there_is_never_changed_and_the_answer_is_the_same(widget, alice, dump):
    assert send(widget, "a1") == TAKEN
    alice.write(
        "feedbackDeleteBatch", {"rows": [{"externalId": "gone", "sourceUpdatedAt": "2026-06-02"}]}, "counts { deleted }"
    )
    before = dump()
    for again in ({}, {"score": 1}, {"comment": "other"}, {"customer": "nobody"}, {"invitation": "asked"}):
        assert send(widget, "a1", **again) == TAKEN
        assert send(widget, "there", **again) == TAKEN
        assert send(widget, "gone", **again) == TAKEN
    assert dump() == before


PEOPLE = [("customer", "ann", "nobody"), ("invitation", "asked", "unknown"), ("invitation", "elsewhere", "unknown")]
MISTAKES = [
    {},
    {"score": 9},
    {"score": None},
    {"kind": None},
    {"survey": "after"},
    {"survey": "after", "question": "q", "score": 9},
    {"survey": "after", "question": "nothing"},
    {"survey": "nothing"},
    {"channel": "nothing"},
    {"question": "q"},
    {"occurredAt": "1800-01-01"},
    {"occurredAt": "2026-05-01T00:00:00Z"},
    {"occurredAt": "2027-01-01T00:00:00Z"},
    {"comment": "x" * 10_001},
]


def test_nobody_finds_out_who_or_what_is_there(widget):
    """Whatever else is right or wrong: of two answers, one about what is there, the same is told, byte by byte."""
    fresh = (f"n{number}" for number in itertools.count())

    def told(**given):
        body = {"query": ANSWER, "variables": {"input": SAID | given}}
        return widget.api.request("POST", "/graphql", json=body, headers=widget.headers()).content

    for mistake in MISTAKES:
        for name, there, unknown in PEOPLE:
            one, other = (told(externalId=next(fresh), **mistake, **{name: value}) for value in (there, unknown))
            assert one == other, (mistake, name)
        assert told(externalId=next(fresh), **mistake) == told(externalId="there", **mistake), mistake


def test_what_is_wrong_with_the_answer_is_told_and_nothing_is_stored(widget, dump):
    before = dump()
    for given, problems in (
        ({"score": 9}, [("OUT_OF_RANGE", ["score"])]),
        ({"kind": None}, [("REQUIRED", ["kind"])]),
        ({"survey": "nothing"}, [("NOT_FOUND", ["survey"])]),
        ({"channel": "nothing"}, [("NOT_FOUND", ["channel"])]),
        ({"question": "q"}, [("REQUIRED", ["survey"])]),
        ({"customer": "ann", "invitation": "asked"}, [("CONFLICT", ["customer"])]),
        ({"externalId": ""}, [("REQUIRED", ["externalId"])]),
        ({"comment": "x" * 10_001}, [("TOO_LONG", ["comment"])]),
    ):
        payload = send(widget, **given)
        assert payload["accepted"] is False, given
        assert [(one["code"], one["path"]) for one in payload["userErrors"]] == problems
    assert dump() == before


def test_who_is_not_known_yet_is_kept_as_a_stub_and_known_later(widget, alice):
    assert send(widget, "a1", customer="later") == TAKEN
    assert found(alice, "a1", "customer { isStub name }") == {"customer": {"isStub": True, "name": None}}
    alice.customer("later", name="Late Lee")
    assert found(alice, "a1", "customer { isStub name }") == {"customer": {"isStub": False, "name": "Late Lee"}}


def test_a_key_of_another_source_or_workspace_meets_nothing_of_this_one(api, furnished, elsewhere, alice, dump):
    other = Caller(api, api.token(furnished, publishable={"origins": []}, source="app"))
    assert send(other, "there", score=1) == TAKEN
    assert found(alice, "there", "score comment") == {"score": 5, "comment": "mine"}
    mine = dump(of=furnished)
    charlie = Caller(api, api.token(elsewhere, publishable={"origins": []}))
    assert send(charlie, "there", score=1, customer="ann") == TAKEN
    assert dump(of=furnished) == mine


def test_a_revoked_key_records_nothing(api, furnished, widget, dump):
    (row,) = [row for row in furnished.read(token.page, Slice(first=9)).rows if row.name == "widget"]
    furnished.write(token.revoke, token.ids.encode("Token", row.id))
    before = dump()
    assert widget.post(ANSWER, {"input": SAID | {"externalId": "new"}}).status_code == 401
    assert dump() == before
