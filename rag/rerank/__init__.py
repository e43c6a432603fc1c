"""Rerankers: one small file each, one table of names (`rag.rerank.table`)."""
