"""Segments and who belongs to them, stages that are stated, attributes as dimensions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _document() -> sa.types.TypeEngine[object]:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "segment",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=2_000), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("rule", _document(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_segment")),
        sa.UniqueConstraint("tenant_id", "key", name="uq_segment_key"),
    )
    op.create_index("ix_segment_key", "segment", ["tenant_id", "key", "id"])
    op.create_index("ix_segment_name", "segment", ["tenant_id", "name", "id"])
    op.create_table(
        "segment_member",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "segment_id"],
            ["segment.tenant_id", "segment.id"],
            name=op.f("fk_segment_member_segment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.id"],
            name=op.f("fk_segment_member_customer_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "segment_id", "customer_id", "starts_on", name=op.f("pk_segment_member")),
    )
    op.create_index("ix_segment_member_customer", "segment_member", ["tenant_id", "customer_id", "starts_on"])
    op.create_table(
        "stated_stage",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.id"],
            name=op.f("fk_stated_stage_customer_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_stated_stage")),
        sa.UniqueConstraint("tenant_id", "customer_id", "starts_on", name="uq_stated_stage_customer_id_starts_on"),
    )
    protect("segment", "segment_member", "stated_stage")
    with op.batch_alter_table("workspace") as table:
        table.add_column(sa.Column("attribute_dimensions", _document(), nullable=False, server_default="[]"))
    with op.batch_alter_table("workspace") as table:
        table.alter_column("attribute_dimensions", existing_type=_document(), server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("workspace") as table:
        table.drop_column("attribute_dimensions")
    for name in ("stated_stage", "segment_member", "segment"):
        op.drop_table(name)
