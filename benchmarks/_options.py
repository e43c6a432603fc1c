"""Options of the benchmarks that draw judged questions from folders."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def drawing(description: str, sizes: Sequence[int]) -> argparse.ArgumentParser:
    """Return a parser for judged folders, and how many of their questions are drawn how often."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folders", nargs="+", help="judged folders, as for `ranklens eval`")
    parser.add_argument("--work", type=Path, required=True, help="where their libraries are kept")
    parser.add_argument("--limit", type=int, help="only the first questions")
    parser.add_argument("--draws", type=int, default=20, help="of each number of questions")
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes, help="judged questions")
    return parser
