"""Workspaces that were there before a migration have afterwards what new ones have."""

import pytest
from alembic import command
from sqlalchemy import text
from test_migrations import GLOBAL, empty, go, owning  # noqa: F401 - a fixture among them
from uuid_utils.compat import uuid7

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
]

WORKSPACE = """
    INSERT INTO workspace (tenant_id, id, name, time_zone, currency, first_weekday, fiscal_year_start, small_cell_k,
        locale, repeat_window_days, rate_carry_days, response_target_minutes, complaint_limit_days,
        conversion_window_days, created_at, secret)
    VALUES (:id, :id, 'Old', 'UTC', 'EUR', 1, 1, 5, 'en', 90, 0, 60, 7, 90, '2026-01-01', 'secret')
"""


def test_who_was_there_before_is_predicted_of_and_objects_to_nothing(empty):  # noqa: F811 - the fixture
    assert {"token", "job", "deployment"} == GLOBAL
    id_ = uuid7().hex
    go(empty, command.upgrade, "0007")
    with owning(empty) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT set_config('app.tenant', :id, true)"), {"id": id_})
        connection.execute(text(WORKSPACE), {"id": id_})
        connection.commit()
    go(empty, command.upgrade, "0011")
    with owning(empty) as connection:
        (job,) = connection.execute(text("SELECT kind, tenant_id, attempts FROM job")).all()
        assert (job.kind, str(job.tenant_id).replace("-", ""), job.attempts) == ("refit", id_, 0)
        (row,) = connection.execute(text("SELECT prediction_horizon_months, health_weights FROM workspace")).all()
        assert tuple(row) == (12, None)
    go(empty, command.downgrade, "0007")
    with owning(empty) as connection:
        assert connection.execute(text("SELECT count(*) FROM job")).scalar() == 0


SURVEY = """
    INSERT INTO survey (tenant_id, id, key, name, is_stub, created_at, updated_at, version, edition, occasion)
    VALUES (:tenant, :id, :key, :key, false, '2026-01-01', '2026-01-01', 1, 0, :occasion)
"""
FEEDBACK = """
    INSERT INTO feedback (tenant_id, id, source, external_id, recorded_at, known_on, version, occurred_at, day, kind,
        inherits_customer, inherits_survey, is_replaced, is_test, tags, survey_id)
    VALUES (:tenant, :id, 'old', :key, '2026-01-01', '2026-01-01', 1, '2026-01-01', '2026-01-01', 'NPS',
        false, false, false, false, '[]', :survey)
"""


def test_feedback_that_was_there_before_has_what_its_survey_is_now(empty):  # noqa: F811 - the fixture
    surveys = {"yearly": "RELATIONSHIP", "purchase": "TRANSACTIONAL", "any": None}
    tenants = {place: uuid7().hex for place in ("here", "there")}
    ids = {(place, key): uuid7().hex for place in tenants for key in surveys}
    go(empty, command.upgrade, "0012")
    with owning(empty) as connection:
        for place, tenant in tenants.items():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT set_config('app.tenant', :id, true)"), {"id": tenant})
            for key, occasion in surveys.items():
                row = {"tenant": tenant, "key": key, "id": ids[place, key], "occasion": occasion}
                connection.execute(text(SURVEY), row)
            for key in (*surveys, "none"):
                row = {"tenant": tenant, "key": key, "id": uuid7().hex, "survey": ids.get((place, key))}
                connection.execute(text(FEEDBACK), row)
        connection.commit()
    go(empty, command.upgrade, "0013")
    with owning(empty) as connection:
        for tenant in tenants.values():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT set_config('app.tenant', :id, true)"), {"id": tenant})
            asked = text("SELECT external_id, survey_occasion FROM feedback WHERE tenant_id = :id")
            found = connection.execute(asked, {"id": tenant}).all()
            assert sorted(map(tuple, found)) == sorted({**surveys, "none": None}.items())
    go(empty, command.downgrade, "0012")
    go(empty, command.upgrade, "0013")
