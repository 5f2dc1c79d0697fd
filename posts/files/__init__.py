"""Files on local disk or S3 behind one small interface."""

from posts.files.base import FileInfo, Files
from posts.files.opening import open_files

__all__ = ["FileInfo", "Files", "open_files"]
