"""Every option: typed, frozen, documented in one place, unknown names refused.

Sources, later ones win: defaults here, ``ranklens.toml`` (in the working folder, or the file
named by ``RANKLENS_CONFIG``), the environment (``RANKLENS_POOL=100``), then what the page or a
command line says (`Settings.updated`). ``docs/settings.md`` is generated from this table.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from platformdirs import user_cache_path, user_data_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from rag.errors import SettingsError

PREFIX = "RANKLENS_"
SHAPES_INDEX = "index"
SHAPES_RANKING = "ranking"
SHAPES_ANSWER = "answer"
# Where the provider's own tools look for the key.
USUAL_KEYS = {
    "llm_api_key": "OPENAI_API_KEY",
    "cohere_api_key": "CO_API_KEY",
    "jina_api_key": "JINA_API_KEY",
    "voyage_api_key": "VOYAGE_API_KEY",
}


def option(default: Any, description: str, shapes: str = "", **limits: Any) -> Any:
    """Declare an option. ``shapes`` says what it changes: the index, a ranking, an answer."""
    return Field(default, description=description, json_schema_extra={"shapes": shapes}, **limits)


def _address(value: str) -> str:
    value = value.strip()
    if not all(sign.isprintable() and not sign.isspace() for sign in value):
        raise ValueError("an address has no spaces and no control characters in it")
    return value


Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseModel):
    """All options. Instances never change; `updated` makes another one."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    # Where things are
    library: Path = option(
        user_data_path("ranklens", appauthor=False), "Folder that holds the library."
    )
    cache: Path = option(
        user_cache_path("ranklens", appauthor=False),
        "Folder for what can be made again (exported models).",
    )

    # Speed and size
    engine: Literal["auto", "float32", "int8"] = option(
        "auto",
        "What models run in without a graphics processor: auto takes int8 if the processor has "
        "instructions for it (`ranklens doctor` shows which engine runs and why).",
    )
    keep_tokens: bool = option(
        True,
        "Keep compressed token vectors of new chunks, so that late interaction need not encode "
        "the candidates of every question.",
    )

    # Reading documents
    max_file_mb: int = option(200, "Largest file that is accepted, in MB.", ge=1)
    parse_seconds: float = option(
        60.0, "Time a document's parser may take, in seconds, before it is stopped.", gt=0
    )
    parse_memory_mb: int = option(
        2048, "Memory a document's parser may take, in MB, before it is stopped.", ge=128
    )

    # Chunks and indexes
    chunk_tokens: int = option(
        200, "Longest chunk, in the encoder's tokens.", SHAPES_INDEX, ge=16, le=8192
    )
    chunk_overlap: int = option(
        1, "Sentences that a chunk repeats from the one before it.", SHAPES_INDEX, ge=0, le=10
    )
    language: str = option(
        "english",
        "Language of the documents, for stemming (a Snowball name, or none).",
        SHAPES_INDEX,
    )
    encoder: str = option(
        "all-MiniLM-L6-v2",
        "Encoder for dense retrieval: the embedded one, a folder, or a model id.",
        SHAPES_INDEX,
    )
    chroma_url: Address = option(
        "", "Address of a running `chroma run` server; empty keeps vectors in the library folder."
    )
    lexical_engine: Literal["inverted", "rank-bm25"] = option(
        "inverted",
        "Engine for BM25: the inverted index, or the rank-bm25 library (small libraries only).",
        SHAPES_RANKING,
    )

    # Retrieval and fusion
    pool: int = option(
        50,
        "Depth of each retriever, and the number of candidates that are reranked.",
        SHAPES_RANKING,
        ge=1,
        le=1000,
    )
    fusion: Literal["rrf", "weighted"] = option(
        "weighted",
        "Fusion of the retrievers: reciprocal ranks, or weighted min-max scores.",
        SHAPES_RANKING,
    )
    rrf_k: int = option(60, "Constant k of reciprocal-rank fusion.", SHAPES_RANKING, ge=1)
    dense_weight: float = option(1.0, "Weight of dense retrieval in fusion.", SHAPES_RANKING, ge=0)
    lexical_weight: float = option(1.0, "Weight of BM25 in fusion.", SHAPES_RANKING, ge=0)

    # Expansion
    expansion: str = option(
        "none",
        "Variants of the question to search for beside it, separated by commas: none, feedback "
        "(offline), llm-synonyms, llm-specific, llm-general, hyde.",
        SHAPES_RANKING,
    )
    expansion_weight: float = option(
        1.0,
        "Weight of each variant's ranking in fusion; the question's own has 1.",
        SHAPES_RANKING,
        ge=0,
        le=10,
    )
    expansion_seconds: float = option(
        10.0,
        "Longest wait for the model that writes variants, in seconds; past it the question goes on "
        "without them.",
        SHAPES_RANKING,
        gt=0,
    )
    feedback_passages: int = option(
        3, "First passages that feedback takes its words and vector from.", SHAPES_RANKING, ge=1
    )
    feedback_words: int = option(
        20, "Words that feedback adds to the question.", SHAPES_RANKING, ge=0, le=200
    )
    hops: int = option(
        1,
        "Retrievals: with 2, what the best passages name is searched for too.",
        SHAPES_RANKING,
        ge=1,
        le=2,
    )
    hop_passages: int = option(
        2, "Best passages that the second hop follows.", SHAPES_RANKING, ge=1, le=10
    )
    hop_decay: float = option(
        0.65,
        "Weight of the second hop's ranking beside the first hop's.",
        SHAPES_RANKING,
        ge=0,
        le=1,
    )

    # Reranking
    reranker: str = option(
        "auto",
        "Reranker by name (docs/rerankers.md); auto takes the best one that needs no key and whose "
        "weights are on this machine.",
        SHAPES_RANKING,
    )
    cross_encoder: str = option(
        "cross-encoder/ms-marco-MiniLM-L-6-v2",
        "Model of the cross-encoder reranker: a folder or a model id.",
        SHAPES_RANKING,
    )
    trust_remote_code: str = option(
        "",
        "Models that may run code of their own, by model id or folder, separated by commas.",
    )
    rerank_seconds: float = option(
        30.0,
        "Deadline of a reranker, in seconds; past it the fused order stands. With rerank_fallbacks "
        "the time that is left is shared among those that are left.",
        SHAPES_RANKING,
        gt=0,
    )
    blend_dense: float = option(
        0.3, "Weight of the dense score in hybrid rerankers.", SHAPES_RANKING, ge=0
    )
    blend_lexical: float = option(
        0.3, "Weight of the BM25 score in hybrid rerankers.", SHAPES_RANKING, ge=0
    )
    blend_reranker: float = option(
        0.4, "Weight of the reranker's own score in hybrid rerankers.", SHAPES_RANKING, ge=0
    )
    rerank_cut: int = option(
        20,
        "Candidates that a cascade's first reranker leaves to the second; each further one gets "
        "half as many.",
        SHAPES_RANKING,
        ge=1,
    )
    rerank_policy: Literal["always", "ambiguous", "never"] = option(
        "always",
        "When to rerank: always, only where the first stage is not sure, or never.",
        SHAPES_RANKING,
    )
    rerank_gap: float = option(
        0.3,
        "The first stage is sure where its best candidate leads the second by this much (0 to 1) "
        "and rerank_spread is met too.",
        SHAPES_RANKING,
        ge=0,
    )
    rerank_spread: float = option(
        0.5,
        "The first stage is sure where its best candidate leads the last one that the answer would "
        "be given by this much (0 to 1) and rerank_gap is met too.",
        SHAPES_RANKING,
        ge=0,
    )
    rerank_budget_ms: int = option(
        0,
        "Time that reranking a question should take, in ms: the pool shrinks to what the measured "
        "cost allows; 0 for no budget.",
        SHAPES_RANKING,
        ge=0,
    )
    rerank_fallbacks: str = option(
        "",
        "Rerankers to try, in this order and separated by commas, where the reranker fails.",
        SHAPES_RANKING,
    )
    rerank_retries: int = option(
        2, "Further tries where a provider is busy (429) or fails (5xx).", ge=0, le=10
    )
    rerank_pause_seconds: float = option(
        60.0,
        "After three failures in a row a provider is not called for so many seconds.",
        ge=0,
    )
    rerank_concurrency: int = option(
        8, "Calls to one provider at a time, where a reranker needs several.", ge=1, le=64
    )
    rerank_window: int = option(
        20, "Passages that a list-wise LLM orders in one call.", SHAPES_RANKING, ge=2, le=100
    )
    rerank_step: int = option(
        10,
        "Passages by which a list-wise LLM's window moves up a longer pool.",
        SHAPES_RANKING,
        ge=1,
        le=100,
    )
    rerank_cache_mb: int = option(
        100, "Largest size of the scores kept on disk, in MB; 0 keeps none.", ge=0
    )
    prices: str = option(
        "", "Your own table of prices, a TOML file; empty takes rag/llm/prices.toml."
    )
    cohere_api_key: SecretStr = option(SecretStr(""), "Key for Cohere (or CO_API_KEY).")
    cohere_url: Address = option("", "Base URL of Cohere's API; empty takes Cohere's own.")
    jina_api_key: SecretStr = option(SecretStr(""), "Key for Jina (or JINA_API_KEY).")
    jina_url: Address = option("https://api.jina.ai/v1", "Base URL of Jina's API.")
    voyage_api_key: SecretStr = option(SecretStr(""), "Key for Voyage (or VOYAGE_API_KEY).")
    voyage_url: Address = option("https://api.voyageai.com/v1", "Base URL of Voyage's API.")
    rerank_server_url: Address = option(
        "", "Base URL of a server with a Cohere- or Jina-like /rerank (vLLM, Infinity)."
    )
    rerank_server_key: SecretStr = option(SecretStr(""), "Key for that server, if it wants one.")
    tei_url: Address = option("", "Base URL of a Text Embeddings Inference server.")
    tei_key: SecretStr = option(SecretStr(""), "Key for that server, if it wants one.")
    top: int = option(5, "Passages that the answer is given.", SHAPES_RANKING, ge=1, le=100)
    threshold: float | None = option(
        None,
        "Lowest final score of a passage that the answer is given; none keeps all.",
        SHAPES_RANKING,
    )

    # Answers
    generator: str = option(
        "auto",
        "What writes answers: extractive, model, or a generator of another package; auto is model "
        "if llm_model is set, else extractive.",
        SHAPES_ANSWER,
    )
    llm_provider: Literal["openai", "cohere"] = option(
        "openai",
        "Where the model is: any OpenAI-compatible endpoint, or Cohere (with cohere_api_key).",
        SHAPES_ANSWER,
    )
    llm_base_url: Address = option(
        "", "Base URL of an OpenAI-compatible endpoint (…/v1).", SHAPES_ANSWER
    )
    llm_model: str = option(
        "", "Model at that endpoint; empty answers extractively.", SHAPES_ANSWER
    )
    llm_api_key: SecretStr = option(SecretStr(""), "Key for that endpoint (or OPENAI_API_KEY).")
    llm_seconds: float = option(
        60.0, "Longest wait for the endpoint's next piece of an answer, in seconds.", gt=0
    )
    llm_temperature: float = option(0.0, "Sampling temperature.", SHAPES_ANSWER, ge=0, le=2)
    llm_retries: int = option(
        2, "Further tries where the endpoint is busy (429) or fails (5xx).", ge=0, le=10
    )
    llm_context: int = option(
        8192,
        "The model's window, in tokens. A quarter of it, at most 1500, stays free for the answer; "
        "passages that do not fit are left out, the best ones last.",
        SHAPES_ANSWER,
        ge=700,
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
    )
    rewrite_seconds: float = option(
        8.0, "Time in which the model must rewrite a follow-up, in seconds; else a rule does.", gt=0
    )
    refuse_below: float = option(
        0.1,
        "Relevance (0 to 1) of the best passages below which the answer is that the documents do "
        "not answer; 0 leaves that to the writer of the answer.",
        SHAPES_ANSWER,
        ge=0,
        le=1,
    )

    # Watching
    log_questions: bool = option(
        True,
        "Keep a log of the questions that are asked (page, command line, Python), in the "
        "library's own file: their words, settings, times and what fell back.",
    )
    log_days: int = option(90, "Days after which a logged question is forgotten.", ge=1, le=3650)
    alert_p95_ms: int = option(
        0,
        "Alert where ranking takes longer than this for one question in 20, in ms; 0 never.",
        ge=0,
    )
    alert_first_token_ms: int = option(
        0,
        "Alert where the answer's first words come later than this for one question in 20, in ms; "
        "0 never.",
        ge=0,
    )
    alert_fallback_rate: float = option(
        0.0,
        "Alert where more than this share (0 to 1) of questions fell back; 0 never.",
        ge=0,
        le=1,
    )
    alert_refusal_rate: float = option(
        0.0, "Alert where more than this share of answers is a refusal; 0 never.", ge=0, le=1
    )
    alert_dislike_rate: float = option(
        0.0, "Alert where more than this share of verdicts is a thumb down; 0 never.", ge=0, le=1
    )
    alert_least: int = option(
        10, "Questions, answers or verdicts from which on a figure can alert.", ge=1
    )
    otel_questions: bool = option(
        False, "Send the words of questions with OpenTelemetry spans; else figures only."
    )

    def updated(self, **changes: Any) -> Self:
        """Return these settings with changes, checked like any other source."""
        return self.from_mapping({**self.model_dump(), **changes}, "the given options")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], source: str) -> Self:
        """Check ``values``; raises `SettingsError` that names the option and its source."""
        _refuse_unknown(values, source)
        try:
            return cls(**values)
        except ValidationError as error:
            raise SettingsError(_explain(error, source)) from None

    def shaping(self, *what: str) -> dict[str, Any]:
        """Return the options that shape the index, a ranking or an answer, ready for JSON."""
        return self.model_dump(mode="json", include=_names_shaping(what))


def load_settings(
    environ: Mapping[str, str] = os.environ, folder: Path | None = None, **changes: Any
) -> Settings:
    """Read defaults, ``ranklens.toml`` and the environment, then apply ``changes``.

    Raises `SettingsError` on an unknown or malformed option, naming it and its source.
    """
    values: dict[str, Any] = {}
    named = environ.get(PREFIX + "CONFIG")
    path = Path(named) if named else (folder or Path.cwd()) / "ranklens.toml"
    if named or path.is_file():
        values |= _from_toml(path)
    given = {
        key.removeprefix(PREFIX).lower(): value
        for key, value in environ.items()
        if key.startswith(PREFIX) and key != PREFIX + "CONFIG"
    }
    _refuse_unknown(given, "the environment", PREFIX)
    values |= {name: _from_text(name, value) for name, value in given.items()}
    values |= {name: value for name, value in changes.items() if value is not None}
    for name, usual in USUAL_KEYS.items():
        if not values.get(name) and environ.get(usual):
            values[name] = environ[usual]
    return Settings.from_mapping(values, f"{path.name} or the environment")


def settings_table(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Return (option, value, default, description) for every option; secrets only as set or not."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        rows.append((name, _shown(value), _shown(field.default), field.description or ""))
    return rows


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(not set)"
    return "none" if value is None else str(value)


def _from_text(name: str, value: str) -> str | None:
    # "none" is a value of its own for some options: a reranker, a language.
    may_be_none = Settings.model_fields[name].default is None
    return None if may_be_none and value.lower() == "none" else value


def _from_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    _refuse_unknown(values, str(path))
    return values


def _refuse_unknown(values: Iterable[str], source: str, prefix: str = "") -> None:
    known = Settings.model_fields
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            shown = (prefix + name.upper(), prefix + near.upper()) if prefix else (name, near)
            raise SettingsError(
                f"unknown option {shown[0]} in {source}; did you mean {shown[1]}? "
                "`ranklens settings` lists them all"
            )


def _explain(error: ValidationError, source: str) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    return f"option {name} in {source}: {first['msg']}"


@cache
def _names_shaping(what: tuple[str, ...]) -> set[str]:
    """Return the options that shape any of these, found once: every question asks for them."""
    extras = {name: field.json_schema_extra for name, field in Settings.model_fields.items()}
    return {
        n for n, extra in extras.items() if isinstance(extra, dict) and extra.get("shapes") in what
    }
