"""Jobs that are graded with a scripted provider of models, on a real database."""
