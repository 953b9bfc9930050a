"""Figures in the schema: a value, what it is made of, and how it reads."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import strawberry
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

from app.kpis.figure import Figure, KpiFlag, NullReason
from app.kpis.interval import LEVEL
from app.kpis.kpi import UNANSWERED, KpiUnit
from app.schema.context import Info
from app.schema.describe import enum, field, interface, plain, type_
from app.schema.period import LocaleArgument, babel
from app.services.kpi import Answer
from app.services.money import major, minor
from app.text import Text

enum(
    NullReason,
    {
        "PREPARING": "Its rollups are being built; ask again soon.",
        "INPUT_NOT_CONFIGURED": "The workspace has none of the facts that it needs; of feedback, none of the kind.",
        "PERIOD_NOT_STARTED": "The period lies in the future.",
        "MISSING_FX": "An exchange rate is missing.",
        "SUPPRESSED_SMALL_CELL": "So few people stand behind it that they could be recognised.",
        "NO_DATA": "There is no fact in the period.",
        "ZERO_DENOMINATOR": "There is nothing to divide by.",
        "UNBOUNDED": "The value has no bound.",
        "MIXED_SCALES": "Answers on several scales have no common plain mean.",
    },
)
enum(
    KpiFlag,
    {
        "LOW_SAMPLE": "Fewer than 30 answers.",
        "MIXED_SURVEYS": (
            "Among its answers are some to surveys about the relationship and some to surveys after a transaction "
            "(Survey.occasion), which ask different things. It goes by what a survey was when the answer was recorded."
        ),
        "REBUILDING": "The rollups are being rebuilt; this is the old generation's value.",
        "KNOWN_SINCE_REBUILD": "What was known before the last rebuild is told from the facts current at that time.",
    },
)

_REASONS = {
    NullReason.PREPARING: Text("being prepared", "准备中"),
    NullReason.INPUT_NOT_CONFIGURED: Text("not set up", "未接入"),
    NullReason.PERIOD_NOT_STARTED: Text("not started", "未开始"),
    NullReason.MISSING_FX: Text("exchange rate missing", "缺少汇率"),
    NullReason.SUPPRESSED_SMALL_CELL: Text("too few people", "人数过少"),
    NullReason.NO_DATA: Text("no data", "无数据"),
    NullReason.ZERO_DENOMINATOR: Text("nothing to compare with", "无可比基数"),
    NullReason.UNBOUNDED: Text("unbounded", "无上限"),
    NullReason.MIXED_SCALES: Text("several scales", "量表不一"),
}


@type_
class Interval:
    """A confidence interval, in the KPI's own unit."""

    id: strawberry.ID = plain("Names the interval by its ends, for clients' caches.")
    low: float = plain("Its lower end.")
    high: float = plain("Its upper end.")
    level: float = plain("How sure it is, as a fraction: 0.95.")

    @classmethod
    def of(cls, ends: tuple[float, float] | None) -> "Interval | None":
        """The ends as the schema shows them."""
        if ends is None:
            return None
        low, high = ends
        return cls(id=strawberry.ID(f"{low}/{high}"), low=low, high=high, level=LEVEL)


def words(value: float, unit: KpiUnit, locale: str, currency: str, *, sign: bool = False) -> str:
    """A value for people, in their language: one decimal place, none for counts, money as its currency has it."""
    if unit is KpiUnit.MONEY:
        shown: str = format_currency(abs(value) if sign else value, currency, locale=babel(locale))
        return ("-" if value < 0 else "+") + shown if sign else shown
    if unit in (KpiUnit.SECONDS, KpiUnit.DAYS):
        return _lasting(value * (_DAY if unit is KpiUnit.DAYS else 1), locale, sign=sign)
    pattern = "#,##0" if unit is KpiUnit.COUNT else "#,##0.0"
    if sign:
        pattern = f"+{pattern};-{pattern}"
    number: str = format_decimal(value, pattern, locale=babel(locale))
    if unit is KpiUnit.PERCENT:
        return number + (Text(" points", " 个百分点").in_(locale) if sign else "%")
    return number + (Text(" months", " 个月").in_(locale) if unit is KpiUnit.MONTHS else "")


_UNITS = ((86_400, "duration-day"), (3_600, "duration-hour"), (60, "duration-minute"), (1, "duration-second"))
_DAY = 86_400


def _lasting(seconds: float, locale: str, *, sign: bool) -> str:
    """A duration in the largest unit of which it has at least one."""
    size, unit = next((pair for pair in _UNITS if abs(seconds) >= pair[0]), _UNITS[-1])
    pattern = "+#,##0.0;-#,##0.0" if sign else "#,##0.0"
    shown: str = format_unit(seconds / size, unit, "short", format=pattern, locale=babel(locale))
    return shown


@type_
class KpiLeftOut:
    """Cases that belong to the question and are not in the value."""

    id: strawberry.ID = plain("Names the reason, for clients' caches.")
    reason: str = plain("Why, for programs.")
    count: float = plain("How many.")
    words: strawberry.Private[Text]

    @field
    def label(self, info: Info, locale: LocaleArgument = None) -> str:
        """Why, for people."""
        return self.words.in_(locale or info.context.locale)


@type_
class KpiComponent:
    """One of the figures that an index is the mean of."""

    id: strawberry.ID = plain("Names the figure and its value, for clients' caches.")
    key: str = plain("The KPI that it comes from.")
    value: float | None = plain("Its value, on the scale of the index; null when it has none and is left out.")
    words: strawberry.Private[Text]

    @field
    def label(self, info: Info, locale: LocaleArgument = None) -> str:
        """What it is, for people."""
        return self.words.in_(locale or info.context.locale)


@interface
class KpiFigure:
    """One number, what it is made of, and how far it can be relied on."""

    id: strawberry.ID = plain("Names the figure: KPI, variant, days and filters.")
    value: float | None = plain("The value, unrounded; percents are 0 to 100.")
    amount: Decimal | None = plain(
        "The exact amount, of money KPIs only; a quotient that never ends has 28 significant digits."
    )
    null_reason: NullReason | None = plain("Why there is no value.")
    numerator: float | None = plain("What was counted above the line.")
    denominator: float | None = plain("What was counted below the line.")
    sample_size: float | None = plain("How many cases it rests on.")
    interval: Interval | None = plain("The confidence interval, where the KPI is a sample.")
    flags: list[KpiFlag] = plain("What to know before relying on it.")
    is_provisional: bool = plain("Whether it may still change without any correction, because its time is not over.")
    left_out: list[KpiLeftOut] = plain("What belongs to the question and is not in the value, by reason.")
    components: list[KpiComponent] = plain("What it is the mean of, where it is an index; empty of all else.")
    unanswered_count: float | None = plain(
        "How many cases wait for an answer and are therefore not in the value; null where none is waited for."
    )
    unit: strawberry.Private[KpiUnit]
    own_currency: strawberry.Private[str]

    @field
    def display(self, info: Info, locale: LocaleArgument = None) -> str:
        """The value for people; without a value, why."""
        reader = locale or info.context.locale
        return shown_value(self.value, self.null_reason, self.unit, reader, self.own_currency)


def shown_value(value: float | None, reason: NullReason | None, unit: KpiUnit, locale: str, currency: str) -> str:
    """The value for people; without one, why."""
    if value is None:
        assert reason is not None  # noqa: S101 - one of the two is always there
        return f"– ({_REASONS[reason].in_(locale)})"
    return words(value, unit, locale, currency)


def parts(figure: Figure, answer: Answer, end: date) -> dict[str, object]:
    """The fields of KpiFigure but for its id, of a figure of `answer` whose days end before `end`."""
    return shown(figure, unit_of(answer), answer.currency, is_provisional=is_provisional(answer, end))


def unit_of(answer: Answer) -> KpiUnit:
    """In what the figures of `answer` are given."""
    return KpiUnit.POINTS if answer.variant.one_scale else answer.kpi.unit


def is_provisional(answer: Answer, end: date) -> bool:
    """Whether a figure of `answer` may still change without any correction, whose days end before `end`."""
    return end + timedelta(days=answer.settles_in) > answer.today


def shown(figure: Figure, unit: KpiUnit, currency: str, *, is_provisional: bool) -> dict[str, object]:
    """The fields of KpiFigure but for its id."""
    return {
        "value": figure.value,
        "amount": _exact(figure, currency) if unit is KpiUnit.MONEY else None,
        "null_reason": figure.reason,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "sample_size": figure.sample,
        "interval": Interval.of(figure.interval),
        "flags": list(figure.flags),
        "is_provisional": is_provisional,
        "left_out": [
            KpiLeftOut(id=strawberry.ID(f"{one.key}/{count}"), reason=one.key, count=count, words=one.why)
            for one, count in figure.left_out
        ],
        "components": [
            KpiComponent(id=strawberry.ID(f"{one.key}/{value}"), key=one.key, value=value, words=one.name)
            for one, value in figure.components
        ],
        "unanswered_count": next((count for one, count in figure.left_out if one.key == UNANSWERED), None),
        "unit": unit,
        "own_currency": currency,
    }


def _exact(figure: Figure, currency: str) -> Decimal | None:
    if figure.exact is None:
        return None
    exact = Fraction(figure.exact)
    units = exact * minor(currency)
    if units.denominator == 1:
        return major(units.numerator, currency)
    return Decimal(exact.numerator) / Decimal(exact.denominator)
