"""People who buy and leave by chance, as the models suppose, and what is predicted of them."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.actor import Actor, Scope, system
from app.models.base import TRAITS
from app.models.customer import Customer, CustomerExternalId
from app.models.prediction import ChurnBasis, FitOutcome, Prediction, PredictionFit
from app.services import customer, order, prediction_fit, rollup
from app.services.row import Options, Ref
from app.uow import Door, writes
from app.worker import Worker

DAY = timedelta(days=1)


@dataclass(frozen=True)
class People:
    """A workspace that several tests look at, and those who come through its door."""

    door: Door
    id: UUID

    @property
    def bob(self) -> Actor:
        """May only read, and sees nothing personal."""
        scopes = frozenset(scope for scope in Scope if scope.value.endswith(":read")) - {Scope.PERSONAL_READ}
        return Actor(self.id, "bob", scopes)

    def write(self, function: Any, *args: Any) -> Any:
        """What the @writes function answers to the program."""
        return self.door.write(system(self.id), function, *args)

    def read(self, function: Any, *args: Any, by: Actor | None = None) -> Any:
        """What the @reads function answers."""
        return self.door.read(by or system(self.id), function, *args)


def simulated(rng: Random, count: int, days: int, *, r: float, alpha: float, a: float, b: float) -> list[list[int]]:
    """On which days each of so many people bought, by BG/NBD, told day by day; all begin in the first half."""
    found = []
    for _ in range(count):
        rate, leave = rng.gammavariate(r, 1 / alpha), rng.betavariate(a, b)
        at = float(rng.randrange(days // 2))
        bought = [at]
        while True:  # nobody leaves at the first purchase
            at += rng.expovariate(rate)
            if at >= days:
                break
            bought.append(at)
            if rng.random() < leave:
                break
        found.append(sorted({int(one) for one in bought}))
    return found


def trade(people: Any, bought: list[list[int]], since: date, rng: Random) -> None:
    """Record these purchases, of customers p0, p1 …, each at an amount around a mean of the customer's own."""
    rows = []
    for number, days in enumerate(bought):
        mean = 20 + 60 * rng.random()
        rows += [
            {
                "external_id": f"p{number}-{day}",
                "amount": round(mean * (0.5 + rng.random()), 2),
                "currency": "EUR",
                "customer": Ref(external_id=f"p{number}"),
                "occurred_at": since + day * DAY,
            }
            for day in days
        ]
    for start in range(0, len(rows), 500):
        results = people.write(order.record_batch, rows[start : start + 500], Options(create_missing=True))
        assert not any(one.problems for one in results), [one.problems for one in results][:3]


def meet(people: Any, *rows: dict[str, Any]) -> None:
    """Upsert customers; all are accepted."""
    for start in range(0, len(rows), 500):
        results = people.write(customer.upsert_batch, list(rows[start : start + 500]), Options())
        assert not any(one.problems for one in results), [one.problems for one in results][:3]


def fit(people: Any) -> None:
    """Have the models fitted, and all that is due done."""
    people.write(prediction_fit.request, None)
    Worker(people.door).drain()


@writes(Scope.WORKSPACE_ADMIN)
def put(uow: Any, *external_ids: str) -> None:
    """Predictions of these customers, made up, where there is too little for a model."""
    few = FitOutcome.TOO_FEW_CUSTOMERS
    told = {"fitted_at": uow.now, "day": uow.today, "horizon_months": 12, "buying_outcome": few, "leaving_outcome": few}
    one = PredictionFit(tenant_id=uow.tenant_id, is_written=True, **told)
    uow.session.add(one)
    uow.session.flush()
    made = {"fit_id": one.id, "day": uow.today, "known_on": uow.today, "currency": "EUR", "is_buyer": True}
    made |= {"alive": 0.5, "alive_low": 0.4, "alive_high": 0.6, "churn_risk": 0.5, "churn_basis": ChurnBasis.BUYING}
    made |= {"expected_purchases": 1.5, "purchases_low": 0, "purchases_high": 4}
    made |= {"predicted_value": 1_500, "value_low": 0, "value_high": 9_000}
    named = select(CustomerExternalId.customer_id).where(col(CustomerExternalId.external_id).in_(external_ids))
    for who in uow.session.scalars(select(Customer).where(col(Customer.id).in_(named))):
        traits = {name: getattr(who, name) for name in TRAITS}
        row = Prediction(tenant_id=uow.tenant_id, customer_id=who.id, **traits, **made)
        uow.session.add(row)
        uow.session.flush()
        rollup.fold(uow, Prediction, [row.id], 1)
