"""Fits of the models that predict, in the schema."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Self

import strawberry

from app import ids
from app.models.prediction import FitOutcome
from app.models.prediction import PredictionFit as Row
from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.describe import absent, enum, field, input_, one_of, plain, type_
from app.schema.errors import UserError, mend
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.outcome import Outcome
from app.schema.period import LocaleArgument
from app.schema.scalars import Moment
from app.schema.writing import known
from app.services import prediction_fit
from app.services.fitting import LEAST_CUSTOMERS, LEAST_DEPARTURES, LEAST_RETURNS
from app.services.row import Options
from app.text import Text

enum(
    FitOutcome,
    {
        "FITTED": "There is a model.",
        "TOO_FEW_CUSTOMERS": f"Of fewer than {LEAST_CUSTOMERS} customers it is not made.",
        "TOO_FEW_RETURNS": f"Fewer than {LEAST_RETURNS} customers have bought again.",
        "TOO_FEW_DEPARTURES": f"Fewer than {LEAST_DEPARTURES} customers have left.",
        "UNSETTLED": "No parameters were found that fit.",
    },
)
_WORDS = {
    FitOutcome.FITTED: Text("There is a model.", "模型已拟合。"),
    FitOutcome.TOO_FEW_CUSTOMERS: Text(
        f"Too little data: fewer than {LEAST_CUSTOMERS} customers.", f"数据不足：客户少于 {LEAST_CUSTOMERS} 位。"
    ),
    FitOutcome.TOO_FEW_RETURNS: Text(
        f"Too little data: fewer than {LEAST_RETURNS} customers have bought again.",
        f"数据不足：再次购买的客户少于 {LEAST_RETURNS} 位。",
    ),
    FitOutcome.TOO_FEW_DEPARTURES: Text(
        f"Too little data: fewer than {LEAST_DEPARTURES} customers have left.",
        f"数据不足：流失的客户少于 {LEAST_DEPARTURES} 位。",
    ),
    FitOutcome.UNSETTLED: Text(
        "The data fits no parameters: purchases or amounts vary in a way that the model does not know.",
        "数据与任何参数都不相符：购买或金额的变化方式超出模型所能描述的范围。",
    ),
}


class PredictionModelKind(StrEnum):
    """What a model is about."""

    BUYING = "BUYING"
    LEAVING = "LEAVING"


enum(
    PredictionModelKind,
    {
        "BUYING": "How often and for how much customers buy who never say that they leave: BG/NBD and Gamma-Gamma.",
        "LEAVING": "When customers leave whose time as one is known: monthly odds by tenure and traits.",
    },
)


@type_
class ModelParameter:
    """One parameter of a model."""

    id: strawberry.ID = plain("Names the parameter, for clients' caches.")
    name: str = plain("Its name, such as alpha; an effect on departures as segment=smb, in logarithmic odds.")
    value: float = plain("Its value. Times are in days, amounts in minor units of the workspace's currency.")


@type_
class CalibrationGroup:
    """Some of those of whom alike was predicted, beside what came of it."""

    id: strawberry.ID = plain("Names the group, for clients' caches.")
    customers: int = plain("How many.")
    predicted: float = plain("The mean probability that was predicted.")
    observed: float = plain("The part of them of whom it came true.")


@type_
class HeldOutTest:
    """How a model of what came before some days did on them: of purchases to come, or of departures."""

    id: strawberry.ID = plain("Names the test, for clients' caches.")
    from_: date = plain("The first of the days that were held out.", name="from")
    before: date = plain("The first day no longer held out.")
    customers: int = plain("Of how many customers it predicted.")
    predicted: float = plain("How many purchases, or departures, it predicted.")
    actual: float = plain("How many there were.")
    mean_error: float | None = plain("By how many purchases it was off per customer, either way; null of departures.")
    brier_score: float = plain("The mean squared error of the probability of any purchase, or of leaving; 0 is best.")
    groups: list[CalibrationGroup] = plain("Ten groups of equal size, the least probable first.")


@type_
class SurvivalPoint:
    """What became of customers in one month of their time."""

    id: strawberry.ID = plain("Names the month, for clients' caches.")
    month: int = plain("The month of their time as a customer, from 1.")
    customers: int = plain("How many were there in it.")
    left: int = plain("How many left in it.")
    remaining: float = plain("Which part is left after it, by Kaplan and Meier.")


@type_
class PredictionModel:
    """One model of a fit."""

    id: strawberry.ID = plain("Names the model, for clients' caches.")
    kind: PredictionModelKind = plain("What it is about.")
    outcome: FitOutcome = plain("Whether there is one, or why not.")
    customers: int = plain("How many customers, or times as a customer, it rests on.")
    observed: int = plain("How many of them bought again, or left.")
    log_likelihood: float | None = plain("How well it fits what it rests on; of buying only.")
    spend_correlation: float | None = plain(
        "How far those who buy more often spend more on a purchase, from -1 to 1; the model takes it for 0."
    )
    parameters: list[ModelParameter] = plain("Its parameters.")
    survival: list[SurvivalPoint] = plain("How long customers stay, of departures only.")
    held_out: HeldOutTest | None = plain("How it does on days that it does not know; null where there are too few.")

    @field
    def words(self, info: Info, locale: LocaleArgument = None) -> str:
        """The outcome in words."""
        return _WORDS[self.outcome].in_(locale or info.context.locale)


@type_
class PredictionFit(Node):
    """One fit of the models that predict, and how they did."""

    fitted_at: Moment = plain("When it was made.")
    as_of: date = plain("The day from which on it predicts; what happened before it is what it rests on.")
    horizon_months: int = plain("How many months it looks ahead.")
    is_written: bool = plain("Whether it has predicted of every customer yet.")
    models: list[PredictionModel] = plain("The models.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        models = [
            _model(row, PredictionModelKind.BUYING, row.buying_outcome, row.buying),
            _model(row, PredictionModelKind.LEAVING, row.leaving_outcome, row.leaving),
        ]
        return node_of(cls, row, as_of=row.day, models=models)


def _model(row: Row, kind: PredictionModelKind, outcome: FitOutcome, told: Mapping[str, Any]) -> PredictionModel:
    name = (row.id, kind.value)
    held = told.get("held_out")
    return PredictionModel(
        id=strawberry.ID(ids.encode("PredictionModel", *name)),
        kind=kind,
        outcome=outcome,
        customers=told.get("customers", 0),
        observed=told.get("observed", 0),
        log_likelihood=told.get("log_likelihood"),
        spend_correlation=told.get("spend_correlation"),
        parameters=[
            ModelParameter(id=strawberry.ID(ids.encode("ModelParameter", *name, key)), name=key, value=value)
            for key, value in _parameters(told)
        ],
        survival=[
            SurvivalPoint(
                id=strawberry.ID(ids.encode("SurvivalPoint", *name, month)),
                month=month + 1,
                customers=there,
                left=left,
                remaining=remaining,
            )
            for month, there, left, remaining in told.get("survival", ())
        ],
        held_out=None if held is None else _held_out(held, name),
    )


def _parameters(told: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    yield from told.get("parameters", {}).items()
    if "base" in told:
        yield "base", told["base"]
    yield from ((f"step{place}", value) for place, value in enumerate(told.get("steps", ())))
    for trait, value, effect in told.get("effects", ()):
        yield f"{trait.removesuffix('_id')}={told['channels'].get(value, value)}", effect


def _held_out(held: Mapping[str, Any], name: tuple[object, ...]) -> HeldOutTest:
    return HeldOutTest(
        id=strawberry.ID(ids.encode("HeldOutTest", *name)),
        from_=date.fromisoformat(held["from"]),
        before=date.fromisoformat(held["before"]),
        customers=held["customers"],
        predicted=held["predicted"],
        actual=held["actual"],
        mean_error=held["mean_error"],
        brier_score=held["brier"],
        groups=[
            CalibrationGroup(
                id=strawberry.ID(ids.encode("CalibrationGroup", *name, place)),
                customers=group["count"],
                predicted=group["predicted"],
                observed=group["observed"],
            )
            for place, group in enumerate(held["groups"])
        ],
    )


@one_of
class PredictionFitRefInput:
    """A fit, by id."""

    id: strawberry.ID | None = absent("By global id.")


PREDICTION_FIT = Noun(
    PredictionFit,
    prediction_fit.LIST,
    one="prediction_fit",
    many="prediction_fits",
    words=("a fit of the models that predict", "fits of the models that predict"),
    by=PredictionFitRefInput,
    filters=("fitted_at", "as_of", "horizon_months", "is_written"),
    orders=("-fitted_at",),
)


@input_
class PredictionRefitInput:
    """When to fit the models anew."""

    run_at: Moment | None = absent("Not before this time, at most seven days ahead; at once when absent.")


@type_
class PredictionRefitPayload:
    """What became of the wish for a fit."""

    outcome: Outcome = plain("CREATED where it was ordered.")
    run_at: Moment | None = plain("When it will be made, in the background; `predictionFits` has it then.")
    user_errors: list[UserError] = mend("What to mend in the input; no fit was ordered then.")


class PredictionRefitRoot:
    """Fitting anew."""

    @attempt("When.")
    async def prediction_refit(self, info: Info, input: PredictionRefitInput, once: Options) -> PredictionRefitPayload:
        """Have the models fitted anew and all predictions made again; by itself that happens every week."""
        run_at = await info.context.run(prediction_fit.request, known(input.run_at), options=once)
        return PredictionRefitPayload(outcome=Outcome.CREATED, run_at=Moment(run_at))
