"""Reports in their stored form, JSON, read back by the types that the record declares."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

import orjson

from indexer.report.record import FORMAT, RunReport


def report_to_json(report: RunReport) -> bytes:
    """Indented, in the order of the record's fields."""
    return orjson.dumps(report, option=orjson.OPT_INDENT_2)


def report_from_json(data: bytes) -> RunReport:
    """Inverse of `report_to_json`; `ValueError` says what is missing, odd or not known here."""
    content = orjson.loads(data)
    if not isinstance(content, dict) or "format" not in content:
        raise ValueError("it is no report of a run")
    if content["format"] != FORMAT:
        raise ValueError(f"its format {content['format']!r} is not {FORMAT}, the one known here")
    report: RunReport = _read(RunReport, content, "report")
    return report


def _read(kind: Any, value: Any, where: str) -> Any:
    """`value`, from JSON, as what the annotation `kind` means."""
    inner = get_args(kind)
    origin = get_origin(kind)
    if kind is Any:
        return value
    if origin is types.UnionType:
        (some,) = set(inner) - {type(None)}
        return None if value is None else _read(some, value, where)
    if origin is tuple:
        items = _checked(list, value, where)
        return tuple(_read(inner[0], item, f"{where}[]") for item in items)
    if origin is Mapping:
        pairs = _checked(dict, value, where)
        return {key: _read(inner[1], item, f"{where}.{key}") for key, item in pairs.items()}
    if is_dataclass(kind):
        return _read_record(kind, _checked(dict, value, where), where)
    if kind is datetime or issubclass(kind, StrEnum):
        words = _checked(str, value, where)
        return datetime.fromisoformat(words) if kind is datetime else kind(words)
    if kind is float and type(value) is int:
        return float(value)
    return _checked(kind, value, where)


def _read_record(kind: Any, content: Mapping[str, Any], where: str) -> Any:
    wanted = {one.name for one in fields(kind)}
    if content.keys() != wanted:
        odd = sorted(content.keys() ^ wanted)[0]
        raise ValueError(f"{where}.{odd} is {'missing' if odd in wanted else 'not known'}")
    hints = get_type_hints(kind)
    return kind(**{name: _read(hints[name], content[name], f"{where}.{name}") for name in wanted})


def _checked(kind: type, value: Any, where: str) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{where} is {type(value).__name__} and not {kind.__name__}")
    return value
