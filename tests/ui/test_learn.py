"""Learning and tuning on the Measure page: what is gained, the versions, using one, going back."""

import pytest

import ui.shared.state
from rag.evaluate.data import Question
from rag.models import training
from ranklens import learning, tuning
from tests.rag.models.tiny import save_cross
from tests.ranklens.test_learning import QUESTIONS, show, taught
from tests.ranklens.test_tuning import copied
from tests.ranklens.test_tuning import show as show_tuned
from tests.ui.test_ask import html
from tests.ui.test_measure import finished


@pytest.fixture
def judged(library, tmp_path, monkeypatch):
    """A real library of judged questions in the place of the fake one."""
    with taught(tmp_path) as opened:
        opened.question_sets.put("field", [Question(f"q{n}", q) for n, q in enumerate(QUESTIONS)])
        monkeypatch.setattr(ui.shared.state, "_opened", lambda: opened)
        yield opened


def ran(page, library, kind, **state):
    at = page("ui/measure/page.py", **state)
    assert not at.exception
    at.button(key=kind).click().run()
    at = finished(at, library, kind)
    assert not at.exception
    return at


def about(at):
    return [value for table in at.dataframe if "Judged" in table.value for value in table.value[""]]


def test_a_version_is_learned_used_and_taken_back(page, judged):
    at = ran(page, judged, "learn", learn_others=["maxsim"])
    body = html(at)
    assert "Learned reranker" in body
    assert "nDCG@10 on questions that were not learned from" in body
    assert "These are few: judge 50 or more" in body
    assert dict(learning.versions(judged)[0].others).keys() == {"maxsim"}
    assert about(at) == ["no gain shown"]
    assert at.button(key="learn_use").disabled
    show(judged)
    at = at.run()
    at.button(key="learn_use").click().run()
    assert learning.adopted(judged).version == 1
    assert about(at) == ["in use"]
    stage = judged.search(QUESTIONS[0]).stages[-1]
    assert (stage.reranker, stage.details["learned_version"]) == ("learned", 1)
    at.button(key="learn_back").click().run()
    assert learning.adopted(judged) is None
    assert at.button(key="learn_back").disabled


def test_a_cross_encoder_is_tuned_and_used(page, judged, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "train_cross", copied)
    base = str(save_cross(tmp_path / "bert", "bert"))
    judged.settings = judged.settings.updated(cross_encoder=base)
    at = ran(page, judged, "tune", learn_what="Cross-encoder, in minutes", tune_epochs=1)
    body = html(at)
    assert "Tuned cross-encoder" in body
    assert "nDCG@10 on questions that it was not tuned on" in body
    show_tuned(judged)
    at = at.run()
    at.button(key="learn_use").click().run()
    assert tuning.adopted(judged).version == 1
    assert about(at) == ["in use"]


def test_only_the_owner_uses_a_version(page, judged, monkeypatch):
    judged.learn(QUESTIONS)
    show(judged)
    monkeypatch.setattr(ui.shared.state, "is_owner", lambda _library: False)
    at = page("ui/measure/page.py")
    assert at.button(key="learn_use").disabled
    at = page("ui/measure/page.py", learn_what="Cross-encoder, in minutes")
    assert at.button(key="tune").disabled


def test_too_few_judgements_are_told(page, judged):
    judged.question_sets.put("field", [Question(f"q{n}", q) for n, q in enumerate(QUESTIONS[:5])])
    at = ran(page, judged, "learn")
    assert "learning needs 20" in html(at)
