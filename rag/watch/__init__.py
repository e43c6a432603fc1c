"""What happened to the questions that were asked: the log, its figures, metrics and spans."""
