"""What a run of the indexer takes: how busy its models are, its rates and its memory."""
