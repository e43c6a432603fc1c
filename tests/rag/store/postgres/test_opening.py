"""What opening a library of a database checks, and what it leaves behind."""

import subprocess
import sys

import pytest

from rag.errors import LibraryMismatch
from rag.store.catalogue import Catalogue
from rag.store.postgres.store import PostgresStore
from tests.rag.store import stores
from tests.rag.store.stores import FACTS, add, held, settings_of

OTHER = {**FACTS, "revision": "1" * 16}


def test_another_encoder_is_refused(postgres, tmp_path):
    store = stores.on_postgres(postgres, tmp_path)
    add(store, "a", "mars")
    with pytest.raises(LibraryMismatch, match="Index it again with `ranklens reindex`"):
        PostgresStore.open(settings_of(tmp_path), store.catalogue, OTHER)
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
