"""Keys of the HTTP API on the Settings page."""

from tests.ui.test_ask import html

PAGE = "ui/settings/page.py"


def make(at, name, scope="read"):
    at.text_input(key="key_name").set_value(name)
    at.selectbox(key="key_scope").select(scope)
    next(one for one in at.button if one.label == "Make a key").click()
    return at.run()


def test_a_key_is_shown_once_and_can_be_revoked(page, library):
    at = page(PAGE, section="Keys for programs")
    assert "Without any key only programs on this machine" in html(at)
    make(at, "notebook", "write")
    assert not at.exception
    (shown,) = [one.value for one in at.code if one.value.startswith("rl_")]
    key = library.keys.find(shown)
    assert (key.name, key.scope) == ("notebook", "write")
    assert not [one for one in at.run().code if one.value.startswith("rl_")]
    at.button(key="revoke_key").click().run()
    assert library.keys.find(shown) is None
    assert library.keys.all()[0].revoked


def test_a_key_needs_a_name(page, library):
    at = make(page(PAGE, section="Keys for programs"), " ")
    assert "a key needs a name" in html(at)
    assert library.keys.none()
