"""Scalars as they travel in JSON, read strictly; what cannot be read says how to write it."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from app.errors import Invalid
from app.text import Text

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.{0,24}$")


def day(value: object) -> date:
    """A day of the calendar. Raises Invalid."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise Invalid(Text(f"{value} is not a day of the calendar.", f"{value} 不是日历中的一天。")) from None
    msg = Text(
        f"{quoted(value)} is not a date; write it as 2026-01-31.",
        f"{quoted(value)} 不是日期；请写成 2026-01-31 的形式。",
    )
    raise Invalid(msg)


def instant(value: object) -> datetime | date:
    """An instant with its offset, or a bare day. Raises Invalid."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        return day(value)
    msg = Text(
        f"{quoted(value)} is not an instant; write it as 2026-01-31T09:30:00+01:00, or as a date for its start.",
        f"{quoted(value)} 不是时刻；请写成 2026-01-31T09:30:00+01:00，或只写日期以表示当天开始。",
    )
    if not isinstance(value, str) or not _MOMENT.match(value):
        raise Invalid(msg)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise Invalid(msg) from None
    if found.tzinfo is None:
        msg = Text(
            f"{quoted(value)} has no time zone; add an offset such as Z or +08:00.",
            f"{quoted(value)} 没有时区；请加上偏移量，例如 Z 或 +08:00。",
        )
        raise Invalid(msg)
    return found


def decimal(value: object) -> Decimal:
    """An exact decimal. Raises Invalid."""
    try:
        found = Decimal(value if isinstance(value, str) else repr(value))
    except (InvalidOperation, TypeError, ValueError):
        found = Decimal("nan")
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not found.is_finite():
        msg = Text(
            f'{quoted(value)} is not a decimal; write it as a string such as "19.90".',
            f'{quoted(value)} 不是十进制数；请写成字符串，例如 "19.90"。',
        )
        raise Invalid(msg)
    return found


def currency(value: object) -> str:
    """What may be the code of a currency. Raises Invalid."""
    if isinstance(value, str) and re.fullmatch("[A-Z]{3}", value):
        return value
    msg = Text(
        f"{quoted(value)} is not a currency; use an ISO 4217 code such as EUR.",
        f"{quoted(value)} 不是货币；请使用 ISO 4217 代码，例如 EUR。",
    )
    raise Invalid(msg)


def quoted(value: object) -> str:
    """The value as messages show it: enough to recognise it by."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - as it says
