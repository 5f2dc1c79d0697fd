"""How `generate` of transformers is told to search as the project's own beam search does."""

from __future__ import annotations

from typing import Any

from transformers import GenerationConfig


def generation_config(end: int, *, beams: int, longest: int, **options: Any) -> GenerationConfig:
    """Of a search whose `sequences_scores` are summed log-probabilities."""
    return GenerationConfig(
        do_sample=False,
        num_beams=beams,
        length_penalty=0.0 if beams > 1 else None,
        max_new_tokens=longest,
        pad_token_id=end,
        eos_token_id=end,
        return_dict_in_generate=True,
        output_scores=True,
        **options,
    )
