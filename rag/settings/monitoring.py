"""The log of questions, alerts and OpenTelemetry."""

from __future__ import annotations

from pydantic import SecretStr

from rag.settings.addresses import Address
from rag.settings.base import Section, option


class MonitoringSettings(Section):
    """The log of questions, alerts and OpenTelemetry."""

    log_questions: bool = option(
        True,
        "Keep a log of the questions that are asked (page, command line, Python, other programs), "
        "in the library's own file: their words, settings, times and what fell back.",
    )
    log_days: int = option(90, "Days after which a logged question is forgotten.", ge=1, le=3650)
    alert_p95_ms: int = option(
        0,
        "Alert if ranking takes longer than this for one question in 20, in ms; 0 never.",
        ge=0,
    )
    alert_first_token_ms: int = option(
        0,
        "Alert if the answer's first words come later than this for one question in 20, in ms; "
        "0 never.",
        ge=0,
    )
    alert_fallback_rate: float = option(
        0.0,
        "Alert if more than this share (0 to 1) of questions fell back; 0 never.",
        ge=0,
        le=1,
    )
    alert_refusal_rate: float = option(
        0.0, "Alert if more than this share of answers is a refusal; 0 never.", ge=0, le=1
    )
    alert_dislike_rate: float = option(
        0.0, "Alert if more than this share of verdicts is a thumb down; 0 never.", ge=0, le=1
    )
    alert_rerank_ms: int = option(
        0,
        "Alert if reranking takes longer than this for one question in 20, in ms; 0 never.",
        ge=0,
    )
    alert_cost_usd: float = option(
        0.0, "Alert if a question costs more than this on average, in dollars; 0 never.", ge=0
    )
    alert_gain: float | None = option(
        None,
        "Alert if the mean gain of reranking on judged questions that were asked, in nDCG@10, is "
        "below this; empty never.",
        ge=-1,
        le=1,
    )
    alert_webhook_url: Address = option(
        "",
        "Post alerts of the last hour as JSON to this address, each once until it is over.",
        trusted=True,
    )
    alert_email: str = option(
        "",
        "Send alerts of the last hour to these mail addresses, separated by commas.",
        trusted=True,
    )
    smtp_url: Address = option(
        "",
        "Mail server for alerts: smtp://host:587 (with STARTTLS if the server has it) or "
        "smtps://host:465.",
        trusted=True,
    )
    smtp_from: str = option("", "Sender of alerts; the first recipient if empty.", trusted=True)
    smtp_user: str = option("", "Name to log in to the mail server with.", trusted=True)
    smtp_key: SecretStr = option(
        SecretStr(""), "Password for the mail server; sent there only, and only encrypted."
    )
    ab_first: str = option(
        "",
        "Compare two pipelines in use: the first one, a saved pipeline, a reranker or options such "
        "as pool=100. With ab_second, questions of the Ask page are ranked by both, interleaved.",
    )
    ab_second: str = option("", "The second pipeline that is compared in use; empty: none is.")
    otel_questions: bool = option(
        False,
        "Send the words of questions with OpenTelemetry spans; else figures only.",
        trusted=True,
    )
    otel_content: bool = option(
        False,
        "Send the words of questions, passages, prompts and answers with OpenTelemetry spans, so "
        "that programs such as Phoenix can show and evaluate them.",
        trusted=True,
    )
