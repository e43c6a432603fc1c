import pytest
from pydantic import ValidationError

from rag.errors import SettingsError
from rag.settings import Settings, load_settings, settings_table


def load(monkeypatch, folder, environ, **changes):
    with monkeypatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        return load_settings(folder, **changes)


def test_defaults_need_nothing(tmp_path):
    assert load_settings(tmp_path).pool == 50


def test_the_environment_wins_over_the_file_and_a_change_over_both(tmp_path, monkeypatch):
    (tmp_path / "ranklens.toml").write_text("pool = 10\ntop = 3\nrrf_k = 7\n")
    settings = load(monkeypatch, tmp_path, {"RANKLENS_POOL": "20", "RANKLENS_TOP": "4"}, top=9)
    assert (settings.rrf_k, settings.pool, settings.top) == (7, 20, 9)


def test_a_file_elsewhere_can_be_named(tmp_path, monkeypatch):
    path = tmp_path / "other.toml"
    path.write_text("pool = 11\n")
    assert load(monkeypatch, tmp_path, {"RANKLENS_CONFIG": str(path)}).pool == 11


def test_none_can_be_said_in_the_environment(tmp_path, monkeypatch):
    (tmp_path / "ranklens.toml").write_text("threshold = 0.5\n")
    assert load_settings(tmp_path).threshold == 0.5
    assert load(monkeypatch, tmp_path, {"RANKLENS_THRESHOLD": "none"}).threshold is None
    assert load(monkeypatch, tmp_path, {"RANKLENS_RERANKER": "none"}).reranker == "none"
    assert load(monkeypatch, tmp_path, {"RANKLENS_LANGUAGE": "none"}).language == "none"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"RANKLENS_POOOL": "3"}, "RANKLENS_POOOL.*did you mean RANKLENS_POOL"),
        ({"RANKLENS_RERANK_STEP": "3"}, "option RANKLENS_RERANK_STEP in .* is gone.*rerank_window"),
        ({"RANKLENS_POOL": "many"}, "option pool"),
        ({"RANKLENS_POOL": "0"}, "option pool"),
        ({"RANKLENS_FUSION": "magic"}, "option fusion.*'rrf' or 'weighted'"),
        ({"RANKLENS_CONFIG": "/nowhere/x.toml"}, "/nowhere/x.toml: cannot be read"),
    ],
)
def test_what_is_wrong_is_refused_by_name(environ, said, tmp_path, monkeypatch):
    with pytest.raises(SettingsError, match=said):
        load(monkeypatch, tmp_path, environ)


@pytest.mark.parametrize("text", ["pol = 3", "pool = ", "[pool]\nx = 1"])
def test_a_bad_file_is_refused_by_name(text, tmp_path):
    (tmp_path / "ranklens.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"ranklens\.toml"):
        load_settings(tmp_path)


def test_a_changed_copy_is_checked_and_the_original_stays():
    settings = Settings()
    assert settings.updated(pool=7).pool == 7
    assert settings.pool == 50
    with pytest.raises(SettingsError, match="did you mean top"):
        settings.updated(topp=3)


def test_settings_cannot_be_changed_in_place():
    with pytest.raises(ValidationError):
        Settings().pool = 3


def test_a_key_is_never_shown(tmp_path, monkeypatch):
    settings = load(monkeypatch, tmp_path, {"OPENAI_API_KEY": "sk-secret"})
    assert settings.llm_api_key.get_secret_value() == "sk-secret"
    shown = f"{settings!r} {settings_table(settings)} {settings.shaping('answer')}"
    assert "sk-secret" not in shown
    assert "(set)" in shown
    assert settings.updated(pool=3).llm_api_key.get_secret_value() == "sk-secret"


def test_every_option_is_documented():
    assert all(description for *_, description in settings_table(Settings()))


@pytest.mark.parametrize("address", ["http://x\n/v1", "http://x /v1", "http://\x00"])
def test_no_address_holds_spaces_or_control_characters(address):
    with pytest.raises(SettingsError, match=r"llm_base_url.*no spaces"):
        Settings().updated(llm_base_url=address)
    assert Settings().updated(llm_base_url=" http://x/v1 ").llm_base_url == "http://x/v1"
