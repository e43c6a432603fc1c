"""An API, a worker and a page of one library, with nothing in common but database and bucket."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from ranklens.viewing import page_image, source_of
from tests.conftest import ROOT
from tests.serve.api_server import serving
from tests.serve.conftest import OWN, api_of, open_library, stock

PDF = ROOT / "sample_docs" / "mars-rovers.pdf"


@pytest.mark.long
@pytest.mark.parametrize("kept", ["rows", "bucket"])
def test_what_one_host_gets_others_index_and_show(
    postgres: str, tmp_path: Path, request: pytest.FixtureRequest, kept: str
):
    shared = {"database_url": postgres}
    if kept == "bucket":
        shared["files_url"] = request.getfixturevalue("bucket")
    with (
        open_library(tmp_path / "page", **shared) as page,
        serving(tmp_path / "api", cache=tmp_path / "api cache", index_here=False, **shared) as api,
    ):
        with PDF.open("rb") as data:
            sent = {"files": (PDF.name, data, "application/pdf")}
            reply = httpx.post(f"{api.address}/v1/documents", files=sent, timeout=60)
        assert reply.is_success
        assert [one.status for one in page.documents()] == ["queued"]
        work(tmp_path / "worker", shared)
        assert [one.status for one in page.documents()] == ["ready"]
        assert page.file(PDF.name).read_bytes() == PDF.read_bytes()
        assert page_image(page, PDF.name, 1).webp[:4] == b"RIFF"
        hit = page.search("Which rover landed on Mars?").stages[-1].hits[0]
        source = source_of(page, hit.chunk)
        assert source is not None
        assert source.marks(hit.chunk.page or 1, hit.chunk.start, hit.chunk.end)
        asked = {"question": "Which rover landed on Mars?"}
        found = httpx.post(f"{api.address}/v1/search", json=asked, timeout=60)
        assert hit.chunk.id in found.text
    originals = [path.name for path in tmp_path.rglob("files/*") if path.stat().st_size > 1000]
    assert len(originals) == 2  # copies of the worker and of the page


def test_every_host_gives_a_job_s_result_until_it_is_deleted(postgres: str, tmp_path: Path):
    with open_library(tmp_path / "page", database_url=postgres) as page:
        stock(page, tmp_path)
        own, here = {"cache": tmp_path / "api cache", "database_url": postgres}, TestClient(
            api_of(page), base_url=f"http://{OWN}", client=("127.0.0.1", 50000)
        )  # fmt: skip
        with serving(tmp_path / "api", **own) as api:
            started = httpx.post(f"{api.address}/v1/verify", timeout=60).json()
            with httpx.stream("GET", f"{api.address}/v1/jobs/{started['id']}/events") as events:
                assert "event: done" in "".join(events.iter_text())
            found = httpx.get(f"{api.address}/v1/jobs/{started['id']}/result").json()
            assert found["problems"] == []
            state = here.get(f"/api/v1/jobs/{started['id']}").json()
            assert here.get(state["result"]).json() == found
        assert here.get(state["result"]).json() == found  # the process that ran it has ended


def work(folder: Path, shared: dict[str, str]) -> None:
    """Have a worker in a process of its own index what waits."""
    own = {"library": str(folder / "library"), "cache": str(folder / "cache"), **shared}
    subprocess.run(
        [sys.executable, "-m", "tests.crash.worker"],
        cwd=ROOT,
        env={**os.environ, **{f"RANKLENS_{name.upper()}": value for name, value in own.items()}},
        input=b"0\n",
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
