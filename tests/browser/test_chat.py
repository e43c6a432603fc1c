"""Conversations in the real page: stream, stop, follow up, reopen after a restart, two people."""

import io
import re

import pytest
from playwright.sync_api import expect

from rag.chat.store import Conversations
from rag.settings import Settings
from ranklens.library import Library
from tests.browser.conftest import serving
from tests.browser.test_measure import settled
from tests.servers.openai_server import OpenAIServer, Pause, Reply
from ui.library import uploads

TEXTS = {
    "tides.md": "# Tides\n\nThe Moon raises two tides a day.\n\n## Spring tides\n\nAt full and new "
    "moon the Sun helps, and the tide is highest.\n",
    "boats.txt": "A dinghy is a small open boat. It is rowed or sailed near the shore.\n",
}
FIRST = "When is the tide highest?"
TABLE = "\n\n| Tide | Height |\n| --- | --- |\n| spring | high |\n"
EVIL = "![x](http://evil.example/p.png) <img src=http://evil.example/q.png onerror=alert(1)>"


@pytest.fixture(scope="module")
def model():
    with OpenAIServer() as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("library")
    with Library.open(Settings(library=made)) as library:
        for name, text in TEXTS.items():
            uploads.add(library, name, io.BytesIO(text.encode()))
        library.work()
    return made


def served(folder, model=None, **more):
    given = {"RANKLENS_LIBRARY": str(folder), **more}
    if model:
        given |= {
            "RANKLENS_LLM_BASE_URL": model.url,
            "RANKLENS_LLM_MODEL": "fake",
            "RANKLENS_LLM_API_KEY": model.key,
        }
    return serving("streamlit", "run", "app.py", **given)


def ask(page, text):
    box = page.locator("[data-testid=stChatInputTextArea]")
    box.fill(text)
    box.press("Enter")


def drop(page, selector, path):
    """Drag a file from outside onto an element, as the browser itself reports it."""
    box = page.locator(selector).bounding_box()
    session = page.context.new_cdp_session(page)
    dragged = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **where, "data": dragged})


def answers(page, count):
    page.wait_for_function(
        "count => document.querySelectorAll('[data-complete]').length === count", arg=count
    )
    return page.locator("[data-complete]").all_inner_texts()


def test_stream_stop_follow_up_and_reopen_after_a_restart(folder, model, visit, shot):
    with served(folder, model) as address:
        page = visit(address)
        model.script(Reply(["At full ", "moon [1]. ", Pause(60), "Too late."]))
        ask(page, FIRST)
        page.get_by_text("At full moon").wait_for()
        shot(page, "chat-streaming")
        page.get_by_role("button", name="Stop").click()
        assert model.left.wait(5)  # it hears that nobody listens, a minute before its next piece
        (first,) = answers(page, 1)
        assert "At full moon" in first
        assert "Too late" not in first
        page.locator(".rl-foot", has_text="stopped").wait_for()

        model.script(
            Reply(["Why is the tide highest at full moon?"]),
            Reply(["The **Sun** helps [1]. It is said to be 99 metres [1]. Nobody knows why."]),
        )
        ask(page, "Why is it?")
        _, second = answers(page, 2)
        assert "The Sun helps" in second
        searched = page.locator(".rl-searched").inner_text()
        assert "Why is the tide highest at full moon?" in searched
        assert "by the model" in searched
        assert page.locator(".rl-answer .doubtful").inner_text().startswith("It is said")
        assert page.locator(".rl-answer .uncited").inner_text() == "Nobody knows why."
        page.get_by_text("does not hold the number 99").wait_for()
        shot(page, "chat-checked")
        chat = re.search(r"chat=(\w+)", page.url)[1]

    with served(folder) as address:
        page = visit(address)
        page.get_by_role("button", name=FIRST).click()
        assert answers(page, 2) == [first, second]
        page.wait_for_url(f"**/?chat={chat}&turn=*")
        page.get_by_role("button", name="Evidence").click()
        page.get_by_role("button", name="Evidence").nth(0).wait_for()
        assert "The Sun helps" in page.locator("[class*=st-key-turn-]").last.inner_text()
        shot(page, "chat-reopened")

        with page.expect_download() as download:
            page.get_by_role("button", name="Conversation", exact=True).click()
            page.get_by_role("button", name="Export as Markdown").click()
        exported = download.value.path().read_text("utf-8")
        assert f"## {FIRST}" in exported
        assert "The **Sun** helps [1]." in exported
        assert "\\*" not in exported
        assert re.search(r"^- \[1\] tides.md.*: “", exported, re.M)

    with served(folder) as address:
        page = visit(f"{address}/?chat={chat}")
        assert len(answers(page, 2)) == 2


def test_thinking_is_folded_away(folder, model, visit, shot):
    with served(folder, model) as address:
        page = visit(address, 800, dark=True)
        model.script(
            Reply(
                [
                    "<think>Is it <b>new</b> ",
                    Pause(2),
                    "moon [1]?</think>\n\nAt full moon [1]. ",
                    EVIL,
                ]
            )
        )
        ask(page, FIRST)
        page.get_by_text("The model is thinking").wait_for()
        (told,) = answers(page, 1)
        assert "think" not in told
        assert EVIL in told
        assert page.locator("main img[src*=evil], main a[href*=evil], .rl-answer img").count() == 0
        assert page.locator(".rl-answer .rl-cite").count() == 1
        thought = page.locator(".rl-thinking div")
        assert not thought.is_visible()
        page.get_by_text("The model's thinking").click()
        assert thought.inner_text() == "Is it <b>new</b> moon [1]?"
        shot(page, "chat-thinking")


def test_two_people_at_once_have_conversations_of_their_own(folder, visit):
    with served(folder) as address:
        one, two = visit(address), visit(address)
        ask(one, "What is a dinghy?")
        ask(two, "Which tides does the Moon raise?")
        (told_one,), (told_two,) = answers(one, 1), answers(two, 1)
        assert "open boat" in told_one
        assert "two tides" in told_two
        ask(one, "Where is it rowed?")
        searched = one.locator(".rl-searched")
        searched.wait_for()
        assert "(dinghy)" in searched.inner_text()
        answers(one, 2)
        assert len(answers(two, 1)) == 1
        assert two.locator(".rl-question").all_inner_texts() == ["Which tides does the Moon raise?"]
        assert one.url != two.url


def test_edit_and_ask_again_judge_and_delete(folder, visit, shot):
    with served(folder) as address:
        page = visit(address)
        ask(page, "What is a dingy?")
        answers(page, 1)
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("Question").fill("What is a dinghy?")
        shot(page, "chat-editing")
        page.get_by_role("button", name="Ask", exact=True).click()
        page.locator(".rl-question", has_text="What is a dinghy?").wait_for()
        answers(page, 1)
        page.locator(
            "[data-testid=stFeedback] button, [data-testid=stFeedbackButton]"
        ).first.click()
        settled(page)
        page.get_by_role("radio", name="Thumbs down").click()
        why = page.get_by_role("combobox", name="What was wrong?")
        why.click()
        page.get_by_role("option", name="Something is missing").click()
        expect(why).to_have_value("Something is missing")
        page.reload()
        expect(why).to_have_value("Something is missing")
        listed = page.locator("[class*=st-key-chat_shown] button, [class*=st-key-chat_0] button")
        search = page.get_by_placeholder("Search conversations")
        search.fill("zeppelin")
        search.press("Enter")
        page.get_by_text("No conversation has these words.").wait_for()
        search.fill("DINGHY")
        search.press("Enter")
        expect(listed.first).to_contain_text("What is a ding")
        page.get_by_role("button", name="Conversation", exact=True).click()
        page.get_by_role("button", name="Pin to the top").click()
        page.get_by_test_id("stSidebar").get_by_text("Pinned").wait_for()
        page.get_by_role("button", name="Delete…").click()
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_text("Ask your documents").wait_for()
        page.get_by_role("button", name="What is a dingy?").wait_for(state="detached")


def test_back_forward_reload_and_links_show_the_same(folder, visit):
    with served(folder) as address:
        page = visit(address)
        box = page.locator("[data-testid=stChatInputTextArea]")
        expect(box).to_be_focused()
        ask(page, "What is a dinghy?")
        answers(page, 1)
        expect(box).to_be_focused()
        dinghy = page.url
        page.get_by_role("button", name="New conversation").click()
        page.get_by_text("Ask your documents").wait_for()  # else the box of before is filled
        ask(page, FIRST)
        page.locator(".rl-question", has_text=FIRST).wait_for()
        answers(page, 1)
        question = page.locator(".rl-question")
        page.go_back()
        page.get_by_text("Ask your documents").wait_for()
        page.go_back()
        expect(question).to_have_text("What is a dinghy?")
        assert page.url == dinghy
        page.go_forward()
        page.go_forward()
        expect(question).to_have_text(FIRST)
        page.reload()
        expect(question).to_have_text(FIRST)

        page.locator(".rl-answer .rl-cite").first.click()
        drawer = page.locator("[role=dialog]")
        drawer.locator(".rl-where").wait_for()
        page.wait_for_url("**&passage=*")
        page.reload()
        drawer.locator(".rl-where", has_text="tides.md").wait_for()
        other = visit(page.url)  # a link sent to somebody
        other.locator("[role=dialog] .rl-where", has_text="tides.md").wait_for()
        page.go_back()
        drawer.wait_for(state="detached")
        page.go_forward()
        drawer.wait_for()
        page.keyboard.press("Escape")
        drawer.wait_for(state="detached")
        page.wait_for_url(lambda url: "passage" not in url)


def test_versions_names_after_an_at_copy_and_an_added_file(folder, visit, tmp_path, shot):
    with served(folder) as address:
        page = visit(address)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        box = page.locator("[data-testid=stChatInputTextArea]")
        expect(box).to_be_focused()
        box.press_sequentially("When is the tide highest? @ti")
        page.get_by_role("option", name="tides.md").wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(box).to_have_value("When is the tide highest? @tides.md ")
        page.keyboard.press("Enter")
        answers(page, 1)
        first = page.url
        page.get_by_role("combobox", name="Reranker").click()
        page.get_by_role("option", name="Reranker: none").click()
        page.get_by_text("version 2 of 2").wait_for()
        page.wait_for_url(lambda url: url != first)
        page.go_back()
        page.get_by_text("version 1 of 2").wait_for()
        expect(page.get_by_role("combobox", name="Reranker")).to_have_value("Reranker: auto")
        shot(page, "versions")
        page.get_by_role("button", name="Compare").click()
        page.locator("[role=dialog] .rl-version").nth(1).wait_for()
        shot(page, "versions-compared")
        page.keyboard.press("Escape")
        page.locator("[role=dialog]").wait_for(state="detached")
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert "highest" in page.evaluate("navigator.clipboard.readText()")

        new = tmp_path / "kayaks.md"
        new.write_text("# Kayaks\n\nA kayak is paddled with a double blade.\n")
        drop(page, "[data-testid=stChatInput]", new)
        page.locator("[data-testid=stChatInput]", has_text="kayaks.md").wait_for()
        expect(page.locator("[data-testid=stChatInputSubmitButton]")).to_be_enabled()
        ask(page, "How is a kayak paddled?")
        assert "double blade" in answers(page, 2)[1]  # it waited until the file was indexed


def test_stop_while_searching_and_the_evidence_beside_every_turn(folder, model, visit, shot):
    with served(folder, model) as address:
        page = visit(address)
        model.script(Reply(["At full moon [1]. " * 60]))
        ask(page, FIRST)
        answers(page, 1)
        model.script(Reply([Pause(60), "Too late."]))
        ask(page, "And why is that?")  # the model rewrites it first
        page.get_by_text("Reading the question in its conversation").wait_for()
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Reading the question").wait_for(state="detached")
        expect(page.locator(".rl-question")).to_have_count(1)
        assert "why is that" not in page.locator("main").inner_text()

        model.script(Reply(["Why is it highest?"]), Reply(["Again [1]. " * 60 + TABLE]))
        ask(page, "And why is that?")
        answers(page, 2)
        panel = page.locator(".st-key-evidence")
        for turn in page.locator("[class*=st-key-turn-]").all():
            turn.scroll_into_view_if_needed()
            page.wait_for_timeout(300)
            assert 0 <= panel.bounding_box()["y"] < 300
        shot(page, "evidence-beside-the-second-turn")
        cells = page.locator(".rl-answer table td")
        assert cells.all_inner_texts()[:2] == ["spring", "high"]

        model.script(*[Reply(status=500, error={"error": {"message": "overloaded"}})] * 6)
        page.get_by_role("button", name="New conversation").click()
        page.get_by_text("Ask your documents").wait_for()
        ask(page, FIRST)
        page.get_by_role("button", name="Quote the documents instead").click()
        expect(page.locator(".rl-answer")).to_contain_text("the tide is highest")
        assert page.locator(".rl-answer .rl-cite").count() >= 1


def test_feedback_survives_and_credits_the_pipelines_compared_in_use(folder, visit):
    compared = {"RANKLENS_AB_FIRST": "none", "RANKLENS_AB_SECOND": "other:dense_weight=0"}
    with served(folder, **compared) as address:
        page = visit(address)
        ask(page, "What is a small boat?")
        answers(page, 1)
        page.locator(".rl-answer .rl-cite").first.click()
        page.locator("[role=dialog] .rl-where").wait_for()
        page.wait_for_url("**&passage=*")
        page.keyboard.press("Escape")
        page.locator("[role=dialog]").wait_for(state="detached")
        page.locator(
            "[data-testid=stFeedback] button, [data-testid=stFeedbackButton]"
        ).first.click()
        settled(page)
    with Library.open(Settings(library=folder)) as library:
        kept = Conversations(library.index.catalogue.engine)
        assert [t.question for t in kept.judged() if t.liked] == ["What is a small boat?"]
        (turn,) = library.interleavings.all()
        assert (turn.first, turn.second, turn.liked) == ("none", "other", True)
        assert turn.opened <= turn.teams.keys()
        assert len(turn.opened) == 1
