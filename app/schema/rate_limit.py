"""What operations cost, and how much more the caller may ask for."""

from datetime import timedelta
from math import ceil
from typing import Annotated

from app.schema.context import Info
from app.schema.describe import arg, field, plain, type_
from app.schema.scalars import Moment


@type_
class RateLimit:
    """The caller's rate limit, in points. An operation's estimate is taken when it starts and settled when it ends."""

    cost: int = plain("What this operation is estimated at.")
    limit: int = plain("How many points there are when none were used.")
    remaining: int = plain("How many are left.")
    used: int = plain("How many are used up at the moment.")
    restore_rate: int = plain("How many come back each second.")
    reset_at: Moment = plain("When all of them will be back if nothing more is asked.")


async def rate_limit(
    info: Info,
    dry_run: Annotated[bool, arg("Whether to price the operation only: nothing else in it is executed.")] = False,
) -> RateLimit | None:
    """What this operation costs and how much more the caller may ask for; null where there is no limit."""
    del dry_run  # the endpoint has looked at it before anything was executed
    rate = info.context.rate
    if rate is None:
        return None
    return RateLimit(
        cost=rate.cost,
        limit=rate.limit,
        remaining=rate.remaining,
        used=rate.limit - rate.remaining,
        restore_rate=int(rate.restore_rate),
        reset_at=Moment(info.context.door.clock() + timedelta(seconds=ceil(rate.full_in_s))),
    )


RATE_LIMIT = field(rate_limit)
"""The root field."""
