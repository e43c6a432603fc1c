"""Train a cross-encoder on pairs, with sentence-transformers' `CrossEncoderTrainer`.

The only module that imports the trainer. It needs the extra `train` (accelerate, datasets).
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rag.errors import ModelError
from rag.models.devices import accelerated
from rag.models.files import read_json
from rag.models.torch_encoder import load_torch
from rag.models.workers import BEHIND, step_back

INSTALL = "pip install 'ranklens[train]'"
NEEDED = ("accelerate", "datasets")
CHECKPOINTS = 5  # of a training
STATE = "trainer_state.json"  # is written last


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A question, a passage, and how relevant it is, 0 to 1."""

    query: str
    passage: str
    label: float


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How a cross-encoder is trained; ``tokens`` are the most of a pair that are read."""

    epochs: int = 2
    learning_rate: float = 5e-5
    batch: int = 16
    tokens: int = 256
    seed: int = 20_260


def missing() -> str:
    """Return what has to be installed before anything can be trained, or nothing."""
    absent = [name for name in NEEDED if find_spec(name) is None]
    return f"training needs {' and '.join(absent)}; install them with {INSTALL}" if absent else ""


def steps_of(pairs: int, options: TrainingOptions) -> int:
    """Return how many steps a training takes."""
    return -(-pairs // options.batch) * options.epochs


def train_cross(
    base: Path,
    pairs: Sequence[TrainingPair],
    folder: Path,
    options: TrainingOptions,
    on_step: Callable[[int], None] = lambda _done: None,
) -> None:
    """Train a copy of the model in ``base`` and save it in ``folder``.

    A model without a head for scores gets a fresh one. ``on_step`` gets the steps that are done;
    what it raises ends the training. Checkpoints stand beside ``folder``, and the next call goes on
    from the last whole one. Raises `ModelError`.
    """
    if reason := missing():
        raise ModelError(reason)
    with ThreadPoolExecutor(1, "training", _step_back) as thread:
        thread.submit(_train, base, pairs, folder, options, on_step).result()


def checkpoints(folder: Path) -> Path:
    """Return where the checkpoints of a model in ``folder`` stand until it is whole."""
    return folder.with_name(f"{folder.name}.checkpoints")


def _step_back() -> None:
    step_back(BEHIND, threading.get_native_id())


def _train(
    base: Path,
    pairs: Sequence[TrainingPair],
    folder: Path,
    options: TrainingOptions,
    on_step: Callable[[int], None],
) -> None:
    from datasets import Dataset
    from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss
    from transformers import PrinterCallback

    aside = checkpoints(folder)
    columns = {
        "query": [pair.query for pair in pairs],
        "passage": [pair.passage for pair in pairs],
        "label": [pair.label for pair in pairs],
    }
    with quiet():
        model = load_base(base, options.tokens)
        trainer = _trainer_class()(
            model=model,
            args=_arguments(aside, steps_of(len(pairs), options), options),
            train_dataset=Dataset.from_dict(columns),
            loss=BinaryCrossEntropyLoss(model),
            callbacks=[_reporting(on_step)],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=_last_whole(aside))
        model.save_pretrained(str(folder), create_model_card=False)
    shutil.rmtree(aside, ignore_errors=True)


def load_base(base: Path, tokens: int) -> Any:
    """Load a checkpoint as a cross-encoder with one score; raises `ModelError`."""
    model = load_torch("CrossEncoder", base.name, base, labels=1)
    model.max_seq_length = min(int(model.max_seq_length or tokens), tokens)
    model.model_card_data.local_files_only = True  # else it asks the hub about the base
    return model


def _trainer_class() -> Any:
    from sentence_transformers.cross_encoder.trainer import CrossEncoderTrainer

    class Trainer(CrossEncoderTrainer):
        """Writes no passages into a model card."""

        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            """Leave the card as it is."""

    return Trainer


def _arguments(aside: Path, steps: int, options: TrainingOptions) -> Any:
    from sentence_transformers.cross_encoder.training_args import CrossEncoderTrainingArguments

    return CrossEncoderTrainingArguments(
        output_dir=str(aside),
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch,
        learning_rate=options.learning_rate,
        warmup_steps=0.1,
        seed=options.seed,
        save_strategy="steps",
        save_steps=max(1, steps // CHECKPOINTS),
        save_total_limit=1,
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=accelerated(),
    )


def _reporting(on_step: Callable[[int], None]) -> Any:
    from transformers import TrainerCallback

    class Reporting(TrainerCallback):
        """Passes on how many steps are done."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Report after a step and its checkpoint."""
            on_step(int(state.global_step))

    return Reporting()


def _last_whole(aside: Path) -> str | None:
    """Return the last checkpoint that was written to its end."""
    found = sorted(aside.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[-1]))
    for path in reversed(found):
        try:
            read_json(path / STATE)
            return str(path)
        except ModelError:
            continue
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' bars and log lines away; there is a progress of our own."""
    from transformers.utils import logging as transformers_logging

    bars: Any = transformers_logging
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    names = ("sentence_transformers", "transformers", "accelerate", "datasets")
    before = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
        if shown:
            bars.enable_progress_bar()
