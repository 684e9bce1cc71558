"""A language model as a witness of what was said, and never of how it sounded."""
