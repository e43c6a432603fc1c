"""A tiny Qwen3-Reranker, held against the prompt and the arithmetic of its model card."""

import numpy as np
import pytest
import torch
import transformers

from rag.models.load import load_cross
from rag.settings import Settings
from tests.rag.models import tiny

PREFIX = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and "
    'the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n"
)
SUFFIX = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
TASK = "Given a web search query, retrieve relevant passages that answer the query"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The first form of its files: no template, no sentence-transformers configuration."""
    made = tmp_path_factory.mktemp("qwen")
    words = [*tiny.WORDS, "yes", "no"]
    tiny_words, tiny.WORDS = tiny.WORDS, words
    try:
        tokenizer = tiny._tokenizer("bert", typed=False)
    finally:
        tiny.WORDS = tiny_words
    tokenizer.model_max_length = 512
    torch.manual_seed(0)
    config = transformers.Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=512,
        initializer_range=0.3,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
    )
    transformers.Qwen3ForCausalLM(config).save_pretrained(made)
    tokenizer.save_pretrained(made)
    return made


def by_hand(folder, query, text):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    body = f"<Instruct>: {TASK}\n<Query>: {query}\n<Document>: {text}"
    ids = tokenizer(PREFIX + body + SUFFIX, add_special_tokens=False, return_tensors="pt")
    with torch.no_grad():
        logits = model(input_ids=ids["input_ids"]).logits[0, -1]
    yes, no = tokenizer.convert_tokens_to_ids(["yes", "no"])
    return float(logits[yes] - logits[no])


def test_scores_are_yes_less_no_after_the_models_own_prompt(folder, tmp_path):
    model = load_cross(Settings(cross_encoder=str(folder), cache=tmp_path))
    texts = ["water ice on mars", "the red planet", "soil", ""]
    judged = model.judge([("who found water", texts)])[0]
    expected = [by_hand(folder, "who found water", text) for text in texts]
    np.testing.assert_allclose(judged.logits, expected, atol=1e-4)
    assert np.std(expected) > 0.01


def test_a_long_passage_is_cut_and_the_prompt_stays_whole(folder, tmp_path):
    model = load_cross(Settings(cross_encoder=str(folder), cache=tmp_path))
    judged = model.judge([("who found water", ["red soil " * 400])])[0]
    assert judged.tokens_read < judged.tokens_total == 800
    cut = " ".join(("red soil " * 400).split()[: judged.tokens_read])
    assert judged.logits[0] == pytest.approx(by_hand(folder, "who found water", cut), abs=1e-4)
