"""Every regular expression of the program takes time in proportion to the text.

All of them are found: those that modules hold, and those that stand in a call of `re`. The texts
are made of what each pattern itself looks for.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from types import ModuleType

import pytest

from tests.linear import grows_linearly, processor_seconds

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("rag", "ingest", "ranklens", "serve", "ui")
SIZE = 6_000  # characters
ENOUGH = 0.003  # seconds: what grows like a square takes 3 to 10 times that at this size
LONGER, SLOWER = 3, 5  # 3 times the text may take 5 times as long: 3 if linear, 9 if a square
SIGNS = 6
ENDS = ("", "x", "\n!")
Used = tuple[re.Pattern[str], frozenset[str]]  # a pattern and the methods that it is called by
TAKE_TEXT = ("compile", "search", "match", "fullmatch", "findall", "finditer", "split", "sub")


def modules() -> Iterator[tuple[str, Path]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, path


def held(module: ModuleType, source: str) -> Iterator[Used]:
    """Yield the text patterns of a module, also those in its tuples, lists and tables."""
    for name, value in vars(module).items():
        several = isinstance(value, dict | list | tuple | frozenset | set)
        inside = (value.values() if isinstance(value, dict) else value) if several else (value,)
        ways = frozenset(re.findall(rf"\b{name}\.(\w+)", source)) & {*TAKE_TEXT}
        for one in inside:
            if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                yield one, (frozenset() if several else ways) or frozenset({"finditer"})


def written(source: str) -> Iterator[Used]:
    """Yield the patterns that stand in calls of `re` as constants."""
    for node in ast.walk(ast.parse(source)):
        call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if not call or ast.unparse(node.func.value) != "re" or node.func.attr not in TAKE_TEXT:
            continue
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            words = " ".join(ast.unparse(one) for one in [*node.args[1:], *node.keywords])
            flags = sum({re.RegexFlag[name] for name in re.findall(r"\bre\.([A-Z]+)\b", words)})
            yield re.compile(node.args[0].value, flags), frozenset({node.func.attr})


@cache
def patterns() -> dict[str, Used]:
    """All patterns, each once, by a name that shows where it is, and how they are used."""
    found: dict[re.Pattern[str], tuple[str, frozenset[str]]] = {}
    for module, path in modules():
        source = path.read_text("utf-8")
        every = list(written(source))
        if path.name not in ("page.py", "__main__.py", "child_main.py") and "re.compile(" in source:
            # A pattern of a constant is among both; how it is used shows in the module.
            every = [one for one in every if one[1] != {"compile"}]
            every += held(importlib.import_module(module), source)
        for one, ways in every:
            known = found.get(one, (module, frozenset()))
            found[one] = known[0], known[1] | ways
    return {
        f"{module}-{n}-{one.pattern[:30]!r}": (one, ways)
        for n, (one, (module, ways)) in enumerate(found.items())
    }


def units(pattern: re.Pattern[str]) -> list[str]:
    """Return texts to repeat: what the pattern names, alone and in pairs, and other signs."""
    source = re.sub(r"\\[A-Za-z]|\(\?[P<a-z!=:-]*", " ", pattern.pattern)
    words = dict.fromkeys(re.findall(r"[^\W\d_]{2,12}", source))
    signs = dict.fromkeys((*"a1 \nA", *re.findall(r"[^\w\s?+*|\\]", source)))
    runs = re.findall(r"[^\w\s?+*|\\\[\](){}.^$]{2,}", source)
    few = [*list(signs)[:4], *reversed(list(signs)[4:][-SIGNS:])]
    pairs = [first + second for first in few for second in few if first != second]
    spaced = [f"{word}{sign}" for word in list(words)[:SIGNS] for sign in ("", " ")]
    return [*signs, *runs, *pairs, *spaced]


def read(used: Used, text: str) -> None:
    pattern, ways = used
    if ways & {"match", "fullmatch"}:
        pattern.match(text)
        pattern.fullmatch(text)
    if ways - {"match", "fullmatch"}:
        for _ in pattern.finditer(text):
            pass


def slow(used: Used, unit: str, end: str) -> bool:
    once, often = (unit * (size // len(unit)) + end for size in (SIZE, LONGER * SIZE))
    use = partial(read, used)
    return processor_seconds(use, once) >= ENOUGH and not grows_linearly(
        use, once, often, slower=SLOWER
    )


def hostile_text(used: Used) -> tuple[str, str] | None:
    """Return a text that takes the pattern more than linear time: what repeats, and its end."""
    return next(((u, end) for u in units(used[0]) for end in ENDS if slow(used, u, end)), None)


# Patterns that see a bounded piece of a text only: what they look for → why that is so.
BOUNDED = {r"[^\s(\[\"“‘']+$": "sentences looks back `_LOOK_BACK` characters from a sentence's end"}
NAMES = [name for name, (pattern, _) in patterns().items() if pattern.pattern not in BOUNDED]


def test_every_exception_is_a_pattern_of_the_program():
    assert {pattern.pattern for pattern, _ in patterns().values()} >= BOUNDED.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_takes_linear_time(name: str):
    assert hostile_text(patterns()[name]) is None


@pytest.mark.parametrize(
    "hostile",
    [
        *(r"\s+$", r"<!--.*?-->", r"\d+%", "[.!?]+$", "a+b"),
        pytest.param(r"^\W*(\d+)", marks=pytest.mark.long),
    ],
)
def test_a_slow_pattern_is_found(hostile: str):
    pattern = re.compile(hostile, re.DOTALL | re.MULTILINE)
    assert hostile_text((pattern, frozenset({"search"})))


def test_the_patterns_of_the_program_are_found():
    names = "\n".join(patterns())
    for module in ("rag.text.sentences", "rag.generate.citations", "ui.shared.prose"):
        assert module in names
    assert len(patterns()) > 100
