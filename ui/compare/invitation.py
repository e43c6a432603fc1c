"""The address that brings voters to a ballot: what it holds, and how it is offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from ranklens.voting import VoteKind
from ui.shared import address, collections, frame

VOTER = "voter"  # the value of `view` in such an address
USUAL, MOST = 5, 20  # passages a side


@dataclass(frozen=True, slots=True)
class Invitation:
    """What somebody is asked to vote on."""

    question: str
    pipelines: tuple[str, ...]
    kind: VoteKind
    depth: int
    one_pool: bool

    @property
    def parameters(self) -> dict[str, str | list[str]]:
        """What stands in the address."""
        return {
            "view": VOTER,
            "question": self.question,
            "pipelines": list(self.pipelines),
            "kind": self.kind,
            "passages": str(self.depth),
            "pool": "one" if self.one_pool else "",
        }


def read(given: Mapping[str, str]) -> Invitation | None:
    """Return what an address asks to vote on; None if it is no invitation."""
    question, pipelines = given.get("question", ""), tuple(address.every("pipelines"))
    if given.get("view") != VOTER or not question or len(pipelines) != 2:
        return None
    depth = min(address.number(given.get("passages", "")) or USUAL, MOST)
    kind: VoteKind = "answers" if given.get("kind") == "answers" else "rankings"
    return Invitation(question, pipelines, kind, depth, given.get("pool") == "one")


def offer(
    question: str, pipelines: Sequence[str], kind: VoteKind, depth: int, one_pool: bool
) -> None:
    """Offer the address for voters."""
    invitation = Invitation(question, tuple(pipelines), kind, depth, one_pool)
    with st.popover("Address for voters", icon=":material/share:"):
        frame.say(
            "People who open it see both sides and nothing else, vote, and go on to the next "
            "question. They must be able to open this page."
        )
        st.code(_address(invitation), language=None, wrap_lines=True)


def _address(invitation: Invitation) -> str:
    here = urlsplit(st.context.url or "/compare")
    named = {**collections.in_address(), **invitation.parameters}
    query = urlencode({n: v for n, v in named.items() if v}, doseq=True)
    return urlunsplit((here.scheme, here.netloc, here.path, query, ""))
