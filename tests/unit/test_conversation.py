"""The course of a conversation: told as small cases, each outcome written down by hand."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from conversing import KINDS

from app.models.interaction import InteractionEventKind as Kind
from app.services.conversation import Happening, course, in_order

START = datetime(2026, 5, 4, tzinfo=UTC)


def minute(number):
    return START + timedelta(minutes=number)


def told(*events):
    """Events in few words: what, in which minute, and who."""
    return [Happening(Kind(KINDS[what]), minute(at), who[0] if who else None) for what, at, *who in events]


def outcome(events):
    """What follows from the events, in minutes."""

    def ago(instant):
        return None if instant is None else int((instant - START).total_seconds()) // 60

    found = course(in_order(events))
    return {
        "asked": ago(found.asked_at),
        "reply": found.reply and (ago(found.reply.at), found.reply.staff),
        "end": found.resolution and (ago(found.resolution.at), found.resolution.staff),
        "confirmed": found.is_confirmed,
        "turns": [(ago(one.asked_at), ago(one.reply.at), one.reply.staff) for one in found.exchanges],
        "waits": [(ago(wait.start), ago(wait.end)) for wait in found.waits],
        "waiting": found.is_waiting,
    }


NOTHING = {
    "asked": None,
    "reply": None,
    "end": None,
    "confirmed": False,
    "turns": [],
    "waits": [],
    "waiting": False,
}

CASES = {
    "nothing": ([], {}),
    "asked": ([("asks", 5)], {"asked": 5, "waiting": True}),
    "asked and answered": (
        [("asks", 5), ("replies", 8, "eva")],
        {"asked": 5, "reply": (8, "eva"), "turns": [(5, 8, "eva")], "waits": [(5, 8)]},
    ),
    "asked twice before the answer": (
        [("asks", 5), ("asks", 7), ("replies", 8)],
        {"asked": 5, "reply": (8, None), "turns": [(5, 8, None)], "waits": [(5, 8)]},
    ),
    "answered twice": (
        [("asks", 5), ("replies", 8, "eva"), ("replies", 9, "max")],
        {"asked": 5, "reply": (8, "eva"), "turns": [(5, 8, "eva")], "waits": [(5, 8)]},
    ),
    "neither bots nor notes answer": (
        [("asks", 1), ("bot", 2), ("note", 3, "eva"), ("handover", 4, "max")],
        {"asked": 1, "waiting": True},
    ),
    "we spoke first": ([("replies", 1, "eva")], {}),
    "we spoke first and they answered": (
        [("replies", 1, "eva"), ("asks", 4), ("replies", 6, "max")],
        {"asked": 4, "reply": (6, "max"), "turns": [(4, 6, "max")], "waits": [(4, 6)]},
    ),
    "two turns": (
        [("asks", 1), ("replies", 2, "eva"), ("asks", 10), ("asks", 11), ("replies", 13, "max")],
        {
            "asked": 1,
            "reply": (2, "eva"),
            "turns": [(1, 2, "eva"), (10, 13, "max")],
            "waits": [(1, 2), (10, 13)],
        },
    ),
    "the second turn waits still": (
        [("asks", 1), ("replies", 2), ("asks", 10)],
        {"asked": 1, "reply": (2, None), "turns": [(1, 2, None)], "waits": [(1, 2)], "waiting": True},
    ),
    "resolved without a word": (
        [("asks", 1), ("resolved", 9, "eva")],
        {"asked": 1, "end": (9, "eva"), "waits": [(1, 9)]},
    ),
    "resolved twice": (
        [("asks", 1), ("resolved", 9, "eva"), ("resolved", 12, "max")],
        {"asked": 1, "end": (9, "eva"), "waits": [(1, 9)]},
    ),
    "resolved and reopened": (
        [("asks", 1), ("replies", 2), ("resolved", 3), ("reopened", 10)],
        {"asked": 1, "reply": (2, None), "turns": [(1, 2, None)], "waits": [(1, 2)], "waiting": True},
    ),
    "reopened and closed again": (
        [("asks", 1), ("resolved", 3, "eva"), ("reopened", 10), ("resolved", 14, "max")],
        {"asked": 1, "end": (14, "max"), "waits": [(1, 3), (10, 14)]},
    ),
    "a reopening is no turn of the customer": (
        [("asks", 1), ("replies", 2), ("resolved", 3), ("reopened", 10), ("replies", 12), ("resolved", 20)],
        {
            "asked": 1,
            "reply": (2, None),
            "end": (20, None),
            "turns": [(1, 2, None)],
            "waits": [(1, 2), (10, 12)],
        },
    ),
    "a message after a reopening is one": (
        [("asks", 1), ("replies", 2), ("resolved", 3), ("reopened", 10), ("asks", 11), ("replies", 15, "eva")],
        {
            "asked": 1,
            "reply": (2, None),
            "turns": [(1, 2, None), (11, 15, "eva")],
            "waits": [(1, 2), (10, 15)],
        },
    ),
    "reopened by nobody's leave": (
        [("asks", 1), ("reopened", 2), ("replies", 4)],
        {"asked": 1, "reply": (4, None), "turns": [(1, 4, None)], "waits": [(1, 4)]},
    ),
    "thanks wait for nothing": (
        [("asks", 1), ("replies", 2), ("resolved", 3), ("asks", 4)],
        {"asked": 1, "reply": (2, None), "end": (3, None), "turns": [(1, 2, None)], "waits": [(1, 2)]},
    ),
    "confirmed": (
        [("asks", 1), ("resolved", 3), ("confirmed", 5)],
        {"asked": 1, "end": (3, None), "confirmed": True, "waits": [(1, 3)]},
    ),
    "confirmed too early": (
        [("asks", 1), ("confirmed", 2), ("resolved", 3)],
        {"asked": 1, "end": (3, None), "waits": [(1, 3)]},
    ),
    "confirmed and reopened": (
        [("asks", 1), ("resolved", 3), ("confirmed", 5), ("reopened", 6), ("resolved", 8)],
        {"asked": 1, "end": (8, None), "waits": [(1, 3), (6, 8)]},
    ),
    "on hold": (
        [("asks", 1), ("replies", 3), ("hold", 4), ("resumed", 9), ("resolved", 12)],
        {"asked": 1, "reply": (3, None), "end": (12, None), "turns": [(1, 3, None)], "waits": [(1, 3), (4, 9)]},
    ),
    "on hold while waiting": (
        [("asks", 1), ("hold", 2), ("replies", 4), ("resumed", 9)],
        {"asked": 1, "reply": (4, None), "turns": [(1, 4, None)], "waits": [(1, 9)]},
    ),
    "a hold within a wait": (
        [("asks", 1), ("hold", 2), ("resumed", 3), ("replies", 9)],
        {"asked": 1, "reply": (9, None), "turns": [(1, 9, None)], "waits": [(1, 9)]},
    ),
    "a question while on hold": (
        [("hold", 1), ("asks", 2), ("replies", 3), ("resumed", 5)],
        {"asked": 2, "reply": (3, None), "turns": [(2, 3, None)], "waits": [(1, 5)]},
    ),
    "held twice": (
        [("asks", 1), ("replies", 1), ("hold", 2), ("hold", 4), ("resumed", 6), ("resumed", 8)],
        {"asked": 1, "reply": (1, None), "turns": [(1, 1, None)], "waits": [(1, 1), (2, 6)]},
    ),
    "on hold still": (
        [("asks", 1), ("replies", 2), ("hold", 3)],
        {"asked": 1, "reply": (2, None), "turns": [(1, 2, None)], "waits": [(1, 2)], "waiting": True},
    ),
    "a hold ends with the case": (
        [("asks", 1), ("replies", 2), ("hold", 3), ("resolved", 7), ("resumed", 9)],
        {"asked": 1, "reply": (2, None), "end": (7, None), "turns": [(1, 2, None)], "waits": [(1, 2), (3, 7)]},
    ),
    "no hold after the end": (
        [("asks", 1), ("resolved", 3), ("hold", 4), ("resumed", 9)],
        {"asked": 1, "end": (3, None), "waits": [(1, 3)]},
    ),
    "resumed without a hold": (
        [("asks", 1), ("resumed", 2), ("replies", 4)],
        {"asked": 1, "reply": (4, None), "turns": [(1, 4, None)], "waits": [(1, 4)]},
    ),
    "all at once": (
        [("asks", 1), ("replies", 1, "eva"), ("resolved", 1, "eva"), ("confirmed", 1)],
        {
            "asked": 1,
            "reply": (1, "eva"),
            "end": (1, "eva"),
            "confirmed": True,
            "turns": [(1, 1, "eva")],
            "waits": [(1, 1)],
        },
    ),
    "reopened with the message that says why": (
        [("asks", 1), ("resolved", 2), ("reopened", 5), ("asks", 5), ("replies", 8)],
        {"asked": 1, "reply": (8, None), "turns": [(5, 8, None)], "waits": [(1, 2), (5, 8)]},
    ),
    "answered only after it was reopened": (
        [("asks", 1), ("resolved", 2), ("reopened", 5), ("replies", 8, "eva")],
        {"asked": 1, "reply": (8, "eva"), "waits": [(1, 2), (5, 8)]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_course_of_a_conversation(name):
    events, expected = CASES[name]
    assert outcome(told(*events)) == NOTHING | expected


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_the_list_changes_nothing_nor_does_an_event_that_is_told_twice(name):
    events = told(*CASES[name][0])
    expected = outcome(events)
    orders = permutations(events) if len(events) < 5 else (shuffled(events, seed) for seed in range(40))
    for order in orders:
        assert outcome(order) == expected
        assert outcome([*order, *order[:2]]) == expected


def shuffled(events, seed):
    order = list(events)
    Random(seed).shuffle(order)  # noqa: S311 - repeatable, not secret
    return order


def test_events_of_one_instant_are_in_the_order_of_what_they_mean():
    kinds = [Kind.CONFIRMED, Kind.RESOLVED, Kind.STAFF_REPLY, Kind.CUSTOMER_MESSAGE, Kind.REOPENED]
    assert [one.kind for one in in_order(Happening(kind, START) for kind in kinds)] == kinds[::-1]


def test_every_kind_of_event_has_its_place_among_those_of_one_instant():
    assert len(in_order(Happening(kind, START) for kind in Kind)) == len(Kind)
