"""The first stage: dense and lexical retrieval, and their fusion."""
