"""OCR: the words in a picture, read offline by an optional package.

ocr_version()                              # InputError if the package cannot be used
words = read_words(picture)                # "winter sale all boots half price"
add_words("new at the harbour", words)     # what a model is shown of the post

The package is rapidocr-onnxruntime, whose models come inside it; `requirements-ocr.lock` pins it
and what it needs. It is imported at first use, and loads in a second.

Pictures are hostile, and one pixel by a thousand would be enlarged to gigabytes by the package's
own settings. So pictures are scaled and padded here to what its first model takes as it is, and
what its second model has to read is counted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from posts.errors import InputError

LONGEST = 400
"""Characters of a picture's words."""
LARGEST_SIDE = 960
"""Pixels of the longer side at which a picture is read at most. Smaller ones are not enlarged: it
finds hardly any more words in clip art, and takes many times as long."""

_log = logging.getLogger(__name__)

_PACKAGE = "rapidocr-onnxruntime"
_RECIPE = 1
"""Part of `ocr_version`: raise it when this file gives other words for the same picture."""

_LEAST_SIDE = 32
_LARGEST_RATIO = 8
"""Of the sides, by padding. Beyond, most of a picture that is a single line is missed."""
_LEAST_HEIGHT = 8
"""Pixels of a line of text that can be told apart."""
_LEAST_SCORE = 0.8
"""Of a line. Clip art without words has plenty of lines up to 0.7."""
_LEAST_SPACE = 0.02
"""Probability of a space. Of 408 drawn ones 6 stay below, and 3 times something within a word is
above; the package's own decoding misses one in four."""
_LEAST_CHARACTERS = 2
"""Letters and digits of a line: a wheel alone is an O."""
_SHORTEST_READ = 320 / 48
"""Width over height to which the package pads a shorter line, and so what it takes to read one."""
_LONGEST_READ = 300.0
"""Widths over heights of all lines that are looked at, summed: some seconds."""

_lock = threading.Lock()
"""One picture at a time: a process has a core for it, and the package keeps state between steps."""


def ocr_version() -> str:
    """All that decides which words are found in a picture, for hashes; loads no model.

    Raises InputError if the package is not there or cannot be imported.
    """
    _package()
    return f"{_PACKAGE} {version(_PACKAGE)}, recipe {_RECIPE}"


def read_words(picture: Image.Image) -> str | None:
    """The words in an RGB picture in reading order, at most `LONGEST` characters; "" for none.

    None if the package failed on this picture, which is logged. What keeps it from being loaded at
    all is raised: InputError if it is not installed. On one core, whichever thread asks.
    """
    with _lock:
        reader = _reader()
        try:
            return _joined(_lines(reader, picture))
        except Exception as error:  # noqa: BLE001 - whatever it stumbles over, the post goes on
            _log.warning("a picture's words could not be read: %s: %s", type(error).__name__, error)
            return None


def add_words(text: str, words: str | None) -> str:
    """A post's own text, and behind it the words in its picture.

    In this order what a model has no room for is cut from the words.
    """
    return "\n".join(part for part in (text, words) if part and part.strip())


@lru_cache(maxsize=1)
def _reader() -> Any:
    package = _package()
    import cv2

    # On one thread: whoever calls has one core, and neighbours on the others.
    cv2.setNumThreads(1)
    return package.RapidOCR(
        intra_op_num_threads=1,
        inter_op_num_threads=1,
        # Only scales down, and what it is given here is never too large.
        det_limit_type="max",
    )


def _package() -> Any:
    try:
        import rapidocr_onnxruntime
    except ImportError as error:
        raise InputError(
            f"OCR needs packages that cannot be imported ({error}): "
            "run pip install --no-deps -r requirements-ocr.lock"
        ) from error
    return rapidocr_onnxruntime


def _lines(reader: Any, picture: Image.Image) -> Iterator[str]:
    """Lines that were read with confidence, one by one, until they have cost too much."""
    pixels = np.ascontiguousarray(np.asarray(_fit(picture))[..., ::-1])
    boxes, _ = reader.text_det(pixels)
    taken = 0.0
    for box in _in_reading_order([] if boxes is None else list(boxes)):
        (line,) = reader.get_crop_img_list(pixels, [box])
        height, width = line.shape[:2]
        if height < _LEAST_HEIGHT:
            continue
        taken += max(width / height, _SHORTEST_READ)
        if taken > _LONGEST_READ:
            return
        # As it stands: the package's model that turns lines which are upside down is often wrong.
        text, score = _read_line(reader.text_rec, line)
        if score >= _LEAST_SCORE and sum(map(str.isalnum, text)) >= _LEAST_CHARACTERS:
            yield text


def _read_line(recogniser: Any, line: NDArray[np.uint8]) -> tuple[str, float]:
    """A line's text and the mean probability of its characters, by greedy CTC decoding.

    The package decodes alike but for spaces: these count from `_LEAST_SPACE` on. Its model, which
    learnt Chinese, finds them less likely than nothing, and "at the harbour" would be one word.
    """
    height, width = line.shape[:2]
    pixels = recogniser.resize_norm_img(line, max(width / height, _SHORTEST_READ))
    ((steps,),) = recogniser.session(pixels[np.newaxis])
    characters = recogniser.postprocess_op.character
    blank, space = 0, len(characters) - 1
    text, scores, before = "", [], blank
    for step, best in zip(steps, steps.argmax(axis=1).tolist(), strict=True):
        if best == blank and step[space] >= _LEAST_SPACE:
            text += " "
        elif best not in (blank, before):
            text += characters[best]
            scores.append(float(step[best]))
        before = best
    return " ".join(text.split()), sum(scores) / max(1, len(scores))


def _joined(lines: Iterator[str]) -> str:
    words = ""
    for line in lines:
        words = f"{words} {line}".lstrip()
        if len(words) > LONGEST:
            # After a whole word; but a script without spaces has none.
            return words[: LONGEST + 1].rsplit(" ", 1)[0][:LONGEST]
    return words


def _fit(picture: Image.Image) -> Image.Image:
    """The picture, no larger than `LARGEST_SIDE`, and padded so that no side is too short."""
    longest = max(picture.size)
    if longest > LARGEST_SIDE:
        width, height = (max(1, round(side * LARGEST_SIDE / longest)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    least = max(_LEAST_SIDE, -(-max(picture.size) // _LARGEST_RATIO))
    size = (max(picture.width, least), max(picture.height, least))
    if size == picture.size:
        return picture
    padded = Image.new("RGB", size, "white")
    padded.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return padded


def _in_reading_order(boxes: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Boxes, each four corners (x, y), from top to bottom and within a row from left to right.

    A box belongs to a row if its middle lies above the lower edge of the row's first.
    """
    rows: list[list[NDArray[np.float32]]] = []
    for box in sorted(boxes, key=lambda box: float(box[:, 1].mean())):
        if rows and box[:, 1].mean() < rows[-1][0][:, 1].max():
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda box: float(box[:, 0].min()))]
