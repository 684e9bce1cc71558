"""How much of an answer is made of sentences that candidates learn by heart."""

import re

from grading.rubric.observation import Observation
from workers.writing.answer import Answer

#: Three dots stand for one to eight words of the writer's own.
_TEMPLATES = """
it is undeniable that ... has become one of the most
it is an undeniable fact that
it cannot be denied that
there is no denying the fact that
there is no doubt that ... plays an important role in
plays a vital role in our daily life
plays an indispensable part in modern society
in this day and age
in today's modern and fast-paced world
in the modern era of globalization
with the rapid development of science and technology
with the constant development of society
has become a hot topic of discussion
has sparked a heated debate
is a hotly debated topic
has been a matter of great concern
has attracted a great deal of public attention
has both its advantages and disadvantages
every coin has two sides
like two sides of the same coin
is a double-edged sword
some people are of the opinion that ... while others
while some people hold the view that
there are two schools of thought on this issue
this essay will discuss both sides of the argument
this essay will examine both views before giving
this essay will shed light on
i will discuss both sides before reaching a conclusion
i am going to present my point of view in the following paragraphs
the following paragraphs will
there are a number of reasons why i hold this opinion
there are several convincing reasons for this
first and foremost it is important to note that
it goes without saying that
it is widely acknowledged that
it is commonly believed that
it is worth mentioning that
another point worth considering is that
on the one hand it is true that
on the flip side of the coin
from the above-mentioned reasons
from what has been discussed above
taking all the above into consideration
having considered both sides of the argument
weighing up both sides of the argument
it can be safely concluded that
we can come to the conclusion that
in a nutshell i would like to reaffirm
to sum up all the points mentioned above
the advantages outweigh the disadvantages
there are still some drawbacks that need to be taken into account
only in this way can we
if this trend continues in the foreseeable future
the government and individuals should join hands to
i hope that my essay has given you
thank you for taking the time to read my essay
i am writing this letter with regard to the matter of
i hope this letter finds you in the best of health
it has been ages since we last met
i would be grateful if you could take my request into consideration
please do not hesitate to contact me should you require any further information
thank you in advance for your time and consideration
"""
_OWN_WORDS = r"(?:[\w'-]+[ ,]+){1,8}?"


def _pattern(template: str) -> str:
    parts = template.split(" ... ")
    return rf" {_OWN_WORDS}".join(r",? ".join(map(re.escape, part.split())) for part in parts)


_KNOWN = re.compile(
    r"\b(?:" + "|".join(map(_pattern, _TEMPLATES.strip().splitlines())) + r")\b", re.IGNORECASE
)


def observe_templates(answer: Answer) -> list[Observation]:
    """Share of the words that stand in phrases known by heart."""
    if not answer.words:
        return []
    spans = [found.span() for found in _KNOWN.finditer(answer.text)]
    inside = sum(
        1 for word in answer.words if any(start <= word.start < end for start, end in spans)
    )
    share = inside / len(answer.words)
    return [
        Observation(
            "template_share",
            share,
            quotes=answer.quotes(spans),
            details={"percent": 100.0 * share, "count": len(spans)},
        )
    ]
