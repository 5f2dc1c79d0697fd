"""Reading predictions."""

from pathlib import Path

import pytest

from posts.errors import InputError
from trainer.metrics import Case, read_cases, write_cases


def test_written_cases_are_read_back(tmp_path: Path) -> None:
    cases = [
        Case(id="1", text="é", gold=["a"], predicted=[]),
        Case(id="2", text="", gold=[], predicted=["b"]),
    ]
    write_cases(cases, tmp_path / "p.jsonl")
    assert list(read_cases(tmp_path / "p.jsonl")) == cases


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{broken", "line 2 is not JSON"),
        ("[1]", "line 2 is not a JSON object"),
        ('{"id": "1", "text": ""}', "line 2 lacks gold, predicted"),
        ('{"id": 1, "text": "", "gold": [], "predicted": []}', "line 2: id must be a string"),
        ('{"id": "1", "text": "", "gold": "a", "predicted": []}', "line 2: gold must be a list"),
        ('{"id": "1", "text": "", "gold": [], "predicted": [1]}', "line 2: predicted must be"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    good = '{"id": "0", "text": "", "gold": [], "predicted": []}'
    (tmp_path / "p.jsonl").write_text(f"{good}\n{line}\n")
    with pytest.raises(InputError, match=complaint):
        list(read_cases(tmp_path / "p.jsonl"))


def test_a_missing_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        list(read_cases(tmp_path / "none.jsonl"))
