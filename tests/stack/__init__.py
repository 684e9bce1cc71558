"""The parts of a stack, as the tests start, break and end them."""
