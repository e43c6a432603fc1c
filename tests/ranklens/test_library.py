"""The library end to end: real parsing processes, real Chroma, vectors that count words."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import ranklens
from ingest.boxes import marks
from ingest.files import clean_name
from ingest.loaders import GROUP
from rag.errors import (
    LibraryError,
    LibraryInUse,
    LibraryMismatch,
    ModelError,
    RanklensError,
    SettingsError,
)
from rag.settings import Settings
from rag.store.analyse import AutoAnalyser
from ranklens.library import Library
from tests.fakes import WordEncoder
from tests.ingest.build import SENTENCE, pdf

ROOT = Path(__file__).resolve().parents[2]
PARTLY = """
from ingest.loaders import Block, Loaded, Page
def partly(path, password):
    pages = [Page(None, (Block(path.read_text()),))]
    return Loaded(pages, ("page 2 was not read", "page 4 was not read"))
"""


@pytest.fixture(autouse=True)
def words(monkeypatch):
    """Encode by counting words: the model has tests of its own."""
    encoder = WordEncoder()
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: encoder)
    return encoder


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


def add(library, *paths):
    for path in paths:
        library.enqueue(path)
    return library.work()


def found(library, question):
    trace = library.pipeline.with_settings(reranker="none").search(question)
    return {hit.chunk.document for hit in trace.stages[-1].hits}


def live(library):
    return {d.name: d.status for d in library.documents()}


def test_a_document_is_added_and_found(library, write):
    (outcome,) = add(library, write("mars.txt", "Mars has two moons."))
    assert (outcome.name, outcome.status, outcome.chunks) == ("mars.txt", "added", 1)
    (document,) = library.documents()
    assert (document.status, document.media_type, document.size) == ("ready", "text/plain", 19)
    assert document.indexed >= document.added
    assert found(library, "mars") == {"mars.txt"}
    (chunk,) = library.chunks("mars.txt")
    assert library.text("mars.txt")[chunk.start : chunk.end] == chunk.text
    assert library.file("mars.txt").read_bytes() == b"Mars has two moons."


def words_placed(library, name):
    """The words of a document's text that have a place on page 1, joined."""
    parsed = library.parsed(name)
    return " ".join(m.text for m in marks(parsed.boxes, parsed.text, 1, 0, len(parsed.text)))


@pytest.mark.parametrize("password", ["", "secret"])
def test_a_pdf_keeps_where_its_words_stand(library, tmp_path, password):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(password=password))
    assert library.enqueue(path, password=password).status == "queued"
    library.work()
    assert SENTENCE in words_placed(library, "a.pdf")
    library.reindex()  # without the password, from what is kept
    library.work()
    assert SENTENCE in words_placed(library, "a.pdf")
    (document,) = library.documents()
    library.remove("a.pdf")
    assert library.index.catalogue.boxes(document.id) == b""


def test_a_pdf_of_an_earlier_version_gets_its_places_when_it_is_indexed_again(library, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf())
    add(library, path)
    with library.index.catalogue.engine.begin() as db:
        db.exec_driver_sql("DELETE FROM word_boxes")
    assert words_placed(library, "a.pdf") == ""
    library.reindex()
    library.work()
    assert SENTENCE in words_placed(library, "a.pdf")


def test_the_same_bytes_add_nothing_and_say_so(library, write):
    add(library, write("a.txt", "the moon"))
    again = library.enqueue(write("a.txt", "the moon"))
    assert (again.status, again.chunks) == ("unchanged", 1)
    other = library.enqueue(write("b.txt", "the moon"))
    assert other.status == "unchanged"
    assert "'a.txt'" in other.reason
    assert library.work() == []


def test_a_changed_file_replaces_its_old_version(library, write):
    add(library, write("a.txt", "the moon"))
    old = library.file("a.txt")
    (outcome,) = add(library, write("a.txt", "a comet"))
    assert outcome.status == "replaced"
    assert [c.text for c in library.chunks("a.txt")] == ["a comet"]
    assert not old.exists()
    assert library.verify().problems == ()


def test_passages_that_stay_the_same_are_not_encoded_again(library, write, words, monkeypatch):
    first = f"# Mars\n\n{'The rover found ice. ' * 40}\n\n# Moon\n\n{'Nobody is there. ' * 50}\n"
    add(library, write("plan.md", first))
    encoded = []
    both = words.encode_both
    monkeypatch.setattr(words, "encode_both", lambda texts: encoded.extend(texts) or both(texts))
    add(library, write("plan.md", first + f"\n# Venus\n\n{'It is hot. ' * 50}\n"))
    assert len(encoded) == 1
    assert "hot" in encoded[0]
    assert len(library.chunks("plan.md")) == 3
    assert library.index.tokens.size()[0] == 3
    library.reindex()
    library.work()
    assert len(encoded) == 1
    assert library.index.tokens.size()[0] == 3


def test_token_vectors_can_be_left_out(settings, write):
    with Library.open(settings.updated(keep_tokens=False)) as library:
        add(library, write("a.txt", "The rover found ice."))
        assert library.index.tokens.size() == (0, 0)


def test_a_removed_document_is_never_found_again(library, write):
    add(library, write("a.txt", "the moon"), write("b.txt", "another moon"))
    library.remove("a.txt")
    with pytest.raises(LibraryError, match=r"did you mean 'b\.txt'"):
        library.remove("a.txt")
    assert found(library, "moon") == {"b.txt"}
    report = library.verify()
    assert (report.chunks, report.vectors, report.lexical, report.problems) == (1, 1, 1, ())


def test_a_bad_file_fails_with_its_reason_and_stops_nothing(library, write, tmp_path):
    outcomes = add(library, write("empty.txt", ""), write("good.txt", "a comet"))
    assert [o.status for o in outcomes] == ["failed", "added"]
    assert "empty" in outcomes[0].reason
    assert live(library) == {"empty.txt": "failed", "good.txt": "ready"}
    assert library.file("empty.txt").read_bytes() == b""
    assert library.enqueue(tmp_path / "nowhere.txt").status == "failed"
    assert "folder" in library.enqueue(tmp_path).reason


def test_a_file_over_the_limit_is_refused_before_it_is_copied(library, tmp_path):
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate((library.settings.max_file_mb << 20) + 1)
    outcome = library.enqueue(path)
    assert outcome.status == "failed"
    assert "max_file_mb" in outcome.reason
    assert list((library.settings.library / "files").iterdir()) == []


def test_what_was_not_read_of_a_file_stays_with_the_document(
    library, write, install_plugin, tmp_path, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # the parsing process finds the package too
    install_plugin(GROUP, {"note": "foreign:partly"}, PARTLY)
    (outcome,) = add(library, write("a.note", SENTENCE))
    assert outcome.warnings == ("page 2 was not read", "page 4 was not read")
    (document,) = library.documents()
    assert document.warnings == "page 2 was not read\npage 4 was not read"
    assert library.parsed("a.note").warnings == outcome.warnings
    library.reindex()
    assert library.work()[0].warnings == outcome.warnings


def test_a_failed_file_can_be_tried_again(library, write):
    add(library, write("a.txt", ""))
    add(library, write("a.txt", "the sun"))
    assert live(library) == {"a.txt": "ready"}


def test_a_failed_file_added_again_unchanged_fails_for_the_same_reason(library, write):
    add(library, write("a.txt", ""))
    (outcome,) = add(library, write("a.txt", ""))
    assert "0 bytes" in outcome.reason
    assert library.file("a.txt").exists()


def test_indexing_again_keeps_answering_and_ends_with_the_same_chunks(library, write):
    add(library, write("a.txt", "the moon"), write("b.txt", "the sun"))
    before = library.chunks("a.txt")
    assert library.reindex(["a.txt"]) == ["a.txt"]
    assert found(library, "moon") == {"a.txt", "b.txt"}
    assert [o.status for o in library.work()] == ["replaced"]
    assert library.chunks("a.txt") == before
    assert library.verify().problems == ()
    assert library.file("a.txt").exists()


def test_a_queued_file_is_forgotten_only_once_its_successor_is_queued(library, write):
    library.enqueue(write("a.txt", "the moon"))
    seen = []
    catalogue = library.index.catalogue
    change = catalogue.change

    def watched(document_id, was, **values):
        if values.get("status") == "removed":
            seen.append(len(library.documents()))
        return change(document_id, was, **values)

    catalogue.change = watched
    library.enqueue(write("a.txt", "the comet"))
    assert seen == [2]
    library.work()
    assert library.text("a.txt") == "the comet"
    assert len(library.documents()) == 1


def test_indexing_again_does_not_bring_a_former_version_back(library, write):
    add(library, write("a.txt", "the moon"))
    library.enqueue(write("a.txt", "the comet"))
    library.reindex()
    library.work()
    assert library.text("a.txt") == "the comet"


def test_progress_counts_documents_and_chunks(library, write):
    library.enqueue(write("a.txt", "the moon " * 400))
    library.enqueue(write("b.txt", "the sun"))
    seen = []
    library.work(seen.append)
    assert all(p.documents_total == 2 for p in seen)
    assert [p.chunks_done for p in seen] == sorted(p.chunks_done for p in seen)
    last = library.progress()
    assert (last.documents_done, last.running, last.current) == (2, False, "")
    assert last.chunks_done == last.chunks_total == sum(o.chunks for o in last.outcomes)
    assert last.rate > 0


def test_what_is_queued_meanwhile_is_counted(library, write):
    library.enqueue(write("a.txt", "the moon"))
    totals = []

    def more(progress):
        if not totals:
            library.enqueue(write("b.txt", "the sun"))
            totals.append(library.progress().documents_total)

    library.work(more)
    assert totals == [2]


def test_work_can_be_stopped_and_goes_on_later(library, write):
    library.enqueue(write("a.txt", "the moon"))
    library.enqueue(write("b.txt", "the sun is far"))
    stop = threading.Event()
    outcomes = library.work(lambda p: stop.set() if p.documents_done else None, stop)
    assert [o.name for o in outcomes] == ["a.txt"]
    assert live(library) == {"a.txt": "ready", "b.txt": "queued"}
    assert [o.name for o in library.work()] == ["b.txt"]


def test_the_worker_indexes_whatever_is_queued(library, write):
    library.start_worker()
    library.enqueue(write("a.txt", "the moon"))
    for _ in range(200):
        if live(library) == {"a.txt": "ready"}:
            break
        time.sleep(0.05)
    assert live(library) == {"a.txt": "ready"}


def test_a_model_that_cannot_run_fails_the_work_and_not_the_document(library, write, words):
    def broken(_texts):
        raise ModelError("the encoder is out of order")

    words.encode = broken
    library.enqueue(write("a.txt", "the moon"))
    assert library.work() == []
    assert "out of order" in library.progress().problem
    assert live(library) == {"a.txt": "queued"}


def test_a_library_is_there_after_a_restart(settings, write):
    with Library.open(settings) as library:
        add(library, write("a.txt", "the moon"))
    with Library.open(settings) as library:
        assert found(library, "moon") == {"a.txt"}
        assert library.verify().problems == ()


def test_a_second_owner_is_refused_by_name(library):
    with pytest.raises(LibraryInUse, match=f"process {os.getpid()}"):
        Library.open(library.settings)


def test_other_settings_are_refused_and_reindexing_is_the_way_out(settings, write):
    with Library.open(settings) as library:
        add(library, write("a.txt", "the moon"))
    other = settings.updated(chunk_tokens=64, language="german")
    with pytest.raises(LibraryMismatch, match=r"chunk_tokens is 200 there and 64 here.*reindex"):
        Library.open(other)
    with Library.open(other, reindex=True) as library:
        assert [o.status for o in library.work()] == ["added"]
        assert found(library, "moon") == {"a.txt"}
        assert library.verify().problems == ()
    with pytest.raises(LibraryMismatch):
        Library.open(settings)


def test_words_of_older_rules_are_made_again_at_the_next_start(settings, write, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(AutoAnalyser, "name", "ranklens-0-auto")
        with Library.open(settings) as library:
            add(library, write("a.txt", "Thủ đô của Việt Nam nằm ở phía bắc của đất nước"))
            (document,) = library.documents()
            library.index.catalogue.update_document(document.id, language="none")
            library.index.lexical.remove(library.index.lexical.ids())
    with Library.open(settings) as library:
        assert [d.language for d in library.documents()] == ["vietnamese"]
        (chunk,) = library.chunks("a.txt")
        assert library.index.lexical.explain("thu do", chunk.id).keys() == {"thu", "do", "thu_do"}
        assert library.verify().problems == ()


def test_an_empty_library_takes_any_settings(settings):
    Library.open(settings).close()
    Library.open(settings.updated(language="german", chunk_tokens=64)).close()


@pytest.mark.parametrize("damaged", ["chroma/chroma.sqlite3", "lexical/inverted/manifest.json"])
def test_damaged_indexes_are_rebuilt_without_encoding(settings, write, words, damaged):
    with Library.open(settings) as library:
        add(library, write("a.txt", "the moon"), write("b.txt", "the sun"))
    (settings.library / damaged).write_bytes(b"not what was written" * 50)
    with pytest.raises(RanklensError, match="ranklens rebuild"):
        Library.open(settings)
    words.encode = None
    with Library.open(settings, rebuild=True) as library:
        report = library.verify()
        assert (report.chunks, report.problems) == (2, ())
        assert library.rebuild().problems == ()


def test_a_lost_chroma_folder_is_made_again_at_the_next_start(settings, write):
    import shutil

    with Library.open(settings) as library:
        add(library, write("a.txt", "the moon"))
    shutil.rmtree(settings.library / "chroma")
    with Library.open(settings) as library:
        assert library.verify().problems == ()


def test_a_damaged_catalogue_is_named(settings):
    Library.open(settings).close()
    (settings.library / "catalogue.sqlite").write_bytes(b"nonsense" * 1000)
    with pytest.raises(RanklensError, match="catalogue"):
        Library.open(settings)


def test_names_are_text_and_never_paths(library, write):
    library.enqueue(write("x.txt", "the moon"), name="../../etc/pass\x00wd\n.txt")
    (outcome,) = library.work()
    assert outcome.name == "../../etc/pass wd .txt"
    assert found(library, "moon") == {outcome.name}
    library.remove(outcome.name)


def test_clean_names():
    assert clean_name("") == "unnamed"
    assert clean_name("a\\b.txt") == "a/b.txt"
    assert len(clean_name("x" * 500 + ".pdf")) == 200
    assert clean_name("x" * 500 + ".pdf").endswith(".pdf")


KILLED = """
import sys
from pathlib import Path
import ingest.work
import ranklens.library
from tests.fakes import WordEncoder
import time

class Slow(WordEncoder):
    def encode(self, texts):
        time.sleep(0.05)
        return super().encode(texts)

ranklens.library.load_encoder = lambda settings: Slow()
ingest.work.ENCODED_AT_ONCE = 4
from rag.settings import Settings
library = ranklens.library.Library.open(Settings(library=Path(sys.argv[1])))
for path in sorted(Path(sys.argv[2]).iterdir()):
    library.enqueue(path)
print("working", flush=True)
library.work(lambda p: print(p.chunks_done, flush=True))
"""


@pytest.mark.parametrize("chunks_before", [0, 3, 11, 30])
def test_a_killed_process_leaves_a_library_that_opens_answers_and_finishes(
    settings, tmp_path, chunks_before
):
    """SIGKILL in the middle of indexing, at several moments."""
    sources = tmp_path / "sources"
    sources.mkdir()
    for i in range(4):
        words = " ".join(f"The moon number {i}-{j} is in orbit." for j in range(300))
        (sources / f"{i}.txt").write_text(words)
    script = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(settings.library), str(sources)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    for line in script.stdout:
        if line.strip().isdigit() and int(line) >= chunks_before:
            break
    script.send_signal(signal.SIGKILL)
    script.wait(10)
    script.stdout.close()

    with Library.open(settings) as library:
        assert library.verify().problems == ()
        ready = {name for name, status in live(library).items() if status == "ready"}
        assert found(library, "moon") <= ready
        assert set(live(library).values()) <= {"ready", "queued"}
        library.work()
        assert live(library) == {f"{i}.txt": "ready" for i in range(4)}
        assert library.verify().problems == ()
        for name in live(library):
            text = library.text(name)
            assert all(text[c.start : c.end] == c.text for c in library.chunks(name))


def test_documents_are_plain_data(library, write):
    add(library, write("a.txt", "the moon"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        library.documents()[0].name = "other"


def test_paths_are_added_and_every_outcome_is_returned_and_reported(library, write, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "moon.txt").write_text("The moon is round.")
    (folder / "data.zzz").write_text("?")
    library.add(str(folder / "moon.txt"))
    seen = []
    outcomes = library.add([write("empty.txt", ""), tmp_path / "gone.txt", folder],
                           on_progress=lambda progress: seen.append(progress.outcomes))  # fmt: skip
    assert [(Path(o.name).name, o.status) for o in outcomes] == [
        ("gone.txt", "failed"),
        ("data.zzz", "skipped"),
        ("moon.txt", "unchanged"),
        ("empty.txt", "failed"),
    ]
    assert seen[-1] == tuple(outcomes)
    assert [len(some) for some in seen] == sorted(len(some) for some in seen)


def test_adding_stops_when_it_is_asked_to(library, write):
    stop = threading.Event()
    stop.set()
    assert library.add(write("a.txt", "the moon"), stop=stop) == []
    assert library.documents() == []


def test_adding_raises_if_the_work_cannot_go_on(library, write, words, monkeypatch):
    def broken(_texts):
        raise ModelError("out of order")

    monkeypatch.setattr(words, "encode_both", broken)
    with pytest.raises(LibraryError, match="came to a halt: out of order"):
        library.add(write("a.txt", "the moon"))


def test_questions_are_asked_of_chosen_documents_and_logged(library, write):
    with pytest.raises(LibraryError, match="can be asked"):
        library.search("moon")
    library.add([write("a.txt", "The moon is round."), write("b.md", "The moon is far.")])
    assert found(library, "moon") == {"a.txt", "b.md"}
    trace = library.search("moon", types=["md"], reranker="none", top=1)
    assert {hit.chunk.document for hit in trace.evidence} == {"b.md"}
    pieces = []
    answered = library.ask("How is the moon?", documents=["a"], on_text=pieces.append)
    assert "".join(pieces) == answered.answer.text
    assert {hit.chunk.document for hit in answered.evidence} == {"a.txt"}
    logged = library.question_log.entries()
    assert [(one.origin, one.answering is None) for one in logged] == [
        ("python", True),
        ("python", False),
    ]


def test_a_library_is_not_created_unless_it_may_be(settings):
    with pytest.raises(LibraryError, match="there is no library"):
        Library.open(settings, create=False)
    assert not settings.library.exists()
    Library.open(settings).close()
    Library.open(settings, create=False).close()


def test_opening_reads_settings_as_the_command_line_does(tmp_path, monkeypatch):
    monkeypatch.setenv("RANKLENS_POOL", "7")
    monkeypatch.setenv("RANKLENS_TOP", "3")
    with ranklens.open(tmp_path / "here", top=2) as library:
        assert (library.settings.pool, library.settings.top) == (7, 2)
        assert library.settings.library == tmp_path / "here"
    with pytest.raises(SettingsError, match="colour"):
        ranklens.open(tmp_path / "here", colour="red")


def test_a_set_that_is_not_there_and_a_named_pipeline(library, write):
    library.add(write("a.txt", "The moon is round.\n\nThe sun is far.\n\nMars is red."))
    with pytest.raises(LibraryError, match="neither a folder nor a question set"):
        library.measure("mine")
    questions = ["How is the moon?", "How is the sun?", "How is Mars?", "What is round?"]
    for question in questions:
        library.judge(question, library.chunks("a.txt")[0], 3)
    figures = library.measure(questions, ["wide:pool=7,reranker=none"])
    assert [run.run.name for run in figures.runs] == ["wide"]
    assert library.fit(questions, "wide:pool=7,reranker=none").options["pool"] == "7"


GERMAN = "Die alten Häuser an der Straße wurden im Frühling für alle Bürger der Stadt geöffnet."
FRENCH = "Les anciennes maisons de la rue ont été ouvertes au printemps à tous les habitants."


def by_words(library, question):
    """The documents that BM25 finds."""
    found = library.index.lexical.search(question, 9)
    return [library.index.catalogue.fetch([name])[name].document for name, _ in found]


def test_each_document_is_found_by_the_words_of_its_own_language(library, write):
    add(library, write("de.txt", GERMAN), write("fr.txt", FRENCH), write("en.txt", SENTENCE))
    languages = {document.name: document.language for document in library.documents()}
    assert languages == {"de.txt": "german", "fr.txt": "french", "en.txt": "english"}
    assert by_words(library, "Haus") == ["de.txt"]
    assert by_words(library, "ancienne ouverte") == ["fr.txt"]
    assert library.rebuild().problems == ()
    assert by_words(library, "Haus") == ["de.txt"]


def test_a_library_of_one_language_takes_up_auto_without_encoding_again(tmp_path, write, words):
    settings = Settings(library=tmp_path / "english", language="english")
    with Library.open(settings) as library:
        add(library, write("de.txt", GERMAN))
        assert by_words(library, "Haus") == []
        with library.index.catalogue.engine.begin() as db:  # as libraries of before have it
            db.exec_driver_sql("UPDATE documents SET language = ''")
    words.encode = None  # nothing is encoded
    with Library.open(settings.updated(language="auto")) as library:
        assert by_words(library, "Haus") == ["de.txt"]
        assert library.verify().problems == ()


def test_closing_waits_for_the_warm_up(settings, monkeypatch):
    order = []
    with Library.open(settings) as library:
        begun = threading.Event()

        def search(_question):
            begun.set()
            time.sleep(0.3)
            order.append("searched")

        monkeypatch.setattr(library.pipeline, "search", search)
        monkeypatch.setattr(library.pipeline, "close", lambda: order.append("closed"))
        library.warm_up()
        assert begun.wait(5)
    assert order == ["searched", "closed"]
