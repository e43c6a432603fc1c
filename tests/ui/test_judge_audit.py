"""The audit of a model's grades on the Judge page: figures, and the next question to grade."""

from ranklens import job_kinds
from tests.ranklens.test_auditing import stocked
from tests.ui.test_ask import html


def test_the_page_shows_the_figures_and_goes_to_the_next_question(page, library):
    stocked(library)
    at = page("ui/judge/page.py", judge_view="Proposals")
    at.button(key="rank_all").click().run()
    library.jobs.last(job_kinds.RANK).thread.join()
    at.run()
    assert not at.exception
    assert "gpt graded 3 questions; people graded 0" in html(at)
    (shown,) = [one for one in at.dataframe if "Corrected" in one.value.columns]
    assert list(shown.value["nDCG@10"]) == ["none", "current", "current against none"]
    at.button(key="audit_next").click().run()
    assert not at.exception
    assert at.session_state["judge_view"] == "Grade passages"
