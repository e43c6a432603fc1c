"""Who may open the page: refused at the start, signed in by header or claim, what they see."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.runtime.context import StreamlitHeaders
from streamlit.testing.v1 import AppTest

import ui.shared.state
from rag.errors import NotThere, RanklensError, Refused
from rag.settings import Settings
from rag.trace import to_dict
from rag.types import Answer, Citation
from ranklens import (
    choices,
    cookies,
    inspecting,
    judged_sets,
    people,
    saved_settings,
    sharing,
)
from ranklens.jobs import Job
from ranklens.members import member_of
from ranklens.policy import Role
from tests.serve.isolated import CANARIES, OURS, THEIRS, two_collections
from tests.ui.test_server import ROOT
from ui import served, sign_in
from ui.link import shared_link
from ui.shared import visitor
from ui.shared.visitor import SignedIn, of_claims, of_headers

SECRET = "between-proxy-and-page"
PROXY = Settings(sign_in="proxy", proxy_secret=SECRET)
OIDC = Settings(sign_in="oidc")


def started(*arguments, **environment):
    code = "import sys; sys.argv = ['app']; from ui import server; server.parts()"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "address", "refused"),
    [
        ({}, "127.0.0.1", ""),
        ({}, "::1", ""),
        ({}, "localhost", ""),
        ({}, "0.0.0.0", "listens on 0.0.0.0"),  # noqa: S104 - refused
        ({}, "", "listens on every address"),
        ({}, "192.0.2.7", "RANKLENS_SIGN_IN=oidc, or =proxy"),
        ({"page_hosts": "docs.example.org"}, "127.0.0.1", "page_hosts is docs.example.org"),
        ({"page_hosts": "docs.example.org", "sign_in": "elsewhere"}, "192.0.2.7", ""),
        ({"page_hosts": "a.example", "sign_in": "proxy", "proxy_secret": SECRET}, "", ""),
        ({"sign_in": "oidc", "oidc_client_id": "x"}, "127.0.0.1", "needs oidc_metadata_url"),
        (
            {"sign_in": "oidc", "oidc_client_id": "x", "oidc_metadata_url": "https://a.example/m",
             "oidc_redirect_url": "https://docs.example.org/"},
            "127.0.0.1", "must end in /oauth2callback",
        ),
    ],
)  # fmt: skip
def test_no_other_address_is_served_without_sign_in(options, address, refused):
    settings = Settings(**options)
    if not refused:
        sign_in.refuse_open(settings, address)
        return
    with pytest.raises(SystemExit) as ended:
        sign_in.refuse_open(settings, address)
    assert refused in str(ended.value)


def test_the_server_does_not_start():
    done = started(RANKLENS_PAGE_HOSTS="docs.example.org")
    assert done.returncode == 1
    assert "RANKLENS_SIGN_IN=elsewhere" in done.stderr


def test_a_short_secret_is_refused():
    with pytest.raises(Exception, match="proxy_secret with at least 16"):
        Settings.from_mapping({"sign_in": "proxy", "proxy_secret": "short"}, "a test")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"X-Forwarded-User": "Ada@Example.org", "X-Ranklens-Proxy-Secret": SECRET},
         SignedIn("ada@example.org")),
        ({"x-forwarded-user": "ada", "x-ranklens-proxy-secret": SECRET}, SignedIn("ada")),
        ({"X-Forwarded-User": "Jürgen".encode().decode("latin-1"),
          "X-Ranklens-Proxy-Secret": SECRET}, SignedIn("jürgen")),
        ({"X-Forwarded-User": "Jürgen", "X-Ranklens-Proxy-Secret": SECRET}, SignedIn("jürgen")),
        ({"X-Forwarded-User": "ada"}, None),
        ({"X-Forwarded-User": "ada", "X-Ranklens-Proxy-Secret": SECRET[:-1]}, None),
        ({"X-Forwarded-User": "ada", "X-Ranklens-Proxy-Secret": ""}, None),
        ({"X-Forwarded-User": "ada", "X-Ranklens-Proxy-Secret": "é" * 20}, None),
        ({"X-Ranklens-Proxy-Secret": SECRET}, None),
        ({"X-Forwarded-User": " ", "X-Ranklens-Proxy-Secret": SECRET}, None),
        ({"X-Forwarded-User": "*", "X-Ranklens-Proxy-Secret": SECRET}, None),
    ],
)  # fmt: skip
def test_a_header_counts_only_beside_the_secret(headers, found):
    made = of_headers(PROXY, headers)
    assert made == found if found else (not made.account and made.problem)


def test_two_headers_name_nobody(monkeypatch):
    sent = [("X-Forwarded-User", "ada"), ("X-Ranklens-Proxy-Secret", SECRET)]
    for more, account in (([], "ada"), ([("x-forwarded-user", "root")], "")):
        headers = StreamlitHeaders([*sent, *more])
        monkeypatch.setattr(
            visitor, "st", SimpleNamespace(context=SimpleNamespace(headers=headers))
        )
        assert visitor.signed_in(PROXY).account == account


def test_no_header_counts_if_there_is_no_secret():
    headers = {"X-Forwarded-User": "ada", "X-Ranklens-Proxy-Secret": ""}
    assert not of_headers(OIDC, headers).account


@pytest.mark.parametrize(
    ("claims", "account"),
    [
        ({"email": "Ada@example.org", "email_verified": True}, "ada@example.org"),
        ({"email": "ada@example.org", "email_verified": False}, ""),
        ({"email": "ada@example.org", "email_verified": "true"}, ""),
        ({"email": "ada@example.org"}, ""),
        ({"email_verified": True}, ""),
        ({}, ""),
    ],
)
def test_an_email_counts_only_if_it_is_verified(claims, account):
    assert of_claims(OIDC, claims).account == account


def test_another_claim_may_name_the_account():
    settings = Settings(sign_in="oidc", oidc_claim="sub")
    assert of_claims(settings, {"sub": "u-17", "email": "x@y"}).account == "u-17"


def test_the_provider_of_the_settings_is_written_for_this_user_alone():
    given = {
        "sign_in": "oidc", "oidc_client_id": "ranklens", "oidc_client_secret": 'a"b\n[x]',
        "oidc_metadata_url": "https://a.example/m", "oidc_redirect_url": "https://b.example/x",
    }  # fmt: skip
    path = sign_in.secrets_file(Settings(**given))
    assert path is not None
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    auth = tomllib.loads(path.read_text("utf-8"))["auth"]
    assert auth["client_secret"] == given["oidc_client_secret"]
    assert len(auth["cookie_secret"]) >= 32
    assert sign_in.secrets_file(Settings()) is None
    assert path.parent.name.startswith(sign_in.PREFIX)


def test_what_a_killed_process_left_of_it_goes_at_the_next_start(tmp_path, monkeypatch):
    code = (
        # As in another container, whose numbers of processes are others.
        "import os; os.getpid = lambda: 4_194_999; "
        "from rag.settings import Settings; from ui.sign_in import secrets_file; "
        "print(secrets_file(Settings(sign_in='oidc', oidc_client_id='x', "
        "oidc_metadata_url='https://a.example/m', oidc_redirect_url='https://b.example/x')), "
        "flush=True); input()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    of_our_number = tmp_path / f"{sign_in.PREFIX}{os.getpid()}-before"
    of_our_number.mkdir(0o700)
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        left = Path(other.stdout.readline().strip())
        mine = sign_in.secrets_file(
            Settings(sign_in="oidc", oidc_client_id="x", oidc_metadata_url="https://a.example/m",
                     oidc_redirect_url="https://b.example/x")
        )  # fmt: skip
        assert left.is_file()  # its process runs
        assert not of_our_number.exists()  # a container's first process has the same one each time
        other.kill()
    assert left.is_file()
    sign_in.secrets_file(Settings(sign_in="oidc", oidc_client_id="x"))
    assert not left.parent.exists()
    assert mine.is_file()


def test_a_page_does_not_start_without_the_secret_of_the_other_hosts(monkeypatch):
    monkeypatch.setattr(cookies, "WAIT_SECONDS", 0.0)
    away = "postgresql://a:hidden@127.0.0.1:1/x"
    with pytest.raises(SystemExit) as ended:
        sign_in.secrets_file(Settings(sign_in="oidc", oidc_client_id="x", database_url=away))
    assert "cannot be reached" in str(ended.value)
    assert "hidden" not in str(ended.value)


# The pages


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    with two_collections(tmp_path_factory.mktemp("pages")) as both:
        yield both


@pytest.fixture
def page(held, monkeypatch):
    """Return a function that runs a page as an account sees it."""
    library, _ = held
    monkeypatch.setattr(ui.shared.state, "_opened", lambda: library)
    monkeypatch.setattr(served, "library", SimpleNamespace(settings=library.settings))

    def run(account, path="app.py", query=None, **state):
        monkeypatch.setattr(visitor, "signed_in", lambda _settings: SignedIn(account))
        at = AppTest.from_file(f"../../{path}", default_timeout=60)
        for key, value in state.items():
            at.session_state[key] = value
        for key, value in (query or {}).items():
            at.query_params[key] = value
        return at.run()

    return run


def shown(at) -> str:
    """Everything on a page, as one text: what is sent to the browser, and the cells of tables."""
    sent = [str(getattr(one, "proto", "")) for root in (at.main, at.sidebar) for one in root]
    return "\n".join([*sent, *(table.value.to_csv() for table in at.dataframe)])


PAGES = [f"ui/{name}/page.py" for name in
         ("ask", "library", "inspect", "compare", "judge", "measure", "settings")]  # fmt: skip
EVERY = bool(os.environ.get("EVERY_VISITOR"))
ALL = ["app.py", *PAGES, "ui/monitor/page.py", "ui/models/page.py"]
SHOWN = ALL if EVERY else [ALL[0], ALL[2], ALL[3], ALL[6]]


@pytest.mark.parametrize("path", ["app.py"])
def test_who_has_not_signed_in_sees_the_way_in_and_nothing_else(page, path):
    text = shown(page("", path))
    assert "Sign in" in text
    assert not [word for both in CANARIES.values() for word in both if word in text]


def test_who_has_no_role_is_shown_what_to_do(page):
    text = shown(page("stranger"))
    assert "You have no access yet" in text
    assert not [word for both in CANARIES.values() for word in both if word in text]


@pytest.mark.parametrize(("account", "path"), [("", PAGES[1]), ("stranger", PAGES[0])])
def test_no_page_opens_by_itself_either(page, account, path):
    at = page(account, path)
    text = shown(at)
    assert not [word for both in CANARIES.values() for word in both if word in text]


@pytest.mark.parametrize(
    ("account", "foreign", "path"),
    [*(("viewer", THEIRS, path) for path in SHOWN), ("outsider", OURS, "app.py")],
)
def test_no_page_shows_what_is_foreign(page, account, foreign, path):
    text = shown(page(account, path, collection=foreign))
    assert not [word for word in (*CANARIES[foreign], foreign) if word in text]


def test_a_viewer_sees_documents_and_no_button_that_changes_them(page):
    at = page("viewer", "ui/library/page.py", document=f"{CANARIES[OURS][0]}.md")
    labels = {button.label for button in at.button}
    assert CANARIES[OURS][0] in shown(at)
    assert not labels & {"Remove", "Re-index", "Collections…"}
    editor = page("editor", "ui/library/page.py", document=f"{CANARIES[OURS][0]}.md")
    assert {"Remove", "Re-index"} <= {button.label for button in editor.button}


@pytest.mark.parametrize("account", ["editor"])
@pytest.mark.parametrize("path", ["ui/monitor/page.py", "ui/models/page.py"])
def test_monitor_and_models_are_for_administrators(page, account, path):
    at = page(account, path)
    assert at.exception or "needs the role admin" in shown(at)


def test_an_administrator_grants_and_revokes_and_reads_the_audit_log(page, held):
    library, _ = held
    at = page("admin", "ui/settings/page.py", section="People")
    assert not at.exception
    at.text_input(key="grant_account").set_value("New@Example.org")
    at.selectbox(key="grant_role").set_value("judge")
    at.selectbox(key="grant_place").set_value(OURS)
    at.button(key="FormSubmitter:grant-Grant").click().run()
    people.forget_rights()
    key = library.collections.id_of(OURS)
    assert people.visitor(library, "new@example.org").role(key) == Role.JUDGE
    text = shown(at)
    assert "new@example.org: judge in " + OURS in text
    assert f"new@example.org: judge in {OURS}" in at.selectbox(key="revoke_role").options
    chosen = next(one for one in people.people(library).listed() if one.account.startswith("new"))
    at.selectbox(key="revoke_role").set_value(chosen).run()
    at.button(key="revoke_grant").click().run()
    assert people.visitor(library, "new@example.org").highest == Role.NONE
    assert {"granted", "revoked"} <= {one.action for one in library.accounts.audit()}


def test_a_link_shows_a_conversation_to_another_account_until_it_is_revoked(page, held):
    library, _ = held
    theirs = member_of(library, "outsider")
    (chat,) = theirs.conversations.all()
    secret, made = sharing.share(theirs, "conversation", chat.id)
    at = page("viewer", query={"shared": secret})
    assert CANARIES[THEIRS][0] in shown(at)
    assert "Shared by outsider" in shown(at)
    at = page("", query={"shared": secret})
    assert CANARIES[THEIRS][0] not in shown(at)
    admin = page("admin", "ui/settings/page.py", section="People")
    assert made.title[:20] in shown(admin)
    admin.button(key="revoke_link").click().run()
    assert CANARIES[THEIRS][0] not in shown(page("viewer", query={"shared": secret}))


def test_whoever_has_not_signed_in_gets_no_menu(page):
    for account, where in (("", "hidden"), ("viewer", "top")):
        page(account)
        assert ui.shared.state.menu() == where


def test_nobody_else_sees_people_or_the_audit_log(page):
    text = shown(page("editor", "ui/settings/page.py", section="People"))
    assert "outsider" not in text
    assert "Audit log" not in text


def test_changed_settings_are_in_the_audit_log(held):
    library, _ = held
    saved_settings.save(member_of(library, "admin"), "top", 7)
    saved_settings.reset(member_of(library, "admin"), "top")
    last = library.accounts.audit(2)
    assert [(one.account, one.action, one.what) for one in last] == [
        ("admin", "reset the option", "top"),
        ("admin", "saved the option", "top"),
    ]
    with pytest.raises(Refused):
        saved_settings.save(member_of(library, "editor"), "top", 7)


def test_a_judge_has_the_name_of_the_account(page, held, monkeypatch):
    from ui.shared import grades

    monkeypatch.setattr(visitor, "account", lambda: "judge")
    assert grades.judge() == "judge"


def test_a_callback_does_nothing_for_another_account(page, held, monkeypatch):
    """The browser came back as somebody else, and clicks on what was drawn for the first one."""
    library, _ = held
    at = page("admin", "ui/settings/page.py", section="People")
    at.text_input(key="grant_account").set_value("mallory@example.org")
    at.selectbox(key="grant_role").set_value("admin")
    monkeypatch.setattr(visitor, "signed_in", lambda _settings: SignedIn("viewer"))
    at.button(key="FormSubmitter:grant-Grant").click().run()
    assert library.accounts.grants(["mallory@example.org"]) == []
    assert "mallory" not in shown(at.run())


def test_what_is_kept_meanwhile_is_one_account_s(held):
    library, _ = held
    trace = member_of(library, "viewer").search("Who sees the moon?", collection=OURS)
    for key_of in (judged_sets.version, lambda one: inspecting.stamp(one, trace, OURS)):
        assert key_of(member_of(library, "viewer")) == key_of(member_of(library, "viewer"))
        assert len({key_of(member_of(library, who)) for who in ("viewer", "judge", "admin")}) == 3


def test_rights_end_while_a_page_is_open(page, held):
    library, _ = held
    managed = people.people(library)
    managed.grant("guest", "viewer", OURS)
    at = page("guest", "ui/library/page.py")
    assert CANARIES[OURS][0] in shown(at)
    managed.revoke("guest")
    assert CANARIES[OURS][0] not in shown(at.run())


# Sharing from where a thing is shown


def made_link(at, kind) -> str:
    at.button(key=f"make_share_{kind}").click().run()
    assert not at.exception
    (link,) = [one.value for one in at.code if "shared=" in one.value]
    return parse_qs(urlsplit(link).query)["shared"][0]


def is_over(page, at, kind, held, secret) -> None:
    """It is over once its maker revokes it."""
    reader = member_of(held[0], "viewer")
    assert sharing.follow(reader, secret).account == "editor"
    page("editor")  # whose page `at` is
    at.button(key=f"revoke_{kind}").click().run()
    with pytest.raises(NotThere):
        sharing.follow(reader, secret)


def test_a_report_is_shared_from_the_page_measure(page, held):
    things = held[1][OURS]
    at = page("editor", "ui/measure/page.py", query={"run": things.evaluation})
    secret = made_link(at, "evaluation")
    read = page("viewer", query={"shared": secret})
    assert things.set in shown(read)
    assert "Unexpected error" not in shown(read)
    assert {one.proto.id.split("-")[-1] for one in read.get("download_button")} == {
        "shared_report",
        "shared_json",
    }
    assert {one.key for one in read.button} == set()
    is_over(page, at, "evaluation", held, secret)


def test_a_round_of_votes_is_shared_from_the_page_compare(page, held):
    at = page("editor", "ui/compare/page.py", query={"view": "vote"}, collection=OURS)
    secret = made_link(at, "votes")
    read = page("viewer", query={"shared": secret})
    assert "Without reranking (current) and Without reranking" in shown(read)
    is_over(page, at, "votes", held, secret)


def test_a_comparison_is_shared_from_the_page_compare(page, held):
    library, things = held
    editor = member_of(library, "editor")
    made = editor.compare(things[OURS].question, ["none", "pool=20"], collection=OURS)
    job = Job(lambda _job: made, "").start()
    job.thread.join()
    at = page("editor", "ui/compare/page.py", collection=OURS, compared=job,
              compared_within=OURS, compared_as={})  # fmt: skip
    assert "It shows the rankings as they are now" in shown(at)
    secret = made_link(at, "comparison")
    read = page("viewer", query={"shared": secret})
    assert "pool=20" in shown(read)
    is_over(page, at, "comparison", held, secret)


def test_a_shared_comparison_ends_with_a_document_of_it(held):
    library, _ = held
    editor = member_of(library, "editor")
    editor.enqueue_upload("passing.md", BytesIO(b"The moon passes."), collection=OURS)
    library.work()
    made = editor.compare("What passes?", ["none"], collection=OURS)
    secret, _ = sharing.share_comparison(editor, made, OURS)
    assert sharing.follow(member_of(library, "viewer"), secret).shown["question"]
    editor.remove("passing.md")
    with pytest.raises(NotThere):
        sharing.follow(member_of(library, "viewer"), secret)


def test_a_shared_conversation_shows_how_much_of_it_is_left_out(page, held):
    library, _ = held
    editor = member_of(library, "editor")
    editor.enqueue_upload("leaving.md", BytesIO(b"The moon leaves."), collection=OURS)
    library.work()
    chat = editor.conversations.start("Moon", library.collections.id_of(OURS))
    editor.conversations.add(chat, "What leaves?", editor.search("What leaves?", collection=OURS))
    secret, _ = sharing.share(editor, "conversation", chat)
    assert "What leaves?" in shown(page("viewer", query={"shared": secret}))
    editor.remove("leaving.md")
    text = shown(page("viewer", query={"shared": secret}))
    assert "1 question is left out" in text
    assert "What leaves?" not in text
    editor.conversations.remove(chat)


def test_a_shared_answer_looks_as_it_does_on_ask(page, held):
    library, _ = held
    editor = member_of(library, "editor")
    editor.enqueue_upload("tide.md", BytesIO(b"The moon pulls the tide."), collection=OURS)
    library.work()
    trace = editor.search("What pulls the tide?", collection=OURS)
    text, passage = "The moon. [1]\n\nIt. [1]", trace.given[0].chunk.id
    cited = tuple(Citation(1, passage, at, at + 3) for at in (text.index("["), text.rindex("[")))
    answer = Answer(text, cited, "extractive", False, 0.1)
    chat = editor.conversations.start("Tide", library.collections.id_of(OURS))
    editor.conversations.add(chat, trace.question, replace(trace, answer=answer))
    secret, _ = sharing.share(editor, "conversation", chat)
    text = shown(page("viewer", query={"shared": secret}))
    first, others = text.split("Also found")
    assert "The moon." in first
    assert "rl-cite" in others.split("Passages the answer was given")[0]
    assert "rl-word" in others, "words of the question are marked"
    editor.conversations.remove(chat)
    editor.remove("tide.md")


def test_a_shared_thing_as_a_file_names_no_place_of_the_server(held):
    library, things = held
    trace = library.search(things[OURS].question, collection=OURS)
    made = to_dict(replace(trace, settings={**trace.settings, "llm_base_url": "http://in.side/v1"}))
    for shown_ in (
        {"turns": [{"question": "?", "trace": made}]},
        {"question": "?", "pipelines": [{"pipeline": "none", "problem": "", "trace": made}]},
        made,
    ):
        text = shared_link._json(library, shown_)
        assert "in.side" not in text
        assert CANARIES[OURS][0] in text


@pytest.mark.parametrize(("account", "files"), [("viewer", False), ("editor", True)])
def test_files_are_offered_to_be_dropped_by_who_may_add_them(page, account, files):
    at = page(account)
    (box,) = at.chat_input
    assert bool(box.proto.accept_file) == files


@pytest.mark.parametrize(
    ("account", "hides"), [("viewer", True), ("editor", True), ("admin", False)]
)
def test_an_error_names_the_server_s_places_to_an_administrator_alone(
    page, held, monkeypatch, account, hides
):
    library, _ = held
    inside = library.settings.updated(llm_base_url="http://models.internal:8080/v1")
    monkeypatch.setattr(library, "settings", inside)

    def failing(*_arguments):
        raise RanklensError("The endpoint http://models.internal:8080/v1 cannot be reached.")

    monkeypatch.setattr(choices, "ready", failing)
    text = shown(page(account))
    assert "cannot be reached" in text
    assert ("models.internal" in text) != hides
