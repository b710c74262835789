"""Run the command line as ``python -m partwise``."""

from partwise.cli.main import main

if __name__ == "__main__":
    main()
