"""What LLM rerankers share: one chat call with deadline, retries, tokens and cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.llm.prices import llm_cost
from rag.llm.remote import Fault, Server, persistently
from rag.rerank.base import Context
from rag.settings import Settings
from rag.text.quoting import defused, shorten
from rag.types import Scalar

if TYPE_CHECKING:
    import openai

OPENAI_URL = "https://api.openai.com/v1"
PASSAGE_TOKENS = 400
USES = (
    "llm_base_url",
    "llm_model",
    "llm_api_key",
    "llm_temperature",
    "rerank_seconds",
    "rerank_retries",
    "rerank_concurrency",
    "rerank_window",
    "rerank_step",
    "prices",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote and what it used."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    retries: int = 0


class Chat:
    """Short, unstreamed answers from any OpenAI-compatible endpoint. Safe for several threads."""

    def __init__(self, settings: Settings, model: str = "") -> None:
        import openai  # nearly a second of every start, which most libraries never need

        self.model = model or settings.llm_model
        self._settings = settings
        key = settings.llm_api_key.get_secret_value().strip()
        url = settings.llm_base_url.strip() or OPENAI_URL
        self.server = Server(f"The LLM {self.model}", url, "llm_api_key", key)
        self._tempered = True
        self._headers: dict[str, Any] = {} if key else {"Authorization": openai.Omit()}
        self._client = openai.OpenAI(base_url=url, api_key=key or "none", max_retries=0)

    @property
    def identity(self) -> str:
        """What shapes an answer besides the prompt."""
        return f"{self.model} {self.server.url} {self._settings.llm_temperature}"

    def ask(self, system: str, user: str, seconds: float) -> Reply:
        """Return the model's answer; raises `Fault` in plain words."""
        (text, prompt, completion), tries = persistently(
            lambda left: self._once(system, user, left), seconds, self._settings.rerank_retries
        )
        return Reply(text, prompt, completion, tries)

    def details(self, replies: Sequence[Reply]) -> dict[str, Scalar]:
        """Return calls, retries, tokens and cost of several answers."""
        prompt = sum(reply.prompt_tokens for reply in replies)
        completion = sum(reply.completion_tokens for reply in replies)
        used: dict[str, Scalar] = {
            "calls": len(replies),
            "retries": sum(reply.retries for reply in replies),
            "prompt_tokens": prompt,
            "completion_tokens": completion,
        }
        cost = llm_cost(self._settings, self.model, prompt, completion)
        return used if cost is None else {**used, "cost_usd": cost}

    def _once(self, system: str, user: str, seconds: float) -> tuple[str, int, int]:
        import openai

        try:
            answer = self._created(system, user, max(0.01, seconds))
            text, usage = answer.choices[0].message.content or "", answer.usage
        except openai.APIStatusError as error:
            raise self._refused(error) from None
        except openai.APITimeoutError:
            raise self.server.unreachable(TimeoutError()) from None
        except openai.APIConnectionError as error:
            raise self.server.unreachable(error) from None
        except (openai.OpenAIError, ValueError, AttributeError, LookupError, TypeError) as error:
            raise self.server.nonsense(f"{type(error).__name__} {error}") from None
        return text, usage.prompt_tokens if usage else 0, usage.completion_tokens if usage else 0

    def _created(self, system: str, user: str, seconds: float) -> Any:
        import openai

        create: Any = self._client.chat.completions.create
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        options = {"timeout": seconds, "extra_headers": self._headers}
        warm = {"temperature": self._settings.llm_temperature} if self._tempered else {}
        try:
            return create(model=self.model, messages=messages, **warm, **options)
        except openai.APIStatusError as error:
            named = f"{error.param} {error.message}"
            if error.status_code not in (400, 422) or not warm or "temperature" not in named:
                raise
            self._tempered = False  # models that reason often take none
            return create(model=self.model, messages=messages, **options)

    def _refused(self, error: openai.APIStatusError) -> Fault:
        fault = self.server.status(error.status_code, error.body, error.response.headers)
        if error.code == "insufficient_quota":
            return Fault(str(fault))
        return fault


def missing(context: Context, model: str = "") -> str:
    """Say why no LLM can be asked here, or nothing."""
    settings = context.settings
    if not (model or settings.llm_model):
        return "no model is set; set llm_model (RANKLENS_LLM_MODEL) and llm_base_url"
    if not settings.llm_base_url and not settings.llm_api_key.get_secret_value().strip():
        return "OpenAI needs a key; set OPENAI_API_KEY, or llm_base_url to a server of your own"
    return ""


def quoted(text: str, mark: str, number: int | None = None) -> str:
    """Return a passage as data between delimiters that it cannot hold, cut to size."""
    label = f" [{number}]" if number is not None else ""
    return f"<passage-{mark}{label}>\n{defused(shorten(text, PASSAGE_TOKENS))}\n</passage-{mark}>"
