"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "change",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("noun", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column(
            "fields",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_change")),
        sa.UniqueConstraint("tenant_id", "seq", name="uq_change_seq"),
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index("ix_change_record", ["tenant_id", "record_id"], unique=False)
        batch_op.create_index(
            "ix_change_unsealed",
            ["tenant_id", "id"],
            unique=False,
            sqlite_where=sa.text("seq IS NULL"),
            postgresql_where=sa.text("seq IS NULL"),
        )

    op.create_table(
        "channel",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("medium", sa.String(length=32), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_channel_parent_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_channel")),
        sa.UniqueConstraint("tenant_id", "key", name="uq_channel_key"),
    )
    op.create_table(
        "idempotency",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column(
            "answer",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_idempotency")),
        sa.UniqueConstraint("tenant_id", "source", "key", name="uq_idempotency_source_key"),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index("ix_idempotency_at", ["tenant_id", "created_at"], unique=False)

    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column(
            "payload",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_due", ["run_at"], unique=False)
        batch_op.create_index("ix_job_tenant", ["tenant_id", "kind"], unique=False)

    op.create_table(
        "rollup",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("cube", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("grain", sa.String(length=1), nullable=False),
        sa.Column("dim", sa.String(length=24), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("a0", sa.BigInteger(), nullable=False),
        sa.Column("a1", sa.BigInteger(), nullable=False),
        sa.Column("a2", sa.BigInteger(), nullable=False),
        sa.Column("a3", sa.BigInteger(), nullable=False),
        sa.Column("a4", sa.BigInteger(), nullable=False),
        sa.Column("a5", sa.BigInteger(), nullable=False),
        sa.Column("a6", sa.BigInteger(), nullable=False),
        sa.Column("a7", sa.BigInteger(), nullable=False),
        sa.Column("a8", sa.BigInteger(), nullable=False),
        sa.Column("a9", sa.BigInteger(), nullable=False),
        sa.Column("a10", sa.BigInteger(), nullable=False),
        sa.Column("a11", sa.BigInteger(), nullable=False),
        sa.Column("a12", sa.BigInteger(), nullable=False),
        sa.Column("a13", sa.BigInteger(), nullable=False),
        sa.Column("a14", sa.BigInteger(), nullable=False),
        sa.Column("a15", sa.BigInteger(), nullable=False),
        sa.Column("a16", sa.BigInteger(), nullable=False),
        sa.Column("a17", sa.BigInteger(), nullable=False),
        sa.Column("a18", sa.BigInteger(), nullable=False),
        sa.Column("a19", sa.BigInteger(), nullable=False),
        sa.Column("a20", sa.BigInteger(), nullable=False),
        sa.Column("a21", sa.BigInteger(), nullable=False),
        sa.Column("a22", sa.BigInteger(), nullable=False),
        sa.Column("a23", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "cube", "generation", "grain", "dim", "day", "key", "known_on", name=op.f("pk_rollup")
        ),
    )
    op.create_table(
        "rollup_entry",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("cube", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("dim", sa.String(length=24), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("a0", sa.BigInteger(), nullable=False),
        sa.Column("a1", sa.BigInteger(), nullable=False),
        sa.Column("a2", sa.BigInteger(), nullable=False),
        sa.Column("a3", sa.BigInteger(), nullable=False),
        sa.Column("a4", sa.BigInteger(), nullable=False),
        sa.Column("a5", sa.BigInteger(), nullable=False),
        sa.Column("a6", sa.BigInteger(), nullable=False),
        sa.Column("a7", sa.BigInteger(), nullable=False),
        sa.Column("a8", sa.BigInteger(), nullable=False),
        sa.Column("a9", sa.BigInteger(), nullable=False),
        sa.Column("a10", sa.BigInteger(), nullable=False),
        sa.Column("a11", sa.BigInteger(), nullable=False),
        sa.Column("a12", sa.BigInteger(), nullable=False),
        sa.Column("a13", sa.BigInteger(), nullable=False),
        sa.Column("a14", sa.BigInteger(), nullable=False),
        sa.Column("a15", sa.BigInteger(), nullable=False),
        sa.Column("a16", sa.BigInteger(), nullable=False),
        sa.Column("a17", sa.BigInteger(), nullable=False),
        sa.Column("a18", sa.BigInteger(), nullable=False),
        sa.Column("a19", sa.BigInteger(), nullable=False),
        sa.Column("a20", sa.BigInteger(), nullable=False),
        sa.Column("a21", sa.BigInteger(), nullable=False),
        sa.Column("a22", sa.BigInteger(), nullable=False),
        sa.Column("a23", sa.BigInteger(), nullable=False),
    )
    with op.batch_alter_table("rollup_entry", schema=None) as batch_op:
        batch_op.create_index("ix_rollup_entry", ["tenant_id", "cube", "generation", "dim"], unique=False)

    op.create_table(
        "rollup_state",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("cube", sa.String(length=32), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("building", sa.Integer(), nullable=False),
        sa.Column("building_for", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.String(length=32), nullable=False),
        sa.Column("rebuilt_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "cube", name=op.f("pk_rollup_state")),
    )
    op.create_table(
        "staff",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_staff")),
        sa.UniqueConstraint("tenant_id", "key", name="uq_staff_key"),
    )
    op.create_table(
        "survey",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_survey")),
        sa.UniqueConstraint("tenant_id", "key", name="uq_survey_key"),
    )
    op.create_table(
        "target",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("kpi", sa.String(length=64), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column(
            "scope",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("scope_digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("stretch", sa.Float(), nullable=True),
        sa.Column("goal", sa.Float(), nullable=False),
        sa.Column("baseline", sa.Float(), nullable=True),
        sa.Column("baseline_from", sa.Date(), nullable=True),
        sa.Column("baseline_before", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("rationale", sa.String(length=2000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_target")),
        sa.UniqueConstraint(
            "tenant_id",
            "kpi",
            "variant",
            "scope_digest",
            "starts_on",
            "ends_on",
            name="uq_target_kpi_variant_scope_digest_starts_on_ends_on",
        ),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_target_source_external_id"),
    )
    with op.batch_alter_table("target", schema=None) as batch_op:
        batch_op.create_index("ix_target_created", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_target_ends", ["tenant_id", "ends_on", "id"], unique=False)

    op.create_table(
        "target_revision",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "values",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_target_revision")),
        sa.UniqueConstraint("tenant_id", "target_id", "version", name="uq_target_revision_target_id_version"),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column(
            "scopes",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_token_digest")),
    )
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_token_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "tombstone",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("noun", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tombstone")),
        sa.UniqueConstraint("tenant_id", "noun", "source", "external_id", name="uq_tombstone_noun_source_external_id"),
    )
    op.create_table(
        "workspace",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("first_weekday", sa.Integer(), nullable=False),
        sa.Column("fiscal_year_start", sa.Integer(), nullable=False),
        sa.Column("small_cell_k", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_workspace")),
    )
    op.create_table(
        "customer",
        sa.Column("acquisition_channel_id", sa.Uuid(), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("customer_kind", sa.String(length=32), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("phone", sa.String(length=50), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("first_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("churned_on", sa.Date(), nullable=True),
        sa.Column("churn_reason", sa.String(length=200), nullable=True),
        sa.Column(
            "attributes",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_customer_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_customer_parent_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_customer")),
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index("ix_customer_created", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_customer_name", ["tenant_id", "name", "id"], unique=False)
        batch_op.create_index("ix_customer_parent", ["tenant_id", "parent_id"], unique=False)

    op.create_table(
        "customer_external_id",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.id"],
            name=op.f("fk_customer_external_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_customer_external_id")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_customer_external_id_source_external_id"),
    )
    with op.batch_alter_table("customer_external_id", schema=None) as batch_op:
        batch_op.create_index("ix_customer_external_id_customer", ["tenant_id", "customer_id"], unique=False)

    op.create_table(
        "feedback",
        sa.Column("acquisition_channel_id", sa.Uuid(), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("customer_kind", sa.String(length=32), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("journey_stage", sa.String(length=200), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("scale_worst", sa.Integer(), nullable=True),
        sa.Column("scale_best", sa.Integer(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("survey_id", sa.Uuid(), nullable=True),
        sa.Column("origin", sa.String(length=32), nullable=True),
        sa.Column("comment", sa.String(length=10000), nullable=True),
        sa.Column(
            "tags",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_feedback_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_feedback_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_feedback_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_feedback_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "survey_id"], ["survey.tenant_id", "survey.id"], name=op.f("fk_feedback_survey_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_feedback_source_external_id"),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index("ix_feedback_customer", ["tenant_id", "customer_id", "occurred_at"], unique=False)
        batch_op.create_index("ix_feedback_day", ["tenant_id", "day"], unique=False)
        batch_op.create_index("ix_feedback_occurred", ["tenant_id", "occurred_at", "id"], unique=False)

    op.create_table(
        "spell",
        sa.Column("acquisition_channel_id", sa.Uuid(), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("customer_kind", sa.String(length=32), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_spell_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_spell_customer_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_spell")),
    )
    with op.batch_alter_table("spell", schema=None) as batch_op:
        batch_op.create_index("ix_spell_customer", ["tenant_id", "customer_id"], unique=False)
        batch_op.create_index("ix_spell_end", ["tenant_id", "ends_on"], unique=False)
        batch_op.create_index("ix_spell_start", ["tenant_id", "starts_on"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("spell", schema=None) as batch_op:
        batch_op.drop_index("ix_spell_start")
        batch_op.drop_index("ix_spell_end")
        batch_op.drop_index("ix_spell_customer")

    op.drop_table("spell")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_index("ix_feedback_occurred")
        batch_op.drop_index("ix_feedback_day")
        batch_op.drop_index("ix_feedback_customer")

    op.drop_table("feedback")
    with op.batch_alter_table("customer_external_id", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_external_id_customer")

    op.drop_table("customer_external_id")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_parent")
        batch_op.drop_index("ix_customer_name")
        batch_op.drop_index("ix_customer_created")

    op.drop_table("customer")
    op.drop_table("workspace")
    op.drop_table("tombstone")
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_token_tenant_id"))

    op.drop_table("token")
    op.drop_table("target_revision")
    with op.batch_alter_table("target", schema=None) as batch_op:
        batch_op.drop_index("ix_target_ends")
        batch_op.drop_index("ix_target_created")

    op.drop_table("target")
    op.drop_table("survey")
    op.drop_table("staff")
    op.drop_table("rollup_state")
    with op.batch_alter_table("rollup_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_rollup_entry")

    op.drop_table("rollup_entry")
    op.drop_table("rollup")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_tenant")
        batch_op.drop_index("ix_job_due")

    op.drop_table("job")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index("ix_idempotency_at")

    op.drop_table("idempotency")
    op.drop_table("channel")
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_change_unsealed", sqlite_where=sa.text("seq IS NULL"), postgresql_where=sa.text("seq IS NULL")
        )
        batch_op.drop_index("ix_change_record")

    op.drop_table("change")
