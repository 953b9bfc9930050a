"""Predictions of each customer: made from the latest fit, read, forgotten where somebody objects. Their only writer."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import col, delete, insert, select
from uuid_utils.compat import uuid7

from app.actor import Scope
from app.models.customer import Customer
from app.models.prediction import ChurnBasis, FitOutcome, Prediction, PredictionFit
from app.prediction.buying import Buying, between
from app.prediction.leaving import Leaving
from app.prediction.spending import Spending
from app.services import course, fitting, ref
from app.services.course import PROFILED, Course
from app.services.listing import Listing
from app.services.restating import restated
from app.services.row import Ref
from app.uow import Uow, reads, writes

AT_ONCE = 1_000
"""Customers of whom one step predicts; writers of the workspace wait for a step."""


class PredictionLack(StrEnum):
    """Why nothing is predicted of a customer; of several reasons the first in this order is given."""

    OPTED_OUT = "OPTED_OUT"
    TEST_CUSTOMER = "TEST_CUSTOMER"
    NO_FIT = "NO_FIT"
    NO_DATA = "NO_DATA"
    NOT_COVERED = "NOT_COVERED"


class _Models:
    """What one fit has found, and how it speaks of a customer."""

    def __init__(self, fit: PredictionFit) -> None:
        self.fit, self.time = fit, float(fitting.days_of(fit.horizon_months))
        is_buying = fit.buying_outcome is FitOutcome.FITTED
        self.buying: tuple[Buying, Spending] | None = fitting.buying_of(fit.buying) if is_buying else None
        is_leaving = fit.leaving_outcome is FitOutcome.FITTED
        self.leaving: Leaving | None = fitting.leaving_of(fit.leaving) if is_leaving else None

    def of(self, uow: Uow, one: Course) -> dict[str, Any] | None:
        """The prediction of one customer; None where neither model can say anything."""
        bought, left = self._bought(one), self._leaves(one)
        if not bought and not left:
            return None
        since = one.days[0] if bought else min(spell.start for spell in one.spells)
        own = {"id": uuid7(), "tenant_id": uow.tenant_id, "fit_id": self.fit.id, "known_on": uow.today, "day": since}
        own["currency"] = uow.workspace.currency
        return _NOTHING | own | one.traits | {"customer_id": one.customer_id} | bought | left

    def _bought(self, one: Course) -> dict[str, Any]:
        """What follows from how they buy; nothing of those who have not."""
        if self.buying is None or (known := one.bought(self.fit.day)) is None:
            return {}
        model, spending = self.buying
        chances, alive = model.chances(known, self.time), model.alive(known)
        expected = model.purchases(known, self.time)
        low, high = between(chances)
        sure = model.alive_between(known) or (None, None)
        found: dict[str, Any] = {"is_buyer": True, "alive": alive, "alive_low": sure[0], "alive_high": sure[1]}
        found |= {"expected_purchases": expected, "purchases_low": low, "purchases_high": high}
        if known.again:  # of who bought once the model does not say whether they have left
            found |= {"churn_risk": 1 - alive, "churn_basis": ChurnBasis.BUYING}
        spent = one.spent(self.fit.day)
        mean = None if spent is None else spending.mean(spent)
        if spent is not None and mean is not None:
            ends = spending.at_most(spent, chances)
            found |= {
                "predicted_value": round(expected * mean),
                "value_low": round(ends[0]),
                "value_high": round(ends[1]),
            }
        return found

    def _leaves(self, one: Course) -> dict[str, Any]:
        """What follows from the time for which they have been a customer; nothing of those who are none."""
        day = self.fit.day
        now = next((spell for spell in reversed(one.spells) if spell.start < day < spell.end), None)
        if self.leaving is None or now is None:
            return {}
        risk = self.leaving.within((day - now.start).days, self.fit.horizon_months, now.traits)
        return {"churn_risk": risk, "churn_basis": ChurnBasis.LEAVING}


_NOTHING: dict[str, Any] = {
    "is_buyer": False,
    **dict.fromkeys(("alive", "alive_low", "alive_high", "expected_purchases", "purchases_low", "purchases_high")),
    **dict.fromkeys(("predicted_value", "value_low", "value_high", "churn_risk", "churn_basis")),
}


@writes(Scope.WORKSPACE_ADMIN)
def step(uow: Uow) -> bool:
    """Predict of the next customers by the latest fit; whether there may be more."""
    uow.take_turn()  # who objects meanwhile is seen here, or finds here what is to be forgotten
    fit = uow.session.scalars(latest().with_for_update()).first()
    if fit is None or fit.is_written:
        return False
    models, after = _Models(fit), UUID(fit.cursor or UUID(int=0).hex)
    some = course.page(uow, after, AT_ONCE)
    rows = [row for one in some if (row := models.of(uow, one)) is not None]
    if some:
        _replace(uow, uow.db.is_any(Prediction.customer_id, [one.customer_id for one in some]), rows)
        fit.cursor = some[-1].customer_id.hex
    else:
        _replace(uow, col(Prediction.fit_id) != fit.id, [])
        fit.is_written = True
    uow.session.flush()
    return bool(some)


def _replace(uow: Uow, chosen: ColumnElement[bool], rows: Sequence[dict[str, Any]]) -> None:
    """Put `rows` in the place of the chosen predictions."""
    old = list(uow.session.scalars(select(Prediction.id).where(chosen)))
    with restated(uow, Prediction, old, [row["id"] for row in rows], set()):
        if old:
            uow.session.execute(delete(Prediction).where(uow.db.is_any(Prediction.id, old)))
        if rows:
            uow.session.execute(insert(Prediction), list(rows))


def latest() -> Any:  # noqa: ANN401 - a statement
    """The statement that finds the latest fit."""
    return select(PredictionFit).order_by(col(PredictionFit.fitted_at).desc(), col(PredictionFit.id).desc()).limit(1)


def forget(uow: Uow, customer_ids: Iterable[UUID]) -> None:
    """Take away what is predicted of those of the customers of whom no profile may be made."""
    ids = sorted(set(customer_ids))
    silent = select(Customer.id).where(uow.db.is_any(Customer.id, ids), ~PROFILED)
    if ids:
        _replace(uow, col(Prediction.customer_id).in_(silent), [])


def withdraw(uow: Uow) -> None:
    """Take away all that is predicted in this workspace, and have it fitted anew."""
    _replace(uow, ~false(), [])
    uow.enqueue("fit")


def _find(uow: Uow, wanted: Ref) -> Prediction | None:
    hit = ref.customers(uow, [wanted])[wanted]
    if not isinstance(hit, UUID):
        return None
    return uow.session.scalars(select(Prediction).where(Prediction.customer_id == hit)).first()


LIST = Listing(Prediction, Scope.PREDICTION_READ, find=_find, columns={"since": "day", "kind": "customer_kind"})


@reads(Scope.PREDICTION_READ)
def of_customers(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Prediction]:
    """What is predicted of each of the customers `ids`, where anything is."""
    statement = select(Prediction).where(uow.db.is_any(Prediction.customer_id, list(ids)))
    return {row.customer_id: row for row in uow.session.scalars(statement)}


@reads(Scope.PREDICTION_READ)
def lacks(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, PredictionLack]:
    """Why nothing is predicted of each of the customers `ids`, where nothing is."""
    fit = uow.session.scalars(latest()).first()
    rest = PredictionLack.NO_FIT if fit is None else PredictionLack.NOT_COVERED
    if fit is not None and FitOutcome.FITTED not in (fit.buying_outcome, fit.leaving_outcome):
        rest = PredictionLack.NO_DATA
    found = dict.fromkeys(set(ids) - of_customers(uow, ids).keys(), rest)
    return found | {id_: why for id_, why in silent(uow, found.keys()).items() if id_ in found}


def silent(uow: Uow, ids: AbstractSet[UUID]) -> dict[UUID, PredictionLack]:
    """Those of the customers of whom no profile may be made, and why."""
    statement = select(Customer.id, Customer.profiling_opt_out).where(
        uow.db.is_any(Customer.id, sorted(ids)), or_(col(Customer.profiling_opt_out), col(Customer.is_test))
    )
    return {
        id_: PredictionLack.OPTED_OUT if is_out else PredictionLack.TEST_CUSTOMER
        for id_, is_out in uow.session.execute(statement)
    }
