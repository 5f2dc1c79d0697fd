"""Arrays of one committed state of a table, in which a large index is searched fast.

They hold nothing that the table does not, are made from it at the end of a run, and are used only
as long as the table has exactly the posts that they were made of.
"""
