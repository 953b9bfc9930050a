"""Public holidays of a country or a part of it, as the library `holidays` knows them. Pure."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from threading import Lock
from types import MappingProxyType
from typing import Any

import holidays
from holidays import HolidayBase
from holidays.registry import EntityLoader

_MONDAY = 1
_WARNINGS = Lock()
"""Which warnings are heard is one setting for all threads."""


@dataclass(frozen=True, slots=True)
class Year:
    """One year: the days that are free, and the days of weekends that are worked.

    A day of a weekend has the hours of the weekday that it stands in for, from 1 (Monday) to 7.
    """

    free: frozenset[date]
    worked: Mapping[date, int]


@cache
def countries() -> frozenset[str]:
    """The countries whose holidays are known, by their ISO 3166-1 codes of two letters."""
    return frozenset(EntityLoader.get_country_codes(include_aliases=False))


def subdivisions(country: str) -> tuple[str, ...]:
    """The parts of a country that have holidays of their own, by their ISO 3166-2 codes after the hyphen."""
    return tuple(getattr(holidays, country).subdivisions)


@lru_cache(maxsize=2048)
def year(country: str, subdivision: str | None, number: int) -> Year:
    """The holidays of one year, and its working weekends."""
    found = _entity(country, subdivision, number)
    instead = dict(_instead(found))
    worked = {
        day: instead.get(day, _MONDAY)
        for day in found.weekend_workdays
        if day.year == number and found.is_weekend(day) and day not in found
    }
    return Year(frozenset(found), MappingProxyType(worked))


@lru_cache(maxsize=512)
def names(country: str, subdivision: str | None, number: int, locale: str) -> Mapping[date, str]:
    """What the holidays of a year are called: in the reader's language where it is known, else in the country's."""
    known = getattr(holidays, country).supported_languages
    return MappingProxyType(dict(_entity(country, subdivision, number, _language(known, locale))))


def _entity(country: str, subdivision: str | None, number: int, language: str | None = None) -> HolidayBase:
    # a language is always named: without one the library takes that of the process
    own = language or getattr(holidays, country).default_language
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of years for which it knows no more than the fixed ones
        return holidays.country_holidays(country, subdivision, years=number, expand=False, language=own)


def _language(known: tuple[str, ...], locale: str) -> str | None:
    """Which of the languages `known` is the reader's: one of the same place, of their main place, or any place."""
    wanted = locale.replace("-", "_").lower()
    main = wanted.partition("_")[0]
    home = {"en": "en_us", "zh": "zh_tw" if {"hant", "tw", "hk", "mo"} & set(wanted.split("_")) else "zh_cn"}.get(main)
    by_name = {name.lower(): name for name in known}
    near = (name for lower, name in by_name.items() if lower.partition("_")[0] == main)
    return by_name.get(wanted) or by_name.get(home or main) or by_name.get(main) or next(near, None)


def _instead(found: HolidayBase) -> Iterator[tuple[date, int]]:
    """The days of weekends that were exchanged for weekdays, and for which."""
    # by the year of the day that is free, one or several of: its month and day, and the month, day and perhaps year of
    # the day that is worked; or a name, where nothing is exchanged
    exchanged: Mapping[int, Any] = getattr(found, "special_public_holidays", None) or {}
    for number, entries in exchanged.items():
        for free_month, free_day, *worked in entries if isinstance(entries[0], tuple) else (entries,):
            if len(worked) > 1:
                month, day, *other = worked
                free = date(number, free_month, free_day)
                if not found.is_weekend(free):
                    yield date(other[0] if other else number, month, day), free.isoweekday()
