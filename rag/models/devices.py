"""Which device and which precision torch should use here."""

from __future__ import annotations

import functools
import platform
from pathlib import Path
from typing import Any

_NVIDIA = Path("/dev/nvidiactl")


@functools.cache
def accelerated() -> bool:
    """Return whether torch has a graphics processor; imports torch only if one may be here."""
    if not _NVIDIA.exists() and platform.system() != "Windows" and not _apple():
        return False
    import torch

    return bool(torch.cuda.is_available() or (_apple() and torch.backends.mps.is_available()))


def precision() -> Any:
    """Return the torch dtype for inference: half precision on a graphics processor, else float32.

    On processors half precision is emulated and slower.
    """
    import torch

    if not accelerated():
        return torch.float32
    if torch.cuda.is_available() and torch.cuda.is_bf16_supported():
        return torch.bfloat16
    return torch.float16


def _apple() -> bool:
    return platform.system() == "Darwin" and platform.machine() == "arm64"
