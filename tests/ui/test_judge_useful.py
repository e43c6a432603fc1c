"""The view Most useful next of the Judge page: one passage, a reason, grades and the standing."""

import pytest

from rag.evaluate.data import Question
from ranklens import job_kinds
from tests.ui.fakes import ALL
from tests.ui.test_ask import html

Q = "How should <b>batteries</b> be kept?"


@pytest.fixture
def asked(library):
    library.question_sets.put("field", [Question("q1", Q), Question("q2", "Why?")])
    return library


def opened(page):
    at = page("ui/judge/page.py", judge="ada", judge_view="Most useful next")
    assert not at.exception
    return at


def test_the_passage_that_matters_most_is_graded_and_the_next_one_follows(page, asked):
    at = opened(page)
    assert "few passages decide" in html(at)
    at.button(key="rank_all").click().run()
    job = asked.jobs.last(job_kinds.RANK)
    job.thread.join()
    at.run()
    assert not at.exception
    body = html(at)
    assert f'data-useful="{ALL[10].id}"' in body
    assert "move" in body
    assert "<b>batteries</b>" not in body
    at.button(key="useful_3").click().run()
    assert not at.exception
    (kept,) = asked.judgements.all()
    assert (kept.grade, kept.judge, kept.quote) == (3, "ada", ALL[10].text)
    before = html(at)
    at.button(key="useful_skip").click().run()
    assert html(at) != before
    assert len(asked.judgements.all()) == 1


def test_one_pipeline_is_not_enough(page, asked):
    at = opened(page)
    at.multiselect(key="useful_pipelines").set_value(["none"]).run()
    assert at.button(key="rank_all").disabled
    assert "Choose two pipelines or more" in html(at)
