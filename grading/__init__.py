"""The domain of VSTEP grading and its store. Imports nothing else of the project."""
