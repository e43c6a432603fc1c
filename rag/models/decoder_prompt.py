"""The prompt of rerankers that are decoders, for models whose own files do not hold it.

Qwen3-Reranker (https://huggingface.co/Qwen/Qwen3-Reranker-0.6B) answers yes or no to a prompt that
its first files only describe. The logit of yes less that of no is its score.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag.models.files import read_json

# Words that meet the prompt's own may be split otherwise than they are alone.
SPARE = 8
TEMPLATE = (
    "<|im_start|>system\n"
    "Judge whether the Document meets the requirements based on the Query and the Instruct "
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n"
    "<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n"
    '<Query>: {{ messages | selectattr("role", "eq", "query") | map(attribute="content") | first }}'
    "\n<Document>: "
    '{{ messages | selectattr("role", "eq", "document") | map(attribute="content") | first }}'
    "<|im_end|>\n"
    "<|im_start|>assistant\n<think>\n\n</think>\n\n"
)


def is_decoder(folder: Path) -> bool:
    """Return whether the model in a folder scores pairs by the word that it would write next."""
    architectures = read_json(folder / "config.json").get("architectures") or [""]
    return str(architectures[0]).endswith("ForCausalLM")


def missing_prompt(folder: Path) -> str:
    """Return the template that a decoder needs and does not bring, or nothing."""
    if not is_decoder(folder):
        return ""
    files = (folder / name for name in ("chat_template.jinja", "tokenizer_config.json"))
    own = "".join(file.read_text("utf-8") for file in files if file.is_file())
    return "" if "document" in own else TEMPLATE


def prompt_tokens(tokenizer: Any) -> int:
    """Return the room that a decoder's prompt takes around question and passage, in tokens."""
    empty = [{"role": role, "content": ""} for role in ("query", "document")]
    prompt = tokenizer.apply_chat_template(empty, tokenize=False)
    return len(tokenizer(prompt, add_special_tokens=False)["input_ids"]) + SPARE
