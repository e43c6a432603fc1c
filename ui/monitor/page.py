"""The Monitor page: times, fallbacks and verdicts of the questions that were asked, over time."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from rag.evaluate.reports.rendering import STYLE, part
from rag.text.labels import duration, stage_title
from rag.text.plural import plural
from ranklens import interleaving, monitoring
from ranklens.monitoring import ANSWER, FIRST_TOKEN, RANKING, WINDOWS, LogFigures
from ui.monitor import charts, questions
from ui.shared import address, collections, frame, state
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens.library import Library

TEMPLATE = "monitor/monitor.html"
PAGE, DAY_WINDOW = "monitor", "Day"
VIEWS = ("Figures", "Questions")
_VIEW, _WINDOW, _ASKED = "monitor_view", "window", "monitor_asked_in"
SAME = 30.0  # seconds for which the window's end stays where it is
NAMES = {RANKING: "Ranking, whole", FIRST_TOKEN: "First words", ANSWER: "Answer"}


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.style(STYLE, "monitor/monitor.css")
    frame.title("Monitor", "Times, fallbacks and verdicts of the questions that were asked.")
    if not library.settings.log_questions:
        frame.notice("Questions are not logged: the option log_questions is off.")
    if not library.question_log.version()[0]:
        frame.empty(
            "No question was logged yet",
            "Ask one on the Ask page or with `ranklens ask`, and its times are here.",
        )
        return
    _from_address()
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control("View", VIEWS, key=_VIEW, required=True,
                                    label_visibility="collapsed",
                                    persist_state="session")  # fmt: skip
        window = st.segmented_control(
            "Window", list(WINDOWS), key=_WINDOW, required=True,
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        within = _collection(library)
        st.button("Refresh", icon=":material/refresh:", key="refresh_monitor")
        _forgetting(library)
    end = (time.time() // SAME + 1) * SAME
    if view == VIEWS[1]:
        questions.show(library, WINDOWS[window or DAY_WINDOW], end, within)
    else:
        changes = (id(library.question_log), monitoring.version(library))
        _show(
            library, _figures(library.reader, library, window or DAY_WINDOW, end, within, changes)
        )
    address.write(
        PAGE,
        view="" if view == VIEWS[0] else view,
        window="" if window == DAY_WINDOW else window,
        asked=within,
        **(questions.chosen() if view == VIEWS[1] else {}),
    )
    st.html(macro("kept", TEMPLATE)(library.settings.log_days))


def _from_address() -> None:
    """Choose the view, the window and the filter that a link names."""
    named = address.arrived(PAGE)
    if named:
        st.session_state[_VIEW] = named.get("view", VIEWS[0])
        st.session_state[_WINDOW] = named.get("window", DAY_WINDOW)
        st.session_state[_ASKED] = named.get("asked")
        questions.choose(named)
    if st.session_state.get(_VIEW) not in VIEWS:
        st.session_state[_VIEW] = VIEWS[0]
    if st.session_state.get(_WINDOW) not in WINDOWS:
        st.session_state[_WINDOW] = DAY_WINDOW


def _collection(library: Library) -> str | None:
    """Offer the collections if there are several; None without a choice of one."""
    known = collections.offered(library)
    if st.session_state.get(_ASKED) not in known:
        st.session_state[_ASKED] = None
    if not known[1:]:
        return None
    return st.selectbox(
        "Asked in", known, key=_ASKED, index=None, persist_state="session", width=230,
        format_func=partial(collections.shown, library), placeholder="Asked in any collection",
        label_visibility="collapsed", icon=":material/folder_special:",
    )  # fmt: skip


@st.cache_resource(max_entries=8, show_spinner=False)
def _figures(
    reader: object, _library: Library, window: str, end: float, within: str | None, changes: object
) -> LogFigures:
    return monitoring.of_window(_library, WINDOWS[window], end, within)


def _show(library: Library, found: LogFigures) -> None:
    for alert in monitoring.beyond_thresholds(library, found):
        frame.notice(alert.words, "Beyond a threshold", "bad")
    if not found.questions:
        frame.empty("Nothing was asked in this window", "Choose a longer one.")
        return
    st.html(macro("facts", TEMPLATE)(facts(found)))
    _charts(found)
    st.dataframe(
        stages(found),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.1f ms") for name in ("p50", "p95", "p99")
        },
    )
    slow = [
        (entry, charts.day_and_time(entry.asked), entry.slowest_stage) for entry in found.slowest
    ]
    st.html(macro("slowest", TEMPLATE)(slow))
    _compared(library)


def _compared(library: Library) -> None:
    """Show what two pipelines that are compared in use have come to."""
    if problem := interleaving.problem(library.settings):
        frame.notice(problem, "No pipelines are compared in use", "warn")
    if results := interleaving.results(library):
        frame.label("Pipelines compared in use", "h3")
        for one in results:
            frame.say(one.sentence)
        st.html(part("figures")([interleaving.table(results)]))


def _charts(found: LogFigures) -> None:
    pieces, chart = found.buckets, macro("chart", TEMPLATE)
    ranking = charts.times(pieces, RANKING, "Time of a ranking")
    first = charts.times(pieces, FIRST_TOKEN, "Time to the first words")
    asked = charts.counts(pieces, "Questions over time")
    gain = charts.gains(pieces, "Gain on asked questions over time")
    judged = plural(found.judged, "question")
    grid = st.grid(2, min_column_width=380, gap="large")
    grid.cell().html(chart("Time of a ranking", ranking, "percentiles"))
    grid.cell().html(chart("Time to the answer’s first words", first))
    grid.cell().html(chart("Questions", asked, "fallbacks" if found.rates["fallback"].part else ""))
    grid.cell().html(chart(f"Gain of reranking on asked questions, {judged} judged", gain, "gain"))
    small = [name for name in found.times if name not in (RANKING, FIRST_TOKEN)]
    drawn = [(named(name), charts.times(pieces, name, named(name))) for name in small]
    st.html(macro("stages", TEMPLATE)(drawn))


def facts(found: LogFigures) -> dict[str, str]:
    """Return the figures of the whole window, name → figure in words."""
    ranking, first = found.times.get(RANKING), found.times.get(FIRST_TOKEN)
    shares = {
        name: "–" if rate.share is None else f"{rate.share:.1%}"
        for name, rate in found.rates.items()
    }
    verdicts = found.rates["dislike"]
    return {
        "Questions": f"{found.questions:,}",
        "Ranking, p50": duration(ranking.p50) if ranking else "–",
        "Ranking, p95": duration(ranking.p95) if ranking else "–",
        "First words, p95": duration(first.p95) if first else "–",
        "Fell back": shares["fallback"],
        "Scores from the cache": shares["cache_hit"],
        "Refused": shares["refusal"],
        "Answers failed": shares["failure"],
        "Thumbs up": f"{verdicts.whole - verdicts.part:,} of {verdicts.whole:,}",
        "Gain on asked questions": "–" if found.gain is None else f"{found.gain:+.3f}",
        "Tokens": f"{found.tokens:,}",
        "Cost": _money(found.cost),
    }


def _money(cost: float | None) -> str:
    """Return a cost in words; "–" if a price is not known."""
    return "–" if cost is None else f"${cost:,.4f}" if cost else "$0"


def stages(found: LogFigures) -> pd.DataFrame:
    """Return the percentiles of every time in ms, and of how many questions they are."""
    rows = [
        (named(name), p.p50 * 1000, p.p95 * 1000, p.p99 * 1000, p.count)
        for name, p in found.times.items()
    ]
    return pd.DataFrame(rows, columns=["Time of", "p50", "p95", "p99", "Questions"])


def named(time_of: str) -> str:
    """Return the name of a time on the page."""
    return NAMES.get(time_of) or stage_title(time_of)


def _forgetting(library: Library) -> None:
    with st.popover("Forget", icon=":material/delete:", help="Delete the question log"):
        frame.say("Every logged question is deleted at once. Conversations stay.")
        st.button("Forget all now", key="forget_log", type="primary", on_click=_forget,
                  args=(library,))  # fmt: skip


def _forget(library: Library) -> None:
    library.question_log.forget()
    _figures.clear()  # it holds questions too


page()
