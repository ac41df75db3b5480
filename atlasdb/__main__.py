"""``python -m atlasdb`` is the command line."""

from atlasdb.cli import main

if __name__ == "__main__":
    main(prog_name="atlasdb")
