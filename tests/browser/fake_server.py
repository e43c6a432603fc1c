"""Serve the page over the fake library: ``python -m tests.browser.fake_server --server.port=N``.

In the environment: ``PAUSE``, seconds before each piece of an answer; ``QUESTIONS``, how many the
question set "field" has (no set without it); ``OUTSIDE``, to judge a passage that no pool holds.
"""

import os
import sys

from streamlit.web import cli

import ui.shared.state
from rag.evaluate.data import Question
from tests.ui.fakes import ALL, FakeLibrary

LIBRARY = FakeLibrary(pause=float(os.environ.get("PAUSE", "0.4")))

if count := int(os.environ.get("QUESTIONS", "0")):
    asked = [Question(f"q{n}", f"How should batteries be kept {n}?") for n in range(1, count + 1)]
    LIBRARY.question_sets.put("field", asked)

if os.environ.get("OUTSIDE"):
    LIBRARY.judgements.grade("Is a lens stored dry?", ALL[11], 3, "ada")

if __name__ == "__main__":
    ui.shared.state._opened = lambda: LIBRARY
    sys.argv = ["streamlit", "run", "app.py", *sys.argv[1:]]
    cli.main()
