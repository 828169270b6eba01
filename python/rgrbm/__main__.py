"""The program ``rgrbm``, and ``python -m rgrbm``."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while packages are imported ends it as it would later, without a traceback."""
    try:
        from rgrbm.cli import app

        app(prog_name="rgrbm")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
