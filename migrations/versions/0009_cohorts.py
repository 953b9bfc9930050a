"""Cohorts: the month of a first time on spells, buyers, orders and refunds; contacts that are key."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import is_postgres

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COLUMNS = ("tenant_id", "customer_id", "cohort", "day", "starts_on", "sign")
_TABLES = ("spell", "buyer", "customer_order", "refund")


def _fill() -> None:
    """Say of what is there already what is derived of what comes."""
    spell, buyer = (sa.table(name, *map(sa.column, _COLUMNS)) for name in ("spell", "buyer"))

    def month(day: sa.ColumnElement[object]) -> sa.Function[str]:
        return sa.func.to_char(day, "YYYY-MM") if is_postgres() else sa.func.substr(day, 1, 7)

    # all entries of a ledger alike, those taken back too, so that they go on cancelling each other
    own = spell.alias("own")
    same = (own.c.tenant_id == spell.c.tenant_id, own.c.customer_id == spell.c.customer_id)
    days = sa.select(own.c.starts_on).where(*same).group_by(own.c.starts_on).having(sa.func.sum(own.c.sign) > 0)
    in_force = days.correlate(spell).subquery("in_force")
    first = sa.select(month(sa.func.min(in_force.c.starts_on))).correlate(spell).scalar_subquery()
    op.execute(sa.update(spell).values(cohort=first))
    op.execute(sa.update(buyer).values(cohort=month(buyer.c.day)))
    for name in ("customer_order", "refund"):
        table = sa.table(name, *map(sa.column, _COLUMNS))
        mine = (buyer.c.tenant_id == table.c.tenant_id, buyer.c.customer_id == table.c.customer_id)
        op.execute(sa.update(table).values(cohort=sa.select(buyer.c.cohort).where(*mine).scalar_subquery()))


_FLAGGED = ("name", "joined_on")
"""Indexes over expressions: lost where SQLite copies a table, and found again by nothing."""


def _drop_flagged() -> None:
    for column in _FLAGGED:
        op.drop_index(f"ix_customer_{column}", "customer")


def _make_flagged() -> None:
    for column in _FLAGGED:
        op.create_index(
            f"ix_customer_{column}", "customer", ["tenant_id", sa.text(f"({column} IS NULL)"), column, "id"]
        )


def _flag_key_contacts() -> None:
    _drop_flagged()
    with op.batch_alter_table("customer") as table:
        table.add_column(sa.Column("is_key_contact", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("customer") as table:
        table.alter_column("is_key_contact", existing_type=sa.Boolean(), server_default=None)
    _make_flagged()


def upgrade() -> None:
    """Apply."""
    for name in _TABLES:
        op.add_column(name, sa.Column("cohort", sa.String(length=7), nullable=True))
    _flag_key_contacts()
    walled = _TABLES if is_postgres() else ()
    for name in walled:  # the wall binds the owner too, who belongs to no workspace
        op.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
    _fill()
    for name in walled:
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Take back."""
    _drop_flagged()
    with op.batch_alter_table("customer") as table:
        table.drop_column("is_key_contact")
    _make_flagged()
    for name in reversed(_TABLES):
        op.drop_column(name, "cohort")
