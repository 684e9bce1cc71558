"""Finding a model's quotes in the answer: what is not there is dropped and counted."""

from collections import Counter

from grading.domain.criterion import Quote
from workers.writing.own_text import OwnText
from workers.writing.source_text import read


class Passages:
    """Looks quotes up in the text that a model was shown.

    A quote counts as found where its words stand in the text in this order, signs and all;
    only white space, the shape of quotation marks and dashes, and capital letters may differ.
    """

    def __init__(self, own: OwnText) -> None:
        self._own = own
        self._text = own.text.lower()
        #: Lower case may be longer than the text, in other scripts; then as it stands.
        if len(self._text) != len(own.text):
            self._text = own.text
        #: From where on the next quote of the same words is looked for.
        self._from: Counter[str] = Counter()
        self.found = 0
        self.dropped = 0

    @property
    def dropped_share(self) -> float:
        """Share of the quotes that are not in the text; 0 where there were none."""
        total = self.found + self.dropped
        return self.dropped / total if total else 0.0

    def find(self, quoted: str) -> Quote | None:
        """The place of ``quoted`` in the answer as submitted; None, and counted, if it has none.

        The same words quoted again are looked for behind their last place first.
        """
        # Cleaning takes a while, and few quotes need it.
        place = self._find(quoted.strip()) or self._find(read(quoted).clean.strip().strip('" '))
        if place is None:
            self.dropped += 1
            return None
        self.found += 1
        return self._own.source.quote(*place)

    def _find(self, quoted: str) -> tuple[int, int] | None:
        wanted = quoted if self._text is self._own.text else quoted.lower()
        at = self._place(wanted, self._from[wanted])
        if at < 0:
            at = self._place(wanted, 0)
        if at < 0:
            return None
        self._from[wanted] = at + 1
        return at, at + len(wanted)

    def _place(self, wanted: str, start: int) -> int:
        """Where ``wanted`` stands as whole words from ``start`` on; -1 if nowhere."""
        if not any(sign.isalnum() for sign in wanted):
            return -1
        at = self._text.find(wanted, start)
        while at >= 0 and not self._is_whole(at, at + len(wanted)):
            at = self._text.find(wanted, at + 1)
        return at

    def _is_whole(self, start: int, end: int) -> bool:
        text = self._text
        opens = start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())
        closes = end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
        return opens and closes
