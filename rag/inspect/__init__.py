"""Looking behind one question: where a passage went, why it scored, how two traces differ."""
