"""Conversations: kept in the catalogue's file, follow-ups rewritten, answers written aside."""
