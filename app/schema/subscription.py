"""The roots that are answered again and again: how KPIs and targets stand, and what is recorded as it comes."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any

import strawberry

from app import ids
from app.schema.catalogue import KpiKey
from app.schema.change import Change, Types
from app.schema.context import Context, Info
from app.schema.describe import arg, plain, subscription, type_
from app.schema.feedback import FEEDBACK, Feedback
from app.schema.filters import KpiFilterInput
from app.schema.inputs import as_ref, tree
from app.schema.kpi import KpiResult, ask
from app.schema.live import FEED_S, STATE_S, Moment, moments, stream
from app.schema.made import root
from app.schema.period import PeriodInput
from app.schema.target import TargetProgress
from app.schema.target_input import TARGET
from app.schema.weight import KPI_WEIGHT, weighs
from app.services import custom_kpi, feed, target_progress
from app.services.feed import Feed
from app.uow import Uow

AT_ONCE = 100
"""How many changes are read at once."""
After = Annotated[
    str | None,
    arg("The cursor of the last event that was taken: what came since is told first. From now on when absent."),
]


@type_
class FeedbackRecorded:
    """A feedback that has been recorded."""

    id: strawberry.ID = plain("Names the event, for clients' caches.")
    cursor: str = plain("Its place: a subscription goes on behind it with this as `after`.")
    feedback: Feedback = plain("The feedback.")


class StateRoots:
    """How something stands: told at once, and again whenever that has changed."""

    @subscription
    @weighs(KPI_WEIGHT)
    async def kpi_changed(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        key: Annotated[KpiKey, arg("The KPI.")],
        period: Annotated[PeriodInput, arg("Over which days; one that has a name moves on as days pass.")],
        variant: Annotated[str | None, arg("Which reading; the default one when absent.")] = None,
        filter: Annotated[list[KpiFilterInput] | None, arg("Narrowed to what; all must hold.")] = None,
        custom: Annotated[str | None, arg("The key of a KPI of the workspace's own, with CUSTOM.")] = None,
    ) -> AsyncIterator[KpiResult | None]:
        """One KPI as it stands: at once, again whenever what is asked of it has changed, and when its period turns.

        Changes that follow one another within a quarter of a second are told as one.
        """
        async for context in moments(info, STATE_S):
            found = await ask(context, custom_kpi.asked(key.value, custom), period, variant, filter)
            yield Moment(context, found)  # type: ignore[misc]  # whose value it is

    @subscription
    @weighs(KPI_WEIGHT)
    async def target_changed(
        self,
        info: Info,
        by: Annotated[TARGET.by, arg("Which one.")],  # type: ignore[name-defined]  # known when it runs
    ) -> AsyncIterator[TargetProgress | None]:
        """How a target does: at once, and again whenever what is asked of it has changed; null when there is none."""
        async for context in moments(info, STATE_S):
            row = await context.run(TARGET.rows.find, as_ref(by))
            found = None if row is None else await context.gather(target_progress.progress, row.id)
            yield Moment(context, found and TargetProgress.of(found))  # type: ignore[misc]  # whose value it is


class FeedRoots:
    """What has come: each told once it is committed and sealed, in that order."""

    @subscription
    @weighs(1)
    async def feedback_recorded(
        self,
        info: Info,
        filter: Annotated[FEEDBACK.filter_input | None, arg("Which ones.")] = None,  # type: ignore[name-defined]  # known when it runs
        after: After = None,
    ) -> AsyncIterator[FeedbackRecorded]:
        """Feedback as it is recorded for the first time."""

        def shown(context: Context, row: Any, cursor: str) -> FeedbackRecorded:  # noqa: ANN401 - a row
            id_ = strawberry.ID(ids.encode("FeedbackRecorded", row.id))
            return FeedbackRecorded(id=id_, cursor=cursor, feedback=FEEDBACK.shown(context, row))

        async for moment in _followed(info, after, shown, feed.recorded_now, feed.recorded, tree(filter)):
            yield moment  # type: ignore[misc]  # whose value it is

    @subscription
    @weighs(1)
    async def changes(self, info: Info, types: Types = None, after: After = None) -> AsyncIterator[Change]:
        """The feed of changes: each as soon as it is there, at least once, none left out, deletions too."""

        def shown(_context: Context, row: Any, cursor: str) -> Change:  # noqa: ANN401 - a row
            return Change.of(row, cursor=cursor)

        async for moment in _followed(info, after, shown, feed.now, feed.page, types):
            yield moment  # type: ignore[misc]  # whose value it is


async def _followed(  # noqa: PLR0913 - what is followed, and how
    info: Info,
    after: str | None,
    shown: Callable[[Context, Any, str], Any],
    now: Callable[[Uow], str],
    page: Callable[..., Feed],
    chosen: Any,  # noqa: ANN401 - which ones, as the service takes it
) -> AsyncIterator[Moment]:
    """What pages of the feed hold, from `after` or from now on."""
    live = stream(info)
    cursor = live.after or after or None
    async for context in live.moments(FEED_S):
        if cursor is None or cursor is strawberry.UNSET:
            await live.seal()
            cursor = live.after = await context.run(now)
            continue
        found = await context.run(page, AT_ONCE, cursor, chosen)
        for row, place in zip(found.changes, found.cursors, strict=True):
            yield Moment(context, shown(context, row, place), place)
        cursor = live.after = found.end
        if found.behind:
            live.again()


def subscription_root(parts: Sequence[type] = (StateRoots, FeedRoots)) -> type:
    """The root that is answered again and again."""
    return root("Subscription", "Everything that is told when it changes.", *parts)


Subscription = subscription_root()
