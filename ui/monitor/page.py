"""The Monitor page: how the questions that were asked fared, over time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.reports import charts
from rag.text.plural import plural
from rag.watch.figures import FIRST_TOKEN, RANKING, Figures, alerts, figures
from rag.watch.gain import gains
from rag.watch.log import DAY, HOUR, QuestionLog
from ui.monitor import bars, tables
from ui.shared import frame, state

if TYPE_CHECKING:
    from ranklens.library import Library

STYLES = (charts.STYLE, frame.HERE / "measure.css", Path(__file__).with_name("monitor.css"))
WINDOWS = {"Hour": HOUR, "Day": DAY, "Week": 7 * DAY, "All": None}
SAME = 30.0  # seconds for which the window's end stays where it is
_KEY = (
    '<p class="rl-say"><span class="rl-key"><b></b>p50</span><span class="rl-key"><u></u>p95</span>'
    '<span class="rl-key"><i></i>p50 to p99</span></p>'
)
_FELL = '<p class="rl-say"><span class="rl-key"><i class="fell"></i>of these fell back</span></p>'


def page() -> None:
    """Show the page."""
    library = state.library()
    for style in STYLES:
        st.html(style)
    frame.title("Monitor", "How the questions that were asked fared: times, fallbacks, verdicts.")
    log = library.question_log
    if not library.settings.log_questions:
        frame.notice("Questions are not logged: the option log_questions is off.")
    if not log.version()[0]:
        frame.empty(
            "No question was logged yet",
            "Ask one on the Ask page or with `ranklens ask`, and its times are here.",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        window = st.segmented_control(
            "Window", list(WINDOWS), default="Day", key="window", required=True,
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        st.button("Refresh", icon=":material/refresh:", key="refresh_monitor")
        _forgetting(log)
    _show(library, _figures(library, log, window or "Day"), window or "Day")
    days = plural(library.settings.log_days, "day")
    st.html(
        f'<p class="rl-say after">Questions are kept for {days} in '
        "the library's own file, and their figures without a word of them are at "
        "<code>/metrics</code> for Prometheus. A deleted conversation leaves its figures here, "
        "without its words.</p>"
    )


def _show(library: Library, found: Figures, window: str) -> None:
    for one in alerts(found, library.settings):
        frame.notice(tables.alert(one), "Beyond a threshold", "bad")
    if not found.questions:
        frame.empty("Nothing was asked in this window", "Choose a longer one.")
        return
    st.html(tables.facts(found))
    grid = st.grid(2, min_column_width=380, gap="large")
    for heading, chart in _charts(found):
        grid.cell().html(f'<h2 class="rl-label">{heading}</h2>{chart}')
    st.html('<h2 class="rl-label">Every stage</h2>' + _small(found))
    with st.container(key="stages"):
        st.html(tables.stages(found))
    st.html('<h2 class="rl-label">The slowest</h2>' + tables.slowest(found))


def _charts(found: Figures) -> list[tuple[str, str]]:
    made = [
        ("Time of a ranking", bars.times(found.buckets, RANKING, "Time of a ranking"),
         _KEY),
        ("Time to the answer’s first words",
         bars.times(found.buckets, FIRST_TOKEN, "Time to the first words"), ""),
        ("Questions", bars.counts(found.buckets, "Questions over time"),
         _FELL if found.fallbacks.part else ""),
        (f"Rerank gain in nDCG@10, {plural(found.judged, 'question')} judged",
         bars.gains(found.buckets, "Rerank gain over time"), ""),
    ]  # fmt: skip
    nothing = '<p class="rl-say">Nothing to show: judge passages beside an answer to see it.</p>'
    return [(heading, (chart + key) or nothing) for heading, chart, key in made]


def _small(found: Figures) -> str:
    cells = "".join(
        f'<div><span class="rl-muted">{frame.escape(tables.name(name))}</span>'
        f"{bars.times(found.buckets, name, tables.name(name))}</div>"
        for name in found.times
        if name not in (RANKING, FIRST_TOKEN)
    )
    return f'<div class="rl-stages">{cells}</div>'


def _figures(library: Library, log: QuestionLog, window: str) -> Figures:
    end = (time.time() // SAME + 1) * SAME
    changes = (log.version(), library.judgements.version())
    return _worked_out(library, log, window, end, changes)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={QuestionLog: id})
def _worked_out(
    _library: Library, log: QuestionLog, window: str, end: float, changes: object
) -> Figures:
    catalogue, length = _library.index.catalogue, WINDOWS[window]
    entries = log.entries(since=end - length if length else 0.0)
    start = end - length if length else min(e.asked for e in entries) if entries else end - HOUR
    return figures(entries, min(start, end - HOUR), end, gains(entries, catalogue))


def _forgetting(log: QuestionLog) -> None:
    with st.popover("Forget", icon=":material/delete:", help="Delete the question log"):
        st.html('<p class="rl-say">Every logged question is deleted at once. Conversations '
                "stay.</p>")  # fmt: skip
        st.button("Forget all now", key="forget_log", type="primary", on_click=_forget, args=(log,))


def _forget(log: QuestionLog) -> None:
    log.forget()
    _worked_out.clear()  # what was asked is in there too


page()
