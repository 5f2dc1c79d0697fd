import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter

from model_store.pocket.language_weights import read_language_weights, read_tokenizer


def written(writer):
    """What the writer was told, as a file that is read again."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return GGUFReader(writer.path)


def read(tmp_path, **tensors):
    writer = GGUFWriter(tmp_path / "x.gguf", "llama")
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    for name, one in tensors.items():
        writer.add_tensor(f"{name.replace('__', '.')}.weight", one.astype(np.float32))
    return dict(read_language_weights(written(writer)))


def test_pairs_that_are_rotated_together_move_from_neighbours_to_halves(tmp_path):
    """Of a head's rows, llama.cpp rotates 0 with 1, 2 with 3; transformers 0 with 2, 1 with 3."""
    rows = np.repeat(np.arange(8.0)[:, None], 3, axis=1)
    found = read(tmp_path, blk__4__attn_q=rows, blk__4__attn_k=rows[:4], blk__4__attn_v=rows[:4])

    query, key, value = (found[f"layers.4.self_attn.{one}_proj.weight"] for one in "qkv")
    assert query[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    assert key[:, 0].tolist() == [0, 2, 1, 3]
    assert value[:, 0].tolist() == [0, 1, 2, 3]


def test_a_tensor_that_nobody_knows_is_not_left_out_in_silence(tmp_path):
    with pytest.raises(ValueError, match=r"blk\.0\.attn_gate\.weight that nobody expects"):
        read(tmp_path, blk__0__attn_gate=np.zeros((2, 2)))


@pytest.fixture
def tokenizer(tmp_path):
    control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<gh_stars>", "<empty_output>"]
    tokens = [*control, *"abc123Ġ<>_", "ab", "12"]
    writer = GGUFWriter(tmp_path / "x.gguf", "llama")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * len(control) + [1] * (len(tokens) - len(control)))
    writer.add_token_merges(["a b", "1 2"])
    writer.add_context_length(99)
    return read_tokenizer(written(writer))


def test_the_tokenizer_merges_letters_and_takes_each_digit_by_itself(tokenizer):
    assert tokenizer.tokenize("abc 123") == ["ab", "c", "Ġ", "1", "2", "3"]
    assert tokenizer.decode(tokenizer("abc 123")["input_ids"]) == "abc 123"


def test_the_image_token_has_the_place_of_a_spare_one(tokenizer):
    assert tokenizer("<image>")["input_ids"] == [4]
    assert tokenizer("<gh_stars>")["input_ids"] == [3]
    assert len(tokenizer) == 17
    assert {"<image>", "<|im_end|>", "<gh_stars>"} <= tokenizer.get_added_vocab().keys()
    assert "<empty_output>" not in tokenizer.get_vocab()
