"""Relevance of the evidence, from a trace, and the refusal below a threshold."""

import math
from dataclasses import replace

import pytest

from rag.generate.answer import Answering
from rag.generate.base import REFUSAL
from rag.generate.relevance import FITTED, features, lead_in_words, relevance, unmentioned
from rag.types import Stage, Trace, ranked
from tests.fakes import make_chunk


def words(text):
    return text.lower().replace("?", "").replace(",", "").split()


def trace(question, texts, cosines, top=2, fell_back=False):
    chunks = [make_chunk(f"c{n}", text) for n, text in enumerate(texts)]
    dense = Stage("dense", ranked(zip(chunks, cosines, strict=True)), 0.1, fell_back=fell_back)
    fused = Stage("fused", ranked((c, 1.0 - n) for n, c in enumerate(chunks)), 0.1)
    return Trace(question, {"top": top}, (dense, fused))


def test_the_features_can_be_worked_out_by_hand():
    made = trace("red moon", ["red one", "blue two", "moon three"], [0.5, 0.9, 0.95], top=2)
    found = features(made, words)
    assert found.cosine == 0.9  # of the two that the answer is given
    assert found.held == pytest.approx(0.5)  # "moon" is only in what it is not given
    assert found[2:] == (0.0, 0.0)  # no names
    assert features(trace("red one", ["red one", "x"], [0.2, 0.1]), words).held == pytest.approx(1)


def test_a_name_that_the_evidence_lacks_is_counted():
    texts = ["revenue of amazon", "revenue of apple", "about google"]
    found = features(trace("revenue of Google and Apple", texts, [0.5, 0.4, 0.3]), words)
    # Each of google, apple and "and" weighs differently: in one candidate, in one, in none.
    one, none = (math.log(1 + (3 - n + 0.5) / (n + 0.5)) for n in (1, 0))
    two = math.log(1 + 1.5 / 2.5)
    assert found.lacking == pytest.approx(one / (2 * two + 2 * one + none))
    assert found.unmentioned == 1.0
    whole = features(trace("revenue of Google and Apple", texts, [0.5, 0.4, 0.3], top=3), words)
    assert whole[2:] == (0.0, 0.0)


def test_the_beginning_of_a_word_is_a_mention_of_it_but_another_year_is_not():
    assert features(trace("the Mexican one", ["mexico", "x"], [0.5, 0.4]), words).unmentioned == 0
    assert features(trace("sales in 2022", ["sales 2023", "x"], [0.5, 0.4]), words).unmentioned == 1


def test_in_german_a_capital_is_no_sign_of_a_name():
    made = trace("Wie viele Monde hat Mars?", ["Monde", "x"], [0.5, 0.4])
    assert unmentioned(made, words) == ("Mars",)
    assert unmentioned(replace(made, settings={"top": 2, "language": "german"}), words) == ()


def test_more_is_more_relevant():
    near = relevance(trace("red moon", ["red moon", "x"], [0.8, 0.1]), words)
    far = relevance(trace("red moon", ["blue sun", "x"], [0.1, 0.1]), words)
    assert 0 <= far < near <= 1
    named = relevance(trace("the moon Io", ["the moon Io", "x"], [0.5, 0.1]), words)
    other = relevance(trace("the moon Io", ["the moon", "x"], [0.5, 0.1]), words)
    assert other < named


def test_relevance_is_the_logistic_of_the_features():
    made = trace("red moon Io", ["red one", "blue two", "moon three"], [0.5, 0.9, 0.95])
    total = FITTED[0] + sum(w * x for w, x in zip(FITTED[1:], features(made, words), strict=True))
    assert relevance(made, words) == pytest.approx(1 / (1 + math.exp(-total)))


def test_without_dense_retrieval_nothing_is_said():
    assert relevance(trace("q", ["a"], [0.5], fell_back=True), words) is None
    assert relevance(Trace("q", {}, ()), words) is None


def foreign(question, texts, coverage=0.1, within=None):
    """Return a trace whose encoder finds every passage near."""
    made = trace(question, texts, [0.9] * len(texts))
    fused = replace(made.stages[1], details={"coverage": coverage})
    settings = {**made.settings, "within": within or {}}
    return replace(made, settings=settings, stages=(made.stages[0], fused))


OTHERS = ["τέσσερις άλλοι", "πέντε άλλοι", "έξι άλλοι"]


def test_in_a_language_that_the_encoder_hardly_knows_words_decide():
    held = foreign("κόκκινο φεγγάρι", ["κόκκινο φεγγάρι", *OTHERS])
    lacked = foreign("κόκκινο φεγγάρι", ["μπλε ήλιος", *OTHERS])
    assert (lead_in_words(held, words), lead_in_words(lacked, words)) == (1.0, 0.0)
    third = foreign("κόκκινο φεγγάρι νερό", ["κόκκινο μπλε", *OTHERS])
    assert relevance(lacked, words) < 0.12 < relevance(third, words)
    known = foreign("κόκκινο φεγγάρι", ["μπλε ήλιος", *OTHERS], coverage=0.3)
    assert relevance(known, words) > 0.5  # near by its vector


def test_what_every_passage_holds_is_no_lead():
    alike = ["κόκκινο ένα", "κόκκινο δύο", "κόκκινο τρία", "κόκκινο τέσσερα"]
    assert lead_in_words(foreign("κόκκινο φεγγάρι", alike), words) == 0
    # … which documents on one subject need not have: half of the words in one passage is enough.
    assert relevance(foreign("κόκκινο φεγγάρι", alike), words) is None
    assert relevance(foreign("κόκκινο μπλε φεγγάρι", alike), words) < 0.12
    assert lead_in_words(foreign("κόκκινο φεγγάρι", ["κόκκινο φεγγάρι"]), words) == 1


@pytest.mark.parametrize(
    ("question", "documents"),
    [("いつ始まりますか", ["party"]), ("E11が表示されたらどうしますか", [])],
)
def test_scripts_without_spaces_have_no_words_to_count(question, documents):
    text = ["5月10日です", "E11 電池", *OTHERS]
    assert relevance(foreign(question, text, within={"documents": documents}), words) is None


def test_another_encoder_is_not_judged_by_the_fit():
    made = trace("q", ["a"], [0.1])
    assert relevance(made, words) is not None
    assert relevance(replace(made, settings={"top": 2, "encoder": "other"}), words) is None


@pytest.mark.parametrize(
    ("question", "documents", "told"),
    [
        ("it starts", ["party.txt"], False),
        ("it starts", [], True),
        ("it starts Berlin", ["party.txt"], True),
        ("starts Berlin", ["party.txt"], True),
    ],
)
def test_few_words_asked_of_a_named_document_tell_nothing(question, documents, told):
    within = {"documents": documents, "types": ["txt"], "since": None}
    made = trace(question, ["the music begins at six", "x"], [0.2, 0.1])
    asked = replace(made, settings={"top": 2, "within": within})
    assert (relevance(asked, words) is not None) is told


def test_of_a_question_for_an_identifier_in_the_evidence_nothing_is_said():
    texts, cosines = ["Code: E11; Meaning: too cold", "x"], [0.1, 0.0]
    assert relevance(trace("What should I do when E11 is shown?", texts, cosines), words) is None
    other = trace("Who drove to Rome when E11 was shown?", texts, cosines)
    assert relevance(other, words) < 0.12


def test_names_that_the_evidence_does_not_mention():
    texts = ["apple", "googles", "meta"]
    made = trace("sales of Google, Meta, Meta and Apple", texts, [0.5, 0.4, 0.3], top=2)
    assert unmentioned(made, words) == ("Meta",)


def test_an_identifier_that_no_document_at_hand_mentions_is_refused_whatever_else_fits():
    near = ["the maximum pressure of the B-300 is 9 bar", "the B-500 holds 12 bar", "on the b 900"]
    made = trace("What is the maximum pressure of the B-900?", near, [0.9, 0.8, 0.1])
    assert relevance(made, words) > 0.1  # all are of one document, which mentions it
    other = trace("What is the maximum pressure of the B-901?", near, [0.9, 0.8, 0.1])
    assert relevance(other, words) == 0.0
    assert unmentioned(other, words) == ("B-901",)
    assert relevance(replace(other, settings={"top": 2, "encoder": "other"}), words) == 0.0


class Never:
    name = "never"

    def stream(self, question, hits):
        raise AssertionError("it must not be asked")


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ((), ""),
        (("Google",), " The nearest passages do not mention Google."),
        (("Google", "2022"), " The nearest passages do not mention Google or 2022."),
        (("A", "B", "C"), " The nearest passages do not mention A, B or C."),
    ],
)
def test_below_the_threshold_it_refuses_and_says_what_is_not_there(lacking, said):
    made = trace("q", ["a"], [0.5])
    answering = Answering(Never(), "q", made.evidence, 0.2, 0.3, lacking)
    assert "".join(answering) == REFUSAL + said
    assert answering.answer.refused
    assert not answering.answer.citations
    assert (answering.answer.relevance, answering.answer.refused_below) == (0.2, 0.3)
    assert answering.answer.details == {}


def test_without_passages_nothing_is_said_of_them():
    assert "".join(Answering(Never(), "q", (), 0.2, 0.3, ("Google",))) == REFUSAL
