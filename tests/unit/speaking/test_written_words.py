"""Single words take the signs that stand beside them in the text."""

import pytest

from workers.speaking.written_words import as_written


@pytest.mark.parametrize(
    ("words", "text", "written"),
    [
        ("I like it", "I like it.", "I like it."),
        ("Yes I do", "Yes, I do!", "Yes, I do!"),
        ("He said no", 'He said, "no."', 'He said, "no."'),
        # Signs of a word of its own belong to it.
        ("I don't", "I don't.", "I don't."),
        ("$5 is 50%", "$5 is 50%.", "$5 is 50%."),
        ("5 is 50", "$5 is 50%.", "$5 is 50%."),
        ("well known", "well-known.", "well- known."),
        # A word is looked for as a whole.
        ("a cat", "a cat. A bat", "a cat."),
        ("cat at", "cat, at.", "cat, at."),
        ("is this", "this is this.", "is this."),
        # What the text has otherwise, or not at all, stays as it was told.
        ("I LIKE it", "I like it.", "I LIKE it."),
        ("um I like it", "I like it.", "um I like it."),
        ("I like it", "", "I like it"),
        ("I like it", "I like it", "I like it"),
        ("Tôi thích", "Tôi thích.", "Tôi thích."),
    ],
)
def test_signs(words: str, text: str, written: str) -> None:
    assert as_written(words.split(), text) == written.split()


def test_a_word_is_not_looked_for_far_away() -> None:
    text = f"I {'mumble ' * 20}like it. I like tea."
    assert as_written(["I", "like", "tea"], text) == ["I", "like", "tea"]
