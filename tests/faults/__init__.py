"""The promise, under fire: no job lost, none graded twice, every event once and in order."""
