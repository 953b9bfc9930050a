"""Runs the examples as a user does, from the command line."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Loaded(NamedTuple):
    """What one run said: its exit code, its table as `{noun: {outcome: rows}}` without zeroes, and the rest."""

    code: int
    counts: dict[str, dict[str, int]]
    stderr: str


def _load(folder: Path, url: str, token: str) -> Loaded:
    """Load the files of a folder into the workspace of a token."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "olist" / "load.py"), str(folder), "--url", url],
        env={**os.environ, "CUSTOGRAPH_TOKEN": token},
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    return Loaded(done.returncode, _counts(done.stdout), done.stderr)


def _counts(stdout: str) -> dict[str, dict[str, int]]:
    """Read the table back."""
    if not stdout:
        return {}
    head, *lines = (line.split() for line in stdout.splitlines())
    numbers = {noun: [int(cell.replace(",", "")) for cell in cells] for noun, *cells in lines}
    return {noun: {name: n for name, n in zip(head, row, strict=True) if n} for noun, row in numbers.items()}


@pytest.fixture(scope="session")
def load() -> Callable[[Path, str, str], Loaded]:
    """The loader of the Olist example, as a function of folder, address and token."""
    return _load
