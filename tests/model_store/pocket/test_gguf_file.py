import struct

import numpy as np
import pytest

from model_store.pocket.gguf_file import GgufFile
from tests.model_store.pocket.drawn_gguf import Q4_1, Q8_0, plain, write_gguf


def test_facts_of_all_kinds_are_read(tmp_path):
    facts = {"name": "größe", "heads": 9, "yes": True, "epsilon": 1e-5, "words": ["Ġa", ""]}

    assert GgufFile(write_gguf(tmp_path / "x.gguf", facts, {})).facts == facts


def test_tensors_have_the_axes_of_torch_and_are_found_whatever_lies_before(tmp_path):
    first, second = np.arange(3.0), np.arange(6.0).reshape(2, 3)
    tensors = {"first": plain(first), "second": plain(second)}
    file = GgufFile(write_gguf(tmp_path / "x.gguf", {"pad": "x" * 7}, tensors))

    assert file.names == ["first", "second"]
    assert file.tensor("first").tolist() == first.tolist()
    assert file.tensor("second").tolist() == second.tolist()


def test_four_bits_with_scale_and_least(tmp_path):
    levels = [[(7 * row + place) % 16 for place in range(32)] for row in range(2)]
    scales, least = (0.5, 0.25), (-3.0, 1.5)
    data = b"".join(
        struct.pack("<ee", scales[row], least[row])
        + bytes(levels[row][place] | levels[row][place + 16] << 4 for place in range(16))
        for row in range(2)
    )
    file = GgufFile(write_gguf(tmp_path / "x.gguf", {}, {"w": (Q4_1, (2, 32), data)}))

    expected = [[scales[row] * one + least[row] for one in levels[row]] for row in range(2)]
    assert file.tensor("w").tolist() == expected


def test_eight_bits_with_scale(tmp_path):
    levels = [[place - 16 for place in range(32)], [127, -128] * 16]
    data = b"".join(
        struct.pack("<e32b", scale, *row) for scale, row in zip((0.5, 2), levels, strict=True)
    )
    file = GgufFile(write_gguf(tmp_path / "x.gguf", {}, {"w": (Q8_0, (1, 64), data)}))

    assert file.tensor("w").tolist() == [
        [0.5 * one for one in levels[0]] + [2.0 * one for one in levels[1]]
    ]


@pytest.mark.parametrize("content", [b"PK\3\4" + bytes(60), b"GGUF\2\0\0\0" + bytes(60)])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "x.gguf").write_bytes(content)

    with pytest.raises(ValueError, match="not a GGUF file of version 3"):
        GgufFile(tmp_path / "x.gguf")
