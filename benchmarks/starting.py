"""How long the command line takes to answer, in turns with a Python that does nothing.

python benchmarks/starting.py --rounds 25
"""

import argparse
import subprocess
import sys

from support import ROOT, median, percentile, seconds, table

ROUNDS = 25
HEAD = ("command", "p50 ms", "p90 ms", "`python -c pass`, p50 ms", "ratio")
COMMANDS = {"--help": ["--help"], "serve --help": ["serve", "--help"], "an unknown command": ["nope"]}


def starts(*arguments: str) -> float:
    """Milliseconds of a Python with these arguments, from start to end."""
    command = [sys.executable, *arguments]
    return 1000 * seconds(lambda: subprocess.run(command, cwd=ROOT, capture_output=True, check=False))


def run(*, rounds: int = ROUNDS) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    for name, arguments in COMMANDS.items():
        both = [(starts("-m", "app", *arguments), starts("-c", "pass")) for _ in range(rounds + 1)]
        ours, floor = zip(*both[1:], strict=True)  # the first is a warm-up
        shown.append([name, median(ours), percentile(ours, 0.9), median(floor), median(a / b for a, b in both[1:])])
    table("The command line", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    run(rounds=parser.parse_args().rounds)


if __name__ == "__main__":
    main()
