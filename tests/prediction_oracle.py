"""A second opinion on what is predicted of all customers together: the stored predictions, added up in plain Python.

Whether each of them is right is told by `buying_oracle`, which knows no closed form.
"""

from datetime import date
from fractions import Fraction
from typing import Any

KPIS = {("CLV", "predictive")}


def predictive(rows: list[dict[str, Any]], before: date) -> tuple[Fraction | None, int]:
    """The mean predicted value, in minor units, of those who had bought before that day; and how many they are."""
    worth = [row["predicted_value"] for row in rows if row["is_buyer"] and not row["is_test"] and row["day"] < before]
    return (Fraction(sum(worth), len(worth)) if worth else None), len(worth)
