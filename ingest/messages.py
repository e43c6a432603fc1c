"""What a process and its child say to each other: a line of JSON, then parts of plain bytes.

The parts' sizes stand in the line, so nobody reads more than it is ready to hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import IO, Any, NamedTuple

LONGEST_LINE = 1 << 20  # bytes


class Packet(NamedTuple):
    """A request or an answer."""

    header: dict[str, Any]
    parts: list[bytes]


class PartsTooLarge(ValueError):
    """The parts of a message are larger than its reader allows."""


def send(stream: IO[bytes], header: Mapping[str, Any], parts: Sequence[bytes] = ()) -> None:
    """Write a message."""
    stream.write(json.dumps({**header, "parts": [len(part) for part in parts]}).encode() + b"\n")
    for part in parts:
        stream.write(part)
    stream.flush()


def receive(stream: IO[bytes], most: int) -> Packet | None:
    """Read a message whose parts are at most ``most`` bytes together; None if the stream ends.

    Raises `PartsTooLarge`, and `ValueError` if it is no message.
    """
    line = stream.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        if len(line) == LONGEST_LINE:
            raise ValueError("not a message")
        return None
    header = json.loads(line)
    sizes = header.pop("parts", None) if isinstance(header, dict) else None
    if not isinstance(sizes, list) or not all(isinstance(n, int) and n >= 0 for n in sizes):
        raise ValueError("not a message")
    if sum(sizes) > most:
        raise PartsTooLarge
    parts = [stream.read(size) for size in sizes]
    complete = all(len(part) == size for part, size in zip(parts, sizes, strict=True))
    return Packet(header, parts) if complete else None
