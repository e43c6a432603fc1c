"""Small models of real architecture, made with transformers and saved as the hub has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

WORDS = ["what", "is", "the", "rover", "on", "mars", "doing", "water", "ice", "red"]
WORDS += ["planet", "found", "in", "soil", "when", "who", "why"]
SPECIAL = {
    "bert": ("[PAD]", "[CLS]", "[SEP]", "[UNK]"),
    "electra": ("[PAD]", "[CLS]", "[SEP]", "[UNK]"),
    # RoBERTa's padding id is 1 and its positions start behind it.
    "roberta": ("<s>", "<pad>", "</s>", "<unk>"),
    "xlm-roberta": ("<s>", "<pad>", "</s>", "<unk>"),
    "distilbert": ("[PAD]", "[CLS]", "[SEP]", "[UNK]"),
}
CONFIGS = {
    "bert": transformers.BertConfig,
    "electra": transformers.ElectraConfig,
    "roberta": transformers.RobertaConfig,
    "xlm-roberta": transformers.XLMRobertaConfig,
    "distilbert": transformers.DistilBertConfig,
}
TEXTS = [
    "What is the rover doing on Mars?",
    "water ice",
    "",
    "red planet soil " * 30,
    "who found water in the soil when",
    "zzz unknown word: mars",
]


def save_encoder(folder: Path, family: str, pooling: str = "mean", **config: Any) -> Path:
    """Save a sentence-transformers model of two layers; ``config`` goes into its settings file."""
    _save(transformers.AutoModel, folder, family)
    kinds = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    _write(folder / "modules.json", modules)
    _write(folder / "sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": False})
    flags = {"word_embedding_dimension": 32, f"pooling_mode_{pooling}": True}
    _write(folder / "1_Pooling" / "config.json", {"pooling_mode_mean_tokens": False, **flags})
    (folder / "2_Normalize").mkdir()
    if config:
        _write(folder / "config_sentence_transformers.json", config)
    return folder


def save_cross(folder: Path, family: str, labels: int = 1, typed: bool = True) -> Path:
    """Save a cross-encoder of two layers."""
    return _save(transformers.AutoModelForSequenceClassification, folder, family, labels, typed)


def save_modernbert(folder: Path, head: str = "own", labels: int = 1, **config: Any) -> Path:
    """Save a small ModernBERT whose window is shorter than `TEXTS`; ``config`` changes it.

    ``head`` is "own" for transformers' cross-encoder, "cls" or "mean" for the modules of
    sentence-transformers (pooling, dense, norm, dense) beside it, "none" for an encoder.
    """
    torch.manual_seed(7)
    tokenizer = _tokenizer("bert", typed=False)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 4}
    tokens = {"pad_token_id": 0, "bos_token_id": 1, "cls_token_id": 1, "sep_token_id": 2}
    made = transformers.ModernBertConfig(
        **sizes, **tokens, eos_token_id=2, vocab_size=len(tokenizer),
        **{"num_hidden_layers": 4, "max_position_embeddings": 66, "local_attention": 8,
           "initializer_range": 0.3, "num_labels": labels} | config,
    )  # fmt: skip
    own = head == "own"
    kind = transformers.AutoModelForSequenceClassification if own else transformers.AutoModel
    kind.from_config(made).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if head in ("cls", "mean"):
        _add_head(folder, head, labels)
    return folder


def _add_head(folder: Path, pooling: str, labels: int) -> None:
    from sentence_transformers import CrossEncoder
    from sentence_transformers.base.modules import Dense, Transformer
    from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling

    norm = LayerNorm(32)
    torch.nn.init.normal_(norm.norm.weight, 1.0, 0.3)
    torch.nn.init.normal_(norm.norm.bias)
    modules = [
        Transformer(str(folder)),
        Pooling(32, pooling_mode=pooling),
        Dense(32, 32, bias=False, activation_function=torch.nn.GELU()),
        norm,
        Dense(32, labels, activation_function=torch.nn.Identity(), module_output_name="scores"),
    ]
    CrossEncoder(modules=modules).save_pretrained(str(folder))


def _save(kind: Any, folder: Path, family: str, labels: int = 1, typed: bool = True) -> Path:
    torch.manual_seed(7)
    tokenizer = _tokenizer(family, typed)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    more = {"embedding_size": 16} if family == "electra" else {}
    config = CONFIGS[family](
        vocab_size=len(tokenizer),
        intermediate_size=64,
        max_position_embeddings=66,
        initializer_range=0.3,
        num_labels=labels,
        pad_token_id=tokenizer.pad_token_id,
        type_vocab_size=1 if "roberta" in family else 2,
        **sizes,
        **more,
    )
    kind.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(family: str, typed: bool) -> Any:
    special = SPECIAL[family]
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + ["?", ":"]
    vocabulary = [*special, *WORDS, *letters, *("##" + letter for letter in letters)]
    known = {token: i for i, token in enumerate(dict.fromkeys(vocabulary))}
    unknown = special[3]
    fast = Tokenizer(WordPiece(known, unk_token=unknown))
    fast.normalizer = normalizers.BertNormalizer(lowercase=True)
    fast.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    fast.post_processor = _template(family, known)
    start, pad = (special[0], special[1]) if "roberta" in family else (special[1], special[0])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=fast,
        pad_token=pad,
        cls_token=start,
        sep_token=special[2],
        unk_token=unknown,
        model_max_length=64,
        model_input_names=["input_ids", "attention_mask", *(["token_type_ids"] if typed else [])],
    )


def _template(family: str, known: dict[str, int]) -> Any:
    if "roberta" in family:
        single, pair = "<s> $A </s>", "<s> $A </s> </s> $B </s>"
        names = ("<s>", "</s>")
    else:
        single, pair = "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1"
        names = ("[CLS]", "[SEP]")
    return processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=[(name, known[name]) for name in names]
    )


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")
