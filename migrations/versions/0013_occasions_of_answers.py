"""Feedback keeps when its survey asked, as it was when it was recorded."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import is_postgres

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("feedback", "survey")


def _fill() -> None:
    """Say of what is there already what its survey is now: what it was then, nobody kept."""
    feedback = sa.table("feedback", *map(sa.column, ("tenant_id", "survey_id", "survey_occasion")))
    survey = sa.table("survey", *map(sa.column, ("tenant_id", "id", "occasion")))
    own = (survey.c.tenant_id == feedback.c.tenant_id, survey.c.id == feedback.c.survey_id)
    occasion = sa.select(survey.c.occasion).where(*own).scalar_subquery()
    op.execute(sa.update(feedback).where(feedback.c.survey_id.is_not(None)).values(survey_occasion=occasion))


def upgrade() -> None:
    """Apply."""
    op.add_column("feedback", sa.Column("survey_occasion", sa.String(length=32), nullable=True))
    walled = _TABLES if is_postgres() else ()
    for name in walled:  # the wall binds the owner too, who belongs to no workspace
        op.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
    _fill()
    for name in walled:
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Take back."""
    op.drop_column("feedback", "survey_occasion")
