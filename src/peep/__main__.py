"""`python -m peep`."""

from peep.cli.start import main

if __name__ == "__main__":
    raise SystemExit(main())
