"""What surveys, invitations and answers come to, kept in plain Python: shares nothing with the program."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

HOUR = 3600
KPIS = (
    ("RESPONSE_RATE", "default"),
    ("SURVEY_ANSWER_TIME", "median"),
    ("SURVEY_ANSWER_TIME", "mean"),
    ("SURVEY_ANSWER_TIME", "p90"),
    ("SURVEY_COVERAGE", "default"),
)
"""What the histories of surveys compare with these books."""
SCORED = ("CSAT", "NPS", "CES", "REVIEW")


@dataclass
class Books:
    """What was told, in the order in which it was; hours are since noon of the tenth of May."""

    editions: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    occasions: dict[str | None, str] = field(default_factory=dict)

    def ask(self, survey: str, questions: list[dict[str, Any]]) -> None:
        """Questions of a survey."""
        told = {one["key"]: {"best": 10 if one["kind"] == "NPS" else 5} | one for one in questions}
        if told != (self.editions[survey][-1] if self.editions[survey] else {}):
            self.editions[survey].append(told)

    def present(self, survey: str | None) -> int | None:
        """The number of the present edition."""
        return len(self.editions[survey]) or None if survey else None

    def answers_to(self, name: str) -> list[dict[str, Any]]:
        """What was said to an invitation and not taken back, in order."""
        some = [one for one in self.said.values() if one["invitation"] == name and not one["gone"]]
        return sorted(some, key=lambda one: (one["hours"], one["name"]))

    def invite(self, row: dict[str, Any]) -> bool:
        """Record an invitation; whether it can be."""
        answers = self.answers_to(row["name"])
        for one in answers:
            for part in ("customer", "survey"):
                took = one["took"][part]
                if not took and None not in (one[part], row[part]) and one[part] != row[part]:
                    return False
            if one["took"]["survey"] and one["question"] and one["survey"] != row["survey"]:
                return False
            if one["hours"] < row["hours"]:
                return False
        self.sent[row["name"]] = row | {"stub": False, "gone": False}
        for one in answers:
            if one["took"]["customer"]:
                one["customer"] = row["customer"]
            if one["took"]["survey"] and one["survey"] != row["survey"]:
                one["survey"], one["edition"] = row["survey"], self.present(row["survey"])
                one["occasion"] = self.occasions.get(row["survey"])
        return True

    def say(self, row: dict[str, Any]) -> bool:
        """Record an answer; whether it can be."""
        row, before = dict(row), self.said.get(row["name"])
        invitation = self.sent.get(row["invitation"], {"stub": True})
        row["took"] = {part: bool(row["invitation"]) and row[part] is None for part in ("customer", "survey")}
        if not invitation["stub"]:
            for part in ("customer", "survey"):
                theirs = invitation[part]
                if row["took"][part]:
                    row[part] = theirs
                elif not invitation["gone"] and theirs is not None and theirs != row[part]:
                    return False
            if not invitation["gone"] and row["hours"] < invitation["hours"]:
                return False
        if not self._place(row, before):
            return False
        stays = before and not before["gone"] and before["survey"] == row["survey"]
        row["occasion"] = before["occasion"] if before and stays else self.occasions.get(row["survey"])
        self.said[row["name"]] = row | {"gone": False}
        if row["invitation"]:
            self.sent.setdefault(row["invitation"], {"name": row["invitation"], "stub": True, "gone": False})
        return True

    def _place(self, row: dict[str, Any], before: dict[str, Any] | None) -> bool:
        """Give an answer its edition, kind and scale; whether there are such."""
        if row["edition"] is not None:
            if row["survey"] is None or row["edition"] > len(self.editions[row["survey"]]):
                return False
        elif before and before["survey"] == row["survey"] and (before["edition"] or not row["question"]):
            row["edition"] = before["edition"]
        else:
            row["edition"] = self.present(row["survey"])
        if not row["question"]:
            row["best"], row["threshold"] = (10 if row["kind"] == "NPS" else 5), None
            return True
        if row["survey"] is None or row["edition"] is None:
            return False
        question = self.editions[row["survey"]][row["edition"] - 1].get(row["question"])
        if question is None:
            return False
        row |= {"kind": question["kind"], "best": question["best"], "threshold": question.get("threshold")}
        return row["score"] is None or (0 if row["kind"] == "NPS" else 1) <= row["score"] <= row["best"]

    # -- What follows

    def replaced(self) -> set[str]:
        """The answers that count nowhere."""
        found = set()
        for one in self.said.values():
            if one["gone"] or not one["invitation"]:
                continue
            for other in self.answers_to(one["invitation"]):
                same = (other["question"] or ("", other["kind"])) == (one["question"] or ("", one["kind"]))
                later = (other["hours"], other["name"]) > (one["hours"], one["name"])
                if same and later and says(other):
                    found.add(one["name"])
        return found

    def answered(self) -> dict[str, float | None]:
        """After how many seconds each invitation that stands was answered."""
        found: dict[str, float | None] = {}
        for name, row in self.sent.items():
            if not row["stub"] and not row["gone"]:
                hours = [one["hours"] for one in self.answers_to(name) if says(one)]
                found[name] = (min(hours) - row["hours"]) * HOUR if hours else None
        return found

    def counting(self, kind: str) -> list[dict[str, Any]]:
        """The answers of a kind that count."""
        gone = self.replaced()
        some = [one for one in self.said.values() if one["kind"] == kind and one["name"] not in gone]
        return [one for one in some if not one["gone"] and one["score"] is not None]


def says(one: dict[str, Any]) -> bool:
    """Whether it is more than a question that was skipped."""
    return one["score"] is not None or one["kind"] not in SCORED


def satisfies(one: dict[str, Any]) -> bool:
    """Whether an answer on a scale from 1 satisfies."""
    if one["threshold"] is not None:
        return one["score"] >= one["threshold"]
    return 10 * (one["score"] - 1) >= 7 * (one["best"] - 1)
