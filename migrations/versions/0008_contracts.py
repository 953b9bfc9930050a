"""Contracts and their recurring revenue, and by what somebody counts as a customer."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PRESENT = sa.text("deleted_at IS NULL")
_LISTED = {"sqlite_where": _PRESENT, "postgresql_where": _PRESENT}
_TABLES = ("contract", "lapse", "recurrence")
_NEW = {
    "spell": [
        sa.Column("basis", sa.String(length=32), nullable=False, server_default="STATUS"),
        sa.Column("is_counted", sa.Boolean(), nullable=False, server_default=sa.true()),
    ],
    "workspace": [
        sa.Column("active_by", sa.String(length=32), nullable=False, server_default="STATUS"),
        sa.Column("inactivity_window_days", sa.Integer(), nullable=False, server_default="90"),
    ],
}
"""New columns that may not be null, with what they hold in the rows that are there."""
_COUNTED = {
    # index: the columns that it had, and those that it has
    "ix_spell_customer": (
        ["customer_id", "starts_on"],
        ["customer_id", "starts_on", "ends_on", "is_counted", "is_test", "sign"],
    ),
    "ix_spell_start": (["starts_on"], ["is_counted", "starts_on"]),
    "ix_spell_end": (
        ["ends_on", "starts_on", "is_test", "sign", "acquisition_channel_id"],
        ["is_counted", "ends_on", "starts_on", "is_test", "sign", "acquisition_channel_id"],
    ),
    "ix_spell_return": (
        ["starts_on"],
        ["is_counted", "starts_on", "ends_on", "is_test", "sign", "customer_id"],
    ),
}
"""Of spells only those that count are read, and the indexes know from now on which these are."""


def _index(new: int) -> None:
    again = sa.text("ordinal > 1")
    for name, columns in _COUNTED.items():
        part = {"sqlite_where": again, "postgresql_where": again} if name == "ix_spell_return" else {}
        op.drop_index(name, "spell")
        op.create_index(name, "spell", ["tenant_id", *columns[new]], **part)


_FLAGGED = ("name", "joined_on")
"""Of customers the indexes over expressions: SQLite cannot tell of them where it copies a table that refers to it."""


def _drop_flagged() -> None:
    for column in _FLAGGED:
        op.drop_index(f"ix_customer_{column}", "customer")


def _make_flagged() -> None:
    for column in _FLAGGED:
        columns = ["tenant_id", sa.text(f"({column} IS NULL)"), column, "id"]
        op.create_index(f"ix_customer_{column}", "customer", columns)


def upgrade() -> None:
    """Apply."""
    _drop_flagged()
    op.create_table(
        "contract",
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("acquisition_channel_id", sa.Uuid(), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("customer_kind", sa.String(length=32), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("journey_stage", sa.String(length=200), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("interval", sa.String(length=32), nullable=False),
        sa.Column(
            "terms",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("churn_kind", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_contract_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_contract_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_contract_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_contract_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"], ["team.tenant_id", "team.id"], name=op.f("fk_contract_team_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contract")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_contract_source_external_id"),
    )
    op.create_index("ix_contract_day", "contract", ["tenant_id", "day", "id"], **_LISTED)
    op.create_index("ix_contract_recorded_at", "contract", ["tenant_id", "recorded_at", "id"], **_LISTED)
    op.create_index("ix_contract_staff", "contract", ["tenant_id", "staff_id", "id"])
    op.create_index("ix_contract_timeline", "contract", ["tenant_id", "customer_id", "occurred_at"])

    op.create_table(
        "lapse",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_lapse_customer_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", name=op.f("pk_lapse")),
    )
    op.create_index("ix_lapse_due", "lapse", ["tenant_id", "due_on"])

    op.create_table(
        "recurrence",
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("acquisition_channel_id", sa.Uuid(), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("customer_kind", sa.String(length=32), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("priced_on", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_recurrence_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_recurrence_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"], ["contract.tenant_id", "contract.id"], name=op.f("fk_recurrence_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_recurrence_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_recurrence_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"], ["team.tenant_id", "team.id"], name=op.f("fk_recurrence_team_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_recurrence")),
    )
    op.create_index("ix_recurrence_contract", "recurrence", ["tenant_id", "contract_id", "day"])
    op.create_index("ix_recurrence_currency", "recurrence", ["tenant_id", "currency", "priced_on"])
    op.create_index("ix_recurrence_customer", "recurrence", ["tenant_id", "customer_id", "day"])
    op.create_index("ix_recurrence_day", "recurrence", ["tenant_id", "day", "customer_id"])
    protect(*_TABLES)
    for name, columns in _NEW.items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.add_column(column)
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.alter_column(column.name, existing_type=column.type, server_default=None)
    op.add_column("workspace", sa.Column("derived_to", sa.Uuid(), nullable=True))
    for name in ("spell", "customer"):
        op.add_column(name, sa.Column("churn_kind", sa.String(length=32), nullable=True))
    _index(1)
    _make_flagged()


def downgrade() -> None:
    """Take back."""
    _drop_flagged()
    # spells that were derived are none of those that sources told of
    op.execute("DELETE FROM spell WHERE basis <> 'STATUS'")
    _index(0)
    for name in ("spell", "customer"):
        op.drop_column(name, "churn_kind")
    op.drop_column("workspace", "derived_to")
    for name, columns in _NEW.items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column.name)
    _make_flagged()
    for name in reversed(_TABLES):
        op.drop_table(name)
