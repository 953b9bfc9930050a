"""The health of customers in the schema."""

from typing import Self

import strawberry

from app.schema.context import Info
from app.schema.describe import absent, enum, field, input_, plain, type_
from app.schema.period import LocaleArgument
from app.services import health
from app.services.health import Part
from app.services.health_weights import USUAL
from app.text import Text

enum(
    health.HealthPart,
    {
        "RECENCY": "How recently the customer bought or used something: all up to their own usual gap, nothing from "
        "three times that on. Where the workspace counts customers by activity, nothing either when "
        "`inactivityWindowDays` have passed without.",
        "FREQUENCY": "On how many of the last ninety days they did, by what was usual before. Where the workspace "
        "counts customers by activity, of the last `inactivityWindowDays`.",
        "SATISFACTION": "Their latest answer, on its scale.",
        "COMPLAINTS": "Complaints that are not resolved.",
    },
    name="HealthPartKind",
)
enum(
    health.HealthLack,
    {
        "OPTED_OUT": "The customer objects to profiles.",
        "TEST_CUSTOMER": "This is a test or internal customer.",
        "PERSONAL": "It is personal, and the caller lacks the scope personal:read.",
        "NO_DATA": "Nothing is known of which it could be told.",
    },
    name="HealthNullReason",
)


@type_
class HealthPart:
    """One part of a health score."""

    id: strawberry.ID = plain("Names the part, for clients' caches.")
    part: health.HealthPart = plain("Which one.")
    weight: float = plain("The most points that it can earn: those of the parts that are known add up to 100.")
    points: float | None = plain("The points that it earned; null where nothing is known, and the others weigh more.")
    is_missing: bool = plain("Whether nothing is known of it, so that it is left out.")
    part_words: strawberry.Private[Text]

    @field
    def words(self, info: Info, locale: LocaleArgument = None) -> str:
        """The figure behind it, or what is missing, in words."""
        return self.part_words.in_(locale or info.context.locale)

    @classmethod
    def of(cls, owner: str, row: Part) -> Self:
        """The part as the schema shows it."""
        return cls(
            id=strawberry.ID(f"{owner}/{row.part}"),
            part=row.part,
            weight=row.weight,
            points=None if row.share is None else row.weight * row.share,
            is_missing=row.share is None,
            part_words=row.words,
        )


@type_
class CustomerHealth:
    """How well a customer is: the sum of the points of four parts, of 100."""

    id: strawberry.ID = plain("Names the score, for clients' caches.")
    score: float | None = plain("The score, 0 to 100. Null without the scope personal:read.")
    null_reason: health.HealthLack | None = plain("Why there is none.")
    parts: list[HealthPart] = plain("What it is made of, and what is left out of it.")

    @classmethod
    def of(cls, owner: str, row: health.Health) -> Self:
        """The score as the schema shows it; `owner` is whose it is."""
        parts = [HealthPart.of(owner, one) for one in row.parts]
        return cls(id=strawberry.ID(f"{owner}/health"), score=row.score, null_reason=row.lack, parts=parts)


@type_
class HealthWeights:
    """What the parts of a health score weigh; they count by their share of the sum."""

    id: strawberry.ID = plain("Names the weights, for clients' caches.")
    recency: int = plain("The weight of recency.")
    frequency: int = plain("The weight of frequency.")
    satisfaction: int = plain("The weight of satisfaction.")
    complaints: int = plain("The weight of complaints.")


@input_
class HealthWeightsInput:
    """What the parts of a health score weigh, each from 0 to 100; absent ones weigh as usual."""

    recency: int | None = absent(f"The weight of recency; {USUAL['recency']} when absent.")
    frequency: int | None = absent(f"The weight of frequency; {USUAL['frequency']} when absent.")
    satisfaction: int | None = absent(f"The weight of satisfaction; {USUAL['satisfaction']} when absent.")
    complaints: int | None = absent(f"The weight of complaints; {USUAL['complaints']} when absent.")
