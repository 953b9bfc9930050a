"""Packages from npm, and the programs that need them: where Node is missing they skip, but fail where `CI` is set."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 300
"""Seconds after which something will not happen any more."""

OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")
MADE = ("node_modules", "dist", "__generated__", "__pycache__")
"""What is made from a checkout and is no part of it."""


def missing(what: str) -> None:
    """Skip the test where somebody tries it out; fail where everything should be there."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


def installed(kit: Path, factory: pytest.TempPathFactory) -> Path:
    """A copy of `kit`, as it is in a clean checkout, with what its lock names; the first test process installs for all.

    It lies as deep below a root as in the repository, beside the `docs` that it is made from.
    """
    if not (shutil.which("node") and (npm := shutil.which("npm"))):
        missing("no Node on this machine (Debian: apt-get install nodejs npm)")
    root, base = Path(__file__).parents[1], factory.getbasetemp()
    copy = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "npm"
    folder = copy / kit.relative_to(root)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.copytree(root / "docs", copy / "docs", dirs_exist_ok=True)
            shutil.copytree(kit, part := folder.with_suffix(".part"), ignore=shutil.ignore_patterns(*MADE))
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=part, capture_output=True, text=True, check=False, timeout=PATIENCE)
            if done.returncode != 0:
                shutil.rmtree(part)
            if done.returncode != 0 and any(sign in done.stderr for sign in OFFLINE):
                missing("npm reaches no registry")
            assert done.returncode == 0, done.stderr
            part.rename(folder)
    return folder


def ran(folder: Path, *command: str, given: object = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """What became of a command in `folder`, which reads what is `given` as JSON and has no more than PATIENCE."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def told(folder: Path, *command: str, may_fail: bool = False, **given: Any) -> Any:
    """What a program of Node tells as JSON."""
    done = ran(folder, "node", *command, given=given)
    assert done.returncode in ((0, 1) if may_fail else (0,)), done.stderr
    return json.loads(done.stdout)
