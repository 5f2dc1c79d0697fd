"""Parts of the search benchmark: made-up posts, queries, and the engines that are compared."""
