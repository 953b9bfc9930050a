"""Attribution by hand: whichever rule shares the credit for a customer, it is one customer that is shared."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.touchpoint import WHOLE
from app.services import attribution
from app.services.attribution import Attribution

WEB, SHOP, MAIL, ADS = (UUID(int=number) for number in range(1, 5))
START = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIRST, LAST, LINEAR, POSITION, DECAY = Attribution


def touches(*channels, days=()):
    """Contacts with these channels, a day apart or on the days given."""
    at = days or range(len(channels))
    return [(START + timedelta(days=day), channel) for day, channel in zip(at, channels, strict=True)]


def share(met, rule):
    """What part of the customer each channel is credited with."""
    return {channel: parts[rule] / WHOLE for channel, parts in attribution.credits(met).items() if parts[rule]}


def test_all_of_it_to_the_first_or_to_the_last():
    met = touches(WEB, SHOP, MAIL)
    assert share(met, FIRST) == {WEB: 1}
    assert share(met, LAST) == {MAIL: 1}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
def test_linear_parts_are_equal_to_the_last_unit(count):
    channels = [UUID(int=number) for number in range(1, count + 1)]
    parts = [parts[LINEAR] for parts in attribution.credits(touches(*channels)).values()]
    assert [part * count for part in parts] == [WHOLE] * count


def test_a_third_each():
    assert {channel: parts[LINEAR] for channel, parts in attribution.credits(touches(WEB, SHOP, MAIL)).items()} == {
        WEB: WHOLE // 3,
        SHOP: WHOLE // 3,
        MAIL: WHOLE // 3,
    }
    assert WHOLE % 3 == 0


def test_whoever_was_met_twice_has_two_parts():
    assert share(touches(WEB, SHOP, WEB), LINEAR) == {WEB: pytest.approx(2 / 3), SHOP: pytest.approx(1 / 3)}
    assert share(touches(WEB, SHOP, WEB), FIRST) == {WEB: 1}
    assert share(touches(WEB, SHOP, WEB), POSITION) == {WEB: 0.8, SHOP: 0.2}


@pytest.mark.parametrize(
    ("channels", "parts"),
    [
        ((WEB,), {WEB: 1}),
        ((WEB, SHOP), {WEB: 0.5, SHOP: 0.5}),  # no middle: half each
        ((WEB, SHOP, MAIL), {WEB: 0.4, SHOP: 0.2, MAIL: 0.4}),
        ((WEB, SHOP, MAIL, ADS), {WEB: 0.4, SHOP: 0.1, MAIL: 0.1, ADS: 0.4}),
        ((WEB, SHOP, SHOP, MAIL, ADS), {WEB: 0.4, SHOP: 2 * 0.2 / 3, MAIL: 0.2 / 3, ADS: 0.4}),
    ],
)
def test_forty_to_each_end_and_twenty_between_them(channels, parts):
    assert share(touches(*channels), POSITION) == pytest.approx(parts, abs=1 / WHOLE)


def test_seven_days_earlier_is_half_as_much():
    # weights 1 and 2: a third and two thirds; then 1, 2 and 4 sevenths
    assert share(touches(WEB, SHOP, days=(0, 7)), DECAY) == {WEB: pytest.approx(1 / 3), SHOP: pytest.approx(2 / 3)}
    assert share(touches(WEB, SHOP, MAIL, days=(0, 7, 14)), DECAY) == pytest.approx(
        {WEB: 1 / 7, SHOP: 2 / 7, MAIL: 4 / 7}, abs=1 / WHOLE
    )
    # half a week weighs √½: 1 ÷ (1 + √2) = 0.41421
    assert share(touches(WEB, SHOP, days=(0, 3.5)), DECAY)[WEB] == pytest.approx(0.41421, abs=1e-5)


def test_only_how_far_touchpoints_lie_apart_matters():
    early, late = touches(WEB, SHOP, days=(0, 7)), touches(WEB, SHOP, days=(700, 707))
    assert attribution.credits(early) == attribution.credits(late)


def test_contacts_at_one_instant_have_the_same_weight():
    assert share(touches(WEB, SHOP, days=(3, 3)), DECAY) == {WEB: 0.5, SHOP: 0.5}


def test_a_contact_of_long_ago_takes_nothing_away():
    assert share(touches(WEB, SHOP, days=(-4000, 0)), DECAY)[SHOP] == pytest.approx(1, abs=1e-5)


histories = st.lists(
    st.tuples(st.floats(0, 3000, allow_nan=False), st.sampled_from([WEB, SHOP, MAIL, ADS])), min_size=1, max_size=40
)


@given(histories)
def test_a_customer_is_shared_whole_by_every_rule(history):
    met = sorted((START + timedelta(days=day), channel) for day, channel in history)
    found = attribution.credits(met)
    assert set(found) <= {channel for _, channel in met}
    for rule in Attribution:
        assert sum(parts[rule] for parts in found.values()) == WHOLE
        assert all(0 <= parts[rule] <= WHOLE for parts in found.values())


@given(histories)
def test_linear_credit_is_how_often_somebody_was_met(history):
    met = sorted((START + timedelta(days=day), channel) for day, channel in history)
    times = Counter(channel for _, channel in met)
    for channel, parts in attribution.credits(met).items():
        due = WHOLE * times[channel] / len(met)
        assert abs(parts[LINEAR] - due) <= times[channel]


@given(histories)
def test_first_and_last_are_the_first_and_the_last(history):
    met = sorted((START + timedelta(days=day), channel) for day, channel in history)
    assert share(met, FIRST) == {met[0][1]: 1}
    assert share(met, LAST) == {met[-1][1]: 1}
