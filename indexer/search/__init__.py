"""Search over an index: `Index`, and what the command line, the HTTP API and the page share.

from indexer.search import Index

print(Index("embedded:index").search("garden").total)
"""

from indexer.search.index import Index

__all__ = ["Index"]
