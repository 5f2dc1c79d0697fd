"""Vision dropout: some channels of a picture's features are left out, the same ones in all patches.

A few thousand pictures are soon known by heart: in training the image tokens then say just what the
gold does, the model learns to believe them, and is misled by pictures that it has not seen. With
most channels gone a picture in training is about as hard to read as a new one.

That is for pictures beside a text. Where a picture is all there is, nothing can be misled, and a
picture in full is the quicker lesson in reading.
"""

from __future__ import annotations

import torch
from torch import Tensor

from model_store.families import EncodedPicture
from trainer.seeding import seed_for


def drop_channels(states: Tensor, share: float, random: torch.Generator) -> Tensor:
    """A picture's features (N, width) without a share of the channels.

    What is left is scaled by 1 / sqrt(1 - share), which keeps the length of a token's features;
    scaled by 1 / (1 - share), as is usual, they would be longer than those of whole pictures.
    """
    kept = torch.rand(states.shape[-1], generator=random) >= share
    return states * (kept / (1 - share) ** 0.5).to(states.dtype)


def show_dimly(
    picture: EncodedPicture, share: float, *, seed: int, epoch: int, id: str
) -> EncodedPicture:
    """The picture of the post with that id as it is shown in an epoch.

    Which channels are left follows from seed, epoch and id, so that a resumed run and any number
    of workers show the same.
    """
    if not share:
        return picture
    random = torch.Generator().manual_seed(seed_for("vision", seed, epoch, id))
    return picture._replace(states=drop_channels(picture.states, share, random))
