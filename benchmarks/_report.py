"""Tables, and where the results of a run are kept."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rag.models.onnx.engine import describe_machine

PAGE = Path("docs/performance.md")
PACKAGES = ("chromadb", "onnxruntime", "numpy", "torch", "sentence-transformers", "streamlit")


def about_the_run() -> str:
    """Return machine, versions, commit and date in a sentence."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    commit = done.stdout.strip() or "unknown"
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    day = datetime.now(UTC).date()
    python = f"Python {platform.python_version()}"
    return f"{day}, commit {commit}; {describe_machine()}; {python}; {versions}"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that ``share`` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def write(name: str, text: str) -> None:
    """Replace the part of docs/performance.md that a benchmark writes."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = PAGE.read_text("utf-8")
    before, found, rest = page.partition(start)
    after = rest.partition(end)[2] if found else "\n"
    PAGE.write_text(f"{before}{start}\n{text}\n{end}{after}", "utf-8")
