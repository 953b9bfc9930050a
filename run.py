#!/usr/bin/env python3
"""Set Custograph up on first use, then run it: `python3 run.py [test] [arguments]`.

    python3 run.py               the demonstration: set up, migrate, serve, print a first query
    python3 run.py test ...      the tests; what follows goes to pytest
    python3 run.py COMMAND ...   any command of the program; `--help` lists them

Needs Python 3.11 or newer and pip, nothing else. `.venv` belongs to this file: it is made from the hash-locked
requirements, renewed when they change, and made anew when an earlier set-up did not finish.

Called from another directory, file arguments mean what they mean there, while the default database stays beside
this file: the same command shows the same data wherever it is typed.
"""

import sys

if sys.version_info < (3, 11):  # before anything an older Python might stumble over
    sys.exit("custograph: Python 3.11 or newer is needed, and this is " + sys.version.split()[0] + ".")

import hashlib
import json
import os
import re
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"  # what a finished set-up installed; absent while one is under way
LOCKS = {"runtime": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
PIP_WITH_PYTHON_OPTION = (22, 3)
# These would send the packages elsewhere, or make pip take other packages for installed ones.
MISLEADING = {"PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PYTHONPATH"}
OFFLINE = ("NewConnectionError", "NameResolutionError", "ConnectTimeout", "ReadTimeout", "ProxyError", "Max retries")


class SetUpError(Exception):
    """What keeps the program from starting, in a sentence for the person who started it."""


def main(args: list[str]) -> NoReturn:
    """Make sure that what the command needs is installed, then become the command."""
    if os.name != "posix":
        raise SetUpError("Linux or macOS is needed; on Windows use WSL or the container image.")
    testing = args[:1] == ["test"]
    try:
        ensure("dev" if testing else "runtime")
    except OSError as error:
        raise SetUpError(f"{VENV} could not be set up: {error}.") from error
    if testing:
        os.chdir(ROOT)
        # What pytest makes of the tests takes it longer than to collect them; every one of its processes would do it.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        become("-m", "pytest", *args[1:])
    # -P with the path named: an `app` in the caller's directory must not be taken for ours.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    if Path.cwd() != ROOT:
        os.environ.setdefault("CUSTOGRAPH_DATABASE_URL", f"sqlite:///{ROOT / 'custograph.db'}")
    become("-P", "-m", "app", *(args or ["demo"]))


def become(*args: str) -> NoReturn:
    """Replace this process: a child would not hear the SIGTERM meant for it."""
    os.execv(PYTHON, [str(PYTHON), *args])


def ensure(wanted: str) -> None:
    """Leave `.venv` with at least the wanted set; costs two file reads when it has it already."""
    if is_installed(wanted):
        return
    with only_one() as lock:
        if not is_installed(wanted):
            install(wanted, lock)


def is_installed(wanted: str) -> bool:
    """Say whether a finished set-up by this Python installed the wanted lock as it is now."""
    stamp = read_stamp()
    return stamp.get("made_for") == made_for() and stamp.get(wanted) == digest(wanted) and os.access(PYTHON, os.X_OK)


def install(wanted: str, lock: int) -> None:
    """Install the wanted lock, into a new environment unless a whole one of this Python stands."""
    stamp = read_stamp()
    say("setting up .venv, about half a minute ...")
    if stamp.get("made_for") != made_for() or not os.access(PYTHON, os.X_OK):
        venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(VENV)
    # From here until the last line an interruption leaves no stamp, hence a new environment next time: a package
    # cut off half-way can look whole to pip.
    STAMP.unlink(missing_ok=True)
    run_pip(find_pip(), LOCKS[wanted], lock)
    # The development set contains the runtime set; the runtime set alone may undo a newer development set.
    sets = ("runtime", "dev") if wanted == "dev" else ("runtime",)
    unfinished = STAMP.with_suffix(".part")
    unfinished.write_text(json.dumps({"made_for": made_for()} | {name: digest(name) for name in sets}))
    unfinished.replace(STAMP)
    say("ready.")


def find_pip() -> list[str]:
    """Return a pip that can install into `.venv`: the host's, or one that Python brings along."""
    for host in dict.fromkeys((sys.executable, getattr(sys, "_base_executable", sys.executable))):
        answer = subprocess.run([host, "-m", "pip", "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"pip (\d+)\.(\d+)", answer.stdout)
        if version and (int(version[1]), int(version[2])) >= PIP_WITH_PYTHON_OPTION:
            return [host, "-m", "pip", "--python", str(PYTHON)]
    if subprocess.run([PYTHON, "-m", "ensurepip"], capture_output=True, check=False).returncode == 0:
        return [str(PYTHON), "-m", "pip"]
    raise SetUpError("pip 22.3 or newer is needed; on Debian and Ubuntu `apt install python3-pip` brings it.")


def run_pip(pip: list[str], lock_file: Path, lock: int) -> None:
    """Install exactly the files the lock names, or end with a sentence that says what is wrong."""
    environment = {name: value for name, value in os.environ.items() if name not in MISLEADING} | {"PIP_USER": "0"}
    # The child holds our lock too, so that it keeps others out even when this process is killed.
    answer = subprocess.run(
        [*pip, "install", "-q", "--no-input", "--require-hashes", "--only-binary", ":all:", "-r", str(lock_file)],
        env=environment,
        pass_fds=(lock,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode == 0:
        return
    if any(sign in answer.stderr for sign in OFFLINE):
        raise SetUpError("the packages could not be downloaded; check the network or pip's index, then run this again.")
    reasons = [line for line in answer.stderr.splitlines() if line.startswith("ERROR")] or ["pip gave no reason."]
    raise SetUpError(f"pip could not install {lock_file.name}: " + " ".join(reasons))


@contextmanager
def only_one() -> Iterator[int]:
    """Hold the set-up lock and give its descriptor; the system frees it however the process ends."""
    import fcntl  # noqa: PLC0415 - absent where `main` answers with a sentence

    with (ROOT / ".venv.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up to finish ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def read_stamp() -> dict[str, str]:
    """Return what the last finished set-up wrote, or nothing."""
    with suppress(OSError, ValueError):
        return dict(json.loads(STAMP.read_text()))
    return {}


def made_for() -> str:
    """Name what an environment cannot outlive: the Python, the machine's kind and the place."""
    return f"{sys.version_info[0]}.{sys.version_info[1]} {sysconfig.get_platform()} {ROOT}"


def digest(name: str) -> str:
    """Return the fingerprint of a lock."""
    return hashlib.sha256(LOCKS[name].read_bytes()).hexdigest()


def say(sentence: str) -> None:
    """Tell the person waiting; standard output belongs to the command."""
    print(f"custograph: {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetUpError as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        say("interrupted; the next run starts the set-up over.")
        sys.exit(130)
