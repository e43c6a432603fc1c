"""SQLite overwrites what is deleted, but leaves copies of rows that it moved between pages."""

import random
import re

import numpy as np
import pytest

from rag.store.catalogue import Catalogue
from tests.fakes import make_chunk

SEED = 14  # a history that leaves a copy behind (SQLite 3.40) if the file is not written anew


def mark(number):
    return f"canary{number:03d}x"


def replaced(catalogue, name, number, chunks):
    document = catalogue.add_document(name, 1, f"{number:064d}")
    catalogue.update_document(document, status="indexing", text="".join(c.text for c in chunks))
    catalogue.add_chunks(document, 0, chunks, np.zeros((len(chunks), 8), np.float32))
    catalogue.clear(catalogue.publish(document, 0.0))
    return document


def test_nothing_of_what_was_removed_stays_in_the_file(tmp_path):
    path = tmp_path / "catalogue.sqlite"
    catalogue, chance, live = Catalogue(path), random.Random(SEED), {}
    for number in range(60):
        name = f"{chance.randrange(5)}.txt"
        if name in live and chance.random() < 0.25:
            document, _ = live.pop(name)
            catalogue.retire([document])
            catalogue.clear([document])
        else:
            ids = [f"{number:08d}{i:024d}" for i in range(chance.randrange(2, 16))]
            texts = [f"{mark(number)} " * chance.randrange(8, 25) for _ in ids]
            chunks = [make_chunk(*pair, document=name) for pair in zip(ids, texts, strict=True)]
            live[name] = replaced(catalogue, name, number, chunks), mark(number)
        if catalogue.holds_removed():
            catalogue.compact()
        found = {word.decode() for word in re.findall(rb"canary\d{3}x", path.read_bytes())}
        assert found <= {word for _, word in live.values()}
    assert not catalogue.holds_removed()
    catalogue.close()


@pytest.mark.parametrize("kind", ["retire", "publish"])
def test_that_something_was_removed_is_remembered_over_a_restart(tmp_path, kind):
    path = tmp_path / "catalogue.sqlite"
    catalogue = Catalogue(path)
    first = replaced(catalogue, "a", 1, [make_chunk("1")])
    assert not catalogue.holds_removed()
    if kind == "retire":
        catalogue.retire([first])
    else:
        replaced(catalogue, "a", 2, [make_chunk("2")])
    catalogue.close()
    catalogue = Catalogue(path)
    assert catalogue.holds_removed()
    catalogue.compact()
    assert not catalogue.holds_removed()
    catalogue.close()


def test_a_removed_document_leaves_no_name_behind(tmp_path):
    path = tmp_path / "catalogue.sqlite"
    catalogue = Catalogue(path)
    document = catalogue.add_document("secret-merger.pdf", 1, "d1ge57" * 10)
    catalogue.update_document(document, status="failed", reason="secret-reason")
    catalogue.retire([document])
    assert catalogue.leftovers() == [document]  # cleared at the next start, if not now
    catalogue.clear(catalogue.leftovers())
    assert catalogue.leftovers() == []
    catalogue.compact()
    catalogue.close()
    held = path.read_bytes()
    assert not [word for word in (b"secret-", b"d1ge57") if word in held]
