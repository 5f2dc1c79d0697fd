"""The ids of a dump, read by the cluster before the posts: which of them are duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import ray

from indexer.reservation import READ_CPUS
from posts.dump import Dump
from posts.duplicates import IdHashes, hash_ids
from posts.fragment import Fragment


def hash_all_ids(dump: Dump, fragments: Sequence[Fragment]) -> list[IdHashes]:
    """Hashes of the ids of each fragment; no picture and no text leaves a worker for this."""
    hash_fragment = ray.remote(num_cpus=READ_CPUS)(_hash_ids)
    shared = ray.put(dump)
    hashes: list[IdHashes] = ray.get([hash_fragment.remote(shared, each) for each in fragments])
    return hashes


def _hash_ids(dump: Dump, fragment: Fragment) -> IdHashes:
    return hash_ids(dump.ids(fragment))
