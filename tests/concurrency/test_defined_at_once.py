"""A KPI that is deleted while a target is set for it: one of the two is refused. And one key defined twice at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import stored

from app.errors import AppError
from app.services import custom_kpi, target

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

PATIENCE = 60
"""Seconds in which something must have been done."""
ROUNDS = 6
OWN = {"name": {"en": "Mine"}, "formula": "orders", "unit": "COUNT", "direction": "HIGHER_IS_BETTER", "stage": "RETAIN"}
DAYS = {"from_": date(2026, 7, 1), "before": date(2026, 8, 1), "kind": "ABSOLUTE", "value": 5}


def at_once(*calls):
    """What each of the calls answers or raises, all of them begun together."""
    start = threading.Barrier(len(calls))

    def run(call):
        start.wait(PATIENCE)
        try:
            return call()
        except AppError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(PATIENCE) for future in [pool.submit(run, call) for call in calls]]


def test_no_target_is_left_without_its_kpi(workspace, open_door, database):
    other = open_door()
    for number in range(ROUNDS):
        key = f"K{number}"
        workspace.write(custom_kpi.define, OWN | {"key": key})
        aim = {"external_id": key, "kpi": "CUSTOM", "custom": key, **DAYS}
        answers = at_once(
            lambda aim=aim: workspace.door.write(workspace.alice, target.set_, aim),
            lambda key=key: other.write(workspace.alice, custom_kpi.delete, key),
        )
        assert sum(isinstance(one, AppError) for one in answers) == 1, answers
    defined = {row["key"] for row in stored.rows(database, "custom_kpi", workspace.id)}
    assert {row["custom"] for row in stored.rows(database, "target", workspace.id)} == defined


def test_one_key_defined_twice_at_once_is_defined_once(workspace, open_door, database):
    other = open_door()
    for number in range(ROUNDS):
        row = OWN | {"key": f"K{number}"}
        (_, first), (_, second) = at_once(
            lambda row=row: workspace.door.write(workspace.alice, custom_kpi.define, row),
            lambda row=row: other.write(workspace.alice, custom_kpi.define, row | {"formula": "leads"}),
        )
        assert {first.value, second.value} == {"CREATED", "UPDATED"}
    assert len(stored.rows(database, "custom_kpi", workspace.id)) == ROUNDS
