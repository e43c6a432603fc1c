"""Paths that leave the folder they belong to."""

import pytest

from tests.security.attacks import send

SECRET = b"root:"
CLIMBS = (
    "../../../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "..%5c..%5c..%5c..%5c..%5cetc%5cpasswd",
    "....//....//....//....//etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "..%00/etc/passwd",
    "file:///etc/passwd",
)
ROOTS = (
    "/", "/static/", "/app/static/", "/media/", "/component/", "/component/streamlit/",
    "/_stcore/bidi-components/", "/_stcore/bidi-components/x/", "/_stcore/upload_file/",
    "/metrics/",
)  # fmt: skip


@pytest.mark.parametrize("root", ROOTS)
def test_no_path_leads_out(address, root):
    for climb in CLIMBS:
        reply = send(address, root + climb)
        assert SECRET not in reply.body, climb
        if reply.status == 200:  # an unknown address is answered with the empty page
            assert reply.headers["content-type"].startswith("text/html"), climb
            assert b"<title>Streamlit</title>" in reply.body, climb


@pytest.mark.parametrize("path", ["/app.py", "/ui/server.toml", "/.streamlit/config.toml", "/.env"])
def test_the_program_s_own_files_are_not_served(address, path):
    assert b"<title>Streamlit</title>" in send(address, path).body


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/%2e%2e", "/\\evil.example"])
def test_nobody_is_sent_elsewhere(address, path):
    reply = send(address, path)
    assert "evil" not in reply.headers.get("location", "")
