"""One page over the fake library for all attacks that change nothing."""

import pytest

from tests.servers.page import serving


@pytest.fixture(scope="session")
def address():
    with serving("tests.browser.fake_server", PAUSE="0") as address:
        yield address
