"""Members: the people of a workspace."""

import sqlalchemy as sa
from alembic import op

from app.db import GATE_ROLE
from app.models.base import Document, UtcDateTime
from migrations.wall import is_postgres, protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TOLD = "tenant_id, id, email, issuer, subject, role, grants, sources, channels, segments"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "member",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("issuer", sa.String(length=500), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("grants", Document, nullable=False),
        sa.Column("sources", Document, nullable=True),
        sa.Column("channels", Document, nullable=True),
        sa.Column("segments", Document, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_member")),
        sa.UniqueConstraint("tenant_id", "email", name="uq_member_email"),
        sa.UniqueConstraint("tenant_id", "issuer", "subject", name="uq_member_issuer_subject"),
    )
    op.create_index("ix_member_created_at", "member", ["tenant_id", "created_at", "id"])
    op.create_index("ix_member_email", "member", ["email"])
    op.create_index("ix_member_subject", "member", ["subject"])
    protect("member")
    if is_postgres():  # who signs in is known before the workspace is
        op.execute(f"GRANT SELECT ({_TOLD}) ON member TO {GATE_ROLE}")
        op.execute(f"CREATE POLICY gate ON member FOR SELECT TO {GATE_ROLE} USING (true)")


def downgrade() -> None:
    """Take back."""
    op.drop_table("member")
