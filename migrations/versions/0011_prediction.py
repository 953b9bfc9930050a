"""Predictions of each customer's future, the models behind them, and who objects to profiles."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import is_postgres, protect

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_FLAGGED = ("predicted_value", "churn_risk", "alive", "expected_purchases")
_NEW = {
    "customer": sa.Column("profiling_opt_out", sa.Boolean(), nullable=False, server_default=sa.false()),
    "workspace": sa.Column("prediction_horizon_months", sa.Integer(), nullable=False, server_default="12"),
}
"""New columns that may not be null, with what they hold in the rows that are there."""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "prediction_fit",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("horizon_months", sa.Integer(), nullable=False),
        sa.Column("buying_outcome", sa.String(length=32), nullable=False),
        sa.Column("buying", _DOCUMENT, nullable=False),
        sa.Column("leaving_outcome", sa.String(length=32), nullable=False),
        sa.Column("leaving", _DOCUMENT, nullable=False),
        sa.Column("cursor", sa.String(length=32), nullable=False),
        sa.Column("is_written", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_prediction_fit")),
    )
    op.create_index("ix_prediction_fit_fitted_at", "prediction_fit", ["tenant_id", "fitted_at", "id"])
    references = {"customer_id": "customer", "fit_id": "prediction_fit", "acquisition_channel_id": "channel"}
    op.create_table(
        "prediction",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("acquisition_channel_id", sa.Uuid(), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("customer_kind", sa.String(length=32), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("fit_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("is_buyer", sa.Boolean(), nullable=False),
        sa.Column("alive", sa.Float(), nullable=True),
        sa.Column("alive_low", sa.Float(), nullable=True),
        sa.Column("alive_high", sa.Float(), nullable=True),
        sa.Column("expected_purchases", sa.Float(), nullable=True),
        sa.Column("purchases_low", sa.Integer(), nullable=True),
        sa.Column("purchases_high", sa.Integer(), nullable=True),
        sa.Column("predicted_value", sa.BigInteger(), nullable=True),
        sa.Column("value_low", sa.BigInteger(), nullable=True),
        sa.Column("value_high", sa.BigInteger(), nullable=True),
        sa.Column("churn_risk", sa.Float(), nullable=True),
        sa.Column("churn_basis", sa.String(length=32), nullable=True),
        sa.Column("known_on", sa.Date(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", name], [f"{table}.tenant_id", f"{table}.id"], name=op.f(f"fk_prediction_{name}")
            )
            for name, table in references.items()
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_prediction")),
        sa.UniqueConstraint("tenant_id", "customer_id", name="uq_prediction_customer_id"),
    )
    op.create_index("ix_prediction_day", "prediction", ["tenant_id", "day", "id"])
    for column in _FLAGGED:
        columns = ["tenant_id", sa.text(f"({column} IS NULL)"), column, "id"]
        op.create_index(f"ix_prediction_{column}", "prediction", columns)
    protect("prediction_fit", "prediction")
    for table, column in _NEW.items():
        with _without_expressions(table):
            with op.batch_alter_table(table) as batch:
                batch.add_column(column)
            with op.batch_alter_table(table) as batch:
                batch.alter_column(column.name, existing_type=column.type, server_default=None)
    op.add_column("workspace", sa.Column("health_weights", _DOCUMENT, nullable=True))
    _schedule()


@contextmanager
def _without_expressions(table: str) -> Iterator[None]:
    """Indexes over expressions are lost where SQLite copies a table: they go before, and are made again after."""
    if is_postgres():
        yield
        return
    asked = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table")
    found = {name: sql for name, sql in op.get_bind().execute(asked, {"table": table}) if " IS NULL)" in (sql or "")}
    for name in found:
        op.drop_index(name, table)
    yield
    for sql in found.values():
        op.execute(sql)


def _schedule() -> None:
    """Have the workspaces that are there fitted from now on, as new ones are."""
    id_, none = ("gen_random_uuid()", "'{}'::jsonb") if is_postgres() else ("lower(hex(randomblob(16)))", "'{}'")
    op.execute(
        "INSERT INTO job (id, tenant_id, kind, payload, run_at, attempts) "  # noqa: S608 - of words from above
        f"SELECT {id_}, tenant_id, 'refit', {none}, CURRENT_TIMESTAMP, 0 FROM workspace"
    )


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM job WHERE kind IN ('fit', 'refit')")
    op.drop_column("workspace", "health_weights")
    for table, column in _NEW.items():
        op.drop_column(table, column.name)
    op.drop_table("prediction")
    op.drop_table("prediction_fit")
