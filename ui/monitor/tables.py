"""The log's figures as HTML: facts, times of every stage, slow questions, alerts in words."""

from __future__ import annotations

from rag.watch.entry import Entry
from rag.watch.figures import ANSWER, FIRST_TOKEN, RANKING, Alert, Figures, Percentiles, Rate
from ui.monitor import bars
from ui.shared.frame import escape
from ui.shared.passages import table
from ui.shared.stages import duration, title

NUMBER = '<th class="right">'
_NAMES = {RANKING: "Ranking, whole", FIRST_TOKEN: "First words", ANSWER: "Answer"}
_ALERTS = {
    "alert_p95_ms": "Ranking takes {0:,.0f} ms or more for one question in 20",
    "alert_first_token_ms": "The answer's first words come after {0:,.0f} ms or more for one "
    "question in 20",
    "alert_fallback_rate": "{0:.1%} of the questions fell back",
    "alert_refusal_rate": "{0:.1%} of the answers are refusals",
    "alert_dislike_rate": "{0:.1%} of the verdicts are thumbs down",
}


def name(what: str) -> str:
    """Return how a time is called on the page."""
    return _NAMES.get(what) or title(what)


def alert(one: Alert) -> str:
    """Say what is beyond which threshold, as text."""
    limit = f"{one.threshold:,.0f} ms" if one.option.endswith("_ms") else f"{one.threshold:.1%}"
    return f"{_ALERTS[one.option].format(one.value)}; {one.option} is {limit}."


def facts(found: Figures) -> str:
    """Return the figures of the whole window in large type."""
    ranking, first = found.times.get(RANKING), found.times.get(FIRST_TOKEN)
    told = {
        "Questions": f"{found.questions:,}",
        "Ranking, p50": duration(ranking.p50) if ranking else "–",
        "Ranking, p95": duration(ranking.p95) if ranking else "–",
        "First words, p95": duration(first.p95) if first else "–",
        "Fell back": share(found.fallbacks),
        "Scores from the cache": share(found.cache_hits),
        "Refused": share(found.refusals),
        "Answers failed": share(found.failures),
        "Thumbs up": f"{found.dislikes.whole - found.dislikes.part:,} of {found.dislikes.whole:,}",
        "Rerank gain": "–" if found.gain is None else f"{found.gain:+.3f}",
        "Tokens": f"{found.tokens:,}",
        "Cost": "–" if found.cost is None else f"${found.cost:,.4f}",
    }
    cells = "".join(f"<div>{what}<b>{escape(fact)}</b></div>" for what, fact in told.items())
    return f'<div class="rl-facts">{cells}</div>'


def share(rate: Rate) -> str:
    """Write a rate, a dash where there is nothing to count."""
    return "–" if rate.share is None else f"{rate.share:.1%}"


def stages(found: Figures) -> str:
    """Return p50, p95 and p99 of every stage as a table."""
    head = "<th>Time of</th>" + "".join(
        f"{NUMBER}{one}</th>" for one in ("p50", "p95", "p99", "Questions")
    )
    rows = [_times(what, times) for what, times in found.times.items()]
    return table(head, rows)


def slowest(found: Figures) -> str:
    """Return the slowest questions, each with the way to its trace where that is kept."""
    head = f"<th>Question</th><th>When</th><th>Reranker</th>{NUMBER}Ranking</th>"
    head += f"{NUMBER}In all</th><th>Slowest stage</th>"
    return table(head, [_slow(entry) for entry in found.slowest])


def _times(what: str, times: Percentiles) -> str:
    cells = "".join(
        f'<td class="num">{duration(seconds)}</td>' for seconds in (times.p50, times.p95, times.p99)
    )
    return f'<tr><td>{escape(name(what))}</td>{cells}<td class="num">{times.count:,}</td></tr>'


def _slow(entry: Entry) -> str:
    words = escape(entry.question) or '<span class="rl-muted">its conversation was deleted</span>'
    if entry.turn is not None:
        words = f'<a href="/inspect?turn={entry.turn}" target="_self">{words}</a>'
    fell = ' <span class="rl-tag warn">fell back</span>' if entry.fell_back else ""
    why = f' title="{escape(entry.fell_back)}"' if entry.fell_back else ""
    stage = max(entry.stages, key=lambda s: s.seconds, default=None)
    slow = f"{escape(title(stage.name))}, {duration(stage.seconds)}" if stage else ""
    day = bars.moment(entry.asked)
    return (
        f'<tr><td class="words"{why}>{words}{fell}</td><td>{escape(day)}</td>'
        f'<td>{escape(entry.reranker)}</td><td class="num">{duration(entry.ranking)}</td>'
        f'<td class="num">{duration(entry.total)}</td><td>{slow}</td></tr>'
    )
