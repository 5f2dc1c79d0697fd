"""Readers, one per dump format."""

from posts.readers.base import Reader
from posts.readers.json_lines import JsonLinesReader
from posts.readers.parquet import ParquetReader
from posts.readers.webdataset import WebDatasetReader

READERS: dict[str, Reader] = {
    "parquet": ParquetReader(),
    "json lines": JsonLinesReader(),
    "webdataset": WebDatasetReader(),
}

__all__ = ["READERS", "Reader"]
