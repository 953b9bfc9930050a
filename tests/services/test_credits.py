"""Who gets the credit for a customer: contacts up to the day on which somebody was won, whenever that is learnt."""

from datetime import UTC, date, datetime

import pytest
import stored
from trading import CREATE, back, may, meet, met, put, sold, take_back

from app.models.touchpoint import WHOLE
from app.services import customer

RULES = ("first_touch", "last_touch", "linear", "position", "time_decay")


def credits_of(database, people, who="ann"):
    """What part of a customer each channel has by each rule."""
    (id_,) = (
        row["customer_id"]
        for row in stored.rows(database, "customer_external_id", people.id)
        if row["external_id"] == who
    )
    keys = {row["id"]: row["key"] for row in stored.rows(database, "channel", people.id)}
    rows = [row for row in stored.rows(database, "credit", people.id) if row["customer_id"] == id_]
    assert len({row["channel_id"] for row in rows}) == len(rows)
    for rule in RULES:
        assert sum(row[rule] for row in rows) == (WHOLE if rows else 0)
    return {keys[row["channel_id"]]: {rule: row[rule] / WHOLE for rule in RULES} for row in rows}


def channels(database, people, who="ann"):
    return set(credits_of(database, people, who))


@pytest.fixture
def followed(workspace):
    """Ann, who was met on the web on the 1st, in the shop on the 8th and by mail on the 15th of May."""
    put(
        workspace,
        "touchpoint",
        *(met(key, "ann", key, may(day)) for key, day in (("web", 1), ("shop", 8), ("mail", 15))),
    )
    return workspace


def test_nobody_has_credit_for_somebody_who_was_not_won(followed, database):
    assert credits_of(database, followed) == {}
    meet(followed, {"external_id": "ann", "region": "north"})
    assert credits_of(database, followed) == {}


def test_contacts_up_to_the_day_of_joining_share_the_credit(followed, database):
    meet(followed, {"external_id": "ann", "joined_on": may(15)})
    assert credits_of(database, followed) == {
        "web": pytest.approx(dict(zip(RULES, (1, 0, 1 / 3, 0.4, 1 / 7), strict=True)), abs=1e-6),
        "shop": pytest.approx(dict(zip(RULES, (0, 0, 1 / 3, 0.2, 2 / 7), strict=True)), abs=1e-6),
        "mail": pytest.approx(dict(zip(RULES, (0, 1, 1 / 3, 0.4, 4 / 7), strict=True)), abs=1e-6),
    }


def test_the_credit_follows_the_day_of_joining(followed, database):
    for day, expected in ((15, {"web", "shop", "mail"}), (14, {"web", "shop"}), (7, {"web"}), (1, {"web"})):
        meet(followed, {"external_id": "ann", "joined_on": may(day)})
        assert channels(database, followed) == expected
    meet(followed, {"external_id": "ann", "joined_on": date(2026, 4, 30)})
    assert credits_of(database, followed) == {}
    meet(followed, {"external_id": "ann", "joined_on": None})
    assert credits_of(database, followed) == {}


def test_somebody_who_came_back_was_won_the_first_time(followed, database):
    history = [{"from_": may(2), "before": may(5)}, {"from_": may(20)}]
    meet(followed, {"external_id": "ann", "history": history})
    assert channels(database, followed) == {"web"}


def test_where_nobody_says_when_somebody_joined_the_first_purchase_does(followed, database):
    put(followed, "order", sold("o2", 1, may(20), "ann"))
    assert channels(database, followed) == {"web", "shop", "mail"}
    put(followed, "order", sold("o1", 1, may(9), "ann"))
    assert channels(database, followed) == {"web", "shop"}
    put(followed, "refund", back("r1", "o1", 1, may(10)))  # and so it was none
    assert channels(database, followed) == {"web", "shop", "mail"}
    take_back(followed, "refund", "r1")
    put(followed, "order", sold("o1", 1, may(9), "ann", status="CANCELLED"))
    assert channels(database, followed) == {"web", "shop", "mail"}
    take_back(followed, "order", "o1", "o2")
    assert credits_of(database, followed) == {}


def test_joining_goes_before_buying(followed, database):
    put(followed, "order", sold("o1", 1, may(3), "ann"))
    assert channels(database, followed) == {"web"}
    meet(followed, {"external_id": "ann", "joined_on": may(10)})
    assert channels(database, followed) == {"web", "shop"}
    meet(followed, {"external_id": "ann", "joined_on": None})
    assert channels(database, followed) == {"web"}


def test_the_credit_follows_the_touchpoints(followed, database):
    meet(followed, {"external_id": "ann", "joined_on": may(15)})
    take_back(followed, "touchpoint", "web")
    assert credits_of(database, followed)["shop"]["first_touch"] == 1
    put(followed, "touchpoint", met("mail", "ann", "mail", may(16)))  # a day too late
    assert channels(database, followed) == {"shop"}
    put(followed, "touchpoint", met("web", "ann", "web", may(1)))
    assert credits_of(database, followed)["web"]["first_touch"] == 1
    put(followed, "touchpoint", met("web", "bob", "web", may(1)))  # it was somebody else
    assert channels(database, followed) == {"shop"}
    assert credits_of(database, followed, "bob") == {}
    meet(followed, {"external_id": "bob", "joined_on": may(2)})
    assert channels(database, followed, "bob") == {"web"}


def test_of_one_day_the_hours_decide_who_was_first(workspace, database):
    hours = {"web": 9, "shop": 8, "mail": 10}
    at = {key: datetime(2026, 5, 4, hour, tzinfo=UTC) for key, hour in hours.items()}
    put(workspace, "touchpoint", *(met(key, "ann", key, at[key]) for key in hours))
    meet(workspace, {"external_id": "ann", "joined_on": may(4)})
    found = credits_of(database, workspace)
    assert [key for key in found if found[key]["first_touch"]] == ["shop"]
    assert [key for key in found if found[key]["last_touch"]] == ["mail"]


@pytest.mark.slow
def test_many_at_once_have_what_each_would_have_alone(workspace, database):
    names = [f"c{n}" for n in range(30)]
    put(workspace, "touchpoint", *(met(f"{who} {key}", who, key, may(2)) for who in names for key in ("web", "shop")))
    rows = [{"external_id": who, "joined_on": may(1 + n % 3)} for n, who in enumerate(names)]
    assert not any(result.problems for result in workspace.write(customer.upsert_batch, rows, CREATE))
    for n, who in enumerate(names):
        assert channels(database, workspace, who) == ({"web", "shop"} if n % 3 else set())
