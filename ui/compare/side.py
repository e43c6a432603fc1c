"""One question asked of several pipelines: rankings, passages and answers side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.evaluate.reports.slides import question_slide
from rag.text.plural import plural
from ranklens import beside, comparing, viewing
from ranklens.comparing import SideBySide, SideBySideGrades, describe_pipeline
from ranklens.jobs import Job
from ui.compare import answers, question_box, rankings, saved
from ui.shared import (
    address,
    collections,
    drawer,
    frame,
    grades,
    html,
    jobs,
    passages,
    slides,
    variants,
)

if TYPE_CHECKING:
    from ranklens.library import Library

KIND, PAGE = "compared", "compare"
_QUESTION, _PIPELINES, _POOL, _ANSWERS = (
    "compared_question", "compared_pipelines", "compared_frozen", "compared_answers",
)  # fmt: skip
_SHOWN, _PRESENTED, _WITHIN = "compared_as", "compared_presented", "compared_within"


def show(library: Library, given: Mapping[str, str]) -> None:
    """Ask for a question and pipelines, and show how they rank; ``given`` names a comparison."""
    wanted = bool(given.get("question"))
    if wanted:
        _fill(given)
    if st.session_state.get(_WITHIN, "") not in ("", collections.current(library)):
        st.session_state.pop(KIND, None)  # it is of another collection
    question = question_box.box(library)
    chosen = variants.chooser(library.settings, _PIPELINES, ("none", "current"))
    with st.container(horizontal=True, vertical_alignment="center"):
        one_pool = variants.one_pool(_POOL)
        st.session_state.setdefault(_ANSWERS, True)
        written = st.toggle(
            "Answers too",
            key=_ANSWERS,
            persist_state="session",
            help="The first pipeline's model, or extracts, write an answer from each ranking",
        )
        saved.manager(library)
        asked = st.button("Compare", type="primary", icon=":material/compare_arrows:",
                          disabled=not question or not chosen, key="compare")  # fmt: skip
    if chosen and question:
        pipelines = beside.one_writer(library.settings, question_box.with_model(chosen))
        free = wanted and beside.stays_here(library.settings, pipelines, written)
        if asked or free:
            _start(library, pipelines, question, one_pool, written)
            st.rerun()
        if wanted:
            frame.notice("This comparison calls a service: press Compare to start it.")
    job = jobs.followed(st.session_state.get(KIND), KIND, "Not compared")
    if job is not None:
        address.write(PAGE, **st.session_state[_SHOWN])
        _shown(library, job.result)
    elif KIND not in st.session_state:
        frame.empty(
            "Nothing compared yet",
            "Type a question, choose two pipelines or more, and see which passages they put where.",
        )


def presented(library: Library) -> bool:
    """Show the comparison as a slide over the window if that was wished."""
    job = st.session_state.get(KIND)
    if not st.session_state.get(_PRESENTED) or job is None or job.running or job.error:
        return False
    made: SideBySide = job.result
    change = beside.as_change(made, comparing.grades_of(library, made), _labels(library, made))
    if change is None:
        return False
    slides.present([question_slide(change)], slides.file_stem(made.question), 1, _end)
    return True


def _start(
    library: Library, pipelines: Mapping[str, Mapping[str, Any]], question: str, one_pool: bool,
    written: bool,
) -> None:  # fmt: skip
    st.session_state[_SHOWN] = {
        "question": question,
        "pipelines": list(st.session_state[_PIPELINES]),
        "pool": "one" if one_pool else "",
        "answers": "" if written else "no",
    }
    collection = st.session_state[_WITHIN] = collections.current(library)
    within = library.pipeline_in(collection)
    st.session_state[KIND] = Job(
        lambda job: comparing.compare(
            within, pipelines, question, one_pool, written,
            on_progress=job.advance, stop=job.stop,
        ),
        question,
        unit="pipelines",
    ).start()  # fmt: skip


def _fill(given: Mapping[str, str]) -> None:
    """Put what the address names into the boxes."""
    question_box.choose(given["question"])
    if pipelines := address.every("pipelines"):
        st.session_state[_PIPELINES] = pipelines
    st.session_state[_POOL] = given.get("pool") == "one"
    st.session_state[_ANSWERS] = given.get("answers") != "no"


def _shown(library: Library, made: SideBySide) -> None:
    frame.question(made.question)
    if made.note:
        frame.notice(f"{made.note[0].upper()}{made.note[1:]}.")
    found = comparing.grades_of(library, made)
    labels = _labels(library, made)
    _missing(made, found, labels)
    if len(made.traces) > 1:
        st.button("Present", icon=":material/slideshow:", key="present_one", on_click=_present,
                  help="Before and after, full screen")  # fmt: skip
    if library.given.has_accounts:
        _sharing(library, made)
    answers.show(made, labels)
    rankings.chart(made, labels, found.relevant)
    html.show("compare/table.html", made=made, labels=labels, scores=found.scores)
    none = "This question has no judgements yet; grade passages as you open them."
    frame.say(" ".join(filter(None, (_pool(made), "" if found.judged else none))))
    rankings.passages(made, labels, viewing.marker(library, made.question), found.relevant)
    _drawer(library, made)
    if traces := made.traces:
        grades.on_page(library, {}, traces[0], traces[1:])


def _sharing(library: Library, made: SideBySide) -> None:
    from ranklens import sharing  # with accounts only
    from ui.shared import share

    collection = st.session_state.get(_WITHIN, "")
    if collection and not library.collections.is_all(collection):
        share.offer(
            library,
            "comparison",
            lambda days: sharing.share_comparison(library, made, collection, days),
        )


def _missing(made: SideBySide, found: SideBySideGrades, labels: Mapping[str, str]) -> None:
    """Show which pipelines could not put a relevant passage first: it is not in their pool."""
    missing = found.scores.missing if found.scores else frozenset()
    names = [labels[side.name] for side in made.sides if side.name in missing]
    if not names:
        return
    whose = "any pipeline" if len(names) == len(made.traces) else " and ".join(names)
    frame.notice(
        f"No passage that was judged relevant is among the candidates of {whose}, so no reranker "
        "could put it first. A larger pool (pool=200) or other words may find it; the page "
        "Inspect shows where it stands.",
        "The relevant passage is not in the pool",
        "warn",
    )


def _labels(library: Library, made: SideBySide) -> dict[str, str]:
    return {side.name: describe_pipeline(library.settings, side.name) for side in made.sides}


def _pool(made: SideBySide) -> str:
    if made.shared_pool is not None:
        return f"All ranked the same {plural(made.shared_pool, 'candidate')}."
    return "Each retrieved candidates of its own." if made.traces else ""


def _present() -> None:
    st.session_state[_PRESENTED] = True


def _end() -> None:
    st.session_state[_PRESENTED] = False
    address.keep(PAGE)  # the slide has changed it


@st.fragment
def _drawer(library: Library, made: SideBySide) -> None:
    """Open the passage that was clicked, in the first pipeline's trace that holds it."""
    if clicked := passages.clicked("compared_passages"):
        chunk_id = clicked.partition("@")[0]
        if trace := made.trace_with(chunk_id):
            drawer.open_passage(library, trace, chunk_id)
