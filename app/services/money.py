"""Money: currencies, whole minor units, and what an amount must be like. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Annotated

from babel.numbers import list_currencies
from pydantic import AfterValidator

from app.errors import Code, Invalid
from app.services.refusal import refused
from app.text import Text

_DIGITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
"""How many decimals a currency has, where not two: ISO 4217, list one."""

_NONE = frozenset({"XXX", "XTS"})
"""Codes that stand for no currency and for tests."""

LARGEST = 10**15
"""An amount has fewer minor units than this, so that nine thousand of them fit a 64-bit sum."""


@cache
def _known() -> frozenset[str]:
    return frozenset(list_currencies()) - _NONE


def digits(currency: str) -> int:
    """How many decimals `currency` has."""
    return _DIGITS.get(currency, 2)


@cache
def minor(currency: str) -> int:
    """How many minor units make one unit of `currency`."""
    return int(10 ** digits(currency))


def major(amount: int, currency: str) -> Decimal:
    """Minor units as an amount of `currency`, with all of its decimals."""
    return Decimal(amount).scaleb(-digits(currency))


def in_minor(amount: Decimal, currency: str, *path: str) -> int:
    """`amount` in minor units. Raises Invalid for a negative one, too large a one, and more decimals than it may have.

    `path` is that of the amount in the input.
    """
    name = path[-1]
    if amount < 0:
        msg = Text(f"{name} must be 0 or more.", f"{name} 必须大于或等于 0。")
        raise Invalid(msg, *path, code=Code.OUT_OF_RANGE)
    if amount >= (most := LARGEST // minor(currency)):
        msg = Text(f"{name} must be less than {most} {currency}.", f"{name} 必须小于 {most} {currency}。")
        raise Invalid(msg, *path, code=Code.OUT_OF_RANGE)
    units = Fraction(amount) * minor(currency)  # Decimal's own arithmetic would round far digits away
    if units.denominator != 1:
        msg = Text(
            f"{name} has more decimals than {currency}, which has {digits(currency)}; round it first.",
            f"{name} 的小数位多于 {currency} 允许的 {digits(currency)} 位；请先四舍五入。",
        )
        raise Invalid(msg, *path)
    return int(units)


def shares(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` split by `weights` into whole parts that add up to it: by largest remainder, of equals the first."""
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    left = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % total), place))
    for place in left[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def _currency(value: str) -> str:
    if value not in _known():
        msg = Text(
            f"There is no currency {value!r}; use an ISO 4217 code such as EUR or CNY.",
            f"没有货币 {value!r}；请使用 ISO 4217 代码，例如 EUR 或 CNY。",
        )
        raise refused(msg)
    return value


Currency = Annotated[str, AfterValidator(_currency)]
"""A field of a row that holds a currency."""
