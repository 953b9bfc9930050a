"""Orders, refunds, costs, touchpoints and exchange rates, and what is derived from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PRESENT = sa.text("deleted_at IS NULL")
_TABLES = ("exchange_rate", "buyer", "cost", "credit", "customer_order", "touchpoint", "accrual", "refund")


def _drop_flagged() -> None:
    """Indexes over expressions are lost where SQLite copies a table, and found again by nothing."""
    for column in ("name", "joined_on"):
        op.drop_index(f"ix_customer_{column}", "customer")


def _make_flagged() -> None:
    for column in ("name", "joined_on"):
        op.create_index(
            f"ix_customer_{column}", "customer", ["tenant_id", sa.text(f"({column} IS NULL)"), column, "id"]
        )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "exchange_rate",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.String(length=3), nullable=False),
        sa.Column("quote", sa.String(length=3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_exchange_rate")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_exchange_rate_source_external_id"),
    )
    op.create_index(
        "ix_exchange_rate_day",
        "exchange_rate",
        ["tenant_id", "day", "id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )
    op.create_index("ix_exchange_rate_pair", "exchange_rate", ["tenant_id", "base", "quote", "day"])
    op.create_index(
        "ix_exchange_rate_recorded_at",
        "exchange_rate",
        ["tenant_id", "recorded_at", "id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )

    op.create_table(
        "buyer",
        sa.Column("acquisition_channel_id", sa.Uuid(), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("customer_kind", sa.String(length=32), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("second_on", sa.Date(), nullable=True),
        sa.Column("is_repeat", sa.Boolean(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("unpriced", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_buyer_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_buyer_customer_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_buyer")),
        sa.UniqueConstraint("tenant_id", "customer_id", name="uq_buyer_customer_id"),
    )
    op.create_index("ix_buyer_day", "buyer", ["tenant_id", "day"])
    op.create_index("ix_buyer_value", "buyer", ["tenant_id", "value", "id"])

    op.create_table(
        "cost",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_cost_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_cost_customer_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cost")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_cost_source_external_id"),
    )
    op.create_index("ix_cost_currency", "cost", ["tenant_id", "currency", "starts_on"])
    op.create_index("ix_cost_customer", "cost", ["tenant_id", "customer_id", "occurred_at"])
    op.create_index(
        "ix_cost_recorded_at",
        "cost",
        ["tenant_id", "recorded_at", "id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )
    op.create_index(
        "ix_cost_starts_on", "cost", ["tenant_id", "starts_on", "id"], sqlite_where=_PRESENT, postgresql_where=_PRESENT
    )

    op.create_table(
        "credit",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("first_touch", sa.Integer(), nullable=False),
        sa.Column("last_touch", sa.Integer(), nullable=False),
        sa.Column("linear", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("time_decay", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_credit_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_credit_customer_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_credit")),
    )
    op.create_index("ix_credit_customer", "credit", ["tenant_id", "customer_id"])

    op.create_table(
        "customer_order",
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
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column(
            "lines",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("refunded_on", sa.Date(), nullable=True),
        sa.Column("gross", sa.BigInteger(), nullable=True),
        sa.Column("net", sa.BigInteger(), nullable=True),
        sa.Column("outlay", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_customer_order_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_customer_order_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.id"],
            name=op.f("fk_customer_order_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_customer_order_staff_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_customer_order")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_customer_order_source_external_id"),
    )
    op.create_index("ix_customer_order_currency", "customer_order", ["tenant_id", "currency", "day"])
    op.create_index("ix_customer_order_customer", "customer_order", ["tenant_id", "customer_id", "day"])
    op.create_index("ix_customer_order_timeline", "customer_order", ["tenant_id", "customer_id", "occurred_at"])
    op.create_index("ix_customer_order_day", "customer_order", ["tenant_id", "day"])
    op.create_index(
        "ix_customer_order_occurred_at",
        "customer_order",
        ["tenant_id", "occurred_at", "id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )
    op.create_index(
        "ix_customer_order_recorded_at",
        "customer_order",
        ["tenant_id", "recorded_at", "id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )

    op.create_table(
        "touchpoint",
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
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_touchpoint_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_touchpoint_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_touchpoint_customer_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_touchpoint")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_touchpoint_source_external_id"),
    )
    op.create_index("ix_touchpoint_customer", "touchpoint", ["tenant_id", "customer_id", "occurred_at"])
    op.create_index(
        "ix_touchpoint_occurred_at",
        "touchpoint",
        ["tenant_id", "occurred_at", "id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )
    op.create_index(
        "ix_touchpoint_recorded_at",
        "touchpoint",
        ["tenant_id", "recorded_at", "id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )

    op.create_table(
        "accrual",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cost_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_accrual_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cost_id"], ["cost.tenant_id", "cost.id"], name=op.f("fk_accrual_cost_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_accrual_customer_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accrual")),
    )
    op.create_index("ix_accrual_cost", "accrual", ["tenant_id", "cost_id", "day"])
    op.create_index("ix_accrual_day", "accrual", ["tenant_id", "day"])

    op.create_table(
        "refund",
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
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("sold_channel_id", sa.Uuid(), nullable=True),
        sa.Column("sold_product", sa.String(length=200), nullable=True),
        sa.Column("sold_campaign", sa.String(length=200), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_refund_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_refund_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_refund_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["customer_order.tenant_id", "customer_order.id"],
            name=op.f("fk_refund_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "sold_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_refund_sold_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_refund_staff_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_refund")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_refund_source_external_id"),
    )
    op.create_index("ix_refund_currency", "refund", ["tenant_id", "currency", "day"])
    op.create_index("ix_refund_customer", "refund", ["tenant_id", "customer_id", "occurred_at"])
    op.create_index("ix_refund_day", "refund", ["tenant_id", "day"])
    op.create_index(
        "ix_refund_occurred_at",
        "refund",
        ["tenant_id", "occurred_at", "id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )
    op.create_index("ix_refund_order", "refund", ["tenant_id", "order_id"])
    op.create_index(
        "ix_refund_recorded_at",
        "refund",
        ["tenant_id", "recorded_at", "id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )
    protect(*_TABLES)
    op.drop_index("ix_spell_customer", "spell")
    op.create_index("ix_spell_customer", "spell", ["tenant_id", "customer_id", "starts_on"])
    _drop_flagged()
    with op.batch_alter_table("customer") as table:
        table.add_column(sa.Column("merged_into_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(
            op.f("fk_customer_merged_into_id"), "customer", ["tenant_id", "merged_into_id"], ["tenant_id", "id"]
        )
        table.create_index("ix_customer_merged", ["tenant_id", "merged_into_id"])
    _make_flagged()
    with op.batch_alter_table("workspace") as table:
        table.add_column(sa.Column("repeat_window_days", sa.Integer(), nullable=False, server_default="90"))
        table.add_column(sa.Column("rate_carry_days", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("expected_lifespan_months", sa.Integer(), nullable=True))
        table.add_column(sa.Column("lifespan_cap_months", sa.Integer(), nullable=True))
    with op.batch_alter_table("workspace") as table:
        table.alter_column("repeat_window_days", existing_type=sa.Integer(), server_default=None)
        table.alter_column("rate_carry_days", existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_spell_customer", "spell")
    op.create_index("ix_spell_customer", "spell", ["tenant_id", "customer_id"])
    with op.batch_alter_table("workspace") as table:
        for column in ("lifespan_cap_months", "expected_lifespan_months", "rate_carry_days", "repeat_window_days"):
            table.drop_column(column)
    _drop_flagged()
    with op.batch_alter_table("customer") as table:
        table.drop_index("ix_customer_merged")
        table.drop_constraint(op.f("fk_customer_merged_into_id"), type_="foreignkey")
        table.drop_column("merged_into_id")
    _make_flagged()
    for name in reversed(_TABLES):
        op.drop_table(name)
