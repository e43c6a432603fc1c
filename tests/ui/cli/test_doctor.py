from __future__ import annotations

import json
from pathlib import Path

from rag.settings import Settings
from rag.store.owner import Owner, holder
from ranklens.library import Library
from tests.ui.cli.conftest import Run


def test_an_empty_folder_is_left_empty(run: Run, tmp_path: Path, cache_folder: Path, monkeypatch):
    monkeypatch.setenv("RANKLENS_CACHE", str(cache_folder))
    facts = json.loads(run("doctor", "--json", "--library", str(tmp_path / "none")).out)
    assert facts["encoder"].startswith("all-MiniLM-L6-v2, onnx ")
    assert facts["engine option"] == "auto"
    assert facts["engine"].startswith(("int8: this processor has", "float32: "))
    assert "ONNX Runtime" in facts["machine"]
    assert facts["library"].endswith("(empty)")
    assert facts["settings file"] == "none"
    assert not (tmp_path / "none").exists()


def test_a_library_in_use_is_counted_and_its_owner_named(
    run: Run, settings: Settings, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("RANKLENS_CACHE", str(settings.cache))
    text = tmp_path / "a.txt"
    text.write_text("The rover found ice in the soil near the pole.")
    with Library.open(settings) as library:
        library.enqueue(text)
        library.work()
        facts = json.loads(run("doctor", "--json", "--library", str(settings.library)).out)
    assert facts["documents"] == "1 ready, 1 chunk"
    assert facts["token vectors kept"].startswith("of 1 chunk,")
    assert "(process " in facts["held by"]
    assert "catalogue.sqlite" in facts["size"]


def test_a_damaged_catalogue_is_told(run: Run, settings: Settings, monkeypatch):
    monkeypatch.setenv("RANKLENS_CACHE", str(settings.cache))
    settings.library.mkdir()
    (settings.library / "catalogue.sqlite").write_text("not a database, but long enough" * 9)
    facts = json.loads(run("doctor", "--json", "--library", str(settings.library)).out)
    assert "cannot be read" in facts["catalogue"]


def test_the_holder_of_a_folder(tmp_path: Path):
    assert holder(tmp_path) == ""
    owner = Owner(tmp_path)
    assert "(process " in holder(tmp_path)
    owner.release()
    assert holder(tmp_path) == ""
