"""Tiny decoders, held against the prompts and the arithmetic of their model cards."""

import json
from functools import cache

import numpy as np
import pytest
import torch
import transformers
from tokenizers import AddedToken

from rag.errors import ModelError
from rag.models.decoder_prompt import PROMPTS, missing_prompt
from rag.models.load import load_cross
from rag.settings import Settings
from tests.rag.models import tiny

QUERY = "who found water"
TEXTS = ["water ice on mars", "the red planet", "soil", ""]
WISH = "prefer ice"
TASK = "Given a web search query, retrieve relevant passages that answer the query"


def qwen3(query, text, wish=""):
    return (
        "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query "
        'and the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
        f"<|im_start|>user\n<Instruct>: {wish or TASK}\n<Query>: {query}\n<Document>: {text}"
        "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )


def mxbai(query, text, wish=""):
    instruction = f"instruction: {wish}\n" if wish else ""
    return (
        "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant."
        f"<|im_end|>\n<|im_start|>user\n{instruction}query: {query}\ndocument: {text}\n"
        "You are a search relevance expert who evaluates how well documents match search queries. "
        "For each query-document pair, carefully analyze the semantic relationship between them, "
        "then provide your binary relevance judgment (0 for not relevant, 1 for relevant).\n"
        "Relevance:<|im_end|>\n<|im_start|>assistant\n"
    )


def gemma(query, text, wish=""):
    return (
        f"[CLS]A: {query}\nB: {text}\nGiven a query A and a passage B, determine whether the "
        "passage contains an answer to the query by providing a prediction of either 'Yes' or "
        "'No'."
    )


SIZES = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 512, "initializer_range": 0.3,
}  # fmt: skip
KINDS = {
    "qwen3": (transformers.Qwen3Config, {"head_dim": 8}, qwen3, ("yes", "no")),
    "qwen2": (transformers.Qwen2Config, {}, mxbai, ("1", "0")),
    "gemma": (transformers.GemmaConfig, {"head_dim": 8}, gemma, ("Yes",)),
}
every = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The first form of their files: no template, no sentence-transformers configuration."""
    return {kind: save(tmp_path_factory.mktemp(kind), kind) for kind in KINDS}


def save(folder, kind):
    tokenizer = tiny._tokenizer("bert", typed=False)
    answers = ("yes", "no", "Yes", "0", "1")
    tokenizer.add_tokens([AddedToken(word, normalized=False) for word in answers])
    tokenizer.bos_token, tokenizer.model_max_length = "[CLS]", 512
    config, more, _, _ = KINDS[kind]
    torch.manual_seed(0)
    made = config(
        vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, tie_word_embeddings=False,
        **SIZES, **more,
    )  # fmt: skip
    transformers.AutoModelForCausalLM.from_config(made).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@cache
def loaded(folder):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    return transformers.AutoTokenizer.from_pretrained(folder), model


def by_hand(kind, folder, query, text, wish=""):
    tokenizer, model = loaded(folder)
    _, _, prompt, words = KINDS[kind]
    ids = tokenizer(prompt(query, text, wish), add_special_tokens=False, return_tensors="pt")
    with torch.no_grad():
        logits = model(input_ids=ids["input_ids"]).logits[0, -1]
    yes, *no = (float(logits[tokenizer.convert_tokens_to_ids(word)]) for word in words)
    return yes - sum(no)


def load(folder, tmp_path, **settings):
    return load_cross(Settings(cross_encoder=str(folder), cache=tmp_path, **settings))


@every
def test_templates_write_the_prompts_to_the_letter(kind, folders):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders[kind])
    tokenizer.chat_template = PROMPTS[kind].template
    pair = [{"role": "query", "content": "Q?\n"}, {"role": "document", "content": "D\n\n"}]
    wish = [{"role": "system", "content": WISH}]
    written = KINDS[kind][2]
    assert tokenizer.apply_chat_template(pair, tokenize=False) == written("Q?\n", "D\n\n")
    instructed = tokenizer.apply_chat_template([*wish, *pair], tokenize=False)
    assert instructed == written("Q?\n", "D\n\n", WISH)


@every
def test_scores_are_the_words_logits_after_the_models_own_prompt(kind, folders, tmp_path):
    judged = load(folders[kind], tmp_path).judge([(QUERY, TEXTS)])[0]
    expected = [by_hand(kind, folders[kind], QUERY, text) for text in TEXTS]
    np.testing.assert_allclose(judged.logits, expected, atol=1e-4)
    assert np.std(expected) > 0.01


@every
def test_an_instruction_is_in_the_prompt_of_those_that_follow_one(kind, folders, tmp_path):
    model = load(folders[kind], tmp_path)
    assert model.follows_instruction == (kind != "gemma")
    logits = model.judge([(QUERY, TEXTS)], WISH)[0].logits
    wish = WISH if kind != "gemma" else ""
    expected = [by_hand(kind, folders[kind], QUERY, text, wish) for text in TEXTS]
    np.testing.assert_allclose(logits, expected, atol=1e-4)


@every
@pytest.mark.parametrize("wish", ["", WISH * 8])
def test_a_long_passage_is_cut_and_the_prompt_stays_whole(kind, wish, folders, tmp_path):
    model, text = load(folders[kind], tmp_path), "red soil " * 400
    judged = model.judge([(QUERY, [text])], wish)[0]
    assert 0 < judged.tokens_read < judged.tokens_total
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders[kind])
    tokens = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    cut = text[: tokens["offset_mapping"][judged.tokens_read - 1][1]]
    own = wish if kind != "gemma" else ""
    expected = by_hand(kind, folders[kind], QUERY, cut, own)
    assert judged.logits[0] == pytest.approx(expected, abs=1e-4)


def test_an_encoder_follows_no_instruction(tmp_path):
    model = load(tiny.save_cross(tmp_path / "model", "distilbert"), tmp_path)
    assert not model.follows_instruction
    plain = model.judge([(QUERY, TEXTS)])[0].logits
    assert model.judge([(QUERY, TEXTS)], WISH)[0].logits == plain


def test_a_decoder_with_its_own_template_needs_none(folders, tmp_path):
    assert missing_prompt(folders["qwen3"]) is PROMPTS["qwen3"]
    folder = save(tmp_path / "model", "qwen3")
    (folder / "chat_template.jinja").write_text("{{ messages }} document")
    assert missing_prompt(folder) is None


def test_a_decoder_whose_prompt_nobody_knows_is_refused(tmp_path):
    folder = save(tmp_path / "model", "qwen3")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "llama"}))
    with pytest.raises(ModelError, match=r"a decoder \(llama\) and its files hold no prompt"):
        missing_prompt(folder)
