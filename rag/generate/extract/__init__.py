"""Answers without a model: quoted sentences and table rows.

In this order: `question` reads what is asked, `units` lists what passages can be quoted by
(`tables` reads tables), `scoring` scores and chooses units (`likeness` compares tokens, `rows`
finds cells), and `generator` writes the answer as `reading` words it, with the short answer that
`facts` or `rows` find in the best unit.
"""
