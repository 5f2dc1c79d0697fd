"""Pretrains the small base that ships with the project, in full and from nothing.

    python -m trainer.pretrain --out model_store/bases/small

A LLaVA layout of two million parameters learns in three phases. Its vision tower learns to name
what drawn pictures show; then the whole model learns to answer questions about drawn posts in the
`PRACTICE` wording, about the picture or about the text; then also to answer with lists. It never
meets the keyphrase question, a sentence, a topic or a picture of the demo's sample posts: that is
what fine-tuning is for.
Takes about half an hour on two CPU cores. Run again after a kill, it goes on with the next phase.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset
from transformers import (
    LlavaForConditionalGeneration,
    LlavaProcessor,
    get_cosine_schedule_with_warmup,
)

from posts.drawn import COLOURS, THINGS
from trainer.lessons import LessonBatch, LessonBatches, PictureBatches
from trainer.small_base import HIDDEN, PICTURE_SIDE, build_model, build_processor

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    seeing_steps: int = 900
    """Optimizer steps of the vision tower alone."""
    answering_steps: int = 3_000
    """Optimizer steps of the whole model, one answer at a time."""
    listing_steps: int = 600
    """Optimizer steps of the whole model in which half of the answers are lists."""
    batch_size: int = 64
    learning_rate: float = 1e-3
    warmup: float = 0.05
    """Share of each phase's steps."""
    weight_decay: float = 0.05
    seed: int = 1


def pretrain(config: PretrainConfig, out: Path) -> None:
    """Trains the base and writes it to `out` in half precision, with `base.json` beside it.

    It is written after each phase, and a phase that `base.json` speaks of is not done again.
    """
    torch.manual_seed(config.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    processor = build_processor()
    model = build_model(processor)
    curves: dict[str, Any] = {}
    if (out / "base.json").exists():
        curves = json.loads((out / "base.json").read_text(encoding="utf-8"))["loss"]
        weights = LlavaForConditionalGeneration.from_pretrained(out, dtype=torch.float32)
        model.load_state_dict(weights.state_dict())
    model.to(device).train()
    phases = {
        "seeing": lambda: _learn_to_see(model, config, device),
        "answering": lambda: _learn_to_answer(model, processor, config, device, lists=0.0),
        "listing": lambda: _learn_to_answer(model, processor, config, device, lists=0.5),
    }
    for phase, learn in phases.items():
        if phase not in curves:
            curves[phase] = learn()
            _save(model, processor, {"pretraining": asdict(config), "loss": curves}, out)


def _save(
    model: LlavaForConditionalGeneration,
    processor: LlavaProcessor,
    facts: dict[str, Any],
    out: Path,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    copy.deepcopy(model).half().save_pretrained(out)
    processor.save_pretrained(out)
    content = json.dumps({"licence": "Apache-2.0", **facts}, indent=2)
    (out / "base.json").write_text(content + "\n", encoding="utf-8")


def _learn_to_see(
    model: LlavaForConditionalGeneration, config: PretrainConfig, device: str
) -> list[dict[str, float]]:
    """Trains the vision tower to name colour and thing from the mean of its patch features."""
    tower = model.model.vision_tower
    naming = nn.ModuleList([nn.Linear(HIDDEN, len(COLOURS)), nn.Linear(HIDDEN, len(THINGS))])
    naming.to(device)

    def loss(batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        patches = tower(_normalised(batch[0], device)).last_hidden_state[:, 1:]
        pooled = patches.float().mean(dim=1)
        answers = zip(naming, batch[1:], strict=True)
        terms = [functional.cross_entropy(head(pooled), want.to(device)) for head, want in answers]
        return torch.stack(terms).sum()

    batches = PictureBatches(PICTURE_SIDE, config.batch_size, config.seed)
    learned = [*tower.parameters(), *naming.parameters()]
    return _optimize("seeing", learned, batches, loss, config.seeing_steps, config, device)


def _learn_to_answer(
    model: LlavaForConditionalGeneration,
    processor: LlavaProcessor,
    config: PretrainConfig,
    device: str,
    *,
    lists: float,
) -> list[dict[str, float]]:
    def loss(batch: LessonBatch) -> torch.Tensor:
        ids = batch.input_ids.to(device)
        pixels = None if batch.pixels is None else _normalised(batch.pixels, device)
        return model(
            input_ids=ids,
            attention_mask=ids != model.config.pad_token_id,
            labels=batch.labels.to(device),
            pixel_values=pixels,
        ).loss

    phase = "listing" if lists else "answering"
    steps = config.listing_steps if lists else config.answering_steps
    batches = LessonBatches(processor, config.batch_size, config.seed, lists)
    return _optimize(phase, list(model.parameters()), batches, loss, steps, config, device)


def _optimize(
    phase: str,
    parameters: list[nn.Parameter],
    batches: IterableDataset,
    loss_of: Callable[..., torch.Tensor],
    steps: int,
    config: PretrainConfig,
    device: str,
) -> list[dict[str, float]]:
    """AdamW with warm-up and cosine in bf16 autocast; the loss curve, a point every 100 steps."""
    optimizer = torch.optim.AdamW(
        parameters, lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = get_cosine_schedule_with_warmup(optimizer, round(config.warmup * steps), steps)
    curve, recent, began = [], [], time.monotonic()
    loader = DataLoader(batches, batch_size=None, num_workers=1)
    for step, batch in zip(range(1, steps + 1), loader, strict=False):
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        recent.append(loss.item())
        if step % 100 == 0 or step == steps:
            curve.append({"step": step, "loss": round(sum(recent) / len(recent), 4)})
            rate = step * config.batch_size / (time.monotonic() - began)
            log.info("%s: step %d loss %.4f %.0f/s", phase, step, curve[-1]["loss"], rate)
            recent.clear()
    return curve


def _normalised(pixels: torch.Tensor, device: str) -> torch.Tensor:
    """float (N, 3, side, side) in -1 to 1, as the processor's mean and deviation of 0.5 give."""
    return pixels.to(device).float().div(127.5).sub(1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    for phase in ("seeing", "answering", "listing"):
        name = f"{phase}_steps"
        parser.add_argument(f"--{phase}-steps", type=int, default=getattr(PretrainConfig, name))
    arguments = vars(parser.parse_args())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    out = arguments.pop("out")
    pretrain(PretrainConfig(**arguments), out)


if __name__ == "__main__":
    main()
