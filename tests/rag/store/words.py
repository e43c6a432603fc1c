"""An analyser that can be worked out by hand: the words between spaces."""


class Words:
    name = "words-1"

    def __call__(self, text: str) -> list[str]:
        return text.split()

    def question(self, text: str, _languages: object = None) -> list[tuple[str, ...]]:
        return [(word,) for word in self(text)]

    def document(self, text: str, _language: str) -> list[str]:
        return self(text)
