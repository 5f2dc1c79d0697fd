"""Where a run keeps its checkpoints: beside the versions of the model it will become."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import boto3
from pyarrow import fs


@dataclass(frozen=True)
class TrainingStorage:
    """A place that Ray Train, and any of its workers, can write to."""

    filesystem: fs.FileSystem
    path: str
    """In the file system's own notation: `bucket/prefix/..` on S3."""

    @classmethod
    def beside(cls, store: str, name: str) -> TrainingStorage:
        """The folder NAME/training of a store, an absolute path or s3:// URI."""
        bucket = store.removeprefix("s3://")
        if bucket != store:
            return cls(_s3(), f"{bucket.rstrip('/')}/{name}/training")
        return cls(fs.LocalFileSystem(), str(Path(store) / name / "training"))

    def remove(self, run: str) -> None:
        """Removes what a run left."""
        folder = f"{self.path}/{run}"
        if self.filesystem.get_file_info(folder).type != fs.FileType.NotFound:
            self.filesystem.delete_dir(folder)


def _s3() -> fs.S3FileSystem:
    """The same endpoint and region that dumps and store are reached at.

    It holds no credentials: each node takes its own from the standard chain.
    """
    # boto3's shared session would keep the settings it was first used with.
    known = boto3.Session().client("s3").meta
    scheme, _, host = known.endpoint_url.rpartition("://")
    return fs.S3FileSystem(
        endpoint_override=host,
        scheme=scheme,
        region=known.region_name or "us-east-1",
        allow_bucket_creation=False,
    )
