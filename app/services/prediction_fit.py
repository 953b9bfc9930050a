"""Fits of the models that predict: asked for, scheduled, made without holding the database, stored and listed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import func, select

from app.actor import Actor, Scope
from app.errors import Code, Invalid
from app.models.buyer import Buyer
from app.models.change import Action
from app.models.channel import Channel
from app.models.prediction import PredictionFit
from app.models.spell import Spell
from app.models.workspace import Workspace
from app.services import course, prediction, rollup
from app.services.fitting import Buyers, Leavers, held_from
from app.services.listing import Listing
from app.services.repeatable import Memory, repeatable
from app.services.row import moment
from app.text import Text
from app.uow import Door, Uow, reads, writes

LIST = Listing(PredictionFit, Scope.PREDICTION_READ, columns={"as_of": "day"})
WEEK = timedelta(days=7)
_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What the models are fitted to."""

    day: date
    horizon_months: int
    buyers: Buyers
    leavers: Leavers
    channels: dict[str, str]
    """The keys of channels, by what courses call them."""


@reads(Scope.WORKSPACE_ADMIN)
def gather(uow: Uow) -> Sample | None:
    """What is known of everybody of whom a profile may be made; None while amounts are being counted anew."""
    if any(state.building for state in rollup.states(uow).values()):
        return None
    months = uow.workspace.prediction_horizon_months
    bought, began = (uow.session.scalar(select(func.min(day))) for day in (Buyer.day, Spell.starts_on))
    sample = Sample(
        uow.today,
        months,
        Buyers(uow.today, held_from(bought, uow.today, months)),
        Leavers(uow.today, held_from(began, uow.today, months)),
        {id_.hex: key for id_, key in uow.session.execute(select(Channel.id, Channel.key))},
    )
    for page in course.pages(uow, _PAGE):
        for one in page:
            sample.buyers.add(one)
            sample.leavers.add(one)
    return sample


@writes(Scope.WORKSPACE_ADMIN)
def store(uow: Uow, columns: dict[str, Any]) -> PredictionFit:
    """Keep a fit; what it says of each customer is yet to be written."""
    fit = PredictionFit(tenant_id=uow.tenant_id, fitted_at=uow.now, **columns)
    uow.session.add(fit)
    uow.session.flush()
    uow.record(fit, "PredictionFit", Action.CREATED)
    return fit


def fitted(sample: Sample) -> dict[str, Any]:
    """What the models come to, by column. Pure."""
    (buying_outcome, buying), (leaving_outcome, leaving) = sample.buyers.fit(), sample.leavers.fit()
    named = {value for _, value, _ in leaving.get("effects", ())}
    return {
        "day": sample.day,
        "horizon_months": sample.horizon_months,
        "buying_outcome": buying_outcome,
        "buying": buying,
        "leaving_outcome": leaving_outcome,
        "leaving": leaving | {"channels": {id_: key for id_, key in sample.channels.items() if id_ in named}},
    }


def run(door: Door, actor: Actor) -> bool:
    """Fit the models of a workspace and predict of everybody; False where it has to wait for amounts."""
    sample = door.read(actor, gather)
    if sample is None:
        return False
    door.write(actor, store, fitted(sample))
    while door.write(actor, prediction.step):
        door.write(actor, rollup.compact, at_least=door.settings.compact_after)
    door.write(actor, rollup.compact, at_least=door.settings.compact_after)
    return True


_WHEN = Memory(lambda at: [at.isoformat()], lambda _uow, kept: datetime.fromisoformat(kept[0]))


@writes(Scope.PREDICTION_WRITE)
@repeatable("predictionRefit", _WHEN)
def request(uow: Uow, at: datetime | date | None) -> datetime:
    """Have the models fitted at `at`, or at once; when that will be. Raises Invalid for a time too far ahead."""
    wanted = moment(uow, at, "runAt", past=False) or uow.now
    if wanted > uow.now + WEEK:
        msg = Text("runAt may be at most seven days ahead.", "runAt 最多可在七天之后。")
        raise Invalid(msg, "runAt", code=Code.OUT_OF_RANGE)
    run_at = max(wanted, uow.now)
    uow.take_turn()
    present = uow.session.get_one(Workspace, (uow.tenant_id, uow.tenant_id), with_for_update=True)
    present.version += 1
    uow.session.flush()
    # the fit is yet to be made, by the program: what is noted is who ordered it
    uow.record(present, "Workspace", Action.UPDATED, ["prediction_fits"])
    uow.enqueue("fit", run_at)
    return run_at


@writes(Scope.WORKSPACE_ADMIN)
def schedule(uow: Uow) -> None:
    """Have the models fitted again in a week."""
    uow.enqueue("refit", uow.now + WEEK)
