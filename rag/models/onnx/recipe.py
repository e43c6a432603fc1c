"""How a sentence-transformers model turns hidden states into a vector, from its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from rag.errors import ModelError
from rag.models.files import read_any_json, read_json, read_optional

Pooling = Literal["mean", "cls"]
Output = Literal["hidden", "logits"]
PLAIN = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
WEIGHTS = "model.safetensors"
UNBOUNDED = 1_000_000
QUIRKS = {"do_lower_case": (None, False), "transformer_task": (None, "feature-extraction")}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Pooling, length limit (special tokens included) and prompts of a model."""

    pooling: Pooling
    max_tokens: int
    query_prompt: str = ""
    passage_prompt: str = ""


def read_recipe(folder: Path) -> Recipe:
    """Read the files of a plain Transformer + Pooling (+ Normalize) model.

    Raises `ModelError` with the reason if the model is anything else; sentence-transformers
    itself runs such a model. The defaults are those of sentence-transformers.
    """
    modules = _modules(folder)
    own = read_optional(folder / modules[0] / "sentence_bert_config.json")
    for name, usual in QUIRKS.items():
        if own.get(name) not in usual:
            raise ModelError(f"{folder}: {name} is {own[name]!r}")
    query, passage = _prompts(read_optional(folder / "config_sentence_transformers.json"))
    pooling = read_optional(folder / modules[1] / "config.json") if modules[1] else {}
    if (query or passage) and not pooling.get("include_prompt", True):
        raise ModelError(f"{folder}: its pooling leaves the prompt out")
    limit = own.get("max_seq_length") or length_limit(folder)
    return Recipe(pooling_of(folder, pooling), int(limit), query, passage)


def length_limit(folder: Path) -> int:
    """Return the most tokens the model reads, special tokens included."""
    config = read_json(folder / "config.json")
    tokenizer = read_optional(folder / "tokenizer_config.json")
    bounds = [config.get("max_position_embeddings"), tokenizer.get("model_max_length")]
    known = [int(bound) for bound in bounds if bound and bound < UNBOUNDED]
    if not known:
        raise ModelError(f"{folder}: its files do not give the number of tokens that it reads")
    return min(known)


def _modules(folder: Path) -> tuple[str, str]:
    """Return the folders of the transformer and of the pooling ("" if there is none)."""
    path = folder / "modules.json"
    if not path.is_file():
        return "", ""
    try:
        listed = [(str(m["type"]).rpartition(".")[2], str(m["path"])) for m in read_any_json(path)]
    except (KeyError, TypeError) as error:
        raise ModelError(f"{path}: not a list of modules") from error
    kinds = [kind for kind, _ in listed]
    if kinds not in PLAIN or listed[0][1]:
        raise ModelError(f"{folder}: its modules are {', '.join(kinds)}")
    return listed[0][1], listed[1][1]


def pooling_of(folder: Path, config: dict[str, Any]) -> Pooling:
    """Return the pooling that a module's configuration names; raises `ModelError` for others."""
    flags = [name for name, value in config.items() if name.startswith("pooling_mode_") and value]
    older = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    given = config.get("pooling_mode") or [older.get(flag, flag) for flag in flags] or "mean"
    modes = [given] if isinstance(given, str) else list(given)
    if modes not in (["mean"], ["cls"]):
        raise ModelError(f"{folder}: its pooling is {' + '.join(map(str, modes))}")
    return cast(Pooling, modes[0])


def _prompts(config: dict[str, Any]) -> tuple[str, str]:
    """Return the prompts of queries and of passages, chosen as sentence-transformers does."""
    prompts = {"query": "", "document": ""}
    prompts |= {name: text or "" for name, text in (config.get("prompts") or {}).items()}
    return prompts["query"], prompts["document"]
