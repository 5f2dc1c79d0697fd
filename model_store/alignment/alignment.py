"""The alignment of a model as its bundle keeps it: heads, and what their cosines mean.

alignment.safetensors    weights of the heads
alignment.json           their shape, and the calibration
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model_store.alignment.heads import AlignmentHeads, HeadsShape
from posts.errors import InputError

ALIGNMENT_WEIGHTS = "alignment.safetensors"
ALIGNMENT_FACTS = "alignment.json"


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How a cosine becomes a probability: 1 / (1 + exp(-(slope * cosine + intercept)))."""

    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        for value in (self.slope, self.intercept):
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise InputError("a calibration needs a slope and an intercept that are numbers")

    def probability(self, cosine: float) -> float:
        """That a picture and a text whose vectors have this cosine belong together, where half of
        all pairs do."""
        # By tanh, which does not overflow.
        return 0.5 * (1 + math.tanh((self.slope * cosine + self.intercept) / 2))


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """What a model with vectors has beside its base and its adapter."""

    heads: AlignmentHeads
    calibration: Calibration

    def facts(self) -> bytes:
        """For `alignment.json`."""
        content = {"shape": asdict(self.heads.shape), "calibration": asdict(self.calibration)}
        return json.dumps(content, indent=2, sort_keys=True).encode()


def read_facts(file: Path) -> Alignment:
    """Inverse of `facts`, with fresh weights; `InputError` if the file is not readable."""
    try:
        content: dict[str, Any] = json.loads(file.read_bytes())
        shape = HeadsShape(**content.pop("shape"))
        calibration = Calibration(**content.pop("calibration"))
        if content:
            raise InputError(f"{min(content)} is not known")
    except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise InputError(f"corrupt bundle: {file} is not readable: {error}") from error
    return Alignment(heads=AlignmentHeads(shape).requires_grad_(False), calibration=calibration)
