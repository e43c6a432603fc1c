import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from rag.models.onnx import engine as engine_module
from rag.models.onnx.engine import engine_for, this_processor
from rag.models.onnx.exports import graph_for, load_runtime
from rag.models.tokens import Tokens
from tests.rag.models.tiny import save_cross, save_encoder

TEXTS = ["what is the rover on mars doing", "water ice found in the soil", "red planet"]


@pytest.fixture
def cpuinfo(tmp_path, monkeypatch):
    """A file in place of /proc/cpuinfo."""
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(engine_module, "CPUINFO", path)
    this_processor.cache_clear()
    yield path
    this_processor.cache_clear()


@pytest.mark.parametrize(
    ("content", "engine", "reason"),
    [
        ("model name\t: A\nflags\t\t: sse avx2 avx512_vnni\n", "int8", "has avx512_vnni"),
        ("model name\t: A\nflags\t\t: sse avx2 avx_vnni\n", "int8", "has avx_vnni"),
        ("Features\t: fp asimd asimddp\nCPU part\t: 0xd0c\n", "int8", "has asimddp"),
        ("model name\t: A\nflags\t\t: sse avx2 avx512f\n", "float32", "none of avx512_vnni"),
        ("model name\t: A vnni\n\nflags\t\t:\n", "float32", "does not describe"),
        ("", "float32", "does not describe"),
        (None, "float32", "does not describe"),
    ],
)
def test_int8_runs_on_processors_with_instructions_for_it(content, engine, reason, cpuinfo):
    if content is not None:
        cpuinfo.write_text(content)
    chosen = engine_for("auto")
    assert chosen.name == engine
    assert reason in chosen.reason


@pytest.mark.parametrize("option", ["float32", "int8"])
def test_the_option_overrules_the_processor(option, cpuinfo):
    cpuinfo.write_text("flags : avx512_vnni" if option == "float32" else "flags : sse")
    assert engine_for(option).name == option


def test_the_processor_is_read_once_a_process(cpuinfo):
    cpuinfo.write_text("model name : First\nflags : avx_vnni\n\nmodel name : Second\nflags : sse\n")
    first = this_processor()
    assert (first.name, first.flags) == ("First", {"avx_vnni"})
    cpuinfo.unlink()
    assert this_processor() is first


def test_the_runtime_reports_the_chosen_engine(tmp_path, cpuinfo):
    folder = save_encoder(tmp_path / "model", "bert")
    cpuinfo.write_text("flags : avx_vnni")
    assert load(folder, tmp_path, "auto").engine == "onnx int8"


@pytest.mark.parametrize(("flags", "largest"), [("sse avx_vnni", 127), ("sse avx2", 63)])
def test_weights_leave_room_for_sums_of_16_bits(flags, largest, tmp_path, cpuinfo):
    cpuinfo.write_text(f"flags : {flags}")
    made = graph_for(save_encoder(tmp_path / "model", "bert"), "hidden", tmp_path / "cache", True)
    stored = [
        numpy_helper.to_array(one, str(made.parent)) for one in onnx.load(made).graph.initializer
    ]
    weights = [one for one in stored if one.dtype == np.int8 and one.ndim == 2]
    assert {int(np.abs(one).max()) for one in weights} == {largest}


def test_processors_of_both_kinds_share_a_cache(tmp_path, cpuinfo):
    folder = save_encoder(tmp_path / "model", "bert")
    made = set()
    for flags in ("avx_vnni", "avx2"):
        cpuinfo.write_text(f"flags : {flags}")
        this_processor.cache_clear()
        made.add(graph_for(folder, "hidden", tmp_path / "cache", True))
    assert len(made) == 2


def load(folder, tmp_path, engine, kind="hidden"):
    return load_runtime(folder, kind, tmp_path / "cache", engine)


def vectors(runtime, folder):
    tokens = Tokens(folder)
    encodings = [tokens.single(one, 32) for one in tokens.bare(TEXTS)]
    return [values for _, values in sorted(runtime.each(encodings), key=lambda pair: pair[0])]


def cosine(a, b):
    return (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)


@pytest.mark.parametrize("family", ["bert", "roberta", "electra"])
def test_int8_gives_nearly_the_vectors_of_float32(family, tmp_path):
    folder = save_encoder(tmp_path / "model", family)
    exact, small = (load(folder, tmp_path, engine) for engine in ("float32", "int8"))
    assert (exact.engine, small.engine) == ("onnx float32", "onnx int8")
    for a, b in zip(vectors(exact, folder), vectors(small, folder), strict=True):
        assert a.shape == b.shape
        assert cosine(a, b) > 0.98
        assert not np.array_equal(a, b)


def test_int8_of_a_cross_encoder(tmp_path):
    folder = save_cross(tmp_path / "model", "bert")
    exact, small = (load(folder, tmp_path, engine, "logits") for engine in ("float32", "int8"))
    for a, b in zip(vectors(exact, folder), vectors(small, folder), strict=True):
        assert a.shape == b.shape == (1,)
        assert abs(a - b).item() < 0.3
