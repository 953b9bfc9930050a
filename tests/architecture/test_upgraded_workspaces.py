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
    assert {"token", "job"} == GLOBAL
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
