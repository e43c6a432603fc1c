"""Answers without a model: quoted sentences and table rows.

In this order: `question` reads what is asked, `units` lists what passages can be quoted by
(`tables` reads tables), `scoring` scores and chooses units (`likeness` compares tokens), and
`generator` writes the answer, with the short answer that `cells` or `facts` find in the best unit.
"""
