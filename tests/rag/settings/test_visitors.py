"""What a visitor of a page, a trace and a file of rankings may set, and what not."""

import pytest

from rag.errors import SettingsError
from rag.settings import Settings, from_trace, from_visitor
from rag.settings.visitors import visitors_options

# Named one by one: whoever adds an option decides here whether a stranger may set it.
ALLOWED = """
blend_dense blend_lexical blend_reranker coverage_weights cross_encoder dense_weight expansion
expansion_seconds expansion_weight feedback_passages feedback_words fusion generator hop_decay
hop_passages hops lexical_engine lexical_weight llm_context llm_judge llm_temperature pool
refuse_below rerank_budget_ms rerank_cut rerank_fallbacks rerank_gap rerank_instruction
rerank_policy rerank_seconds rerank_spread rerank_tokens rerank_window reranker rrf_k threshold top
widen
"""
PATHS = ["/models/own", "./own", "~/own", "../own", "a/b/c"]


def test_a_visitor_may_set_these_and_no_others():
    assert visitors_options(Settings()) == set(ALLOWED.split())


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - set(ALLOWED.split())))
def test_every_other_option_is_refused_by_name(name):
    with pytest.raises(SettingsError, match=f"option {name} cannot be set here"):
        from_visitor(Settings(), {name: getattr(Settings(), name)})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cross_encoder", "{}"),
        ("reranker", "cross-encoder:{}"),
        ("reranker", "hybrid:cascade:maxsim>colbert: {}"),
        ("reranker", "rrf:maxsim+cross-encoder:{}"),
        ("rerank_fallbacks", "maxsim, cross-encoder:{}"),
    ],
)
def test_a_folder_is_opened_only_if_the_settings_name_it(path, name, value):
    options = {name: value.format(path)}
    with pytest.raises(SettingsError, match=f"option {name}: a model in a folder"):
        from_visitor(Settings(), options)
    assert from_visitor(Settings(cross_encoder=path), options) == options


def test_values_are_checked_and_short():
    options = {"pool": "20", "threshold": None, "reranker": "cross-encoder:BAAI/bge-reranker-base"}
    assert from_visitor(Settings(), options) == options
    with pytest.raises(SettingsError, match="option pool"):
        from_visitor(Settings(), {"pool": "many"})
    with pytest.raises(SettingsError, match="did you mean pool"):
        from_visitor(Settings(), {"pol": 3})
    with pytest.raises(SettingsError, match="option reranker: more than 500 characters"):
        from_visitor(Settings(), {"reranker": "hybrid:" * 5000 + "maxsim"})


def test_of_a_trace_only_what_shapes_a_ranking_counts():
    recorded = {"pool": 7, "llm_base_url": "http://evil", "encoder": "./x", "refuse_below": 0.3,
                "within": {}, "trust_remote_code": "a/b"}  # fmt: skip
    assert from_trace(Settings(), recorded) == {"pool": 7}
    with pytest.raises(SettingsError, match="a model in a folder"):
        from_trace(Settings(), {"cross_encoder": "/etc"})
