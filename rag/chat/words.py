"""Words that carry no topic, and words that point back at an earlier question."""

from __future__ import annotations

import re

from rag.text.names import name_words
from rag.text.words import COMPOUND, word_set

POINTERS = word_set("""
it its itself they them their theirs themselves he him his she her hers himself herself this that
these those there then former latter same
""")
STOPWORDS = POINTERS | word_set("""
a an the and or but nor so yet if as at by for from in into of on onto to with without within about
above after again all also am any are aren't be because been before being below between both can
can't cannot could couldn't did didn't do does doesn't doing done don't down during each else ever
every few further get gets give given gives go goes got had has hasn't have haven't having here how
however i i'd i'll i'm i've isn't is just know let like made make many may me mean means might mine
more most much must my no not now off ok okay old once one ones only other others our ours out over
own please say says said see shall should show since some something still such tell than thanks
that's thing things though through thus till too under until up upon us use used very was wasn't
way we well were weren't what what's when where which while who who's whom whose why will won't
would yes you your yours
""")
_LEADS = re.compile(
    r"\s*(?:and|but|or|so|also|then|what about|how about|what of|why|why not|why so|how so|"
    r"since when|which ones?|who else|what else|where else|anything else|any others?|"
    r"tell me more|more|go on|explain|elaborate|for example|such as)\b",
    re.IGNORECASE,
)
_ASKS_WHAT = re.compile(r"\s*(?:(?:what|who)(?:'s|\s+(?:is|are|was|were))|define)\b", re.IGNORECASE)
_EXPLETIVES = re.compile(
    r"\b(?:does|did|will|would|can|is|was)\s+it\s+(?:take|cost\s+to|true|possible|mean\s+to|"
    r"legal|safe|necessary)\b|\bthere\s+(?:is|are|was|were|any|a|an|been|be)\b|"
    r"\b(?:is|are|was|were)\s+there\b|\b(?:true|said|say|says|think|know|shows?|states?|sure)\s+that\b"
    r"|\b(?:this|that|these|those)\s+(?=[^\W\d_]{4,})",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"(?<=[^\W_])\s+(?:that|there)\b(?!\s*[?.!]?$)", re.IGNORECASE)


def content(text: str) -> list[str]:
    """Return the words that carry a topic, in order, each once; possessive endings taken off."""
    found: dict[str, str] = {}
    for word in COMPOUND.findall(text.replace("’", "'")):
        word = word.removesuffix("'s")
        if word.lower() not in STOPWORDS:
            found.setdefault(word.lower(), word)
    return list(found.values())


def points_back(text: str) -> bool:
    """Return whether a question cannot be read alone: it has a pronoun, or leaves out its topic."""
    words = content(text)
    if _LEADS.match(text) and len(words) <= 3:
        return True
    if not words:
        return True
    rest = _RELATIVE.sub(" ", _EXPLETIVES.sub(" ", text))
    if _pointer_before_any_name(rest):
        return True
    return len(words) == 1 and words[0] not in name_words(text) and not _ASKS_WHAT.match(text)


def _pointer_before_any_name(text: str) -> bool:
    """Return whether a pronoun points back: no name stands in front of it."""
    names = set(name_words(text))
    for word in COMPOUND.findall(text):
        if word.lower() in POINTERS:
            return True
        if word.removesuffix("'s") in names and word.lower() not in STOPWORDS:
            return False
    return False
