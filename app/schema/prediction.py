"""Predictions of customers in the schema."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Self

import strawberry

from app.models.base import CustomerKind
from app.models.prediction import ChurnBasis
from app.models.prediction import Prediction as Row
from app.schema.channel import CHANNEL
from app.schema.context import Info
from app.schema.customer import CUSTOMER
from app.schema.describe import enum, field, plain, type_
from app.schema.figure import Interval
from app.schema.inputs import CustomerRefInput
from app.schema.node import Node, node_of
from app.schema.noun import Noun, refers
from app.schema.period import LocaleArgument
from app.schema.prediction_fit import PREDICTION_FIT
from app.schema.scalars import CurrencyCode
from app.schema.weight import FEW, sized
from app.services import churn_reason, prediction
from app.services.churn_reason import ChurnReasonKind
from app.services.money import major
from app.text import Text

_HIDDEN = " Null without the scope personal:read."

enum(
    ChurnBasis,
    {
        "BUYING": "How they have bought: the probability that they have left already.",
        "LEAVING": "For how long they have been a customer: the probability that they leave within the horizon.",
    },
)
enum(
    ChurnReasonKind,
    {
        "OVERDUE": "They have bought or used nothing for much longer than usual.",
        "LESS_OFTEN": "They buy or use something on fewer days than usual.",
        "SATISFACTION_FELL": "Their latest answer is much worse than the one before.",
        "SATISFACTION_LOW": "Their latest answer is in the lower half of its scale.",
        "OPEN_COMPLAINT": "A complaint of theirs is not resolved.",
        "TENURE": "Customers often leave after as long a time.",
        "TRAIT": "Customers like them leave more often.",
    },
)


@type_
class ChurnReason:
    """What speaks for a departure."""

    id: strawberry.ID = plain("Names the reason, for clients' caches.")
    kind: ChurnReasonKind = plain("What sort of reason it is.")
    text: strawberry.Private[Text]

    @field
    def words(self, info: Info, locale: LocaleArgument = None) -> str:
        """The reason in words, with its figures."""
        return self.text.in_(locale or info.context.locale)


@type_
class Prediction(Node):
    """What the latest fit says of a customer. Of those who object to profiles there is none."""

    since: date = plain("The day of the first purchase, or the first day as a customer.")
    is_buyer: bool = plain("Whether the customer has ever bought, so that purchases and value are predicted.")
    segment: str | None = plain("The segment at that time.")
    region: str | None = plain("The region at that time.")
    kind: CustomerKind | None = plain("One person or an organisation.")
    currency: CurrencyCode = plain("The currency of its amounts.")
    alive: float | None = plain("How probable it is that the customer has not left, 0 to 1, by how they buy." + _HIDDEN)
    alive_interval: Interval | None = plain("Between what that lies, for what the model does not know." + _HIDDEN)
    expected_purchases: float | None = plain("How many purchases are expected within the horizon." + _HIDDEN)
    expected_purchases_interval: Interval | None = plain("Between which numbers they will lie." + _HIDDEN)
    predicted_value: Decimal | None = plain(
        "What those purchases are expected to bring; null without an exchange rate too." + _HIDDEN
    )
    predicted_value_interval: Interval | None = plain("Between what that will lie." + _HIDDEN)
    churn_risk: float | None = plain(
        "How probable a departure is, 0 to 1; null of who has bought but once and of whose time as a customer nothing "
        "is known: that does not tell." + _HIDDEN
    )
    churn_basis: ChurnBasis | None = plain("From what that is told." + _HIDDEN)
    row: strawberry.Private[Row]

    customer = refers(CUSTOMER, "customer_id", "Of whom it is.")
    acquisition_channel = refers(CHANNEL, "acquisition_channel_id", "The channel that the customer came through.")
    fit = refers(PREDICTION_FIT, "fit_id", "The fit that says so, with its date, its horizon and how it did.")

    @field
    @sized(FEW)
    async def reasons(self, info: Info) -> list[ChurnReason] | None:
        """What speaks for a departure now, the strongest reason first. Null without the scope personal:read."""
        found = await info.context.load(churn_reason.of_customers, self.row.customer_id)
        if found is None:
            return None
        return [
            ChurnReason(id=strawberry.ID(f"{self.id}/{place}"), kind=one.kind, text=one.words)
            for place, one in enumerate(found)
        ]

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        value = (row.value_low, row.value_high)
        return node_of(
            cls,
            row,
            since=row.day,
            kind=row.customer_kind,
            alive_interval=_between((row.alive_low, row.alive_high)),
            expected_purchases_interval=_between((row.purchases_low, row.purchases_high)),
            predicted_value=None if row.predicted_value is None else major(row.predicted_value, row.currency),
            predicted_value_interval=_between([None if one is None else major(one, row.currency) for one in value]),
        )


def _between(ends: Sequence[float | Decimal | None]) -> Interval | None:
    low, high = ends
    return None if low is None or high is None else Interval.of((float(low), float(high)))


PREDICTION = Noun(
    Prediction,
    prediction.LIST,
    one="prediction",
    many="predictions",
    words=("a prediction", "predictions"),
    by=CustomerRefInput,
    filters=(
        "since",
        "is_buyer",
        "segment",
        "region",
        "kind",
        "alive",
        "expected_purchases",
        "churn_risk",
        "churn_basis",
        "customer",
        "acquisition_channel",
    ),
    orders=("-since", "predicted_value", "churn_risk", "alive", "expected_purchases"),
)
