"""When webhooks are tried again: the waits by hand, their jitter, what receivers ask for, and when it ends."""

from datetime import UTC, datetime, timedelta

import pytest

from app.services.webhook_schedule import asked, is_given_up, wait
from app.settings import Settings

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
WAITS = (5, 300, 1_800)


def test_each_failure_waits_longer_until_the_last():
    assert [wait(attempts, WAITS, 0.5) for attempts in (1, 2, 3, 4, 5)] == [5, 300, 1_800, None, None]
    assert wait(1, (), 0.5) is None


@pytest.mark.parametrize(("chance", "seconds"), [(0, 240), (0.25, 270), (0.5, 300), (1, 360)])
def test_a_wait_is_a_fifth_shorter_or_longer_by_chance(chance, seconds):
    assert wait(2, WAITS, chance) == pytest.approx(seconds)


def test_a_receiver_can_ask_for_more_patience_not_for_less():
    assert wait(1, WAITS, 0.5, asked_s=60) == 60
    assert wait(2, WAITS, 0.5, asked_s=60) == 300
    assert wait(4, WAITS, 0.5, asked_s=60) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("0", 0),
        ("120", 120),
        ("86400", 86_400),
        ("86401", 86_400),  # no longer than a day
        ("9" * 400, 86_400),
        ("-5", 0),
        ("1.5", 0),
        ("١٢", 0),
        ("soon", 0),
        ("Mon, 15 Jun 2026 09:31:30 GMT", 90),
        ("Mon, 15 Jun 2026 09:31:30 -0000", 90),
        ("Mon, 15 Jun 2026 09:29:00 GMT", 0),
        ("Tue, 15 Jun 2027 09:30:00 GMT", 86_400),
        ("Mon, 99 Jun 2026 09:31:30 GMT", 0),
    ],
)
def test_what_retry_after_asks_for(header, seconds):
    assert asked(header, NOW) == seconds


def test_an_endpoint_is_given_up_after_days_without_a_success():
    assert not is_given_up(None, NOW, 5)
    assert not is_given_up(NOW - timedelta(days=5) + timedelta(seconds=1), NOW, 5)
    assert is_given_up(NOW - timedelta(days=5), NOW, 5)


def test_by_default_it_takes_three_days_to_give_up_a_delivery():
    """5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: ten attempts over 75 hours and 35 minutes."""
    waits = Settings().webhook_waits
    assert len(waits) == 9
    assert timedelta(seconds=sum(waits)) == timedelta(hours=75, minutes=35, seconds=5)
