"""Words of a text, and how they are compared."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

# Thai, Lao, Burmese, jamo, Khmer, Chinese, Japanese and Korean put no spaces between words.
UNSPACED = (
    "\u0e01-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff"
    "\u3005-\u3007\u3041-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3100-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
LETTERED = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer: several a word
# Accents and vowel signs, such as those of Hindi, which `\w` leaves out.
MARKS = "".join(
    mark for mark in map(chr, range(0x300, 0x10000)) if unicodedata.category(mark) in ("Mn", "Mc")
)
WORD = re.compile(r"\w+")
COMPOUND = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*")
_RUN_OR_WORD = re.compile(rf"([{UNSPACED}]+)|(?:[^\W_{UNSPACED}][{MARKS}]*)+")
_UNSPACED_RUN = re.compile(rf"[{UNSPACED}]+")
_ENDING = re.compile(r"(?:ies|es|s|ed|ing|e|y)$")


def word_set(words: str) -> frozenset[str]:
    """Return a list of words, written with spaces between them, as a set."""
    return frozenset(words.split())


# Lucene's English list without "no" and "not", and the words that open questions. BM25Okapi's
# floor gives a word that most chunks have more weight than one that 40 % have, so they do harm:
# nDCG@10 rose from 0.762 to 0.786 on 500 HotpotQA questions, from 0.782 to 0.796 on 1,500 of
# SQuAD's. A longer list (auxiliaries, pronouns) gained nothing more.
FUNCTION_WORDS = word_set(
    "a an and are as at be but by for if in into is it of on or such that the their then there "
    "these they this to was will with what which who whom whose when where why how"
)
# Auxiliaries and pronouns, which say nothing of what a question is about either.
QUESTION_WORDS = FUNCTION_WORDS | word_set(
    "been can could did do does from had has have he her his i its many me much my our s she so "
    "tell we were you your"
)

# The same in German, French, Spanish and Italian. As "die" and "a" are words of several languages,
# a question has one list: of 49,000 English questions, one gets another than the English.
_FOREIGN_QUESTION_WORDS = (
    word_set(
        "am an auf aus bei bis das dem den der des die du ein eine einem einen einer es für "
        "gibt groß hat haben hoch ich ihr im in ist kann kommt lange man mein mit muss nach "
        "oder pro sich sie sind um und uns viel viele von vor wann war waren warum was welche "
        "welchem welchen welcher welches wem wen wer werden wessen wie wird wir wo wofür woher "
        "wohin zu zum zur über"
    ),
    word_set(
        "a au aux avec ce cette combien comment dans de des doit du elle elles en est est-ce et "
        "faut il ils je la le les leur lui mon nous on ont où par peut pour pourquoi qu quand "
        "que quel quelle quelles quels qui quoi sa se ses son sont sur un une vous y à été"
    ),
    word_set(
        "a al como con cuál cuáles cuándo cuánta cuántas cuánto cuántos cómo de del dónde el "
        "ella en es esta está están fue ha hay la las lo los me mi para por puede que qué quién "
        "quiénes se ser si son su sus un una y"
    ),
    word_set(
        "a ai al alla che chi come con cosa da dal dei del della delle di dove e gli ha i il in "
        "la le lo nel nella per perché può qual quale quali quando quanta quante quanti quanto "
        "si sono su sul un una uno è"
    ),
)
# Hiragana are endings and particles of Japanese; the others ask who, what, which and how.
_ASKING_PAIR = re.compile(".?[\u3041-\u309f何誰什么吗呢哪谁怎].?")


def question_words(question: str) -> frozenset[str]:
    """Return the words that only ask, of the language that has most of a question's; or English.

    Of scripts without spaces they are pairs of letters, none if all of the question's would be.
    """
    found = [word.casefold() for word in words(question)]
    pairs = frozenset(word for word in found if _ASKING_PAIR.fullmatch(word))
    lists = (QUESTION_WORDS, *_FOREIGN_QUESTION_WORDS)
    own = max(lists, key=lambda own: sum(word in own for word in found))
    return own | pairs if pairs and pairs < set(found) else own


def words(text: str) -> list[str]:
    """Return the words of a text; of a script without spaces its pairs of letters, as BM25 does."""
    found: list[str] = []
    for match in _RUN_OR_WORD.finditer(text):
        run = match[1]
        pairs = [a + b for a, b in pairwise(run)] if run else []
        found += pairs or [match[0]]
    return found


def is_unspaced(text: str) -> bool:
    """Return whether at least half of a text's letters are of scripts without spaces."""
    inside = sum(map(len, _UNSPACED_RUN.findall(text)))
    return 0 < sum(map(str.isalpha, text)) <= 2 * inside


def term(word: str) -> str:
    """Return a word as questions and sentences are compared: folded, without its ending."""
    folded = word.casefold()
    return folded if folded.isdigit() else _ENDING.sub("", folded) or folded


def terms(text: str) -> set[str]:
    """Return the words of a text as they are compared."""
    return {term(word) for word in words(text)}
