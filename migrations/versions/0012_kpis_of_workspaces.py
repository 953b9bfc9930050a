"""KPIs of workspaces, and which kinds of feedback there are."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0007"
branch_labels = None
depends_on = None

_PRESENT = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Apply."""
    listed = {"sqlite_where": _PRESENT, "postgresql_where": _PRESENT}
    op.create_index("ix_feedback_kind", "feedback", ["tenant_id", "kind", "day"], **listed)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_feedback_kind", "feedback")
