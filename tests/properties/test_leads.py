"""Whatever happens to leads, in whatever order: what was added up is what counting everything gives."""

from random import Random

import pytest
from lead_history import LeadHistory
from lead_oracle import KPIS, dimensions
from trading import assert_a_rebuild_changes_nothing

from app.kpis import CATALOGUE
from app.kpis.dimension import JOINED, Dimension

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Pacific/Auckland", "UTC")


def test_there_is_a_second_opinion_on_every_variant_and_dimension():
    assert set(KPIS) == {(key, variant.key) for key, _ in KPIS for variant in CATALOGUE[key].variants}
    for key, variant in KPIS:
        cut = {dim for dim in Dimension if CATALOGUE[key].variant(variant).cut_by(dim)}
        assert set(dimensions(key)) == cut - {"CUSTOMER"} - JOINED, key


def tell(workspace_of, database, clock, seed, steps):
    """A story of so many steps, checked on the way, and once more after everything was rebuilt."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    zone = ZONES[seed % len(ZONES)]
    story = LeadHistory(workspace_of(time_zone=zone), clock, rng, time_zone=zone)
    story.begin()
    for number in range(steps):
        story.step()
        if number % 10 == 9:
            story.check_on_the_way()
    story.settle()
    story.check()
    assert_a_rebuild_changes_nothing(database, story.people)
    story.settle()
    story.check(rng.sample(list(KPIS), 4))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_any_history_of_leads_adds_up(make_workspace, database, clock, seed):
    tell(make_workspace, database, clock, seed, 30)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 103))
def test_any_long_history_of_leads_adds_up(make_workspace, database, clock, seed):
    tell(make_workspace, database, clock, seed, 120)
