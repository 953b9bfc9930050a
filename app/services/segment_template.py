"""Segments that are ready made: a rule each, with its name in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.services.rfv import NAMES, RfvClass
from app.services.segment_rule import Rule
from app.text import Text


class Template(StrEnum):
    """A rule that is ready made."""

    HIGH_VALUE = "HIGH_VALUE"
    CHAMPIONS = "CHAMPIONS"
    LOYAL = "LOYAL"
    NEW = "NEW"
    PROMISING = "PROMISING"
    AT_RISK = "AT_RISK"
    DORMANT = "DORMANT"
    LOST = "LOST"
    DISSATISFIED = "DISSATISFIED"
    ADVOCATES = "ADVOCATES"


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """What a template is called, what it says, and its rule."""

    name: Text
    about: Text
    rule: Rule


TEMPLATES: Mapping[Template, ReadyMade] = {
    Template.HIGH_VALUE: ReadyMade(
        Text("High-value customers", "高价值客户"),
        Text(
            "The tenth of those who bought in the last 365 days that brought most.",
            "最近 365 天内有购买的客户中，带来收入最高的十分之一。",
        ),
        {"rank": {"by": "REVENUE", "last_days": 365, "top_percent": 10.0}},
    ),
    **{
        Template(one.value): ReadyMade(*NAMES[one], {"rfv": {"classes": [one.value]}})  # the classes have their names
        for one in RfvClass
    },
    Template.DISSATISFIED: ReadyMade(
        Text("Dissatisfied customers", "不满意客户"),
        Text(
            "Complained in the last 90 days, or are detractors by their latest answer of the last 365 days.",
            "最近 90 天内有投诉，或最近 365 天内最近一次回答为贬损者。",
        ),
        {
            "any": [
                {"complaints": {"last_days": 90, "at_least": 1}},
                {"score": {"kind": "NPS", "last_days": 365, "at_most": 6.0}},
            ]
        },
    ),
    Template.ADVOCATES: ReadyMade(
        Text("Advocates", "口碑推荐客户"),
        Text(
            "Referred somebody in the last 365 days, or are promoters by their latest answer of that time.",
            "最近 365 天内推荐过他人，或在此期间最近一次回答为推荐者。",
        ),
        {
            "any": [
                {"referrals": {"last_days": 365, "at_least": 1}},
                {"score": {"kind": "NPS", "last_days": 365, "at_least": 9.0}},
            ]
        },
    ),
}
"""What each template is."""
