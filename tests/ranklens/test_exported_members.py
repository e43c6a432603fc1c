"""The public names of `ranklens`: these, each documented, and nothing else."""

import inspect
import subprocess
import sys
import types
from pathlib import Path

import pytest

import ranklens
from ranklens.library import Library

METHODS = [
    "add",
    "ask",
    "chunks",
    "close",
    "compare",
    "documents",
    "embed",
    "judge",
    "open",
    "rebuild",
    "reindex",
    "remove",
    "rerank",
    "search",
    "verify",
]


def test_what_is_exported_is_what_is_listed():
    submodules = {name for name, value in vars(ranklens).items() if inspect.ismodule(value)}
    later = {"TYPE_CHECKING", "Any", "Path", "PathLike", "annotations", "import_module"}
    public = {name for name in vars(ranklens) if not name.startswith("_")}
    assert public - submodules - later <= set(ranklens.__all__)
    assert ranklens.__all__ == sorted(ranklens.__all__)


@pytest.mark.parametrize("name", ranklens.__all__)
def test_every_name_is_there_and_documented(name: str):
    member = getattr(ranklens, name)
    assert isinstance(member, type | types.FunctionType)
    assert (member.__doc__ or "").strip()
    assert not member.__doc__.startswith(f"{name}("), "a dataclass without a docstring of its own"


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_documented_and_typed(name: str):
    method = getattr(Library, name)
    assert inspect.getdoc(method)
    signature = inspect.signature(method)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.name == "self" or parameter.annotation is not inspect.Parameter.empty


def test_the_page_of_examples_names_every_method_and_error_base():
    page = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text("utf-8")
    missing = [name for name in METHODS if f".{name}(" not in page and f"`{name}`" not in page]
    assert missing == []


def test_importing_it_loads_neither_models_nor_indexes_nor_the_page():
    heavy = "{'torch', 'streamlit', 'chromadb', 'numpy', 'onnxruntime', 'sqlalchemy', 'pandas'}"
    code = f"import ranklens, sys; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError, match="librarian"):
        _ = ranklens.librarian


def test_types_are_shipped():
    assert Path(ranklens.__file__).with_name("py.typed").is_file()
