"""Rankings and scores of both stores, over documents that come, are replaced and go."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rag.errors import FilterError
from rag.pipeline import Pipeline
from rag.retrieve.filters import Filter
from rag.settings import Settings
from tests.fakes import WORDS
from tests.rag.store import stores
from tests.rag.store.stores import ENCODER, add

NAMES = [f"document {n}.{kind}" for n, kind in enumerate(("md", "pdf", "txt", "md", "pdf"))]
LANGUAGES = {NAMES[2]: "german"}
COLLECTION = "own"
FILTERS = (
    Filter(),
    Filter(names=(NAMES[0], NAMES[3])),
    Filter(types=("pdf",)),
    Filter(collection=COLLECTION),
    Filter(types=("md",), collection=COLLECTION),
    Filter(names=(NAMES[1],)),
)
words = st.lists(st.sampled_from([*WORDS, "häuser", "houses", "the"]), min_size=1, max_size=12)
texts = st.lists(words.map(" ".join), min_size=1, max_size=6)
steps = st.lists(st.tuples(st.sampled_from(NAMES), texts | st.none()), min_size=1, max_size=9)


@pytest.fixture(scope="module")
def both(tmp_path_factory, postgres_module):
    folder = tmp_path_factory.mktemp("both")
    pair = (
        stores.embedded(folder),
        stores.on_postgres(postgres_module, tmp_path_factory.mktemp("other")),
    )
    pipelines = [Pipeline(s, ENCODER, Settings(reranker="none", pool=12, top=5)) for s in pair]
    yield pipelines
    for pipeline in pipelines:
        pipeline.close()
        pipeline.index.close()


def apply(store, changes, round_):
    """Empty the store and make these changes; every passage has a word and a vector of its own."""
    store.retire([document.id for document in store.catalogue.documents()])
    store.collections.ensure(COLLECTION)
    for number, (name, pieces) in enumerate(changes):
        if pieces is None:
            store.retire([d.id for d in store.catalogue.documents(name=name)])
            continue
        own = [f"{piece} own{number}x{i}" for i, piece in enumerate(pieces)]
        language = LANGUAGES.get(name, "english")
        add(store, name, *own, version=f" {round_}.{number}", language=language)
        if NAMES.index(name) % 2 == 0:
            store.collections.put(COLLECTION, [name])


def rankings(pipeline, question, asked):
    try:
        trace = pipeline.within(asked).search(question)
    except FilterError as error:
        return str(error)
    return {
        stage.name: (stage.note, [(hit.chunk, hit.rank, hit.score) for hit in stage.hits])
        for stage in trace.stages
    }


def assert_same(one, other):
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert list(one) == list(other)
    for name, (note, hits) in one.items():
        # Cosines are sums in another order of additions; the fused scores are made of them.
        within = 1e-9 if name == "lexical" else 1e-6
        assert note == other[name][0]
        assert other[name][1] == [(c, r, pytest.approx(s, abs=within)) for c, r, s in hits]


@given(steps, words.map(" ".join))
@settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_rankings_and_scores_are_equal(both, changes, question):
    round_ = id(changes)
    for pipeline in both:
        apply(pipeline.index, changes, round_)
    for asked in FILTERS:
        one, other = (rankings(pipeline, question, asked) for pipeline in both)
        assert_same(one, other)
    own, others = (pipeline.index for pipeline in both)
    assert own.lexical.search(question, 100) == others.lexical.search(question, 100)
