"""What the parts of a health score weigh: 100 together by default, set by the workspace."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from app.models.workspace import Workspace
from app.services.refusal import refused
from app.text import Text

USUAL: Mapping[str, int] = {"recency": 30, "frequency": 25, "satisfaction": 25, "complaints": 20}
"""Each part and what it weighs where the workspace says nothing."""
_Weight = Annotated[int, Field(ge=0, le=100)]


def _some(weights: dict[str, Any]) -> dict[str, int]:
    whole = {name: weights.get(name, usual) for name, usual in USUAL.items()}
    if not any(whole.values()):
        msg = Text("Some part of the health score must weigh something.", "健康分至少要有一个部分的权重大于 0。")
        raise refused(msg)
    return whole


Weights = Annotated[dict[str, _Weight], AfterValidator(_some)]
"""The weights by part, those that are left out as usual."""


def weights(workspace: Workspace) -> Mapping[str, int]:
    """What each part weighs in this workspace."""
    return workspace.health_weights or USUAL
