from rag.inspect.find import by_words


def test_a_passage_is_found_by_words_and_a_literal_one_comes_first(index):
    assert [chunk.id for chunk in by_words(index, "tide tables", 30)] == ["t1"]
    # BM25 alone has the passage with two mars first.
    assert next(chunk.id for chunk in by_words(index, "mars", 30)) == "m1"
    assert next(chunk.id for chunk in by_words(index, "Mars  and its", 30)) == "m2"


def test_no_words_find_nothing_and_what_is_gone_is_not_found(index):
    assert by_words(index, "  ", 30) == by_words(index, "zeppelin", 30) == []
    index.catalogue.retire([d.id for d in index.catalogue.ready() if d.name == "sea.txt"])
    assert by_words(index, "tide", 30) == []
