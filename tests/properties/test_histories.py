"""Whatever happens, in whatever order: what was added up = what a rebuild adds up = what counting everything gives."""

from random import Random

import account_oracle
import conversation_oracle
import index_oracle
import lead_oracle
import money_oracle
import oracle
import people_oracle
import prediction_oracle
import pytest
import stored
import survey_books
import tenure_oracle
from history import History

from app.kpis import CATALOGUE, CUBES
from app.kpis.dimension import JOINED

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Pacific/Auckland", "UTC")


def test_there_is_a_second_opinion_on_every_kpi():
    others = (
        account_oracle,
        money_oracle,
        lead_oracle,
        conversation_oracle,
        people_oracle,
        prediction_oracle,
        survey_books,
        tenure_oracle,
        index_oracle,
    )
    known = set(oracle.KNOWN).union(*(other.KPIS for other in others))
    assert known == {(kpi.key, variant.key) for kpi in CATALOGUE.values() for variant in kpi.variants}


def test_there_is_a_second_opinion_on_every_measure():
    assert {name: set(measures) for name, measures in oracle.MEASURES.items()} == {
        name: {measure.name for measure in CUBES[name].measures} for name in oracle.MEASURES
    }


def test_there_is_a_second_opinion_on_every_dimension():
    for key in {key for key, _ in oracle.KNOWN}:
        assert set(oracle.dimensions(key)) == set(CATALOGUE[key].dimensions) - {"CUSTOMER"} - JOINED


def tell(workspace_of, database, clock, seed, steps, *, dims=slice(None)):
    """A history of so many steps, every second one without rebuilds, so that all that was known stays known."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    zone = ZONES[seed % len(ZONES)]
    story = History(workspace_of(time_zone=zone), clock, rng, time_zone=zone)
    if seed % 2:
        story.rebuild_some = story.compact
    story.check()
    story.tell_customers(15)
    story.tell_feedback(30)
    for number in range(steps):
        story.step()
        if number % (steps // 4) == 0:
            story.check()
    story.known[story.today] = story.world.copy()
    story.check(thoroughly=True, dims=dims)
    cells = stored.assert_rollups_are_the_facts(database, story.people.id)
    story.compact()
    assert stored.assert_rollups_are_the_facts(database, story.people.id) == cells
    story.finish_rebuild()
    assert stored.assert_rollups_are_the_facts(database, story.people.id) == cells
    story.check()


@pytest.mark.parametrize("seed", [0])
def test_any_history_adds_up(make_workspace, database, clock, seed):
    tell(make_workspace, database, clock, seed, 28, dims=slice(seed % 2, None, 2))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
def test_any_long_history_adds_up(make_workspace, database, clock, seed):
    tell(make_workspace, database, clock, seed, 100)
