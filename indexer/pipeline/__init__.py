"""The stream of a run: posts through the stages on Ray Data, and what watches over it."""
