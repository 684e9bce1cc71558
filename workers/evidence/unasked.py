"""Why no model is asked about an answer, beside that it speaks to the grader."""

#: Nothing in the answer is the learner's own.
NOTHING_OWN = "nothing_own"
#: Another language is spoken.
NOT_ENGLISH = "not_english"
