"""A language model as a witness: what it saw in an answer, checked, for the rubric to weigh."""
