"""The Measure page over the fake library, and what it is made of."""

import json
import time

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.experiments import saved
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.store import JudgementStore
from rag.evaluate.measures.figures import figures, outside
from rag.evaluate.reports import slides
from rag.store.jobs import JobLog
from ranklens import evaluations, measuring
from ranklens.jobs import Job, Jobs
from tests.ranklens.test_measuring import audited_set
from tests.ui.fakes import ALL, FUSED, HOSTILE, RERANKED
from tests.ui.test_ask import html
from ui.cli.evaluation_tables import show_evaluation

QUESTIONS = [Question(f"q{i}", f"How should batteries be kept {i}?") for i in range(14)]


@pytest.fixture
def judged(library):
    catalogue = library.index.catalogue
    QuestionSets(catalogue).put("field", [*QUESTIONS, Question("hostile", HOSTILE)])
    held = JudgementStore(catalogue)
    for question in QUESTIONS:
        held.grade(question.text, ALL[10], 3, "ada")
    held.grade(QUESTIONS[0].text, ALL[FUSED[1]], 1, "ada")
    held.grade(HOSTILE, ALL[0], 2, "ada")
    return library


def finished(at, library, kind="measure"):
    """Wait for the library's job and run the page again."""
    job = library.jobs.last(kind)
    job.thread.join(30)
    time.sleep(0.05)
    return at.run()


def measured(page, library):
    at = page("ui/measure/page.py", measured=["none", "late-interaction"])
    assert not at.exception
    at.button(key="measure").click().run()
    return finished(at, library)


def ndcg(library):
    return library.jobs.last("measure").result


def test_what_was_interrupted_is_shown_and_started_again(page, judged):
    library, engine = judged, judged.index.catalogue.engine
    library.jobs = Jobs(JobLog(engine))
    made_of = {"set": "field", "collection": "default", "one_pool": False, "answers": False,
               "pipelines": {"none": {"reranker": "none"}}}  # fmt: skip
    library.jobs.start("measure", "field", lambda job: job.stop.wait(30), arguments=made_of)
    library.jobs.close(30)
    library.jobs = Jobs(JobLog(engine))  # the program was started again
    at = page("ui/measure/page.py")
    assert "Interrupted: field" in html(at)
    assert "The program ended or was cut off while it ran; it had done nothing" in html(at)
    at.button(key="seen_measure").click().run()
    assert "Interrupted" not in html(at)
    at = page("ui/measure/page.py")
    at.button(key="again_measure").click().run()
    at = finished(at, library)
    assert not at.exception
    assert "Interrupted" not in html(at)
    assert [run.name for run in ndcg(library).runs] == ["none"]


def test_without_questions_or_judgements_nothing_can_be_measured(page, library):
    assert "No questions yet" in html(page("ui/measure/page.py"))
    QuestionSets(library.index.catalogue).put("field", QUESTIONS)
    at = page("ui/measure/page.py")
    assert at.button(key="measure").disabled
    assert "0 of 14 questions can be measured" in html(at)


def test_pipelines_are_measured_with_a_verdict_every_stage_and_what_changed(page, judged):
    at = measured(page, judged)
    body = html(at)
    assert not at.exception
    sentence = "Reranking with late-interaction put the right passage higher for 14 questions"
    assert 0 < body.index(sentence) < body.index("better by")
    assert "Without reranking" in body
    assert "15 questions" in body
    # The relevant passage is 5th in the fused order and 1st after reranking: nDCG 0.387 and 1.
    assert "late-interaction" in body
    assert "Oracle order" in body
    assert body.count('class="rl-changed"') > 0
    assert "corrected for" in body
    assert RERANKED[0] == FUSED[4] == 10


def test_audited_grades_of_a_model_are_shown_by_page_and_command_line(page, library, capsys):
    audited_set(library)
    body = html(measured(page, library))
    show_evaluation(measuring.figures_of(ndcg(library)))
    for shown in (body, capsys.readouterr().out):
        assert "corrected by people" in shown
        assert "by people's judgements alone it is +0.613" in shown.replace("&#39;", "'")
        assert "A model's grades, audited by people" in shown.replace("&#39;", "'")
        assert "12 questions; people graded 10 of them as well" in shown


def test_hostile_questions_stay_text(page, judged):
    body = html(measured(page, judged))
    assert "<script" not in body
    assert "&lt;script&gt;" in body


def test_fallen_back_questions_are_counted_apart(page, judged):
    at = page("ui/measure/page.py", measured=["none", "reranker=cross-encoder"])
    at.button(key="measure").click().run()
    assert "fell back on 15 questions; they are not in its figures" in html(finished(at, judged))


def test_figures_move_with_a_judgement_without_measuring_again(page, judged):
    at = measured(page, judged)
    before = html(at)
    assert "better by" in before
    held = JudgementStore(judged.index.catalogue)
    for question in QUESTIONS:
        held.grade(question.text, ALL[10], 0, "ada")
        held.grade(question.text, ALL[FUSED[0]], 3, "ada")
    after = html(at.run())
    assert "worse by" in after


def test_both_traces_are_asked_with_the_measured_settings(page, judged):
    at = measured(page, judged)
    judged.pipeline.searched.clear()
    at.button(key="traces").click().run()
    assert not at.exception
    assert {s["reranker"] for s in judged.pipeline.searched} == {"none", "late-interaction"}


def test_the_report_and_the_figures_can_be_taken_along(page, judged):
    at = measured(page, judged)
    assert json.loads(json.dumps(outside(figures(ndcg(judged)))))["questions"] == 15
    assert len(at.get("download_button")) == 3


def test_saved_rankings_are_replayed_as_they_were(page, judged):
    measured(page, judged)
    text = saved.to_json(ndcg(judged))
    JudgementStore(judged.index.catalogue).grade(QUESTIONS[0].text, ALL[10], 0, "ada")
    evaluation = measuring.opened("saved.json", text.encode())
    at = page("ui/measure/page.py", shown_run="", opened_rankings=("saved.json", evaluation))
    assert not at.exception
    assert "judgements as they were saved" in html(at)
    assert "From the file saved.json" in html(at)
    assert saved.to_json(ndcg(judged)) == text
    at.button(key="close_file").click().run()
    assert "judgements of now" in html(at)
    with pytest.raises(RanklensError, match=r"^other\.json: this is not a saved evaluation"):
        measuring.opened("other.json", b"{}")


def test_weights_and_threshold_are_fitted_with_the_held_out_figure(page, judged):
    at = page("ui/measure/page.py")
    at.button(key="fit").click().run()
    body = html(finished(at, judged, "fit"))
    assert "held out against the present weights" in body
    assert "Score threshold of the last stage" in body


def test_a_pipeline_that_is_none_is_told(page, judged):
    at = page("ui/measure/page.py", measured=["nonsense"])
    assert "there is no pipeline &#39;nonsense&#39;" in html(at)
    assert at.button(key="measure").disabled


def test_answers_are_measured_on_request(page, judged):
    sets = QuestionSets(judged.index.catalogue)
    sets.put("field", [*QUESTIONS, Question("n", "Who?", kind="unanswerable")])
    at = page("ui/measure/page.py", measured=["none"], answers_too=True)
    at.button(key="measure").click().run()
    body = html(finished(at, judged))
    assert "Citation precision" in body
    # The fake never refuses: 14 of 15 questions are right to be answered.
    row = body.split("Refusal correctness</td>")[1].split("</tr>")[0]
    assert "0.933" in row
    assert len(ndcg(judged).runs[0].answers) == 15


def test_what_nobody_foresaw_is_told_and_measuring_can_begin_again(page, judged):
    job = Job(lambda job: [][1], "field")
    job._run()
    judged.jobs.keep("measure", job)
    at = page("ui/measure/page.py")
    assert not at.exception
    assert "Unexpected error. Details are in the server log; start it again." in html(at)
    assert not at.button(key="measure").disabled


def test_the_last_run_is_there_again_after_a_restart(page, judged):
    before = html(measured(page, judged))
    (kept,) = evaluations.listed(judged)
    path = evaluations.file(judged, kept.id)
    judged.jobs = Jobs()  # what a restart does
    at = page("ui/measure/page.py")
    assert "better by" in html(at)
    assert verdict(html(at)) == verdict(before)
    assert "judgements of now" in html(at)
    judged.jobs = Jobs()
    path.write_bytes(b"not gzip")
    st.cache_resource.clear()  # as a restart
    assert f"{kept.id}.json.gz cannot be read" in html(page("ui/measure/page.py"))


def test_a_result_is_never_shown_under_another_sets_name(page, judged):
    QuestionSets(judged.index.catalogue).put("other", [Question("o", "Is a lens cleaned dry?")])
    at = measured(page, judged)
    assert "14 questions" in verdict(html(at))
    at.selectbox(key="question_set").select("other").run()
    assert not at.exception
    assert "Nothing measured with these questions yet" in html(at)
    assert 'class="rl-verdict' not in html(at)
    assert "run" not in at.query_params
    assert at.query_params["set"] == "other"
    at.selectbox(key="question_set").select("field").run()
    assert "14 questions" in verdict(html(at))


def test_every_run_is_kept_and_the_address_names_the_one_that_is_shown(page, judged):
    at = measured(page, judged)
    first = at.query_params["run"]
    at.multiselect(key="measured").set_value(["none", "reranker=cross-encoder"]).run()
    at.button(key="measure").click().run()
    at = finished(at, judged)
    assert not at.exception
    second = at.query_params["run"]
    assert first != second
    assert [one.id for one in evaluations.listed(judged)] == [second, first]
    other = AppTest.from_file("../../ui/measure/page.py", default_timeout=30)
    other.query_params["run"] = first
    assert "Reranking with late-interaction put" in verdict(html(other.run()))
    body = html(at)
    assert 'class="rl-trend"' in body
    assert body.count("<small>shown</small>") == 1
    box = next(b for b in at.selectbox if str(b.key).startswith("compared_run_"))
    box.set_value(box.options and evaluations.listed(judged)[1]).run()
    assert not at.exception
    assert "Measured only the second time: reranker=cross-encoder." in html(at)
    at.button(key="delete_run").click().run()
    assert len(evaluations.listed(judged)) == 1


def test_an_address_names_the_set_and_may_name_it_alone(page, judged):
    at = measured(page, judged)
    run = at.query_params["run"]
    assert at.query_params["set"] == "field"
    QuestionSets(judged.index.catalogue).put("other", [Question("o", "Is a lens cleaned dry?")])

    def linked(**named):
        opened = AppTest.from_file("../../ui/measure/page.py", default_timeout=30)
        for name, value in named.items():
            opened.query_params[name] = value
        return opened.run()

    alone = linked(set="other")
    assert not alone.exception
    assert alone.selectbox(key="question_set").value == "other"
    assert "Nothing measured with these questions yet" in html(alone)
    assert "14 questions" in verdict(html(linked(set="field")))
    edited = linked(set="other", run=run)  # somebody changed the set in the address
    assert edited.selectbox(key="question_set").value == "other"
    assert 'class="rl-verdict' not in html(edited)


def test_a_link_chooses_the_collection_of_its_set(page, judged):
    judged.collections.make("reports")
    QuestionSets(judged.index.catalogue).put("other", [Question("o", "Is it dry?")], "reports")
    for path in ("ui/measure/page.py", "ui/judge/page.py"):
        judged.collections.choose(judged.collections.default)
        at = AppTest.from_file(f"../../{path}", default_timeout=30)
        at.query_params["set"] = "other"
        at.run()
        assert not at.exception
        assert at.selectbox(key="question_set").value == "other"
        assert judged.collections.last() == "reports"


def test_an_address_of_a_run_that_is_gone_says_so(page, judged):
    at = AppTest.from_file("../../ui/measure/page.py", default_timeout=30)
    at.query_params["run"] = "<gone>"
    body = html(at.run())
    assert not at.exception
    assert "The evaluation &lt;gone&gt; is not kept any more." in body


def test_the_presenter_has_the_window_and_ends(page, judged):
    at = measured(page, judged)
    at.button(key="present").click().run()
    assert not at.exception
    assert at.query_params["slide"] == "1"
    assert "rl-title" not in html(at)
    assert [one.key for one in at.get("download_button")] == ["presented_report"]
    assert [one.key for one in at.button] == []


def test_all_questions_that_changed_can_have_a_slide(page, judged, monkeypatch):
    at = measured(page, judged)
    monkeypatch.setattr(slides, "MOST", 2)
    at.button(key="present").click().run()
    changed = slides.changed_count(measuring.figures_of(ndcg(judged)))
    (more,) = at.button
    assert more.label == f"All {changed} that changed"
    more.click().run()
    assert at.query_params["slides"] == "all"
    assert at.button[0].label == "First 2 only"
    at.button[0].click().run()
    assert "slides" not in at.query_params


def verdict(body):
    return body.split('class="rl-verdict')[1].split("</div>")[0]


def test_answers_are_graded_by_a_model(page, library):
    from tests.ranklens.test_graded_answers import by_hand
    from tests.servers.chat_server import ChatServer

    library.question_sets.put("field", [Question("q1", "How should batteries be kept?")])
    with ChatServer(by_hand) as server:
        library.settings = library.settings.updated(llm_base_url=server.url, llm_model="fake")
        at = page("ui/measure/page.py")
        at.button(key="grade_answers").click().run()
        library.jobs.last("answers").thread.join()
        at.run()
    assert not at.exception
    (shown,) = [one for one in at.dataframe if "Measure" in one.value.columns]
    assert list(shown.value["Measure"]) == ["faithfulness", "answer relevance"]
    (claims,) = [one for one in at.dataframe if "Claim" in one.value.columns]
    assert list(claims.value["Claim"]) == ["They are red."]
