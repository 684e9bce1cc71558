"""The rubric: what was observed about an answer, turned into scores by written rules."""
