"""Whatever happens to orders, refunds, costs and rates: what was added up is what counting everything gives."""

from random import Random

import pytest
import stored
from money_history import MoneyHistory
from money_oracle import KPIS, dimensions
from prediction_oracle import KPIS as PREDICTED

from app.kpis import CATALOGUE
from app.kpis.dimension import JOINED, Dimension

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Pacific/Auckland", "UTC")


def test_there_is_a_second_opinion_on_every_variant():
    assert set(KPIS) | PREDICTED == {(key, variant.key) for key, _ in KPIS for variant in CATALOGUE[key].variants}


@pytest.mark.parametrize("name", KPIS, ids="-".join)
def test_there_is_a_second_opinion_on_every_dimension(name):
    variant = CATALOGUE[name[0]].variant(name[1])
    assert set(dimensions(*name)) == {dim for dim in Dimension if variant.cut_by(dim)} - {"CUSTOMER"} - JOINED


def tell(workspace_of, database, clock, seed, steps):
    """A story of so many steps, checked on the way, with all rates, and once more after everything was rebuilt."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    zone = ZONES[seed % len(ZONES)]
    story = MoneyHistory(workspace_of(time_zone=zone), clock, rng, time_zone=zone)
    story.begin()
    for number in range(steps):
        story.step()
        if number % 15 == 14:
            story.check_on_the_way()
    story.settle()
    story.check()
    story.tell_all_rates()
    story.settle()
    story.check()
    story.finish_rebuild()
    story.check(rng.sample(list(KPIS), 8))
    names = {row["external_id"] for row in stored.rows(database, "customer_external_id", story.people.id)}
    assert names == {*story.world.people, *story.world.aliases}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_any_history_of_money_adds_up(make_workspace, database, clock, seed):
    tell(make_workspace, database, clock, seed, 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 103))
def test_any_long_history_of_money_adds_up(make_workspace, database, clock, seed):
    tell(make_workspace, database, clock, seed, 120)
