"""The second wall, on PostgreSQL: row-level security, and the two roles that live behind it."""

from alembic import op

from app.db import APP_ROLE, GATE_ROLE


def is_postgres() -> bool:
    """Whether there are roles and policies at all."""
    return op.get_bind().dialect.name == "postgresql"


def make_roles() -> None:
    """The role of ordinary work and the role of the gate, both without login, both granted to whoever migrates.

    Roles belong to the whole cluster: another database, or an administrator, may have made them already.
    """
    for role in (APP_ROLE, GATE_ROLE):
        op.execute(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
            f"THEN CREATE ROLE {role} NOLOGIN; END IF; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        # an administrator may have granted it, who alone can
        op.execute(
            f"DO $$ BEGIN EXECUTE 'GRANT {role} TO ' || quote_ident(session_user); "
            "EXCEPTION WHEN insufficient_privilege THEN NULL; END $$"
        )
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    op.execute(f"GRANT SELECT ON alembic_version TO {APP_ROLE}")


def let_owner_read(*tables: str) -> None:
    """Let the owner, whom the wall binds as well, see all workspaces in these tables: for upkeep after an upgrade."""
    for table in tables:
        op.execute(f"CREATE POLICY upkeep ON {table} FOR SELECT TO CURRENT_USER USING (true)")


def protect(*tables: str) -> None:
    """Let ordinary work see only the rows of the workspace that the transaction has entered."""
    if not is_postgres():
        return
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        mine = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
        op.execute(f"CREATE POLICY workspace ON {table} USING ({mine})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP_ROLE}")
