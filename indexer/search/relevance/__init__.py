"""How well search finds posts: queries and judgements from gold keyphrases, measures, a report."""
