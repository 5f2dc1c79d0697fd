"""`keyphrases import` as a shell sees it, and the dump it leaves."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from posts.dump import Dump
from posts.errors import InputError
from posts.pictures import decode_picture
from tests.posts.imports.published import WEB, entry, line, write_json, write_lines
from tests.sample_pictures import encoded, plain


def posts_of(dump):
    return list(Dump.open(str(dump)).posts())


def assert_refused(done, *words):
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("keyphrases: ")
    for word in words:
        assert word in done.stderr
    assert not done.stdout


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, colour in (("red.jpg", (255, 0, 0)), ("blue.jpg", (0, 0, 255))):
        (folder / name).write_bytes(encoded(plain(colour=colour), "JPEG"))
    (folder / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "secret.jpg").write_bytes(encoded(plain(), "JPEG"))
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    return folder


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "tw_mm_s1"
    write_lines(
        folder / "train_src.txt",
        line("a red one", ["red", "one thing"], f"{WEB}/red.jpg"),
        "broken",
        line("gone", ["a"], f"{WEB}/gone.jpg"),
        line("linked", ["b"], f"{WEB}/link.jpg"),
        line("up", ["c"], "../secret.jpg"),
        line("no picture", ["d"], f"{WEB}/broken.jpg"),
        line("none named", ["e"]),
        end=b"\r\n",
    )
    write_lines(folder / "valid_src.txt", line("a blue one", ["blue"], f"{WEB}/blue.jpg"))
    return folder


def test_a_folder_of_lines_becomes_a_dump_per_split(keyphrases, source, pictures, tmp_path):
    out = tmp_path / "dump"
    done = keyphrases("import", "cmkp", source, "--images", pictures, "--out", out)

    assert done.returncode == 0, done.stderr
    rows = [row.split("│")[1:-1] for row in done.stdout.splitlines() if row.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["train", "6", "1", "1", "3", "1"],
        ["valid", "1", "1", "0", "0", "0"],
    ]
    for told in ("train_src.txt:2:", "train_src.txt:3:", "train_src.txt:4:", "gone.jpg"):
        assert told in done.stderr
    train = posts_of(out / "train")
    assert [post.text for post in train] == [
        *("a red one", "gone", "linked", "up", "no picture", "none named")
    ]
    assert [post.id for post in train] == [f"train-{row:06d}" for row in (1, 3, 4, 5, 6, 7)]
    assert train[0].keyphrases == ("red", "one thing")
    assert all(post.error is None and post.image_uri is None for post in train)
    assert [post.image is not None for post in train] == [True] + [False] * 5
    red, green, _ = decode_picture(train[0].image).getpixel((3, 3))
    assert (red > 250, green < 5) == (True, True)
    assert train[1].extra["image_url"] == f"{WEB}/gone.jpg"
    assert [post.text for post in posts_of(out / "valid")] == ["a blue one"]
    assert len(posts_of(out)) == 7


@pytest.mark.parametrize("layout", ["cmkp", "aimkp"])
def test_a_file_of_json_becomes_the_dump_itself(keyphrases, pictures, tmp_path, layout):
    one = entry(0, "a red one", ["red", "one thing"], image="red.jpg", likes=4)
    again = entry(0, "the same id", ["x"])
    two = entry(1, "gone", ["b"], image="gone.jpg", likes="many")
    path = write_json(tmp_path / "valid.json", one, again, two, "broken")
    out = tmp_path / "dump"
    done = keyphrases("import", layout, path, "--images", pictures, "--out", out, "--json")

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    summary = json.loads(done.stdout)
    counts = {"posts": 2, "with_picture": 1, "pictures_missing": 1, "pictures_broken": 0}
    counts |= {"pictures_left": 0, "broken_lines": 2}
    assert summary == {"out": str(out), **counts, "splits": {"valid": counts}}
    first, second = posts_of(out)
    assert (first.id, first.keyphrases) == ("valid-0000000", ("red", "one thing"))
    assert decode_picture(first.image).size == (20, 10)
    assert (first.extra["likes"], second.extra["likes"]) == ("4", "many")
    assert (second.text, second.image, second.error) == ("gone", None, None)


def test_without_pictures_it_says_how_many_were_left(keyphrases, source, tmp_path):
    done = keyphrases("import", "cmkp", source / "valid_src.txt", "--out", tmp_path / "dump")

    assert done.returncode == 0
    assert done.stderr.strip().startswith("1 pictures are named and were left out")
    (post,) = posts_of(tmp_path / "dump")
    assert (post.text, post.has_picture) == ("a blue one", False)


def test_a_dump_on_s3_is_written_as_on_disk(keyphrases, source, pictures, s3):
    out = f"s3://{s3.bucket()}/data/cmkp"
    environment = os.environ | s3.environment
    command = ("import", "cmkp", source, "--images", pictures, "--out", out)
    done = keyphrases(*command, env=environment)

    assert done.returncode == 0, done.stderr
    assert [post.image is not None for post in posts_of(f"{out}/train")] == [True] + [False] * 5
    assert_refused(keyphrases(*command, env=environment), "already holds")


def test_wrong_input_is_told_in_one_line_and_leaves_nothing(keyphrases, source, tmp_path):
    out = tmp_path / "dump"
    broken = write_lines(tmp_path / "b" / "train_src.txt", "x", "y")
    write_lines(tmp_path / "b" / "valid_src.txt", line("x", ["a"]))
    for arguments, words in (
        (("cmkp", tmp_path / "gone"), ["gone"]),
        (("cmkp", broken.parent), ["train_src.txt:1", "no post"]),
        (("aimkp", source), ["train.json"]),
        (("aimkp", source / "valid_src.txt"), ["no JSON"]),
        (("cmkp", "s3://bucket/x"), ["not local"]),
        (("cmkp", source, "--images", tmp_path / "gone"), ["gone", "pictures"]),
        (("other", source), ["cmkp", "aimkp"]),
    ):
        assert_refused(keyphrases("import", *arguments, "--out", out), *words)
        assert not out.exists()


def test_an_out_that_holds_something_is_refused_and_an_empty_one_is_not(
    keyphrases, source, tmp_path
):
    out = tmp_path / "dump"
    out.mkdir()
    assert keyphrases("import", "cmkp", source, "--out", out).returncode == 0
    before = {path: path.read_bytes() for path in out.rglob("*.parquet")}
    assert_refused(keyphrases("import", "cmkp", source, "--out", out), str(out), "empty")
    assert {path: path.read_bytes() for path in out.rglob("*.*")} == before


def test_a_killed_import_leaves_nothing_that_passes_for_a_dump(keyphrases, tmp_path):
    pictures, out = tmp_path / "pictures", tmp_path / "dump"
    pictures.mkdir()
    (pictures / "0.jpg").write_bytes(encoded(plain().resize((3000, 3000)), "JPEG"))
    for number in range(1, 3000):
        (pictures / f"{number}.jpg").hardlink_to(pictures / "0.jpg")
    lines = [line("x", ["a"], f"{number}.jpg") for number in range(3000)]
    source = write_lines(tmp_path / "train_src.txt", *lines)
    command = ("import", "cmkp", source, "--images", pictures, "--out", out)
    started = subprocess.Popen(
        [sys.executable, "-m", "keyphrases", *map(str, command)], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not (out / "_unfinished").exists():
        assert started.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started.send_signal(signal.SIGKILL)
    started.wait()

    with pytest.raises(InputError, match="not finished"):
        Dump.open(out)
    assert_refused(keyphrases(*command), "not finished", "remove")
