"""The prompts of rerankers that are decoders, for models whose own files hold none.

A decoder is asked about question and passage in a prompt, and the logits of the words with which it
would answer are its score: that of yes less that of no, or that of yes alone. A template gets the
instruction, if there is one, as a message of the role ``system``, as sentence-transformers hands
it over.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import ModelError
from rag.models.files import read_json

# Words that meet the prompt's own may be split otherwise than they are alone.
SPARE = 8
_QUERY, _DOCUMENT, _INSTRUCTION = (
    f'(messages | selectattr("role", "eq", "{role}") | map(attribute="content") | list)'
    for role in ("query", "document", "system")
)


@dataclass(frozen=True, slots=True)
class DecoderPrompt:
    """A template, and the words whose logits are the score; ``no`` is empty if yes counts alone."""

    template: str
    yes: str
    no: str = ""


# https://huggingface.co/Qwen/Qwen3-Reranker-0.6B
_QWEN3 = DecoderPrompt(
    "<|im_start|>system\n"
    "Judge whether the Document meets the requirements based on the Query and the Instruct "
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n"
    f"<Instruct>: {{{{ {_INSTRUCTION}[0] if {_INSTRUCTION} else "
    '"Given a web search query, retrieve relevant passages that answer the query" }}\n'
    f"<Query>: {{{{ {_QUERY}[0] }}}}\n"
    f"<Document>: {{{{ {_DOCUMENT}[0] }}}}<|im_end|>\n"
    # As an expression, because Jinja drops a line break at the end of a template.
    '<|im_start|>assistant\n<think>\n\n</think>{{ "\\n\\n" }}',
    "yes",
    "no",
)
# https://github.com/mixedbread-ai/mxbai-rerank, version 2
_MXBAI = DecoderPrompt(
    "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant."
    "<|im_end|>\n<|im_start|>user\n"
    f'{{{{ "instruction: " + {_INSTRUCTION}[0] + "\\n" if {_INSTRUCTION} else "" }}}}'
    f"query: {{{{ {_QUERY}[0] }}}}\n"
    f"document: {{{{ {_DOCUMENT}[0] }}}}\n"
    "You are a search relevance expert who evaluates how well documents match search queries. For "
    "each query-document pair, carefully analyze the semantic relationship between them, then "
    "provide your binary relevance judgment (0 for not relevant, 1 for relevant).\nRelevance:"
    '<|im_end|>\n<|im_start|>assistant{{ "\\n" }}',
    "1",
    "0",
)
# https://huggingface.co/BAAI/bge-reranker-v2-gemma
_BGE_GEMMA = DecoderPrompt(
    f"{{{{ bos_token }}}}A: {{{{ {_QUERY}[0] }}}}\nB: {{{{ {_DOCUMENT}[0] }}}}\n"
    "Given a query A and a passage B, determine whether the passage contains an answer to the "
    "query by providing a prediction of either 'Yes' or 'No'.",
    "Yes",
)
# By ``model_type`` of config.json.
PROMPTS = {"qwen3": _QWEN3, "qwen2": _MXBAI, "gemma": _BGE_GEMMA}


def is_decoder(folder: Path) -> bool:
    """Return whether the model in a folder scores pairs by the word that it would write next."""
    architectures = read_json(folder / "config.json").get("architectures") or [""]
    return str(architectures[0]).endswith("ForCausalLM")


def missing_prompt(folder: Path) -> DecoderPrompt | None:
    """Return the prompt that a decoder needs and does not bring; None if nothing is missing.

    Raises `ModelError` if nobody knows its prompt.
    """
    if not is_decoder(folder) or (folder / "modules.json").is_file():
        return None
    files = (folder / name for name in ("chat_template.jinja", "tokenizer_config.json"))
    if "document" in "".join(file.read_text("utf-8") for file in files if file.is_file()):
        return None
    kind = str(read_json(folder / "config.json").get("model_type"))
    if kind not in PROMPTS:
        raise ModelError(
            f"{folder}: it is a decoder ({kind}) and its files hold no prompt for question and "
            "passage; choose a version for sentence-transformers (with modules.json)"
        )
    return PROMPTS[kind]


def prompt_tokens(tokenizer: Any, instruction: str = "") -> int:
    """Return the room that a decoder's prompt takes around question and passage, in tokens."""
    prompt = _rendered(tokenizer, instruction)
    return len(tokenizer(prompt, add_special_tokens=False)["input_ids"]) + SPARE


def follows_instruction(tokenizer: Any) -> bool:
    """Return whether an instruction reaches the prompt that a decoder's template writes."""
    try:
        return _rendered(tokenizer, "a probe") != _rendered(tokenizer)
    except Exception:  # noqa: BLE001 - a template is a program of the model's, and may raise anything
        return False


def _rendered(tokenizer: Any, instruction: str = "") -> str:
    system = [{"role": "system", "content": instruction}] if instruction else []
    empty = [{"role": role, "content": ""} for role in ("query", "document")]
    return str(tokenizer.apply_chat_template([*system, *empty], tokenize=False))
