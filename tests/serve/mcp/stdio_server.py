"""`ranklens mcp` in a process of its own, with the fake encoder: ``python -m … FOLDER``."""

import sys

from tests.fakes import WordEncoder

if __name__ == "__main__":
    import ranklens.library
    from ui import cli

    ranklens.library.load_encoder = lambda _settings: WordEncoder()
    sys.argv = ["ranklens", "--library", sys.argv[1], "mcp"]
    cli.main()
