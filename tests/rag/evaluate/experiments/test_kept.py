"""Kept evaluations: a row and a file each, listed newest first, deleted together."""

from datetime import UTC, datetime, timedelta

import pytest

from rag.errors import NotThere
from rag.evaluate.experiments.kept import LAST, EvaluationRecord, EvaluationStore, MeasuredPipeline
from rag.settings import Settings
from rag.store.catalogue import Catalogue
from tests.rag.evaluate.made import make

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PIPELINES = (
    MeasuredPipeline("none", "Without reranking", "ab12", 0.5, 0.4, 0.6, 0.01),
    MeasuredPipeline("late", "late", "cd34", None, None, None, None),
)


def record(name="field", days=0):
    made = NOW + timedelta(days=days)
    return EvaluationRecord(
        name, made, "ndcg@10", 12, PIPELINES, "Alike.", "", "all", "0.1", "x", 3
    )


@pytest.fixture
def store(database, tmp_path):
    catalogue = Catalogue(database)
    yield EvaluationStore(catalogue.engine, Settings(library=tmp_path))
    catalogue.close()


def test_what_is_kept_comes_back_newest_first(store):
    evaluation = make(4)
    first = store.add(evaluation, record())
    later = store.add(evaluation, record("other", days=1))
    assert store.all() == [later, first]
    assert first == EvaluationRecord(**{**_fields(record()), "id": first.id})
    assert store.record(LAST) == later
    assert store.rankings(first.id) == evaluation
    store.remove(LAST)
    assert store.all() == [first]
    with pytest.raises(NotThere, match="are gone"):
        store.path(later.id)
    assert store.path(first.id).exists()


def _fields(one):
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_what_is_not_there_is_refused_in_words(store):
    with pytest.raises(NotThere, match="nothing has been measured"):
        store.record(LAST)
    with pytest.raises(NotThere, match="no evaluation 'x'; `ranklens evaluations` lists them"):
        store.remove("x")
