"""Conversations, leads, surveys, referrals and use: what happens in time, and the calendars and teams behind it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PRESENT = sa.text("deleted_at IS NULL")
_LISTED = {"sqlite_where": _PRESENT, "postgresql_where": _PRESENT}
_TABLES = (
    "business_calendar",
    "team",
    "membership",
    "survey_edition",
    "engagement",
    "interaction",
    "invitation",
    "lead",
    "referral",
    "turn",
)
_CELL = ["tenant_id", "cube", "generation", "grain", "dim", "day", "key", "known_on"]
_NEW = {
    "spell": [sa.Column("is_referred", sa.Boolean(), nullable=False, server_default=sa.false())],
    "survey": [sa.Column("edition", sa.Integer(), nullable=False, server_default="0")],
    "rollup_entry": [sa.Column("page", sa.SmallInteger(), nullable=False, server_default="0")],
    "workspace": [
        sa.Column("response_target_minutes", sa.Integer(), nullable=False, server_default="60"),
        sa.Column("complaint_limit_days", sa.Integer(), nullable=False, server_default="7"),
        sa.Column("conversion_window_days", sa.Integer(), nullable=False, server_default="90"),
    ],
    "feedback": [
        sa.Column("inherits_customer", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("inherits_survey", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("is_replaced", sa.Boolean(), nullable=False, server_default=sa.false()),
    ],
}
"""New columns that may not be null, with what they hold in the rows that are there."""


_FLAGGED = (("customer", "name", {}), ("customer", "joined_on", {}), ("feedback", "score", _LISTED))
"""Indexes over expressions: lost where SQLite copies a table, and found again by nothing."""


def _drop_flagged() -> None:
    for table, column, _ in _FLAGGED:
        op.drop_index(f"ix_{table}_{column}", table)


def _make_flagged() -> None:
    for table, column, options in _FLAGGED:
        columns = ["tenant_id", sa.text(f"({column} IS NULL)"), column, "id"]
        op.create_index(f"ix_{table}_{column}", table, columns, **options)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "business_calendar",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "versions",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_business_calendar")),
        sa.UniqueConstraint("tenant_id", "key", name="uq_business_calendar_key"),
    )
    op.create_index("ix_business_calendar_key", "business_calendar", ["tenant_id", "key", "id"])
    op.create_index("ix_business_calendar_name", "business_calendar", ["tenant_id", "name", "id"])

    op.create_table(
        "team",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_team")),
        sa.UniqueConstraint("tenant_id", "key", name="uq_team_key"),
    )
    op.create_index("ix_team_key", "team", ["tenant_id", "key", "id"])
    op.create_index("ix_team_name", "team", ["tenant_id", "name", "id"])

    op.create_table(
        "membership",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_membership_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"], ["team.tenant_id", "team.id"], name=op.f("fk_membership_team_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_staff", "membership", ["tenant_id", "staff_id", "starts_on"])
    op.create_index("ix_membership_team", "membership", ["tenant_id", "team_id", "starts_on"])

    op.create_table(
        "survey_edition",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "questions",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "survey_id"], ["survey.tenant_id", "survey.id"], name=op.f("fk_survey_edition_survey_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_survey_edition")),
        sa.UniqueConstraint("tenant_id", "survey_id", "number", name="uq_survey_edition_survey_id_number"),
    )
    op.create_index("ix_survey_edition_survey", "survey_edition", ["tenant_id", "survey_id", "number"])

    op.create_table(
        "engagement",
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
        sa.Column("type", sa.String(length=200), nullable=False),
        sa.Column("is_qualifying", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_engagement_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_engagement_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_engagement_customer_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_engagement")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_engagement_source_external_id"),
    )
    op.create_index("ix_engagement_customer", "engagement", ["tenant_id", "customer_id", "day"])
    op.create_index("ix_engagement_day", "engagement", ["tenant_id", "day"])
    op.create_index("ix_engagement_occurred_at", "engagement", ["tenant_id", "occurred_at", "id"], **_LISTED)
    op.create_index("ix_engagement_recorded_at", "engagement", ["tenant_id", "recorded_at", "id"], **_LISTED)
    op.create_index("ix_engagement_timeline", "engagement", ["tenant_id", "customer_id", "occurred_at"])

    op.create_table(
        "interaction",
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
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
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("standing", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column(
            "events",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged_on", sa.Date(), nullable=True),
        sa.Column("is_in_time", sa.Boolean(), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply_seconds", sa.BigInteger(), nullable=True),
        sa.Column("responder_id", sa.Uuid(), nullable=True),
        sa.Column("responder_team_id", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.Column("resolution_seconds", sa.BigInteger(), nullable=True),
        sa.Column("is_resolved_in_time", sa.Boolean(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("resolver_id", sa.Uuid(), nullable=True),
        sa.Column("resolver_team_id", sa.Uuid(), nullable=True),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.Column("waiting_seconds", sa.BigInteger(), nullable=True),
        sa.Column("waited_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_interaction_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_interaction_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_interaction_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "resolver_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_interaction_resolver_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "resolver_team_id"],
            ["team.tenant_id", "team.id"],
            name=op.f("fk_interaction_resolver_team_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "responder_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_interaction_responder_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "responder_team_id"],
            ["team.tenant_id", "team.id"],
            name=op.f("fk_interaction_responder_team_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_interaction_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"], ["team.tenant_id", "team.id"], name=op.f("fk_interaction_team_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_interaction")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_interaction_source_external_id"),
    )
    op.create_index("ix_interaction_day", "interaction", ["tenant_id", "day"])
    op.create_index("ix_interaction_due_at", "interaction", ["tenant_id", "judged_on", "due_at"])
    op.create_index("ix_interaction_judged_on", "interaction", ["tenant_id", "judged_on"])
    op.create_index("ix_interaction_occurred_at", "interaction", ["tenant_id", "occurred_at", "id"], **_LISTED)
    op.create_index("ix_interaction_recorded_at", "interaction", ["tenant_id", "recorded_at", "id"], **_LISTED)
    op.create_index("ix_interaction_resolved_on", "interaction", ["tenant_id", "resolved_on"])
    op.create_index("ix_interaction_resolver", "interaction", ["tenant_id", "resolver_id", "id"])
    op.create_index("ix_interaction_responder", "interaction", ["tenant_id", "responder_id", "id"])
    op.create_index("ix_interaction_staff", "interaction", ["tenant_id", "staff_id", "id"])
    op.create_index("ix_interaction_timeline", "interaction", ["tenant_id", "customer_id", "occurred_at"])
    op.create_index("ix_interaction_waited_on", "interaction", ["tenant_id", "waited_on"])

    op.create_table(
        "invitation",
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
        sa.Column("survey_id", sa.Uuid(), nullable=True),
        sa.Column("is_stub", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answer_seconds", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_invitation_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_invitation_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_invitation_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "survey_id"], ["survey.tenant_id", "survey.id"], name=op.f("fk_invitation_survey_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_invitation_source_external_id"),
    )
    op.create_index("ix_invitation_answered_on", "invitation", ["tenant_id", "answered_on"])
    op.create_index("ix_invitation_day", "invitation", ["tenant_id", "day"])
    op.create_index("ix_invitation_occurred_at", "invitation", ["tenant_id", "occurred_at", "id"], **_LISTED)
    op.create_index("ix_invitation_recorded_at", "invitation", ["tenant_id", "recorded_at", "id"], **_LISTED)
    op.create_index("ix_invitation_timeline", "invitation", ["tenant_id", "customer_id", "occurred_at"])

    op.create_table(
        "lead",
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
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
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("qualified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("won_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_reason", sa.String(length=200), nullable=True),
        sa.Column("qualified_on", sa.Date(), nullable=True),
        sa.Column("won_on", sa.Date(), nullable=True),
        sa.Column("lost_on", sa.Date(), nullable=True),
        sa.Column("is_qualified_in_time", sa.Boolean(), nullable=False),
        sa.Column("is_won_in_time", sa.Boolean(), nullable=False),
        sa.Column("qualifying_seconds", sa.BigInteger(), nullable=True),
        sa.Column("cycle_seconds", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_lead_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_lead_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_lead_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_lead_staff_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id", "team_id"], ["team.tenant_id", "team.id"], name=op.f("fk_lead_team_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_lead")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_lead_source_external_id"),
    )
    op.create_index("ix_lead_day", "lead", ["tenant_id", "day"])
    op.create_index("ix_lead_lost_on", "lead", ["tenant_id", "lost_on"])
    op.create_index("ix_lead_occurred_at", "lead", ["tenant_id", "occurred_at", "id"], **_LISTED)
    op.create_index("ix_lead_recorded_at", "lead", ["tenant_id", "recorded_at", "id"], **_LISTED)
    op.create_index("ix_lead_staff", "lead", ["tenant_id", "staff_id", "id"])
    op.create_index("ix_lead_timeline", "lead", ["tenant_id", "customer_id", "occurred_at"])
    op.create_index("ix_lead_won_on", "lead", ["tenant_id", "won_on"])

    op.create_table(
        "referral",
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
        sa.Column("referred_id", sa.Uuid(), nullable=False),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("converted_on", sa.Date(), nullable=True),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_referral_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_referral_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_referral_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "referred_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_referral_referred_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_referral")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name="uq_referral_source_external_id"),
    )
    op.create_index("ix_referral_day", "referral", ["tenant_id", "day"])
    op.create_index("ix_referral_occurred_at", "referral", ["tenant_id", "occurred_at", "id"], **_LISTED)
    op.create_index("ix_referral_recorded_at", "referral", ["tenant_id", "recorded_at", "id"], **_LISTED)
    op.create_index("ix_referral_referred", "referral", ["tenant_id", "referred_id"])
    op.create_index("ix_referral_timeline", "referral", ["tenant_id", "customer_id", "occurred_at"])

    op.create_table(
        "turn",
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("acquisition_channel_id", sa.Uuid(), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("customer_kind", sa.String(length=32), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("interaction_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("journey_stage", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acquisition_channel_id"],
            ["channel.tenant_id", "channel.id"],
            name=op.f("fk_turn_acquisition_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channel.tenant_id", "channel.id"], name=op.f("fk_turn_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name=op.f("fk_turn_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "interaction_id"],
            ["interaction.tenant_id", "interaction.id"],
            name=op.f("fk_turn_interaction_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], name=op.f("fk_turn_staff_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id", "team_id"], ["team.tenant_id", "team.id"], name=op.f("fk_turn_team_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_turn")),
    )
    op.create_index("ix_turn_day", "turn", ["tenant_id", "day"])
    op.create_index("ix_turn_interaction", "turn", ["tenant_id", "interaction_id"])
    op.create_index("ix_turn_staff", "turn", ["tenant_id", "staff_id", "id"])

    op.create_index("ix_lead_won_at", "lead", ["tenant_id", sa.text("(won_at IS NULL)"), "won_at", "id"], **_LISTED)
    protect(*_TABLES)
    _drop_flagged()
    for name, columns in _NEW.items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.add_column(column)
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.alter_column(column.name, existing_type=column.type, server_default=None)
    _widen()
    _make_flagged()
    op.drop_index("ix_spell_end", "spell")
    op.create_index(
        "ix_spell_end", "spell", ["tenant_id", "ends_on", "starts_on", "is_test", "sign", "acquisition_channel_id"]
    )
    again = sa.text("ordinal > 1")
    columns = ["tenant_id", "starts_on"]
    op.create_index("ix_spell_return", "spell", columns, sqlite_where=again, postgresql_where=again)


def _widen() -> None:
    with op.batch_alter_table("rollup") as table:
        table.add_column(sa.Column("page", sa.SmallInteger(), nullable=False, server_default="0"))
        table.drop_constraint("pk_rollup", type_="primary")
        table.create_primary_key("pk_rollup", [*_CELL, "page"])
    with op.batch_alter_table("rollup") as table:
        table.alter_column("page", existing_type=sa.SmallInteger(), server_default=None)
    with op.batch_alter_table("customer_order") as table:
        table.add_column(sa.Column("team_id", sa.Uuid(), nullable=True))
        table.create_index("ix_customer_order_staff", ["tenant_id", "staff_id", "id"])
        table.create_foreign_key(
            op.f("fk_customer_order_team_id"), "team", ["tenant_id", "team_id"], ["tenant_id", "id"]
        )
    with op.batch_alter_table("refund") as table:
        table.add_column(sa.Column("team_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f("fk_refund_team_id"), "team", ["tenant_id", "team_id"], ["tenant_id", "id"])
    with op.batch_alter_table("feedback") as table:
        table.add_column(sa.Column("team_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("question", sa.String(length=200), nullable=True))
        table.add_column(sa.Column("edition", sa.Integer(), nullable=True))
        table.add_column(sa.Column("threshold", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("invitation_id", sa.Uuid(), nullable=True))
        table.create_index("ix_feedback_invitation", ["tenant_id", "invitation_id"])
        table.create_index("ix_feedback_staff", ["tenant_id", "staff_id", "id"])
        for name, other in (("team", "team"), ("invitation", "invitation")):
            table.create_foreign_key(
                op.f(f"fk_feedback_{name}_id"), other, ["tenant_id", f"{name}_id"], ["tenant_id", "id"]
            )
    with op.batch_alter_table("workspace") as table:
        table.add_column(sa.Column("business_calendar_id", sa.Uuid(), nullable=True))
        kind = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
        table.add_column(sa.Column("engagement_types", kind, nullable=True))
        table.create_foreign_key(
            op.f("fk_workspace_business_calendar_id"),
            "business_calendar",
            ["tenant_id", "business_calendar_id"],
            ["tenant_id", "id"],
        )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_spell_return", "spell")
    op.drop_index("ix_spell_end", "spell")
    op.create_index("ix_spell_end", "spell", ["tenant_id", "ends_on"])
    _drop_flagged()
    with op.batch_alter_table("workspace") as table:
        table.drop_constraint(op.f("fk_workspace_business_calendar_id"), type_="foreignkey")
        table.drop_column("business_calendar_id")
        table.drop_column("engagement_types")
    with op.batch_alter_table("feedback") as table:
        for name in ("team", "invitation"):
            table.drop_constraint(op.f(f"fk_feedback_{name}_id"), type_="foreignkey")
        table.drop_index("ix_feedback_staff")
        table.drop_index("ix_feedback_invitation")
        for column in ("team_id", "question", "edition", "threshold", "invitation_id"):
            table.drop_column(column)
    with op.batch_alter_table("customer_order") as table:
        table.drop_constraint(op.f("fk_customer_order_team_id"), type_="foreignkey")
        table.drop_index("ix_customer_order_staff")
        table.drop_column("team_id")
    with op.batch_alter_table("refund") as table:
        table.drop_constraint(op.f("fk_refund_team_id"), type_="foreignkey")
        table.drop_column("team_id")
    # what stands on later pages belongs to cubes that were not there before
    op.execute("DELETE FROM rollup WHERE page > 0")
    op.execute("DELETE FROM rollup_entry WHERE page > 0")
    with op.batch_alter_table("rollup") as table:
        table.drop_constraint("pk_rollup", type_="primary")
        table.drop_column("page")
        table.create_primary_key("pk_rollup", _CELL)
    for name, columns in _NEW.items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column.name)
    _make_flagged()
    for name in reversed(_TABLES):
        op.drop_table(name)
