"""The roots that write."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.schema import target_input as targets
from app.schema.answer import AnswerRoot
from app.schema.attempt import attempt
from app.schema.bulk_export import ExportRoots
from app.schema.bulk_import import ImportRoots
from app.schema.context import Info
from app.schema.custom_kpi import CustomKpiRoots
from app.schema.customer_link import LinkRoots
from app.schema.deployment import DeploymentRoots
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
from app.schema.workspace import Workspace
from app.schema.workspace_input import (
    SandboxResetInput,
    SandboxResetPayload,
    WorkspaceUpdateInput,
    WorkspaceUpdatePayload,
)
from app.schema.writing import WRITTEN
from app.services import sandbox, target, workspace
from app.services.row import Options, Outcome


class TargetRoots:
    """What can be done to a target."""

    @attempt(WRITTEN)
    async def target_set(self, info: Info, input: targets.TargetSetInput, once: Options) -> targets.TargetSetPayload:
        """Set a target, or replace it; its history is kept."""
        row, outcome, advice = await info.context.run(target.set_, _target(input), options=once)
        shown = [
            targets.TargetAdvice(criterion=targets.SmartCriterion(one.criterion), text=one.message) for one in advice
        ]
        return targets.TargetSetPayload(target=row and Target.of(row), outcome=outcome, advice=shown)

    @attempt("What to delete.")
    async def target_delete(
        self, info: Info, input: targets.TargetDeleteInput, once: Options
    ) -> targets.TargetDeletePayload:
        """Delete a target; its history is kept."""
        row = await info.context.run(target.delete, as_ref(input), options=once)
        return targets.TargetDeletePayload(target=row and Target.of(row), outcome=Outcome.DELETED)


class WorkspaceRoots:
    """What can be done to the workspace."""

    @attempt(WRITTEN)
    async def workspace_update(self, info: Info, input: WorkspaceUpdateInput, once: Options) -> WorkspaceUpdatePayload:
        """Change the settings of the workspace."""
        row, outcome = await info.context.run(workspace.update, unwrapped(input), options=once)
        return WorkspaceUpdatePayload(workspace=Workspace.of(row), outcome=outcome)

    @attempt("Which one.")
    async def sandbox_reset(self, info: Info, input: SandboxResetInput, once: Options) -> SandboxResetPayload:
        """Empty a sandbox of its records and all that follows from them; tokens and settings stay."""
        row = await info.context.run(sandbox.reset, input.name, options=once)
        return SandboxResetPayload(workspace=Workspace.of(row), outcome=Outcome.UPDATED)


def _target(value: targets.TargetSetInput) -> Mapping[str, Any]:
    """The input as the service takes it. Raises Invalid for a period that is none."""
    data: dict[str, Any] = unwrapped(value) | {"kpi": value.kpi.value}
    data.pop("baseline", None)
    if data.pop("scope", None):
        data["scope"] = list(filters(value.scope or ()))
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
