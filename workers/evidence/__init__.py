"""Language models as witnesses: what they saw in an answer, checked, for a rubric to weigh."""
