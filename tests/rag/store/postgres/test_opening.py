"""What opening a library of a database checks, and what it leaves behind."""

import subprocess
import sys

import pytest

from rag.errors import LibraryMismatch
from rag.store.catalogue import Catalogue
from rag.store.postgres.store import PostgresStore
from tests.rag.store import stores
from tests.rag.store.stores import FACTS, add, chunks_of, held, settings_of, write

OTHER = {**FACTS, "revision": "1" * 16}


def test_another_encoder_is_refused(postgres, tmp_path):
    store = stores.on_postgres(postgres, tmp_path)
    add(store, "a", "mars")
    with pytest.raises(LibraryMismatch, match="Index it again with `ranklens reindex`"):
        PostgresStore.open(settings_of(tmp_path), store.catalogue, OTHER)
    store.close()


def test_words_of_before_do_not_come_back_when_all_is_indexed_anew(postgres, tmp_path):
    """The same document, with the same number, becomes ready with other passages."""
    store = stores.on_postgres(postgres, tmp_path)
    document = add(store, "a", "former words", "moon")
    store.catalogue.update_document(document, status="queued")
    store.catalogue.drop_chunks([document])
    store.close()
    store = stores.on_postgres(postgres, tmp_path)
    assert store.claim().id == document
    write(store, document, chunks_of("a", ["mars"], version="new"))
    store.publish(document, 0.1)
    assert held(store) == {"anew-0"}
    assert store.lexical.search("former", 3) == []
    store.close()


def test_afresh_makes_vectors_and_words_again(postgres, tmp_path):
    store = stores.on_postgres(postgres, tmp_path)
    add(store, "a", "mars", "moon")
    store.close()
    store = PostgresStore.open(settings_of(tmp_path), Catalogue(postgres), FACTS, afresh=True)
    assert held(store) == {"a-0", "a-1"}
    assert store.verify().problems == ()
    store.close()


def test_an_embedded_library_imports_no_driver():
    program = "import sys, ranklens.library; sys.exit('psycopg' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=100)
