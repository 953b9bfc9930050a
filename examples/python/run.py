#!/usr/bin/env python3
"""Set the kit up on first use, then run a part of it against a server: `python3 run.py [report|live|generate]`.

    python3 run.py report --token TOKEN    draws report.html
    python3 run.py live --token TOKEN      follows a KPI as it moves
    python3 run.py generate                makes custograph_client anew, from operations/ and the schema

Needs Python 3.11 and pip. `.venv` beside this file is made from requirements.lock, and anew when that changes.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = HERE / ".venv" / "bin" / "python"
LOCK = HERE / "requirements.lock"
STAMP = HERE / ".venv" / "installed"  # the fingerprint of what was installed; absent while that is under way
PARTS = {"report": ["report.py"], "live": ["live.py"], "generate": ["-m", "ariadne_codegen"]}


def main() -> None:
    """Install what is missing, then become the part that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=PARTS, default="report")
    parser.add_argument("--url", help="where the server is; http://127.0.0.1:8000/graphql unless said otherwise")
    parser.add_argument("--token", help="a token that may read KPIs; CUSTOGRAPH_TOKEN when absent")
    parser.add_argument("--out", type=Path, help="where the report goes: a .html, .svg, .pdf or .png file")
    given = parser.parse_args()
    told = {
        "CUSTOGRAPH_URL": given.url,
        "CUSTOGRAPH_TOKEN": given.token,
        "CUSTOGRAPH_REPORT": str((given.out or Path("report.html")).resolve()),
    }
    os.environ.update({name: value for name, value in told.items() if value})
    if given.part != "generate" and not os.environ.get("CUSTOGRAPH_TOKEN"):
        parser.error("a token is needed: --token, or CUSTOGRAPH_TOKEN; the demonstration prints one")
    install()
    os.chdir(HERE)  # where ariadne-codegen looks for pyproject.toml
    os.execv(PYTHON, [str(PYTHON), *PARTS[given.part]])


def install() -> None:
    """Leave `.venv` with exactly what the lock names."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("setting up, about half a minute ...", file=sys.stderr)
    venv.EnvBuilder(clear=True, symlinks=True).create(HERE / ".venv")
    host = getattr(sys, "_base_executable", sys.executable)  # an environment that runs this may have no pip
    pip = [host, "-m", "pip", "--python", str(PYTHON), "install", "--quiet", "--no-input"]
    done = subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)], check=False)
    if done.returncode:
        sys.exit("pip 22.3 or newer and its index are needed to set up; see above")
    STAMP.write_text(wanted)


if __name__ == "__main__":
    main()
