"""Where the library is, and how documents are read, cut and indexed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import SecretStr

from rag.settings.addresses import Address
from rag.settings.base import SHAPES_INDEX, SHAPES_RANKING, Section, option


class LibrarySettings(Section):
    """Where the library is, and how documents are read, cut and indexed."""

    library: Path = option(
        user_data_path("ranklens", appauthor=False), "Folder that holds the library.", trusted=True
    )
    cache: Path = option(
        user_cache_path("ranklens", appauthor=False),
        "Folder for what can be made again (exported models).",
        trusted=True,
    )
    database_url: SecretStr = option(
        SecretStr(""),
        "Address of a PostgreSQL database (`postgresql://USER:PASSWORD@HOST/DATABASE`) that holds "
        "the library; empty keeps it in the library folder. Needs the extra `postgres`.",
        trusted=True,
    )
    files_url: Address = option(
        "",
        "Bucket of S3-compatible storage (`s3://BUCKET/PREFIX`) that holds originals and other "
        "files; endpoint and keys come from the environment (`AWS_ENDPOINT_URL`, `AWS_REGION`, "
        "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`). Empty: the database if database_url is "
        "set, else the library folder. Needs the extra `s3`.",
        trusted=True,
    )
    database_file_mb: int = option(
        200, "Largest file that is kept in the database, in MB; a bucket has no such limit.", ge=1
    )
    copies_mb: int = option(
        2048,
        "Room for local copies of files that are kept in a database or a bucket, in MB, in the "
        "cache folder. What was used within the hour stays.",
        ge=0,
    )
    chroma_url: Address = option(
        "",
        "Address of a running `chroma run` server; empty keeps vectors in the library folder.",
        trusted=True,
    )
    index_here: bool = option(
        True,
        "Index documents in the page's and the API's own process too, if the library is in a "
        "database; false leaves that to workers.",
    )
    lexical_engine: Literal["inverted", "rank-bm25"] = option(
        "inverted",
        "Engine for BM25: the inverted index, or the rank-bm25 library (small libraries only).",
        SHAPES_RANKING,
    )
    min_free_mb: int = option(
        200,
        "Room that stays free on the library's disk, in MB; indexing waits while there is less. "
        "With 0 the disk may be filled.",
        ge=0,
    )
    max_file_mb: int = option(
        200,
        "Largest file that is accepted, in MB; a packed question set counts as what it unpacks to.",
        ge=1,
    )
    parse_seconds: float = option(
        60.0, "Time a document's parser may take, in seconds, before it is stopped.", gt=0
    )
    parse_memory_mb: int = option(
        2048, "Memory a document's parser may take, in MB, before it is stopped.", ge=128
    )
    ocr: bool = option(
        True,
        "Read scanned pages and pictures by text recognition (OCR), if the extra `ocr` is "
        "installed. Takes seconds a picture.",
    )
    ocr_seconds: float = option(
        1800.0,
        "Time that reading the pictures of one document may take, in seconds; what is left is "
        "named, and `ranklens reindex` goes on there.",
        gt=0,
    )
    hidden_sheets: bool = option(
        False, "Read the hidden sheets of workbooks too, of documents indexed from then on."
    )
    import_folders: str = option(
        "",
        "Folders, separated by the system's path separator, of which the page may import what is "
        "below them. Empty: your home folder, or none if page_hosts is set. The command line "
        "imports any folder.",
        trusted=True,
    )
    watch_seconds: float = option(
        60.0,
        "Time between two looks at imported folders, in seconds, while the page or the server "
        "runs; with 0 they are looked at on request only.",
        ge=0,
    )
    fetch_seconds: float = option(
        60.0, "Time that fetching a document from an address may take, in seconds.", gt=0
    )
    context_headers: bool = option(
        False,
        "Have the language model (llm_model) write a sentence for each chunk about its place in "
        "its document, of documents indexed from then on. Search reads it before the chunk's text; "
        "answers never quote it. Sends all text of the documents to the model.",
        trusted=True,
    )
    context_seconds: float = option(
        1800.0,
        "Time that the model may take for the sentences of one document, in seconds; the other "
        "chunks get none, and `ranklens reindex` goes on there.",
        gt=0,
    )
    max_document_characters: int = option(
        20_000_000, "Most characters of a document's text; a longer one is refused.", ge=1000
    )
    max_document_chunks: int = option(
        50_000, "Most chunks of a document; one that gives more is refused.", ge=10
    )
    chunk_tokens: int = option(
        200, "Longest chunk, in the encoder's tokens.", SHAPES_INDEX, ge=16, le=8192
    )
    chunk_overlap: int = option(
        1, "Sentences that a chunk repeats from the one before it.", SHAPES_INDEX, ge=0, le=10
    )
    language: str = option(
        "auto",
        "Language of the documents, for stemming: a Snowball name, vietnamese, none, or auto, "
        "which takes each document's own.",
        SHAPES_INDEX,
    )
