"""The pure part: no I/O, and no clock but one that is passed in."""
