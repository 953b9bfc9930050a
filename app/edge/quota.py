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
from app.services.quota import Lease
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

    held: int = 0
    left: int = 0
    at: float = 0.0
    running: int = 0
    owed: int = 0
    """What was lent while a lease was late."""
    is_late: bool = False
    leasing: "asyncio.Task[bool] | None" = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing would be lost with it."""
        return not self.running and not self.owed and self.leasing is None


class Quotas:
    """The callers of this process. Lives in one event loop."""

    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings = door, settings
        self._part = max(settings.max_cost, settings.rate_limit_points // PARTS)
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
        if actor is None or self._settings.rate_limit_points == 0:
            return None
        caller = self._caller(actor)
        while caller.held < cost:
            if caller.held + self._left(caller) < cost or not await self._lease(actor, caller, cost):
                raise self._refusal(caller, cost)
        caller.held -= cost
        if caller.held < self._part // 4 and caller.leasing is None:
            self._start(actor, caller, self._part - caller.held)
        return self._rate(caller, cost)

    def settle(self, actor: Actor | None, estimated: int, actual: int) -> Rate | None:
        """Give back what an operation did not cost after all, or take what it cost more; what is left."""
        if actor is None or self._settings.rate_limit_points == 0:
            return None
        caller = self._caller(actor)
        caller.held += estimated - actual
        return self._rate(caller, actual)

    async def close(self) -> None:
        """Wait for the leases that are under way."""
        await asyncio.gather(*(one.leasing for one in self._callers.values() if one.leasing))

    def _caller(self, actor: Actor | None) -> _Caller:
        key = (actor.tenant_id, actor.caller) if actor else None
        caller = self._callers.get(key)
        if caller is None:
            caller = self._callers[key] = _Caller()
            if len(self._callers) > MOST_CALLERS:
                idle = (k for k, one in self._callers.items() if one.is_idle and one is not caller)
                del self._callers[next(idle, key)]
        else:
            self._callers.move_to_end(key)
        return caller

    def _left(self, caller: _Caller) -> int:
        """The most that can lie in the bucket by now; other processes may have taken of it."""
        come_back = int((monotonic() - caller.at) * self._settings.rate_limit_per_s)
        return min(self._settings.rate_limit_points, caller.left + come_back)

    def _rate(self, caller: _Caller, cost: int) -> Rate:
        limit = self._settings.rate_limit_points
        remaining = max(0, min(limit, caller.held + self._left(caller)))
        return Rate(cost, limit, remaining, self._settings.rate_limit_per_s)

    async def _lease(self, actor: Actor, caller: _Caller, cost: int) -> bool:
        """Have more, if the bucket has; whether it is worth another look. A late lease is lent on, within one part."""
        task = caller.leasing or self._start(actor, caller, max(cost, self._part) - caller.held)
        if not caller.is_late:
            done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
            if done and task.result():
                return True
            if not done:
                caller.is_late = True
                _log.warning("quota lease is late", token=str(actor.caller))
        missing = max(0, cost - caller.held)
        if caller.owed + missing > self._part:
            return False
        caller.owed += missing
        caller.held += missing
        return True

    def _refusal(self, caller: _Caller, cost: int) -> Refused:
        rate = self._rate(caller, cost)
        wait = max(1, ceil((cost - caller.held - self._left(caller)) / rate.restore_rate))
        text = Text(
            f"This costs {cost:,} points and {rate.remaining:,} are left; {rate.restore_rate:,} come back each "
            f"second. Try again in {wait} s.",
            f"此操作需要 {cost:,} 点，剩余 {rate.remaining:,} 点，每秒恢复 {rate.restore_rate:,} 点。"
            f"请在 {wait} 秒后重试。",
        )
        return Refused(429, text, "RATE_LIMITED", retry_after=str(wait), **headers(rate))

    def _start(self, actor: Actor, caller: _Caller, want: int) -> "asyncio.Task[bool]":
        caller.is_late = False
        caller.leasing = asyncio.create_task(self._ask(actor, caller, want))
        return caller.leasing

    async def _ask(self, actor: Actor, caller: _Caller, want: int) -> bool:
        """Lease up to `want` points; whether that could be done."""
        try:
            work = self._door.submit(system(actor.tenant_id), quota.lease, actor.caller or actor.tenant_id, want)
            found: Lease = await asyncio.wrap_future(work)
        except Exception as error:  # noqa: BLE001 - nobody is refused because the database is busy
            _log.warning("quota lease failed", token=str(actor.caller), error=type(error).__name__)
            return False
        finally:
            caller.leasing = None
        caller.held += found.granted - caller.owed
        caller.left, caller.owed, caller.at = found.left, 0, monotonic()
        return True


def headers(rate: Rate) -> dict[str, str]:
    """The rate limit header fields of the IETF's draft, in points."""
    return {
        "ratelimit-policy": f'"points";q={rate.limit};w={ceil(rate.limit / rate.restore_rate)}',
        "ratelimit": f'"points";r={rate.remaining};t={ceil(rate.full_in_s)}',
    }
