"""An alert is sent once when it comes up, again when it comes back, and no question waits."""

import time
from dataclasses import replace

import pytest

from rag.settings import Settings
from rag.watch.figures import Alert
from rag.watch.sending import AlertLost
from ranklens import alerting, monitoring
from ranklens.alerting import AlertWatch
from tests.rag.watch.made import entry
from tests.ui.fakes import FakeLibrary

SLOW, COSTLY = Alert("alert_rerank_ms", 812.0, 500.0), Alert("alert_cost_usd", 0.02, 0.01)
ON = Settings(alert_webhook_url="http://127.0.0.1:1/")


@pytest.fixture
def sent(monkeypatch):
    """The options of the alerts of each message."""
    messages: list[list[str]] = []
    monkeypatch.setattr(
        alerting, "send", lambda found, _: messages.append([one.option for one in found])
    )
    return messages


def test_an_alert_is_sent_once_until_it_is_over(sent):
    now: list[Alert] = [SLOW]
    watch = AlertWatch(lambda: ON, lambda: now)
    watch.look()
    watch.look()
    assert sent == [["alert_rerank_ms"]]
    now.append(COSTLY)
    watch.look()
    assert sent[1:] == [["alert_cost_usd"]]
    now.clear()
    watch.look()
    now.append(SLOW)
    watch.look()
    assert sent[2:] == [["alert_rerank_ms"]]


def test_one_that_could_not_be_sent_is_tried_again(monkeypatch, caplog):
    tries = []

    def fail(found, _):
        tries.append(found)
        raise AlertLost("alert_webhook_url answered with status 500")

    monkeypatch.setattr(alerting, "send", fail)
    watch = AlertWatch(lambda: ON, lambda: [SLOW])
    watch.look()
    watch.look()
    assert len(tries) == 2
    assert "status 500" in caplog.text


def test_it_looks_once_a_minute_and_only_if_it_may_send(sent):
    off = AlertWatch(Settings, lambda: [SLOW])
    assert off.after_question() is None
    watch = AlertWatch(lambda: ON, lambda: [SLOW])
    first = watch.after_question()
    assert first is not None
    assert watch.after_question() is None
    first.join(10)
    assert sent == [["alert_rerank_ms"]]


def test_a_recorded_question_sends_what_is_beyond_its_threshold(sent):
    library = FakeLibrary()
    library.settings = library.settings.updated(
        alert_webhook_url="http://127.0.0.1:1/", alert_cost_usd=0.01
    )
    now = time.time()
    asked = [replace(entry(), asked=now - 10, cost=0.02) for _ in range(12)]
    library.question_log.add_all(asked)
    assert [alert.option for alert in monitoring.alerts_of_the_hour(library)] == ["alert_cost_usd"]
    library.alert_watch.look()
    assert sent == [["alert_cost_usd"]]
