"""The systems that `benchmarks.peers` compares, each in a process (and environment) of its own.

A system is a class ``System(folder, encoder, cross_encoder)``, all three folders, with the methods
that `benchmarks.systems.__main__` calls. Nothing here imports anything of ours except
`benchmarks.systems.ranklens`, so that the peers' environment need not hold it.
"""
