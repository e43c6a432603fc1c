from collections.abc import Iterator
from pathlib import Path

import pytest

from ranklens.library import Library
from tests.ranklens import bridges


@pytest.fixture(scope="session")
def bridge_library(
    tmp_path_factory: pytest.TempPathFactory, cache_folder: Path
) -> Iterator[Library]:
    """A library that is read only, shared by the tests of the session."""
    with bridges.opened(tmp_path_factory.mktemp("bridges"), cache_folder) as library:
        yield library
