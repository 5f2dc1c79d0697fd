"""Examples: posts as a step takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from model_store.families import EncodedPicture
from model_store.prompt import Batch, Prompt
from posts.pictures import decode_picture
from trainer.config import TrainConfig
from trainer.modality_dropout import drop_modality
from trainer.order import Rows
from trainer.phrase_shuffling import shuffle_phrases
from trainer.training_set import Example, TrainingSet
from trainer.vision_cache import VisionCache
from trainer.vision_dropout import show_dimly


class Examples(NamedTuple):
    """Some posts, ready to be learnt from."""

    ids: tuple[str, ...]
    batch: Batch
    """A row for each."""


def encode_examples(
    prompt: Prompt,
    examples: Sequence[Example],
    encoded: Sequence[EncodedPicture | None] | None = None,
) -> Examples:
    """Turns examples into tensors.

    `encoded` has their pictures after the tower; without it they are decoded. A picture that an
    example does not have is not used.
    """
    texts = [example.text for example in examples]
    phrases = [example.keyphrases for example in examples]
    if encoded is None:
        size = prompt.picture_size
        decoded = [
            None if e.image is None else decode_picture(e.image, size=size) for e in examples
        ]
        batch = prompt.encode_training(texts, decoded, phrases)
    else:
        shown = [
            None if example.image is None else picture
            for example, picture in zip(examples, encoded, strict=True)
        ]
        batch = prompt.encode_training(texts, shown, phrases)
    return Examples(tuple(example.id for example in examples), batch)


class ExampleReader:
    """Reads rows of a training set as the settings want them shown."""

    def __init__(
        self,
        prompt: Prompt,
        posts: TrainingSet,
        config: TrainConfig,
        vision: VisionCache | None = None,
    ) -> None:
        """`vision` has the pictures of the same posts after the tower."""
        self._prompt = prompt
        self._posts = posts
        self._config = config
        self._vision = vision

    def __call__(self, rows: Rows, epoch: int) -> Examples:
        """Rows as they are learnt from in an epoch, counted from 1."""
        examples = [self._example(int(row), epoch) for row in rows]
        vision = self._vision
        encoded = None
        if vision is not None:
            encoded = [
                self._dimmed(vision[int(row)], example, epoch)
                for row, example in zip(rows, examples, strict=True)
            ]
        return encode_examples(self._prompt, examples, encoded)

    def _example(self, row: int, epoch: int) -> Example:
        config = self._config
        example = drop_modality(
            self._posts[row],
            picture_only=config.picture_only,
            text_only=config.text_only,
            seed=config.seed,
            epoch=epoch,
        )
        if config.shuffle_phrases:
            example = shuffle_phrases(example, seed=config.seed, epoch=epoch)
        return example

    def _dimmed(
        self, picture: EncodedPicture | None, example: Example, epoch: int
    ) -> EncodedPicture | None:
        # Alone, a picture cannot mislead: there a model is to learn to read it, and in full light.
        if picture is None or not example.text.strip():
            return picture
        share, seed = self._config.vision_dropout, self._config.seed
        return show_dimly(picture, share, seed=seed, epoch=epoch, id=example.id)
