"""One protocol of an index, two engines: Elasticsearch and the embedded one (tantivy)."""
