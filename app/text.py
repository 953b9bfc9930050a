"""Words in the languages the product speaks."""

from typing import NamedTuple


class Text(NamedTuple):
    """The same words in English and Chinese."""

    en: str
    zh: str

    def in_(self, locale: str) -> str:
        """The words for the reader: Chinese for any `zh…`, otherwise English."""
        return self.zh if locale.lower().startswith("zh") else self.en
