"""`eval`, `fit`, `questions`, `judgements` over real libraries; vectors count words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rag.models import training
from tests.fakes import WORDS, WordEncoder
from tests.rag.models.tiny import save_cross
from tests.ranklens.test_tuning import copied
from tests.ui.cli.conftest import Run


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
    monkeypatch.setenv("RANKLENS_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("RANKLENS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "ranklens.toml").write_text('reranker = "none"\n')
    return tmp_path / "library"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A document and a question a word; the last question is about what no document says."""
    made = tmp_path / "eight words"
    made.mkdir()
    corpus = [{"_id": f"Ü {w}", "title": w, "text": f"All about the {w} of old."} for w in WORDS]
    queries = [{"_id": w, "text": f"Where is the {w}?"} for w in WORDS]
    (made / "corpus.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in corpus))
    (made / "queries.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in queries))
    (made / "qrels.tsv").write_text("".join(f"{w}\tÜ {w}\t1\n" for w in WORDS), "utf-8")
    return made


def test_json_is_the_outside_form_and_the_second_run_indexes_nothing(
    run: Run, folder: Path, library: Path
):
    ran = run("eval", folder, "--json", "--pipeline", "none", "--pipeline", "pool=3")
    assert ran.code == 0
    data = json.loads(ran.out)
    assert data["questions"] == 8
    assert data["stages"]["fused"]["ndcg@10"]["mean"] == 1.0
    assert data["stages"]["reranked"]["seconds"]["p95"] > 0
    assert list(data["pipelines"]) == ["none", "pool=3"]
    assert "8 of 8 documents" in ran.err
    assert (library / "evaluations" / "eight words" / "catalogue.sqlite").exists()
    again = run("eval", folder, "--json", "--limit", 3)
    assert json.loads(again.out)["questions"] == 3
    assert "documents" not in again.err


def test_tables_gates_and_exit_codes(run: Run, folder: Path, tmp_path: Path):
    good = run("eval", folder, "--work", tmp_path / "w", "--gate", "reranked.ndcg@3>=0.9")
    assert good.code == 0
    assert "eight words: 8 questions" in good.out
    assert good.out.splitlines()[1].startswith(("Fusion ", "Reranking "))
    assert "nDCG@10\t1.000 (1.000–1.000)" in good.out
    assert "Fused against Dense: no difference shown" in good.out
    assert "gate passed: reranked.ndcg@3>=0.9 (1.0000)" in good.err
    assert (tmp_path / "w" / "catalogue.sqlite").exists()
    bad = run("eval", folder, "--work", tmp_path / "w", "--gate", "p95_ms<=0")
    assert bad.code == 1
    assert "gate failed: p95_ms<=0 (" in bad.err
    for wrong in (["--gate", "x"], ["--pipeline", "nothing"], ["--metric", "bleu@1"]):
        assert run("eval", folder, *wrong).code == 2
    missing = run("eval", tmp_path / "nowhere")
    assert (missing.code, "not a folder" in missing.err) == (1, True)


def test_answers_are_measured_on_request(run: Run, folder: Path):
    ran = run("eval", folder, "--answers")
    assert ran.code == 0
    assert "cost: $0 a question, $0 in all" in ran.out
    assert "Citation precision\t" in ran.out
    data = json.loads(run("eval", folder, "--answers", "--json").out)
    assert data["pipelines"]["current"]["answers"]["evidence recall"]["mean"] == 1.0
    plain = json.loads(run("eval", folder, "--json").out)["pipelines"]["current"]
    assert plain["answers"] == {}
    assert plain["cost_usd"] == {"mean": 0.0, "total": 0.0}


def test_a_saved_run_is_replayed_and_reported(run: Run, folder: Path, tmp_path: Path):
    written = ("--save", "run.json.gz", "--report", "one.html", "--runs", "runs")
    first = run("eval", folder, "--json", *written)
    lines = (tmp_path / "runs" / "current.reranked.run").read_text().splitlines()
    assert lines[0].split()[:4] == ["mars", "Q0", "%C3%9C%20mars", "1"]
    assert len(list((tmp_path / "runs").iterdir())) == 4
    replayed = run("eval", "run.json.gz", "--replay", "--json", "--report", "two.html")
    assert replayed.code == 0
    assert json.loads(replayed.out) == json.loads(first.out)
    assert (tmp_path / "one.html").read_text() == (tmp_path / "two.html").read_text()


def test_a_question_set_of_the_library_from_import_to_measure(run: Run, tmp_path: Path):
    for word in WORDS:
        (tmp_path / f"{word}.txt").write_text(f"All about the {word} of old.")
    assert run("ingest", *(tmp_path / f"{word}.txt" for word in WORDS)).code == 0
    rows = [
        {"id": w, "question": f"Where is the {w}?", "gold": [{"document": f"{w}.txt", "quote": w}]}
        for w in WORDS
    ]
    (tmp_path / "q.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    ran = run("questions", "q.jsonl", "--set", "words")
    assert ran.out == "8 questions and 8 judgements in the set words\n"
    assert run("questions").out == "set\tquestions\tcollection\nwords\t8\t\n"
    data = json.loads(run("eval", "words", "--json").out)
    assert (data["questions"], data["stages"]["lexical"]["recall@10"]["mean"]) == (8, 1.0)

    assert run("judgements", "--export", "all.csv").code == 0
    assert run("judgements", "--export", "all.qrels", "--set", "words").code == 0
    assert run("judgements", "all.qrels", "--set", "words", "--judge", "bo").code == 0
    told = run("judgements").out.splitlines()
    assert told[:3] == [
        "judge\tsource\tjudgements\taccepted\tlost\trequested by",
        "import\timport\t8\t0\t0\t",
        "bo\timport\t8\t0\t0\t",
    ]

    (tmp_path / "bad.csv").write_text("question,document,grade\nx,nowhere,1\ny,mars.txt,9\n")
    bad = run("judgements", "bad.csv")
    assert bad.code == 1
    assert "2 rows are faulty" in bad.err
    assert run("judgements", "all.qrels").code == 2
    assert "(there are words)" in run("eval", "unheard-of").err


def test_fit_prints_what_it_is_worth(run: Run, folder: Path):
    ran = run("fit", folder)
    assert ran.code == 0
    assert "Fusion weights: dense_weight = 1, lexical_weight = 1\n  Now " in ran.out
    assert "held out against the present weights: no difference shown" in ran.out


def test_advise_measures_every_pool_and_writes_a_page(run: Run, folder: Path, tmp_path: Path):
    page = tmp_path / "advice.html"
    options = ("--reranker", "late-interaction", "--pool", "2", "--pool", "4")
    ran = run("advise", folder, *options, "--json", "--report", page, "--budget-ms", "60000")
    assert ran.code == 0
    found = json.loads(ran.out)
    assert [(p["reranker"], p["pool"]) for p in found["points"]] == [
        ("late-interaction", 2), ("late-interaction", 4)
    ]  # fmt: skip
    assert found["advice"] in ("worth it", "not shown", "not worth it")
    assert all(point["keeps_budget"] for point in found["points"])
    assert found["headline"] in page.read_text()


def test_advise_refuses_a_reranker_that_is_not_there(run: Run, folder: Path):
    assert run("advise", folder, "--reranker", "unheard-of").code == 2
    assert "none is no reranker" in run("advise", folder, "--reranker", "none").err


def test_a_question_that_cannot_be_asked_is_left_out_of_a_fit(run: Run, folder: Path):
    queries = folder / "queries.jsonl"
    asked = json.loads(queries.read_text().splitlines()[0])
    stranger = {**asked, "text": "Where is @nobody?"}
    queries.write_text(queries.read_text().replace(json.dumps(asked), json.dumps(stranger)))
    ran = run("fit", folder)
    assert ran.code == 0
    assert f"left out {asked['_id']}: " in ran.err
    assert "7 questions, " in ran.out


def test_every_evaluation_is_kept_listed_compared_and_deleted(
    run: Run, folder: Path, library: Path
):
    work = library / "evaluations" / "eight words"
    first, second = (run("eval", folder, "--pipeline", name) for name in ("none", "pool=3"))
    keys = [re.search(r"Kept as (\w+) in ", one.err)[1] for one in (first, second)]  # type: ignore[index]
    listed = run("evaluations", "--library", work)
    assert listed.code == 0
    lines = listed.out.splitlines()
    assert [line.split("\t")[0] for line in lines[-2:]] == keys[::-1]
    assert "Without reranking 1.000" in lines[-1]
    data = json.loads(run("evaluations", "--json", "--library", work).out)
    assert [one["id"] for one in data] == keys[::-1]
    shown = run("evaluations", "last", "--library", work)
    assert "eight words: 8 questions" in shown.out
    changed = run("evaluations", keys[1], "--against", keys[0], "--library", work)
    assert "Measured only the second time: pool=3." in changed.out
    assert run("evaluations", keys[0], "--delete", "--library", work).code == 0
    gone = run("evaluations", keys[0], "--library", work)
    assert (gone.code, "there is no evaluation" in gone.err) == (1, True)
    assert run("evaluations", "--delete", "--library", work).code == 2


def test_learn_keeps_a_version_that_is_adopted_only_if_its_gain_is_shown(
    run: Run, folder: Path, tmp_path: Path
):
    few = run("learn", folder, "--work", tmp_path / "w")
    assert (few.code, "learning needs 20" in few.err) == (1, True)
    queries = [(f"{w}{n}", f"Where is the {w} of {n}?", w) for w in WORDS for n in range(3)]
    rows = [{"_id": name, "text": text} for name, text, _ in queries]
    (folder / "queries.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (folder / "qrels.tsv").write_text("".join(f"{name}\tÜ {w}\t1\n" for name, _, w in queries))
    ran = run("learn", folder, "--work", tmp_path / "w")
    assert ran.code == 0, ran.err
    assert "Learned reranker: version 1" in ran.out
    assert "nDCG@10 on questions that were not learned from: no difference shown" in ran.out
    data = json.loads(run("learn", folder, "--work", tmp_path / "w", "--json").out)
    assert (data["version"]["version"], data["held_out"]["questions"]) == (2, 24)
    own = ("--library", tmp_path / "w")
    listed = run("learn", *own).out.splitlines()
    assert [line.split("\t")[-1] for line in listed[1:]] == ["no gain shown"] * 2
    assert "version 2 is not adopted: no gain was shown" in run("learn", "--adopt", *own).err
    beside = run("learn", folder, "--work", tmp_path / "w", "--with", "tuned")
    assert (beside.code, "tuned was learned from judgements itself" in beside.err) == (1, True)
    held = tmp_path / "w" / "learned.json"
    held.write_text(held.read_text().replace('"shown": false', '"shown": true'))
    assert run("learn", "--adopt", "--version", 1, *own).out == "in use: version 1\n"
    assert run("learn", *own).out.splitlines()[1].endswith("in use")
    assert run("learn", "--back", *own).out == "in use: no learned version\n"
    assert run("learn", "--back", *own).code == 1
    assert run("learn", "--back", "--adopt", *own).code == 2


def test_tune_keeps_a_version_that_is_adopted_only_if_its_gain_is_shown(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(training, "train_cross", copied)
    base, work = save_cross(tmp_path / "bert", "bert"), ("--work", tmp_path / "w")
    queries = [(f"{w}{n}", f"Where is the {w} of {n}?", w) for w in WORDS for n in range(3)]
    rows = [{"_id": name, "text": text} for name, text, _ in queries]
    (folder / "queries.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (folder / "qrels.tsv").write_text("".join(f"{name}\tÜ {w}\t1\n" for name, _, w in queries))
    ran = run("tune", folder, *work, "--base", base, "--epochs", 1)
    assert ran.code == 0, ran.err
    assert "Tuned cross-encoder: version 1" in ran.out
    assert "nDCG@10 on questions that it was not tuned on: " in ran.out
    data = json.loads(run("tune", folder, *work, "--base", base, "--json").out)
    assert (data["version"]["version"], data["held_out"]["questions"]) == (2, 24)
    own = ("--library", tmp_path / "w")
    assert "version 2 is not adopted: no gain was shown" in run("tune", "--adopt", *own).err
    held = tmp_path / "w" / "tuned" / "1" / "version.json"
    held.write_text(held.read_text().replace('"shown": false', '"shown": true'))
    assert run("tune", "--adopt", "--version", 1, *own).out == "in use: version 1\n"
    assert run("tune", *own).out.splitlines()[1].endswith("in use")
    assert run("tune", "--back", *own).out == "in use: no tuned version\n"
    assert run("tune", "--back", *own).code == 1
    assert run("tune", "--back", "--adopt", *own).code == 2
    assert run("tune", folder, "--epochs", 0).code == 2
