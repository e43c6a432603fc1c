"""`python -m ui.cli` is `ranklens`."""

from ui.cli import main

if __name__ == "__main__":
    main()
