"""An analyser that can be worked out by hand: the words between spaces."""


class Words:
    name = "words-1"

    def __call__(self, text: str) -> list[str]:
        return text.split()
