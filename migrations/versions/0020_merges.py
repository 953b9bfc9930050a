"""What merges of customers changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    when = sa.DateTime(timezone=True)
    document = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.create_table(
        "customer_merge",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("into_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("document", document, nullable=False),
        sa.Column("staying", sa.Integer(), nullable=False),
        sa.Column("merged_at", when, nullable=False),
        sa.Column("undone_at", when, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "from_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_customer_merge_from_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "into_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_customer_merge_into_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_customer_merge")),
        sa.UniqueConstraint("tenant_id", "from_id", name="uq_customer_merge_from_id"),
    )
    op.create_index("ix_customer_merge_into", "customer_merge", ["tenant_id", "into_id"])
    op.create_table(
        "customer_merge_record",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "merge_id"],
            ["customer_merge.tenant_id", "customer_merge.id"],
            name=op.f("fk_customer_merge_record_merge_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "merge_id", "place", "record", name=op.f("pk_customer_merge_record")),
    )
    protect("customer_merge", "customer_merge_record")


def downgrade() -> None:
    """Take back."""
    op.drop_table("customer_merge_record")
    op.drop_table("customer_merge")
