"""The settings of generation: all that decides what a given model answers to a given post."""

from __future__ import annotations

from dataclasses import dataclass

from posts.errors import InputError

NO_QUANTIZATION = "none"
INT8 = "int8"
QUANTIZATIONS = (NO_QUANTIZATION, INT8)


@dataclass(frozen=True, kw_only=True)
class GenerationSettings:
    """Beam search without sampling and without a preference for length."""

    beams: int = 4
    """Beams kept and read; more find more phrases and take longer."""
    max_new_tokens: int = 40
    """Tokens of a beam at most."""
    max_text_tokens: int = 512
    """Tokens of a post's text at most; the rest is cut."""
    batch_size: int = 16
    """Posts at a time."""
    max_keyphrases: int = 10
    """Keyphrases of a post at most, the best ones."""
    min_score: float = 0.0
    """Keyphrases that score below are dropped; 0 to 1."""
    quantization: str = NO_QUANTIZATION
    """`int8`: the language model's weights are rounded to that, wherever it runs, and take a
    quarter of the room."""

    def __post_init__(self) -> None:
        counts = ("beams", "max_new_tokens", "max_text_tokens", "batch_size", "max_keyphrases")
        for name in counts:
            if getattr(self, name) < 1:
                raise InputError(f"generation setting {name} must be at least 1")
        if self.quantization not in QUANTIZATIONS:
            raise InputError(
                f"generation setting quantization must be one of {', '.join(QUANTIZATIONS)}"
            )
        if not 0 <= self.min_score <= 1:
            raise InputError("generation setting min_score must lie between 0 and 1")
