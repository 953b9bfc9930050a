"""The statements that fold facts into rollups: by which way SQLite finds the facts."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import event

from app.db import Database
from app.kpis import CUBES
from app.kpis.measure import Crowd
from app.services.folding import Which, folding

FOLDS = [
    (cube.name, is_spread)
    for cube in CUBES.values()
    if not isinstance(cube, Crowd)
    for is_spread in ((False,) if cube.spread is None else (False, True))
]
ONE = UUID(int=1)


@pytest.fixture
def plan(sqlite):
    """Runs a statement and says how, in a database that has counted nothing itself."""
    database, told = Database(sqlite), []
    event.listen(database.writer, "before_cursor_execute", lambda *given: told.append(given[2:4]))

    def plan_(statement, bound):
        with database.writer.connect() as connection:
            connection.execute(statement, bound)
            said, parameters = told[-1]
            return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", parameters)]

    plan_.database = database
    yield plan_
    database.dispose()


@pytest.mark.some(20)
@pytest.mark.parametrize("which", Which)
@pytest.mark.parametrize(("name", "is_spread"), FOLDS)
def test_facts_are_found_by_their_ids(plan, name, is_spread, which):
    """And not by the days of a whole workspace, which SQLite would take for small if it were not told."""
    cube = CUBES[name]
    statement = folding(plan.database, cube, which, is_spread=is_spread)
    bound = {"of_tenant": ONE, "of_generation": 1, "with_sign": 1, "learnt_on": date(2026, 6, 15)}
    bound |= {"the_ids": plan.database.as_values([ONE]), "after": ONE, "until": ONE}
    (search,) = [step for step in plan(statement, bound) if f" {cube.model.__table__.name} " in f"{step} "]
    assert "(tenant_id=? AND id" in search
