"""Whatever a rule asks: who meets it is whom plain Python finds, in a preview and in a segment, on both databases."""

from random import Random

import pytest
import stored
from segment_story import Story

from app.services import rfv, segment


def names(database, people):
    """What each customer is called."""
    return {row["customer_id"]: row["external_id"] for row in stored.rows(database, "customer_external_id", people.id)}


def check(story, database, rules):
    called = names(database, story.people)
    for number, rule in enumerate(rules):
        expected = story.world.members(rule)
        found = story.people.read(segment.preview, rule, 500)
        assert {called[id_] for id_ in found.customer_ids} == expected, rule
        assert found.count == len(expected), rule
        if number % 5 == 0:
            row = {"external_id": f"s{number % 10}", "name": "S", "rule": rule}
            made, _ = story.people.write(segment.upsert, row)
            rows = stored.rows(database, "segment_member", story.people.id)
            current = [r for r in rows if r["segment_id"] == made.id and r["ends_on"].year == 9999]
            assert {called[r["customer_id"]] for r in current} == expected, rule


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 3))])
def test_who_meets_a_rule_is_whom_plain_python_finds(workspace, database, seed):
    story = Story(workspace, Random(seed))  # noqa: S311 - repeatable, not secret
    check(story, database, [leaf() for leaf in story.leaves()])
    check(story, database, [story.rule() for _ in range(15)])


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 3))])
def test_grades_and_classes_are_what_plain_python_finds(workspace, database, seed):
    story = Story(workspace, Random(seed), 25)  # noqa: S311 - repeatable, not secret
    called = names(database, workspace)
    found = {called[id_]: one for id_, one in workspace.read(rfv.grades, list(called)).items()}
    told = {name: (one.recency, one.frequency, one.value) for name, one in found.items()}
    expected = {name: story.world.grades(name) for name in story.world.people}
    assert told == {name: one for name, one in expected.items() if one}
    assert {name: one.of.value for name, one in found.items()} == {name: story.world.class_of(name) for name in told}
    shares, currency = workspace.read(rfv.classes)
    assert currency == "EUR"
    for one in shares:
        members = [name for name in told if story.world.class_of(name) == one.of.value]
        assert one.customers == len(members)
        kept = sum(kept for name in members for _, kept in story.world.people[name].purchases())
        assert int(one.revenue * 100) == kept
    assert sum(one.customer_share for one in shares) == pytest.approx(1)
    assert sum(one.revenue_share for one in shares) == pytest.approx(1)
