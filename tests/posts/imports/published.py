"""Small files in the published layouts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WEB = "https://pictures.example/media"


def line(text: str, phrases: Sequence[str], picture: str = "") -> str:
    return f"{text}<sep>{';'.join(phrases)}<sep>{picture}"


def write_lines(path: Path, *lines: str | bytes, end: bytes = b"\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = (each if isinstance(each, bytes) else each.encode() for each in lines)
    path.write_bytes(b"".join(each + end for each in encoded))
    return path


def entry(number: int, text: str, phrases: Sequence[str], **others: Any) -> dict[str, Any]:
    question = f"<image>{text}\nWhich phrases?"
    return {
        "id": f"{number:07d}",
        "text": text,
        "conversations": [
            {"from": "human", "value": question},
            {"from": "gpt", "value": ", ".join(phrases)},
        ],
        **others,
    }


def write_json(path: Path, *entries: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries, indent=2, ensure_ascii=False), encoding="utf-8")
    return path
