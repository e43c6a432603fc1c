"""Ranklens as a library: open a library of documents, ask it, and see every ranking."""
