"""Answers without a model: quoted sentences and table rows, in this order.

`question` reads what is asked, `units` lists what passages can be quoted by (`tables` reads their
tables), `scoring` scores and chooses units (by `likeness` of tokens, by `rows` for tables), and
`generator` writes the answer, with the short answer that `facts` or `rows` find in the best unit.
"""
