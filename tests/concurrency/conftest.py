"""What tests of calls at once have in common."""

import pytest
from gathering import Gathering


@pytest.fixture
def gather(monkeypatch):
    """Begins to hold a workspace's writer."""
    held = []

    def gather_(people):
        held.append(Gathering(people, monkeypatch))
        return held[-1]

    yield gather_
    for one in held:
        one.go.set()
        one.people.door.writer._waiting.clear()  # so that a writer that has stopped does not hold up the others' tests


@pytest.fixture
def gathering(gather, workspace):
    """The workspace's writer, held."""
    return gather(workspace)
