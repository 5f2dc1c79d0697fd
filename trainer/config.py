"""The settings of a training run: checked when built, loaded from YAML."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

import yaml

from posts.errors import InputError

METHODS = ("aimkp", "standard")
PRECISIONS = ("auto", "fp32", "bf16")
JOINT_OBJECTIVES = ("mean", "sum")
AFTER_FAILURE = ("adapt", "freeze")
ALIGNMENTS = ("off", "infonce", "srcl")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How a base is fine-tuned. Raises InputError for a value that cannot work."""

    method: str = "aimkp"
    """How a batch becomes a gradient: aimkp (masked views, filtered), or standard (plain
    fine-tuning)."""
    tau_image: float = 0.4
    """An image-masked view counts if the cosine of its gradient with the clean view's is at least
    this; -1 lets all count. For aimkp, as the next five."""
    tau_text: float = 0.1
    """The same for text-masked views."""
    joint_objective: str = "mean"
    """mean: a post's gradient is the mean over its views that count (the published code); sum:
    their sum (the paper)."""
    stride_after_failure: str = "adapt"
    """adapt: a post's stride goes on changing after one of its views was dropped (the paper);
    freeze: it then stays for good (the published code)."""
    largest_image_stride: int = 0
    """Longest stride over rows and columns of patches; 0 means any, 1 masks no pictures."""
    largest_text_stride: int = 0
    """Longest stride over the tokens of a text; 0 means any, 1 masks no texts."""
    picture_only: float = 0.0
    """Modality dropout: share of the posts, drawn anew in each epoch, that are learnt from their
    picture alone."""
    text_only: float = 0.0
    """The same for posts that are learnt from their text alone."""
    vision_dropout: float = 0.0
    """Share of a picture's feature channels that are left out beside a text, drawn anew for each
    post in each epoch; it needs `cache_vision`."""
    shuffle_phrases: bool = False
    """A post's gold keyphrases are learnt in another order in each epoch."""
    projector_warm_up: int = 0
    """Passes over the pictures in which the projector alone learns words for what they show, before
    the first epoch; it takes minutes and needs `cache_vision`."""
    reading_lessons: int = 0
    """Updates in which, after the warm-up, the language model learns to say what image tokens say,
    right or wrong; it needs `projector_warm_up`."""
    alignment: str = "off"
    """infonce, srcl: pictures and texts of posts also learn to lie near each other, and the model
    gives vectors of them; it goes with either method."""
    beta: float = 0.1
    """Weight of that loss beside the keyphrases', mean beside mean. For alignment, as the next
    five."""
    alignment_temperature: float = 0.07
    """Cosines of vectors are divided by it: the lower, the more the nearest wrong posts count."""
    alignment_weight_temperature: float = 0.25
    """With srcl, the same where wrong posts get their weights: the lower, the less those count that
    are alike."""
    alignment_queue: int = 512
    """Posts of the updates before that are wrong ones too, for batches are small."""
    alignment_dimensions: int = 128
    """Of the vectors."""
    alignment_learning_rate: float = 1e-3
    """Peak rate of the heads that give them."""
    epochs: int = 4
    """Passes over the training posts."""
    batch_size: int = 64
    """Posts in one update, over all workers and micro-batches together."""
    micro_batch_size: int = 16
    """Posts that one worker sends through the model at once; more costs memory. It changes
    nothing but which dropout masks are drawn."""
    lora_learning_rate: float = 2e-4
    """Peak rate of the LoRA matrices."""
    projector_learning_rate: float = 2e-5
    """Peak rate of the projector between vision and language."""
    warmup_ratio: float = 0.03
    """Share of all updates during which the rates rise from zero; then they fall on a cosine."""
    weight_decay: float = 0.0
    """AdamW's decoupled decay, of both groups."""
    max_grad_norm: float = 1.0
    """The gradient of an update is scaled down to this norm if it is longer."""
    lora_rank: int = 128
    """Inner dimension r of the LoRA matrices, on all linear layers of the language model."""
    lora_alpha: int = 256
    """LoRA's output is scaled by alpha / r."""
    lora_dropout: float = 0.05
    """Dropout in front of LoRA's first matrix."""
    max_text_tokens: int = 512
    """A post's own text is cut to this many tokens."""
    seed: int = 0
    """Of initial weights, order of the posts and dropout."""
    precision: str = "auto"
    """fp32; bf16 (autocast) where GPU or processor have it, else fp32; auto: bf16 on GPUs alone."""
    gradient_checkpointing: bool = False
    """Computes each layer a second time in the backward pass instead of keeping its inner
    results: less memory, more time."""
    cache_vision: bool = False
    """Sends each picture through the tower once, before the first epoch, and keeps the result on
    the node's disk: 125 kB a picture of the pocket base, 1.2 MB of a 7B LLaVA."""
    validation_posts: int = 500
    """Validation posts, from the first on, for which phrases are generated after each epoch."""
    beams: int = 5
    """Width of the beam search, in validation and as the published model's default."""
    max_new_tokens: int = 40
    """Longest output of the beam search, likewise."""
    min_score: float = 0.05
    """Keyphrases that score below are dropped, likewise: what only unlikely beams contain is
    noise in an index."""
    checkpoint_every: int = 0
    """Updates between checkpoints; 0 means after each epoch only."""
    max_failures: int = 3
    """Times that lost workers are replaced before the run is given up."""

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_type(field.name, getattr(self, field.name), type(field.default))
        for name, choices in _CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                raise InputError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        for name in _AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1")
        for name in _POSITIVE:
            if getattr(self, name) <= 0:
                raise InputError(f"{name} must be greater than 0")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise InputError(f"{name} must not be negative")
        for name in _SHARES:
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 0 and less than 1")
        for name in ("projector_warm_up", "vision_dropout"):
            if getattr(self, name) and not self.cache_vision:
                raise InputError(f"{name} needs cache_vision: true")
        if self.reading_lessons and not self.projector_warm_up:
            raise InputError("reading_lessons needs projector_warm_up of at least 1")
        if self.picture_only + self.text_only > 1:
            raise InputError("picture_only and text_only are shares, and together at most 1")
        for name in ("tau_image", "tau_text"):
            if not -1 <= getattr(self, name) <= 1:
                raise InputError(f"{name} is a cosine, so it must lie between -1 and 1")

    @classmethod
    def from_yaml(cls, path: Path, **overrides: Any) -> Self:
        """Settings of a YAML file, `overrides` on top.

        Raises InputError if the file cannot be read, is not a mapping or has an unknown key.
        """
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
        if content is None:
            content = {}
        if not isinstance(content, dict):
            raise InputError(f"{path} must hold keys and values, one setting per line")
        for key in content:
            _check_known(str(key), path)
        return cls(**content | overrides)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values, for fingerprints and cards."""
        return asdict(self)


_CHOICES = {
    "method": METHODS,
    "joint_objective": JOINT_OBJECTIVES,
    "stride_after_failure": AFTER_FAILURE,
    "precision": PRECISIONS,
    "alignment": ALIGNMENTS,
}
_KINDS = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}
_AT_LEAST_ONE = (
    "epochs",
    "batch_size",
    "micro_batch_size",
    "lora_rank",
    "lora_alpha",
    "max_text_tokens",
    "validation_posts",
    "beams",
    "max_new_tokens",
    "alignment_dimensions",
)
_SHARES = (
    "warmup_ratio",
    "lora_dropout",
    "vision_dropout",
    "picture_only",
    "text_only",
    "min_score",
)
_POSITIVE = (
    "lora_learning_rate",
    "projector_learning_rate",
    "max_grad_norm",
    "alignment_temperature",
    "alignment_weight_temperature",
    "alignment_learning_rate",
)
_NOT_NEGATIVE = (
    "weight_decay",
    "projector_warm_up",
    "reading_lessons",
    "checkpoint_every",
    "max_failures",
    "seed",
    "largest_image_stride",
    "largest_text_stride",
    "beta",
    "alignment_queue",
)


def _check_type(name: str, value: object, wanted: type) -> None:
    if isinstance(value, bool) or wanted is bool:
        fits = isinstance(value, bool) and wanted is bool
    elif wanted is float:
        fits = isinstance(value, int | float) and math.isfinite(value)
    else:
        fits = isinstance(value, wanted)
    if not fits:
        # YAML 1.1 reads 2e-4 as text, 2.0e-4 as a number: say so where it bites.
        hint = " (in YAML write 2.0e-4, not 2e-4)" if isinstance(value, str) else ""
        kind = _KINDS[wanted]
        raise InputError(f"{name} must be {kind}, not {value!r}{hint if wanted is float else ''}")


def _check_known(key: str, path: Path) -> None:
    known = [field.name for field in fields(TrainConfig)]
    if key not in known:
        nearest = get_close_matches(key, known, n=1, cutoff=0.0)[0]
        raise InputError(f"{path}: unknown key {key!r}, the nearest valid one is {nearest!r}")
