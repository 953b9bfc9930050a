"""Whatever happens in conversations and in whatever order it is told: what was added up is what counting all gives."""

from random import Random

import pytest
import stored
from conversation_history import ConversationHistory
from conversation_oracle import DIMENSIONS, KPIS
from trading import assert_a_rebuild_changes_nothing

from app.kpis import CATALOGUE, service
from app.kpis.dimension import JOINED, Dimension
from app.models.base import TRAITS

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Pacific/Auckland", "UTC")


def test_there_is_a_second_opinion_on_every_variant():
    assert set(KPIS) == {(kpi.key, variant.key) for kpi in service.KPIS for variant in kpi.variants}


@pytest.mark.parametrize("name", KPIS, ids="-".join)
def test_there_is_a_second_opinion_on_every_dimension(name):
    variant = CATALOGUE[name[0]].variant(name[1])
    assert {dim for dim in Dimension if variant.cut_by(dim)} - {"CUSTOMER", "TEAM"} - JOINED == set(DIMENSIONS)


def assert_turns_are_of_their_interactions(database, people):
    """Whatever an interaction is cut by, its turns are cut by."""
    shared = ("customer_id", "channel_id", "product", "campaign", "journey_stage", "reason", *TRAITS)
    held = {row["id"]: row for row in stored.rows(database, "interaction", people.id)}
    found = stored.rows(database, "turn", people.id)
    assert found
    for turn in found:
        of = held[turn["interaction_id"]]
        assert of["deleted_at"] is None
        assert [turn[name] for name in shared] == [of[name] for name in shared]


def tell(workspace_of, database, clock, seed, steps, *, is_long=False):
    """A story of so many steps, checked on the way, and once more after everything was rebuilt."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    zone = ZONES[seed % len(ZONES)]
    story = ConversationHistory(workspace_of(time_zone=zone), clock, rng, database, time_zone=zone, is_long=is_long)
    story.begin()
    for number in range(steps):
        story.step()
        if number % 12 == 11:
            story.settle()
            story.check(rng.sample(list(KPIS), 3))
    story.settle()
    story.check()
    assert_turns_are_of_their_interactions(database, story.people)
    assert assert_a_rebuild_changes_nothing(database, story.people)
    story.check(rng.sample(list(KPIS), 3))


@pytest.mark.parametrize("seed", [0])
def test_any_history_of_conversations_adds_up(make_workspace, database, clock, seed):
    tell(make_workspace, database, clock, seed, 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
def test_any_long_history_of_conversations_adds_up(make_workspace, database, clock, seed):
    tell(make_workspace, database, clock, seed, 80, is_long=True)
