"""Pages of a PDF from its bytes, plain or packed; nothing of another file, and bounded work."""

import zlib

from sqlalchemy import event

from ingest import page_count
from ingest.page_count import count_pages
from tests.ingest.build import pdf


def test_pages_are_counted(tmp_path):
    (tmp_path / "a.pdf").write_bytes(pdf(pages=3))
    assert count_pages(tmp_path / "a.pdf") == 3


def test_pages_in_object_streams_are_counted(tmp_path):
    pages = b"".join(b"<< /Type /Page /Parent 2 0 R >> " for _ in range(7))
    stream = zlib.compress(b"<< /Type /Pages /Count 7 >> " + pages)
    head = b"%PDF-1.5\n5 0 obj << /Type /ObjStm /N 8 /Filter /FlateDecode >>\nstream\n"
    (tmp_path / "a.pdf").write_bytes(head + stream + b"\nendstream endobj")
    assert count_pages(tmp_path / "a.pdf") == 7


def test_other_files_encrypted_and_missing_ones_have_none(tmp_path):
    (tmp_path / "a.txt").write_text("/Type /Page")
    assert count_pages(tmp_path / "a.txt") == 0
    assert count_pages(tmp_path / "missing.pdf") == 0


def test_streams_that_unpack_to_much_are_not_unpacked_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(page_count, "_MOST_UNPACKED", 5 << 20)
    unpacked = []
    real = page_count._unpacked
    monkeypatch.setattr(page_count, "_unpacked", lambda b: unpacked.append(1) or real(b))
    bomb = b"/Type /ObjStm >>\nstream\n" + zlib.compress(bytes(16 << 20)) + b"\nendstream\n"
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.5\n" + bomb * 40)
    assert count_pages(tmp_path / "a.pdf") == 0
    assert len(unpacked) == 2, "4 MB each"


def test_a_pdf_that_waits_has_its_pages_from_the_first_statement_on(library, tmp_path):
    (tmp_path / "a.pdf").write_bytes(pdf(pages=3))
    written = []
    event.listen(
        library.index.catalogue.engine,
        "before_cursor_execute",
        lambda _db, _cursor, statement, *_: written.append(statement),
    )
    assert library.enqueue(tmp_path / "a.pdf").status == "queued"
    assert [one.pages for one in library.documents()] == [3]
    assert not [one for one in written if one.startswith("UPDATE documents") and "pages" in one]
