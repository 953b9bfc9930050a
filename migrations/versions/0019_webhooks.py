"""Webhooks and their deliveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _document() -> sa.types.TypeEngine[object]:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Apply."""
    when = sa.DateTime(timezone=True)
    op.create_table(
        "webhook",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("created_at", when, nullable=False),
        sa.Column("updated_at", when, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=2_000), nullable=False),
        sa.Column("types", _document(), nullable=False),
        sa.Column("actions", _document(), nullable=False),
        sa.Column("fields", _document(), nullable=False),
        sa.Column("document", sa.String(length=20_000), nullable=True),
        sa.Column("scopes", _document(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("secrets", _document(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", when, nullable=True),
        sa.Column("disabled_at", when, nullable=True),
        sa.Column("disabled_reason", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("tenant_id", "key", name="uq_webhook_key"),
    )
    op.create_index("ix_webhook_key", "webhook", ["tenant_id", "key", "id"])
    op.create_index("ix_webhook_name", "webhook", ["tenant_id", "name", "id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("noun", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("record_version", sa.BigInteger(), nullable=False),
        sa.Column("fields", _document(), nullable=False),
        sa.Column("at", when, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", when, nullable=False),
        sa.Column("due_at", when, nullable=False),
        sa.Column("delivered_at", when, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("log", _document(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "webhook_id"],
            ["webhook.tenant_id", "webhook.id"],
            name=op.f("fk_webhook_delivery_webhook_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("tenant_id", "webhook_id", "seq", name="uq_webhook_delivery_webhook_id_seq"),
    )
    open_ = sa.text("state = 'PENDING'")
    op.create_index(
        "ix_webhook_delivery_open",
        "webhook_delivery",
        ["tenant_id", "webhook_id", "due_at"],
        sqlite_where=open_,
        postgresql_where=open_,
    )
    op.create_index("ix_webhook_delivery_created_at", "webhook_delivery", ["tenant_id", "created_at", "id"])
    op.create_index("ix_webhook_delivery_webhook", "webhook_delivery", ["tenant_id", "webhook_id", "created_at"])
    protect("webhook", "webhook_delivery")


def downgrade() -> None:
    """Take back."""
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
    op.execute("DELETE FROM job WHERE kind = 'deliver'")
