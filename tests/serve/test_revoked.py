"""Rights that another process takes are gone within a minute: of a page, a key and a link."""

from __future__ import annotations

import atexit
import time
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

import ui.shared.state
from rag.store.accounts import Accounts
from rag.store.catalogue import Catalogue
from rag.store.shares import Shares
from ranklens import people, sharing
from ranklens.members import member_of, rights
from tests.serve.isolated import CANARIES, OURS, THEIRS, two_collections
from ui import served
from ui.shared import state, visitor
from ui.shared.visitor import SignedIn

MINUTE = 60.0


@pytest.fixture(scope="module", params=["folder", "postgres"])
def held(request, tmp_path_factory):
    options = {}
    if request.param == "postgres":
        options["database_url"] = request.getfixturevalue("postgres_module")
    with two_collections(tmp_path_factory.mktemp("revoked"), **options) as both:
        yield both
    atexit.unregister(both[0].close)  # the API would close it again, after the database has ended


@pytest.fixture
def elsewhere(held):
    """Accounts and links as another process has them: what it changes, this one has not heard."""
    library, _ = held
    settings = library.settings
    url = settings.database_url.get_secret_value()
    catalogue = Catalogue(url or settings.library / "catalogue.sqlite")
    yield SimpleNamespace(accounts=Accounts(catalogue.engine), shares=Shares(catalogue.engine))
    catalogue.close()


@pytest.fixture
def later(monkeypatch):
    """A function that lets time pass for what is kept."""
    passed, real = [0.0], time.monotonic

    def forward(seconds):
        passed[0] += seconds

    for module in (people, rights):
        clock = SimpleNamespace(monotonic=lambda: real() + passed[0], time=time.time)
        monkeypatch.setattr(module, "time", clock)
    return forward


def test_a_page_a_key_and_a_link_end_with_the_right(held, elsewhere, later, client_of, monkeypatch):
    library, things = held
    number = library.collections.id_of(OURS)
    elsewhere.accounts.grant("guest", number, "viewer")
    people.forget_rights()
    guest = member_of(library, "guest")
    secret, _ = sharing.share(guest, "evaluation", things[OURS].evaluation)
    api = client_of(library, library.keys.add("guest", "read", "guest")[0])
    path = f"/api/v1/documents/{things[OURS].document}"
    monkeypatch.setattr(ui.shared.state, "_opened", lambda: library)
    monkeypatch.setattr(served, "library", SimpleNamespace(settings=library.settings))
    monkeypatch.setattr(visitor, "signed_in", lambda _settings: SignedIn("guest"))
    page = AppTest.from_file("../../ui/library/page.py", default_timeout=60).run()

    def shown():
        return any(CANARIES[OURS][0] in str(getattr(one, "proto", "")) for one in page.main) or any(
            CANARIES[OURS][0] in table.value.to_csv() for table in page.dataframe
        )

    assert shown()
    assert api.get(path).status_code == 200
    assert sharing.follow(member_of(library, "viewer"), secret).title

    elsewhere.accounts.revoke("guest", number)
    # An open page looks by itself, and what it looks at is kept a little.
    assert state.LOOK_AGAIN + people.RIGHTS_SECONDS + rights.NAMES_SECONDS < MINUTE
    before = state._rights("guest")
    later(MINUTE - state.LOOK_AGAIN)
    assert state._rights("guest") != before  # so `_look_again` runs the page again
    page.run()
    assert not shown()
    assert api.get(path).status_code == 403
    with pytest.raises(Exception, match=r"does not lead anywhere|there is no evaluation"):
        sharing.follow(member_of(library, "viewer"), secret)


def test_a_document_that_goes_to_another_collection_goes_out_of_sight(held, elsewhere, later):
    library, things = held
    elsewhere.accounts.grant("guest", library.collections.id_of(OURS), "viewer")
    later(MINUTE)
    guest = member_of(library, "guest")
    name = things[OURS].document
    assert guest.text(name)
    library.collections.put(THEIRS, [name])
    library.collections.take(OURS, [name])
    later(rights.NAMES_SECONDS + 1)
    assert not guest.documents()
    with pytest.raises(Exception, match="there is no document"):
        guest.text(name)
    library.collections.put(OURS, [name])
    library.collections.take(THEIRS, [name])


def test_a_link_that_is_revoked_elsewhere_is_over_at_once(held, elsewhere):
    library, things = held
    mine = member_of(library, "editor")
    secret, made = sharing.share(mine, "evaluation", things[OURS].evaluation)
    assert sharing.follow(member_of(library, "viewer"), secret)
    elsewhere.shares.unshare(made.id)
    with pytest.raises(Exception, match="does not lead anywhere"):
        sharing.follow(member_of(library, "viewer"), secret)
