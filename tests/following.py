"""Those who follow the feed of changes: in pages, from any cursor on."""

from typing import Any

from app.services import feed


def follow(people: Any, after: str | None = None, *, size: int = 500, **more: Any) -> tuple[list[Any], list[str], str]:
    """What the feed tells from `after` on until nothing is left: the changes, the cursor of each, where it ended."""
    told: list[Any] = []
    cursors: list[str] = []
    by = more.pop("by", None)
    while True:
        page = people.read(feed.page, size, after, *more.values(), by=by)
        assert len(page.changes) == len(page.cursors) <= size
        told += page.changes
        cursors += page.cursors
        after = page.end
        if not page.behind:
            return told, cursors, after


def said(change: Any) -> tuple[str, str, int]:
    """What a change is, shortly."""
    return change.noun, change.action.value, change.version
