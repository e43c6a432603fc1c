import time
from dataclasses import replace

import pytest

from rag.chat.store import Conversations
from rag.evaluate.judgements.store import JudgementStore
from rag.watch.entry import StageTime, entry_of
from rag.watch.figures import LogFigures, Percentiles, Rate
from rag.watch.log import DAY
from tests.ui.fakes import ALL, HOSTILE, trace_of
from ui.monitor import charts


@pytest.fixture
def log(library):
    return library.question_log


def asked(question="which batteries?", age=60.0, **changes):
    made = entry_of(trace_of(question), "page", time.time())
    return replace(made, asked=time.time() - age, **changes)


def bodies(at):
    return " ".join(str(node.proto.body) for node in at.get("html"))


def test_an_empty_log_says_what_to_do(page, log):
    at = page("ui/monitor/page.py")
    assert not at.exception
    assert "No question was logged yet" in bodies(at)


def test_a_log_that_is_off_says_so(page, library, log):
    library.settings = library.settings.updated(log_questions=False)
    assert "log_questions is off" in bodies(page("ui/monitor/page.py"))


def test_figures_of_the_window_are_shown(page, log):
    log.add(asked(ranking=0.2, stages=(StageTime("reranked", 0.15),)))
    log.add(asked(ranking=0.4, fell_back="reranked: away", age=120))
    log.add(asked(ranking=9.0, age=2 * DAY))
    at = page("ui/monitor/page.py")
    shown = bodies(at)
    assert "Questions<b>2</b>" in shown
    assert "Ranking, p50<b>300 ms</b>" in shown
    assert "Fell back<b>50.0%</b>" in shown
    assert "9.00 s" not in shown
    at.session_state["window"] = "All"
    shown = bodies(at.run())
    assert "Questions<b>3</b>" in shown
    assert "9.00 s" in shown


def test_a_slow_question_leads_to_its_trace_and_its_words_stay_words(page, library, log):
    kept = Conversations(library.index.catalogue.engine)
    turn = kept.add(kept.start("x"), HOSTILE, trace_of(HOSTILE))
    log.add(asked(HOSTILE, turn=turn.id))
    shown = bodies(page("ui/monitor/page.py"))
    assert f'href="/inspect?turn={turn.id}"' in shown
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_threshold_that_is_passed_alerts_on_top(page, library, log, monkeypatch):
    monkeypatch.setattr("rag.watch.figures.ALERT_FROM", 1)
    library.settings = library.settings.updated(alert_p95_ms=100)
    log.add(asked(ranking=0.2))
    shown = bodies(page("ui/monitor/page.py"))
    assert "alert_p95_ms is 100 ms" in shown
    assert shown.index("Beyond a threshold") < shown.index("Ranking, p50")


def test_an_empty_chart_says_what_would_fill_it(page, log):
    log.add(asked(first_token=None, answering=None))
    shown = bodies(page("ui/monitor/page.py"))
    assert shown.count("no answer was written in this window") == 1
    assert shown.count("judge passages beside an answer") == 1


def test_rerank_gain_follows_judgements(page, library, log):
    kept = Conversations(library.index.catalogue.engine)
    trace = trace_of("which batteries?")
    turn = kept.add(kept.start("b"), trace.question, trace)
    log.add(asked(turn=turn.id))
    assert "Gain on asked questions<b>–</b>" in bodies(page("ui/monitor/page.py"))
    JudgementStore(library.index.catalogue).grade("which batteries?", ALL[10], 3, "me")
    assert "Gain on asked questions<b>+0.613</b>" in bodies(
        page("ui/monitor/page.py")
    )  # 1 - 1 / log2(6)


def test_questions_are_searched_filtered_and_exported(page, library, log):
    kept = Conversations(library.index.catalogue.engine)
    turn = kept.add(kept.start("x"), HOSTILE, trace_of(HOSTILE))
    log.add(asked(HOSTILE, turn=turn.id))
    log.add(asked("which seals?", liked=False, age=120))
    log.add(asked("which batteries?", liked=True, fell_back="reranked: away", age=180))
    at = page("ui/monitor/page.py", monitor_view="Questions")
    assert not at.exception
    shown = bodies(at)
    assert "3 questions" in shown
    assert f'href="/inspect?turn={turn.id}"' in shown
    assert "<script>" not in shown
    at.text_input(key="monitor_words").set_value("WHICH").run()
    assert "2 questions" in bodies(at)
    at.multiselect(key="monitor_outcomes").select("thumb down").run()
    shown = bodies(at)
    assert "1 question<" in shown
    assert "which seals?" in shown
    assert "which batteries?" not in shown
    assert at.query_params["view"] == "Questions"
    assert at.query_params["words"] == "WHICH"
    assert at.query_params["only"] == "thumb down"
    at.text_input(key="monitor_words").set_value("nothing").run()
    assert "No question was found" in bodies(at)


def test_questions_of_one_collection(page, library, log):
    assert not page("ui/monitor/page.py").selectbox
    library.collections.make("Reports")
    log.add(asked("which seals?", collection=library.collections.id_of("Reports")))
    log.add(asked(collection=1))
    log.add(asked())  # of before collections were written down
    at = page("ui/monitor/page.py")
    assert "Questions<b>3</b>" in bodies(at)
    at.selectbox(key="monitor_asked_in").set_value("Reports").run()
    assert "Questions<b>1</b>" in bodies(at)
    assert at.query_params["asked"] == "Reports"
    at.session_state["monitor_view"] = "Questions"
    shown = bodies(at.run())
    assert "1 question<" in shown
    assert "<td>Reports</td>" in shown


def test_everything_can_be_forgotten_at_once(page, log):
    log.add(asked())
    at = page("ui/monitor/page.py")
    at.button(key="forget_log").click().run()
    assert log.entries() == []
    assert "No question was logged yet" in bodies(at)


def test_logged_questions_are_offered_for_a_set_with_their_counts(page, log):
    for question in ("which seals?", "which batteries?", "which seals?"):
        log.add(asked(question))
    at = page("ui/judge/page.py", judge_view="Questions")
    (offered,) = [m for m in at.multiselect if "asked" in m.label]
    assert offered.options == ["which seals? · 2 times", "which batteries?"]


def bucket(place, **times):
    held = {name: Percentiles(3, *of) for name, of in times.items()}
    rates = {"fallback": Rate(1, 3)}
    return LogFigures(place * 10.0, place * 10.0 + 10, 3, held, rates, 0, None, None, 0)


def test_a_chart_has_a_column_for_every_piece_with_questions():
    pieces = [bucket(0, ranking=(0.1, 0.2, 0.4)), bucket(1), bucket(2, ranking=(0.2, 0.3, 0.8))]
    drawn = charts.times(pieces, "ranking", "Time")
    assert drawn.count('class="column"') == 2
    assert "--from:12.5%;--to:50.0%" in drawn  # 0.1 and 0.4 of 0.8
    assert "--at:37.5%" in drawn  # p95 0.3 of 0.8
    assert charts.times(pieces, "answer", "Time") == ""
    assert charts.gains(pieces, "Gain") == ""


def test_gains_go_up_and_down_from_zero():
    up, down = (replace(bucket(n), gain=g) for n, g in ((0, 0.2), (1, -0.1)))
    drawn = charts.gains([up, down], "Gain")
    assert 'class="up" style="--from:50.0%;--to:100.0%"' in drawn
    assert 'class="down" style="--from:25.0%;--to:50.0%"' in drawn


def test_pipelines_compared_in_use_are_shown_with_their_verdict(page, library, log):
    log.add(asked())
    kept = library.conversations
    for number in range(8):
        turn = kept.add(kept.start(str(number)), "which batteries?", trace_of("which batteries?"))
        library.interleavings.add(turn.id, "none", "wide", "d" * 16, {ALL[0].id: "2"})
        library.interleavings.open(turn.id, ALL[0].id)
    shown = bodies(page("ui/monitor/page.py"))
    assert "wide won 8 questions, none 0, of 8 that were interleaved: readers prefer wide." in shown
    assert "Share of the second" in shown


def test_a_comparison_that_names_no_pipeline_says_so(page, library, log):
    log.add(asked())
    library.settings = library.settings.updated(ab_first="none", ab_second="nobody")
    assert "there is no pipeline" in bodies(page("ui/monitor/page.py"))
