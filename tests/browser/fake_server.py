"""Serve the page over the fake library: ``python -m tests.browser.fake_server --server.port=N``.

``PAUSE`` in the environment: seconds before each piece of an answer.
"""

import os
import sys

from streamlit.web import cli

import ui.shared.state
from tests.ui.fakes import FakeLibrary

LIBRARY = FakeLibrary(pause=float(os.environ.get("PAUSE", "0.4")))

if __name__ == "__main__":
    ui.shared.state._opened = lambda: LIBRARY
    sys.argv = ["streamlit", "run", "app.py", *sys.argv[1:]]
    cli.main()
