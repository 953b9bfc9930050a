"""The roots that write."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry

from app.errors import Invalid
from app.schema import target_input as targets
from app.schema.answer import AnswerRoot
from app.schema.bulk_export import ExportRoots
from app.schema.bulk_import import ImportRoots
from app.schema.context import Info
from app.schema.custom_kpi import CustomKpiRoots
from app.schema.customer_link import LinkRoots
from app.schema.deployment import DeploymentRoots
from app.schema.describe import arg, mutation
from app.schema.errors import user_errors
from app.schema.filters import filters
from app.schema.inputs import as_ref, unwrapped
from app.schema.made import root
from app.schema.member import MemberRoots
from app.schema.merge import MergeRoot
from app.schema.mirror import MirrorRoots
from app.schema.noun import Noun
from app.schema.nouns import NOUNS
from app.schema.period import asked
from app.schema.prediction_fit import PredictionRefitRoot
from app.schema.segmenting import SegmentingRoots
from app.schema.target import Target
from app.schema.token import TokenRoots
from app.schema.webhooking import WebhookRoots
from app.schema.weight import weighs
from app.schema.workspace import Workspace
from app.schema.workspace_input import (
    SandboxResetInput,
    SandboxResetPayload,
    WorkspaceUpdateInput,
    WorkspaceUpdatePayload,
)
from app.schema.writing import WEIGHT, WRITTEN
from app.services import sandbox, target, workspace
from app.services.row import Outcome, check_readable


class TargetRoots:
    """What can be done to a target."""

    @mutation
    @weighs(WEIGHT)
    async def target_set(
        self,
        info: Info,
        input: Annotated[targets.TargetSetInput, arg(WRITTEN)],
    ) -> targets.TargetSetPayload:
        """Set a target, or replace it; its history is kept."""
        try:
            row, outcome, advice = await info.context.run(target.set_, _target(input))
        except Invalid as error:
            return targets.TargetSetPayload(
                target=None, outcome=Outcome.REJECTED, advice=[], user_errors=user_errors(error.problems)
            )
        shown = [
            targets.TargetAdvice(criterion=targets.SmartCriterion(one.criterion), text=one.message) for one in advice
        ]
        return targets.TargetSetPayload(target=Target.of(row), outcome=outcome, advice=shown, user_errors=[])

    @mutation
    @weighs(WEIGHT)
    async def target_delete(
        self,
        info: Info,
        input: Annotated[targets.TargetDeleteInput, arg("What to delete.")],
    ) -> targets.TargetDeletePayload:
        """Delete a target; its history is kept."""
        try:
            wanted = as_ref(input)
            check_readable(wanted)
            row = await info.context.run(target.delete, wanted)
        except Invalid as error:
            return targets.TargetDeletePayload(
                target=None, outcome=Outcome.REJECTED, user_errors=user_errors(error.problems)
            )
        return targets.TargetDeletePayload(target=Target.of(row), outcome=Outcome.DELETED, user_errors=[])


class WorkspaceRoots:
    """What can be done to the workspace."""

    @mutation
    @weighs(WEIGHT)
    async def workspace_update(
        self,
        info: Info,
        input: Annotated[WorkspaceUpdateInput, arg(WRITTEN)],
    ) -> WorkspaceUpdatePayload:
        """Change the settings of the workspace."""
        try:
            data = unwrapped(input)
            check_readable(data)
            row, outcome = await info.context.run(workspace.update, data)
        except Invalid as error:
            return WorkspaceUpdatePayload(
                workspace=None, outcome=Outcome.REJECTED, user_errors=user_errors(error.problems)
            )
        return WorkspaceUpdatePayload(workspace=Workspace.of(row), outcome=outcome, user_errors=[])

    @mutation
    @weighs(WEIGHT)
    async def sandbox_reset(
        self,
        info: Info,
        input: Annotated[SandboxResetInput, arg("Which one.")],
    ) -> SandboxResetPayload:
        """Empty a sandbox of its records and all that follows from them; tokens and settings stay."""
        try:
            data = unwrapped(input)
            check_readable(data)
            row = await info.context.run(sandbox.reset, data["name"])
        except Invalid as error:
            return SandboxResetPayload(
                workspace=None, outcome=Outcome.REJECTED, user_errors=user_errors(error.problems)
            )
        return SandboxResetPayload(workspace=Workspace.of(row), outcome=Outcome.UPDATED, user_errors=[])


def _target(value: targets.TargetSetInput) -> Mapping[str, Any]:
    """The input as the service takes it. Raises Invalid for what could not be read, wherever it stands."""
    check_readable(unwrapped(value))
    data: dict[str, Any] = {
        name: one
        for name in (
            "external_id",
            "kpi",
            "variant",
            "kind",
            "value",
            "stretch",
            "from_",
            "before",
            "owner",
            "rationale",
            "custom",
        )
        if (one := getattr(value, name)) is not strawberry.UNSET
    }
    data["kpi"] = value.kpi.value
    if value.scope:
        data["scope"] = list(filters(value.scope))
    if value.baseline:
        if value.baseline.period:
            data["baseline_period"] = asked(value.baseline.period, "baseline", "period")
        else:
            data["baseline_value"] = value.baseline.value
    return data


def mutations(nouns: Sequence[Noun[Any]]) -> type:
    """The root that writes to a schema of `nouns`."""
    text = "Everything that can be written. What a caller can mend in the input is in the payload's `userErrors`."
    return root(
        "Mutation",
        text,
        *(noun.writes for noun in nouns),
        MergeRoot,
        LinkRoots,
        MirrorRoots,
        MemberRoots,
        PredictionRefitRoot,
        SegmentingRoots,
        TargetRoots,
        CustomKpiRoots,
        WebhookRoots,
        WorkspaceRoots,
        AnswerRoot,
        ImportRoots,
        ExportRoots,
        TokenRoots,
        DeploymentRoots,
    )


Mutation = mutations(NOUNS)
