"""How much each caller may ask for: points of their bucket, leased from the database in large parts, and places."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from time import monotonic

import structlog

from app.actor import Actor, system
from app.edge.request import Refused
from app.schema.context import Rate
from app.services import quota
from app.services.quota import Lease, Terms
from app.settings import Settings
from app.text import Text
from app.uow import Door

PARTS = 20
"""Into how many leases a full bucket is parted."""
PATIENCE_S = 1.0
"""How long a request waits for a lease; a database too busy to answer must not stop reads."""
MOST_CALLERS = 10_000
STRANGERS_AT_ONCE = 8
"""How many operations of callers without a token are run at once, all together."""
_STRANGERS = Text(
    "Too many ask for the schema without a token at the moment; try again, or send a token.",
    "当前未带令牌查询模式的请求过多；请稍后重试，或提供令牌。",
)
_log = structlog.get_logger()


@dataclass(slots=True)
class _Caller:
    """What this process holds of one caller's bucket, and how many of their operations it runs."""

    terms: Terms
    part: int
    """How much is leased at once."""
    held: int = 0
    left: int = 0
    at: float = 0.0
    running: int = 0
    owed: int = 0
    """What was lent while a lease was late."""
    is_late: bool = False
    unit: str = "points"
    leasing: "asyncio.Task[bool] | None" = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing would be lost with it."""
        return not self.running and not self.owed and self.leasing is None


class Quotas:
    """The callers of this process. Lives in one event loop."""

    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings = door, settings
        self._callers: OrderedDict[object, _Caller] = OrderedDict()

    def enter(self, actor: Actor | None) -> None:
        """Take a place for one operation, to be left again. Raises Refused (429) when the caller holds too many."""
        caller = self._caller(actor)
        most = self._settings.max_concurrency if actor else STRANGERS_AT_ONCE
        if caller.running >= most:
            text = Text(
                f"{most} operations of this token are under way already; send fewer at once.",
                f"此令牌已有 {most} 个操作正在进行；请减少并发请求。",
            )
            raise Refused(429, text if actor else _STRANGERS, "RATE_LIMITED", retry_after="1")
        caller.running += 1

    def leave(self, actor: Actor | None) -> None:
        """Give the place back."""
        self._caller(actor).running -= 1

    async def take(self, actor: Actor | None, cost: int) -> Rate | None:
        """Take the points for an operation; what is left. Raises Refused (429) when there are not enough.

        None for somebody unknown, who may ask for the schema alone, and where there is no limit.
        """
        caller = self._caller(actor)
        if actor is None or caller.terms.limit == 0:
            return None
        while caller.held < cost:
            if caller.held + self._left(caller) < cost or not await self._lease(actor, caller, cost):
                raise _refusal(self._rate(caller, cost), self._wait_s(caller, cost))
        caller.held -= cost
        if caller.held < caller.part // 4 and caller.leasing is None:
            self._start(actor, caller, caller.part - caller.held)
        return self._rate(caller, cost)

    def settle(self, actor: Actor | None, estimated: int, actual: int) -> Rate | None:
        """Give back what an operation did not cost after all, or take what it cost more; what is left."""
        caller = self._caller(actor)
        if actor is None or caller.terms.limit == 0:
            return None
        caller.held += estimated - actual
        return self._rate(caller, actual)

    async def close(self) -> None:
        """Wait for the leases that are under way."""
        await asyncio.gather(*(one.leasing for one in self._callers.values() if one.leasing))

    def _caller(self, actor: Actor | None) -> _Caller:
        key = (actor.tenant_id, actor.caller) if actor else None
        caller = self._callers.get(key)
        if caller is None:
            caller = self._callers[key] = self._new(actor)
            if len(self._callers) > MOST_CALLERS:
                idle = (k for k, one in self._callers.items() if one.is_idle and one is not caller)
                del self._callers[next(idle, key)]
        else:
            self._callers.move_to_end(key)
        return caller

    def _new(self, actor: Actor | None) -> _Caller:
        """Points by the settings; of a publishable key, answers by the minute."""
        if actor is not None and actor.public is not None:
            most = actor.public.answers_per_minute or self._settings.answers_per_minute
            return _Caller(Terms(most, most / 60), max(1, most // PARTS), unit="answers")
        limit = self._settings.rate_limit_points
        terms = Terms(limit, self._settings.rate_limit_per_s)
        return _Caller(terms, max(self._settings.max_cost, limit // PARTS))

    def _left(self, caller: _Caller) -> int:
        """The most that can lie in the bucket by now; other processes may have taken of it."""
        come_back = int((monotonic() - caller.at) * caller.terms.rate)
        return min(caller.terms.limit, caller.left + come_back)

    def _rate(self, caller: _Caller, cost: int) -> Rate:
        limit, rate = caller.terms
        remaining = max(0, min(limit, caller.held + self._left(caller)))
        return Rate(cost, limit, remaining, rate, caller.unit)

    async def _lease(self, actor: Actor, caller: _Caller, cost: int) -> bool:
        """Have more, if the bucket has; whether it is worth another look. A late lease is lent on, within one part."""
        task = caller.leasing or self._start(actor, caller, max(cost, caller.part) - caller.held)
        if not caller.is_late:
            done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
            if done and task.result():
                return True
            if not done:
                caller.is_late = True
                _log.warning("quota lease is late", token=str(actor.caller))
        missing = max(0, cost - caller.held)
        if caller.owed + missing > caller.part:
            return False
        caller.owed += missing
        caller.held += missing
        return True

    def _wait_s(self, caller: _Caller, cost: int) -> int:
        return max(1, ceil((cost - caller.held - self._left(caller)) / caller.terms.rate))

    def _start(self, actor: Actor, caller: _Caller, want: int) -> "asyncio.Task[bool]":
        caller.is_late = False
        caller.leasing = asyncio.create_task(self._ask(actor, caller, want))
        return caller.leasing

    async def _ask(self, actor: Actor, caller: _Caller, want: int) -> bool:
        """Lease up to `want` points; whether that could be done."""
        try:
            whose = actor.caller or actor.tenant_id
            work = self._door.submit(system(actor.tenant_id), quota.lease, whose, want, caller.terms)
            found: Lease = await asyncio.wrap_future(work)
        except Exception as error:  # noqa: BLE001 - nobody is refused because the database is busy
            _log.warning("quota lease failed", token=str(actor.caller), error=type(error).__name__)
            return False
        finally:
            caller.leasing = None
        caller.held += found.granted - caller.owed
        caller.left, caller.owed, caller.at = found.left, 0, monotonic()
        return True


def _refusal(rate: Rate, wait: int) -> Refused:
    if rate.unit == "answers":
        text = Text(
            f"This key takes {rate.limit:,} answers per minute and has {rate.remaining:,} left for the {rate.cost:,} "
            f"sent. Try again in {wait} s, or send fewer at once.",
            f"此密钥每分钟接受 {rate.limit:,} 份回答；已发送 {rate.cost:,} 份，剩余 {rate.remaining:,} 份。"
            f"请在 {wait} 秒后重试，或减少一次发送的数量。",
        )
    else:
        text = Text(
            f"This costs {rate.cost:,} points and {rate.remaining:,} are left; {rate.restore_rate:,} come back each "
            f"second. Try again in {wait} s.",
            f"此操作需要 {rate.cost:,} 点，剩余 {rate.remaining:,} 点，每秒恢复 {rate.restore_rate:,} 点。"
            f"请在 {wait} 秒后重试。",
        )
    return Refused(429, text, "RATE_LIMITED", retry_after=str(wait), **headers(rate))


def headers(rate: Rate) -> dict[str, str]:
    """The rate limit header fields of the IETF's draft, in points or answers."""
    return {
        "ratelimit-policy": f'"{rate.unit}";q={rate.limit};w={ceil(rate.limit / rate.restore_rate)}',
        "ratelimit": f'"{rate.unit}";r={rate.remaining};t={ceil(rate.full_in_s)}',
    }
