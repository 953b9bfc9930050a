"""The command line: `python -m app` and, installed, `custograph`."""

from app.commands import main

if __name__ == "__main__":
    main()
