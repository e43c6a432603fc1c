"""What writes answers, from which prompts, and when it refuses."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from rag.settings.addresses import Address
from rag.settings.base import SHAPES_ANSWER, Section, option


class AnswerSettings(Section):
    """What writes answers, from which prompts, and when it refuses."""

    generator: str = option(
        "auto",
        "What writes answers: extractive, model, or a generator of another package; auto is model "
        "if llm_model is set, else extractive.",
        SHAPES_ANSWER,
    )
    llm_provider: Literal["openai", "cohere"] = option(
        "openai",
        "Where the model runs: any OpenAI-compatible endpoint, or Cohere (with cohere_api_key).",
        SHAPES_ANSWER,
        trusted=True,
    )
    llm_base_url: Address = option(
        "", "Base URL of an OpenAI-compatible endpoint (…/v1).", SHAPES_ANSWER, trusted=True
    )
    llm_model: str = option(
        "", "Model at that endpoint; empty answers extractively.", SHAPES_ANSWER, trusted=True
    )
    llm_api_key: SecretStr = option(
        SecretStr(""),
        "Key for that endpoint (at OpenAI's own address OPENAI_API_KEY does too).",
        trusted=True,
    )
    llm_seconds: float = option(
        60.0, "Longest wait for the endpoint's next piece of an answer, in seconds.", gt=0
    )
    llm_temperature: float = option(0.0, "Sampling temperature.", SHAPES_ANSWER, ge=0, le=2)
    llm_retries: int = option(
        2, "Further tries if the endpoint is busy (429) or fails (5xx).", ge=0, le=10
    )
    llm_context: int = option(
        8192,
        "The model's window, in tokens. A quarter of it, at most 1500, stays free for the answer; "
        "passages that do not fit are left out, the best ones last.",
        SHAPES_ANSWER,
        ge=700,
    )
    llm_max_tokens: int = option(
        8192,
        "Most tokens that the model may write in a reply, its thinking included.",
        ge=16,
    )
    max_answer_characters: int = option(
        200_000,
        "Longest reply of a model in characters, its thinking included; the rest is not read.",
        ge=1000,
    )
    llm_judge: bool = option(
        False,
        "Let the model judge whether the passages support the sentences that cite them; "
        "otherwise words, numbers and the encoder's likeness do.",
        SHAPES_ANSWER,
    )
    prompts: str = option(
        "",
        "Folder with your own prompts, named as those in rag/llm/prompts (system.txt, user.txt, "
        "rewrite.txt, hyde.txt …); each replaces the built-in one.",
        SHAPES_ANSWER,
        trusted=True,
    )
    rewrite_seconds: float = option(
        8.0, "Time in which the model must rewrite a follow-up, in seconds; else a rule does.", gt=0
    )
    widen: Literal["auto", "on", "off"] = option(
        "auto",
        "Give the answer also what stands beside its passages in their section or table; auto does "
        "so for answers that quote (extractive), for which it was measured.",
        SHAPES_ANSWER,
    )
    refuse_below: float = option(
        0.12,
        "Relevance (0 to 1) of the best passages below which the answer is that the documents do "
        "not answer; 0 leaves that to the writer of the answer.",
        SHAPES_ANSWER,
        ge=0,
        le=1,
    )
