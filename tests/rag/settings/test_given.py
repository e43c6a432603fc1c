"""Values in files that the environment names."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import load_settings, set_in_environment

KEY = "RANKLENS_TEI_KEY"


def test_a_value_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "key").write_text("secret-1\n")
    (tmp_path / "pool").write_text(" 77 ")
    monkeypatch.setenv(f"{KEY}_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("RANKLENS_POOL_FILE", str(tmp_path / "pool"))
    settings = load_settings(tmp_path)
    assert settings.tei_key.get_secret_value() == "secret-1"
    assert settings.pool == 77
    assert set_in_environment()["tei_key"] == f"{KEY}_FILE"


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"\xff\xfe", "not UTF-8"), (b"x" * 10_001, "more than 10 kB")],
    ids=["none", "bytes", "long"],
)
def test_a_file_that_is_no_value_is_named(
    content: bytes | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    monkeypatch.setenv(f"{KEY}_FILE", str(tmp_path / "key"))
    with pytest.raises(SettingsError, match=f"{KEY}_FILE.*{why}"):
        load_settings(tmp_path)


def test_a_value_in_both_ways_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "key").write_text("secret-1")
    monkeypatch.setenv(f"{KEY}_FILE", str(tmp_path / "key"))
    monkeypatch.setenv(KEY, "secret-2")
    with pytest.raises(SettingsError, match="both set") as raised:
        load_settings(tmp_path)
    assert "secret" not in str(raised.value)


def test_an_unknown_option_is_refused_in_a_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RANKLENS_TEA_KEY_FILE", str(tmp_path))
    with pytest.raises(SettingsError, match="did you mean RANKLENS_TEI_KEY"):
        load_settings(tmp_path)
