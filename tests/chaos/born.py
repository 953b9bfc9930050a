"""What a forked process does to become a server: by the command line, as it would if it had imported all of it."""

import os
import sys
from pathlib import Path


def serve(port: str, environment: dict[str, str], log: Path) -> None:
    """Run `serve` in this process."""
    from app.commands import main

    os.environ.update(environment)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.argv = ["custograph", "serve", "--port", port]
    main()
