"""Files that somebody else sends: without the page's token, too large, to others' sessions."""

import re

import pytest

from tests.security import sessions
from tests.security.attacks import EVIL, send
from tests.servers.page import serving

BOUNDARY = "frontier"
KIND = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture(scope="module")
def small():
    """A page whose largest file has 1 MB."""
    with serving("tests.browser.fake_server", RANKLENS_MAX_FILE_MB="1") as address:
        yield address


@pytest.fixture
def session(small):
    """The page's session of a visitor: where files go, and the token."""
    token = send(small, "/_stcore/health").headers["set-cookie"].split(";")[0].split("=", 1)[1]
    with sessions.opened(small) as wire:
        messages = sessions.run(wire)
        new = next(m.new_session for m in messages if m.WhichOneof("type") == "new_session")
        yield f"/_stcore/upload_file/{new.initialize.session_id}/file-1", token


def form(size):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n'
    return head.encode() + b"x" * size + f"\r\n--{BOUNDARY}--\r\n".encode()


def put(small, session, size=10, method="PUT", **headers):
    path, token = session
    given = {"Content_Type": KIND, "Cookie": f"_streamlit_xsrf={token}", "X_Xsrftoken": token}
    given |= headers
    return send(small, path, method, form(size), **{k: v for k, v in given.items() if v})


def test_the_page_itself_may_send_a_file(small, session):
    assert put(small, session).status == 204


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Xsrftoken": ""},
        {"Cookie": ""},
        {"X_Xsrftoken": "2|00000000|00|1"},
        {"Origin": f"http://{EVIL}"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_others_may_not(small, session, method, headers):
    assert put(small, session, method=method, **headers).status == 403


def test_a_form_of_another_site_reaches_nothing(small, session):
    for kind in ("text/plain", "application/x-www-form-urlencoded", KIND):
        assert put(small, session, method="POST", Content_Type=kind).status == 405
        reply = put(small, session, method="POST", Content_Type=kind, Origin=f"http://{EVIL}")
        assert reply.status == 403


def test_a_session_must_be_known(small, session):
    path, token = session
    other = re.sub(r"upload_file/[^/]+", "upload_file/00000000-0000-0000-0000-000000000000", path)
    assert put(small, (other, token)).status == 400


def test_the_server_itself_refuses_what_is_too_large(small, session):
    assert put(small, session, 2**20 - 1000).status == 204
    assert put(small, session, 2**20 + 1).status == 413
    unannounced = put(small, session, 3 * 2**20, Transfer_Encoding="chunked")
    assert unannounced.status == 413
