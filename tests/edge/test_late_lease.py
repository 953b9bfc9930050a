"""A lease of points that is late: callers are lent what one part of their bucket holds, once, and it is settled."""

import asyncio
import time
from concurrent.futures import Future
from itertools import count

import pytest
from uuid_utils.compat import uuid7

from app.actor import Actor
from app.edge import quota
from app.edge.quota import Quotas
from app.edge.request import Refused
from app.services.quota import Lease
from app.settings import Settings

PART = 20
SETTINGS = Settings(max_cost=PART, rate_limit_points=400, rate_limit_per_s=1)
"""A bucket of 400 points is leased in 20 parts of 20."""
PATIENCE = 0.1
BUSY = 5.0
"""Seconds after which something has hung."""


class Bucket:
    """A door to a database that answers when it is told to, and holds what is left."""

    def __init__(self):
        self.asked, self.left = [], SETTINGS.rate_limit_points

    def submit(self, _actor, function, _caller, want, terms):
        assert function is quota.quota.lease
        assert terms == (SETTINGS.rate_limit_points, SETTINGS.rate_limit_per_s)
        self.asked.append((want, Future()))
        return self.asked[-1][1]

    def land(self, error=None):
        """Answer what was asked first."""
        want, future = self.asked.pop(0)
        granted = min(want, self.left)
        if error is not None:
            future.set_exception(error)
        else:
            self.left -= granted
            future.set_result(Lease(granted, self.left))
        return granted


class Person:
    """A caller behind one bucket, who notes how long each request of theirs waited."""

    def __init__(self, bucket):
        self.bucket, self.quotas = bucket, Quotas(bucket, SETTINGS)
        self.actor = Actor(uuid7(), "alice", token_id=uuid7())
        self.waited = []

    async def take(self, cost):
        """Whether the points were given."""
        began = time.monotonic()
        (found,) = await asyncio.gather(self.quotas.take(self.actor, cost), return_exceptions=True)
        self.waited.append(time.monotonic() - began)
        if isinstance(found, Refused):
            assert (found.status, found.code) == (429, "RATE_LIMITED")
            assert int(found.headers["retry-after"]) >= 1
            return False
        return found.limit == SETTINGS.rate_limit_points

    async def at_once(self, times, cost):
        """How many of so many requests at once were given their points."""
        return sum(await asyncio.gather(*(self.take(cost) for _ in range(times))))

    async def land(self, **how):
        """Let a lease land and be noticed."""
        under_way = self.quotas._caller(self.actor).leasing
        granted = self.bucket.land(**how)
        await under_way
        return granted


@pytest.fixture
def run(monkeypatch):
    """Runs what a person does."""
    monkeypatch.setattr(quota, "PATIENCE_S", PATIENCE)

    def run_(story):
        async def told():
            async with asyncio.timeout(BUSY):
                await story(Person(Bucket()))

        asyncio.run(told())

    return run_


def test_fifty_requests_behind_a_late_lease_are_lent_one_part_and_no_more(run):
    async def story(alice):
        assert await alice.at_once(50, 2) == PART // 2
        assert len(alice.bucket.asked) == 1  # all of them wait for one lease
        for _ in range(3):
            assert await alice.at_once(50, 2) == 0
        assert not await alice.take(1)
        assert len(alice.bucket.asked) == 1

    run(story)


def test_nobody_waits_more_than_once_for_one_late_lease(run):
    async def story(alice):
        await alice.at_once(50, 2)
        assert all(PATIENCE * 0.9 <= one < PATIENCE * 2 for one in alice.waited)
        alice.waited.clear()
        await alice.at_once(50, 2)
        assert max(alice.waited) < PATIENCE / 2  # it is known to be late

    run(story)


def test_who_comes_while_others_wait_waits_no_longer_than_they(run):
    async def story(alice):
        first = asyncio.create_task(alice.take(2))
        await asyncio.sleep(PATIENCE / 2)
        assert await alice.take(2)
        assert await first
        assert max(alice.waited) < PATIENCE * 2

    run(story)


def test_what_was_lent_is_settled_when_the_lease_lands(run):
    async def story(alice):
        assert await alice.at_once(3, 2) == 3
        assert await alice.land() == PART  # of which 6 were used already
        rate = alice.quotas.settle(alice.actor, 0, 0)
        assert rate.remaining == SETTINGS.rate_limit_points - 6
        assert await alice.at_once(5, 2) == 5  # without a word with the database, but for what it fetches meanwhile
        assert alice.quotas.settle(alice.actor, 0, 0).remaining == SETTINGS.rate_limit_points - 16

    run(story)


def test_what_is_given_back_meanwhile_is_lent_again(run):
    async def story(alice):
        assert await alice.take(PART)
        assert not await alice.take(1)
        alice.quotas.settle(alice.actor, PART, 5)  # it was estimated at 20 and cost 5
        assert await alice.at_once(5, 5) == 3
        await alice.land()
        assert alice.quotas.settle(alice.actor, 0, 0).remaining == SETTINGS.rate_limit_points - 20

    run(story)


def test_an_empty_bucket_is_in_debt_by_what_was_lent(run):
    async def story(alice):
        alice.bucket.left = 0
        assert await alice.take(PART)
        assert await alice.land() == 0
        for _ in range(3):
            assert not await alice.take(1)
        assert alice.bucket.asked == []  # nothing is there, as the lease said
        assert alice.quotas._caller(alice.actor).held == -PART

    run(story)


@pytest.mark.slow
def test_however_often_leases_are_late_no_more_is_given_than_there_is(run):
    async def story(alice):
        given = 0
        for _ in count():
            given += 2 * await alice.at_once(30, 2)
            if not alice.bucket.asked:
                break
            while alice.bucket.asked:
                await alice.land()
        assert SETTINGS.rate_limit_points - PART <= given <= SETTINGS.rate_limit_points + 2 * BUSY

    run(story)


def test_one_callers_late_lease_is_not_anothers(run):
    async def story(alice):
        bob = Actor(alice.actor.tenant_id, "bob", token_id=uuid7())
        await alice.at_once(30, 2)
        alice.actor = bob
        assert await alice.at_once(30, 2) == PART // 2

    run(story)


def test_after_a_late_lease_the_next_one_is_waited_for(run):
    async def story(alice):
        assert await alice.take(2)
        await alice.land()  # 18 are held
        assert await alice.take(16)  # by which the next part is asked for
        assert len(alice.bucket.asked) == 1
        asked = [asyncio.create_task(alice.take(10)) for _ in range(4)]
        await asyncio.sleep(PATIENCE / 5)
        for _ in range(4):
            if alice.bucket.asked:
                await alice.land()  # in time
        assert await asyncio.gather(*asked) == [True] * 4

    run(story)


def test_reads_go_on_where_no_lease_can_be_had(run):
    async def story(alice):
        asked = asyncio.create_task(alice.take(2))
        await asyncio.sleep(PATIENCE / 5)
        await alice.land(error=RuntimeError("busy"))
        assert await asked

    run(story)
