"""Who may import whom (docs/architecture.md, "Folders and what they may import"), read by ast."""

import ast
import graphlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("app", "ingest", "rag", "ranklens", "serve", "ui")
ANYTHING = frozenset(OURS)
CORE = frozenset({"rag.types", "rag.errors", "rag.text"})
# What a page or a command shows, never what it would run.
PAGE = CORE | {"rag.trace", "rag.journey", "rag.settings", "rag.evaluate.reports", "ranklens", "ui"}

# The most specific name that fits a module holds for it; a name stands for all that is below it,
# and everything may import its own folder.
MAY_IMPORT = {
    "app": frozenset({"ui"}),
    "ui": PAGE | {"serve"},
    "serve": CORE | {"rag.trace", "rag.settings", "ranklens"},
    "ranklens": frozenset({"rag", "ingest"}),
    "ingest": frozenset({"rag"}),
    "rag": frozenset({"rag"}),
    "rag.errors": frozenset[str](),
    "rag.types": frozenset({"rag.errors"}),
    "rag.text": frozenset[str](),
    "rag.settings": frozenset({"rag.errors"}),
    "rag.trace": CORE,
    "rag.journey": CORE,
    "rag.llm": CORE | {"rag.settings"},
    "rag.models": CORE | {"rag.settings", "rag.llm"},
    "rag.store": CORE | {"rag.settings", "rag.models.token_codes"},
    "rag.retrieve": CORE | {"rag.settings", "rag.store", "rag.models", "rag.llm"},
    "rag.rerank": CORE
    | {"rag.settings", "rag.models", "rag.llm", "rag.plugins", "rag.store.facts"}
    | {"rag.store.files"},
    "rag.generate": CORE | {"rag.settings", "rag.models", "rag.llm", "rag.plugins"},
    "rag.pipeline": CORE
    | {"rag.settings", "rag.retrieve", "rag.rerank", "rag.generate", "rag.store", "rag.models"}
    | {"rag.llm"},
    "rag.chat": CORE
    | {"rag.trace", "rag.generate", "rag.llm", "rag.store.schema", "rag.store.statements"},
    "rag.evaluate": CORE
    | {"rag.settings", "rag.journey", "rag.pipeline", "rag.store", "rag.retrieve", "rag.rerank"}
    | {"rag.generate", "rag.chat", "rag.llm"},
    "rag.inspect": CORE
    | {"rag.journey", "rag.trace", "rag.settings", "rag.pipeline", "rag.store", "rag.retrieve"}
    | {"rag.rerank", "rag.models", "rag.generate"},
    "rag.watch": CORE
    | {"rag.settings", "rag.journey", "rag.chat", "rag.evaluate", "rag.store.catalogue"}
    | {"rag.store.schema", "rag.store.database", "rag.llm.prices"},
    "rag.plugins": frozenset[str](),
}
TABLE = ROOT / "docs" / "architecture.md"
# Libraries that only some folders may import.
STREAMLIT_ONLY_IN = ("ui", "app")


def covers(name: str, module: str) -> bool:
    return module == name or module.startswith(name + ".")


def rule_for(module: str) -> str:
    return max((name for name in MAY_IMPORT if covers(name, module)), key=len)


def imported(source: str) -> set[str]:
    """Every module that a source names, wherever in it; relative imports are refused outright."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def offences(module: str, source: str) -> list[str]:
    rule = rule_for(module)
    allowed = MAY_IMPORT[rule] | {rule}
    found = []
    for name in sorted(imported(source)):
        if any(covers(ours, name) for ours in OURS):
            if not any(covers(permitted, name) for permitted in allowed):
                found.append(f"{module} imports {name}")
        elif covers("streamlit", name):
            page = any(covers(folder, module) for folder in STREAMLIT_ONLY_IN)
            if not page or covers("ui.cli", module):
                found.append(f"{module} imports {name}")
    return found


def modules() -> list[tuple[str, Path]]:
    paths = [
        ROOT / "app.py",
        *(p for name in OURS[1:] for p in sorted((ROOT / name).rglob("*.py"))),
    ]
    named = []
    for path in paths:
        parts = path.relative_to(ROOT).with_suffix("").parts
        named.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return named


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value).split("/")[-1])
def test_imports_point_the_right_way(module: str, path: Path):
    assert offences(module, path.read_text("utf-8")) == []


def documented() -> dict[str, set[str]]:
    """Module → what the table in docs/architecture.md says that it may import."""
    found = {}
    for line in TABLE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `rag/") and len(cells) == 3:
            named = re.findall(r"`?[\w.]+`?", cells[2])
            names = {n.strip("`") if "`" in n else f"rag.{n}" for n in named}
            for path in re.findall(r"`rag/(\w+)", cells[0]):
                found[f"rag.{path}"] = names
    return found


def test_the_documents_table_is_this_one():
    assert documented() == {
        name: set(allowed) for name, allowed in MAY_IMPORT.items() if name.startswith("rag.")
    }


def test_every_folder_of_rag_is_in_the_table():
    folders = {path.parent.name for path in (ROOT / "rag").glob("*/__init__.py")}
    assert {f"rag.{folder}" for folder in folders} <= MAY_IMPORT.keys()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("rag.pipeline", "import ingest.documents"),
        ("rag.pipeline", "def f():\n    from ui import shared"),
        ("rag.rerank.none", "from rag.pipeline import Pipeline"),
        ("rag.pipeline", "from rag.evaluate.experiments.run import evaluate"),
        ("rag.chat.store", "from rag.store.catalogue import Catalogue"),
        ("rag.types", "from rag import settings"),
        ("ui.ask.page", "from rag.pipeline import Pipeline"),
        ("ui.shared.source", "from ingest.page import draw"),
        ("rag.store.index", "import streamlit as st"),
        ("ingest.documents", "from streamlit import cache_resource"),
        ("ui.cli.page", "import streamlit.web.cli"),
        ("app", "from rag.pipeline import Pipeline"),
        ("ui.judge.pool", "from rag.evaluate.judgements.pooling import pooled"),
        ("ui.measure.page", "from rag.evaluate.measures.figures import figures"),
        ("ui.cli.evaluation_tables", "from rag.evaluate.measures.figures import Figures"),
        ("serve.v1.documents", "from ui.shared import state"),
        ("serve.v1.documents", "from rag.pipeline import Pipeline"),
        ("serve.app", "import streamlit"),
        ("ui.cli.judging", "def f():\n    from ingest.datasets.base import read_text"),
    ],
)
def test_a_wrong_direction_is_found(module: str, source: str):
    assert len(offences(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("rag.retrieve.dense", "from rag.store.vectors import ChromaStore\nimport numpy"),
        ("rag.rerank.table", "from rag.rerank.none import NoReranker"),
        ("ui.ask.page", "import streamlit as st\nfrom rag.types import Trace"),
        ("app", "import streamlit as st\nfrom ui.ask import page"),
        ("ui.served", "from serve.library import OpenLibrary"),
        ("serve.v1.documents", "import ranklens\nfrom rag.trace import to_dict"),
    ],
)
def test_a_right_direction_passes(module: str, source: str):
    assert offences(module, source) == []


def imports_when_it_runs(source: str) -> set[str]:
    """Every module that a source names, but for what is there for type checkers only."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = [ast.Pass()]
    return imported(ast.unparse(tree))


def test_there_are_no_import_cycles():
    known = {module for module, _ in modules()}
    graph: dict[str, set[str]] = {}
    for module, path in modules():
        names = imports_when_it_runs(path.read_text("utf-8"))
        found = {name if name in known else name.rpartition(".")[0] for name in names}
        graph[module] = found & known - {module}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, with the cycle


def test_a_class_name_has_one_meaning_in_the_whole_project():
    places: dict[str, list[str]] = {}
    for module, path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
