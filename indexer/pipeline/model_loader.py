"""The model loader: takes a version from the store, in the process that is to use it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_store.store import Store

if TYPE_CHECKING:
    from model_store.keyphraser import Keyphraser

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ModelLoader:
    """Can be pickled; called once by each actor that meets a post in need of the model."""

    store: Store
    model: str
    """`NAME@VERSION`: an alias might move during a run."""
    threads: int
    """At most, for a model on CPUs; more than the actor's would take those of its neighbours, and
    OMP_NUM_THREADS may allow fewer."""
    device: str | None = None
    """Of an actor that was given no GPU: `cpu`, though it may see one that is another's.
    None: a GPU where there is one."""
    min_score: float | None = None
    """Of keyphrases, if another than the model's card has."""

    def __call__(self) -> Keyphraser:
        # Imported here: an actor that never needs the model starts without torch.
        import torch

        from model_store.keyphraser import Keyphraser

        _log.info("loading model %s", self.model)
        torch.set_num_threads(min(self.threads, torch.get_num_threads()))
        bundle = self.store.fetch(self.model)
        return Keyphraser.load(bundle, device=self.device, min_score=self.min_score)
