import json
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_store.bundle import load_bundle
from model_store.shipped import SHIPPED_STORE
from model_store.store import Store
from posts.errors import InputError
from posts.files.opening import open_files


@pytest.fixture(params=["folder", "s3"])
def uri(request, tmp_path, monkeypatch):
    """A store's place, which does not exist yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if request.param == "folder":
        return str(tmp_path / "store")
    return f"s3://{request.getfixturevalue('s3').bucket()}/models"


@pytest.fixture
def store(uri):
    return Store(uri)


def numbers(store):
    return [
        (name, int(version)) for name, _, version in (ref.partition("@") for ref in store.list())
    ]


def test_a_published_bundle_can_be_fetched_and_loaded(store, bundle):
    version = store.publish("tagger", bundle)
    fetched = load_bundle(store.fetch("tagger"))

    assert version == 1
    assert fetched.card == load_bundle(bundle).card
    assert store.fetch("tagger@1") == store.fetch("tagger")


def test_versions_count_up_for_each_name(store, bundle):
    assert [store.publish(name, bundle) for name in ("a", "b", "a")] == [1, 1, 2]
    assert numbers(store) == [("a", 1), ("a", 2), ("b", 1)]


def test_a_name_alone_means_production_and_else_the_latest(store, bundle):
    for _ in range(3):
        store.publish("a", bundle)
    assert store.resolve("a").version == 3

    store.promote("a", 2)
    store.promote("a", 1, alias="staging")
    meant = {ref: store.resolve(ref).version for ref in ("a", "a@3", "a@latest", "a@staging")}
    assert meant == {"a": 2, "a@3": 3, "a@latest": 3, "a@staging": 1}
    assert store.aliases("a") == {"production": 2, "staging": 1}


def test_rollback_goes_back_step_by_step(store, bundle):
    for version in (1, 2, 3):
        store.publish("a", bundle)
        store.promote("a", version)

    assert [entry.version for entry in store.history("a")] == [1, 2, 3]
    assert [store.rollback("a"), store.rollback("a")] == [2, 1]
    assert store.resolve("a").version == 1
    with pytest.raises(InputError, match="nothing before its production"):
        store.rollback("a")


def test_publishing_together_gives_different_numbers(uri, bundle):
    with ThreadPoolExecutor(4) as threads:
        published = list(threads.map(lambda _: Store(uri).publish("a", bundle), range(4)))

    assert sorted(published) == [1, 2, 3, 4]
    assert numbers(Store(uri)) == [("a", version) for version in range(1, 5)]


def test_no_promotion_made_together_is_lost(uri, bundle):
    versions = [Store(uri).publish("a", bundle) for _ in range(5)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda version: Store(uri).promote("a", version), versions))

    assert sorted(entry.version for entry in Store(uri).history("a")) == versions


def test_a_promotion_said_twice_is_one_step(uri, bundle):
    store = Store(uri)
    for version in (store.publish("a", bundle), store.publish("a", bundle)):
        store.promote("a", version)
    store.promote("a", 2)

    assert store.rollback("a") == 1


def test_the_version_that_a_run_published_is_found(uri, bundle):
    store = Store(uri)
    store.publish("a", bundle)

    assert store.published_by("run-1", "a") is None
    assert store.published_by("", "nobody") is None


def test_a_publication_that_died_is_no_version_and_its_number_is_not_used_again(
    uri, bundle, monkeypatch
):
    store = Store(uri)
    store.publish("a", bundle)

    def die(name, data):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store._files, "write", die)
        with pytest.raises(KeyboardInterrupt):
            store.publish("a", bundle)
    assert numbers(store) == [("a", 1)]
    with pytest.raises(InputError, match="no version '2'"):
        store.fetch("a@2")
    assert store.publish("a", bundle) == 3


def test_verify_names_the_file_that_is_wrong(store, uri, bundle):
    store.publish("a", bundle)
    assert store.verify("a@1").version == 1

    open_files(uri).write("a/v000001/projector.safetensors", b"rot")
    with pytest.raises(InputError, match=r"corrupt bundle .*projector\.safetensors has changed"):
        store.verify("a")
    with pytest.raises(InputError, match=r"projector\.safetensors has changed"):
        store.fetch("a")
    open_files(uri).delete("a/v000001/projector.safetensors")
    with pytest.raises(InputError, match=r"projector\.safetensors is missing"):
        store.verify("a")
    with pytest.raises(InputError, match=r"projector\.safetensors"):
        store.fetch("a")


def test_a_corrupt_bundle_is_not_published(store, bundle, tmp_path):
    folder = shutil.copytree(bundle, tmp_path / "bundle")
    (folder / "projector.safetensors").write_bytes(b"rot")

    with pytest.raises(InputError, match="corrupt bundle"):
        store.publish("a", folder)
    assert numbers(store) == []


def test_what_is_unknown_is_answered_with_what_there_is(store, bundle):
    with pytest.raises(InputError, match=r"no model 'a' in .*it is empty"):
        store.resolve("a")
    for name in ("cats", "dogs", "cats"):
        store.publish(name, bundle)
    store.promote("cats", 1, "staging")

    with pytest.raises(InputError, match=r"no model 'a' .*it has cats, dogs"):
        store.fetch("a")
    for ref in ("cats@7", "cats@gone"):
        with pytest.raises(InputError, match="it has 1, 2 and the aliases latest, staging"):
            store.resolve(ref)
    with pytest.raises(InputError, match="no version '7'"):
        store.promote("cats", 7)


@pytest.mark.parametrize("name", ["", "../up", "a/b", "/a", ".hidden", "a b", "a" * 65, "ä", "-a"])
def test_names_that_are_none_are_refused(tmp_path, bundle, name):
    store = Store(str(tmp_path))
    for use in (
        lambda: store.publish(name, bundle),
        lambda: store.resolve(name),
        lambda: store.promote(name, 1),
        lambda: store.history("a", name),
    ):
        with pytest.raises(InputError, match="is no name for"):
            use()


def test_a_check_before_training_leaves_nothing_behind(store, uri):
    store.check("a")

    assert list(open_files(uri).list()) == []
    with pytest.raises(InputError, match="is no name"):
        store.check("../a")


def test_a_store_that_cannot_be_written_is_found_out_before_training(s3, tmp_path):
    (tmp_path / "file").touch()
    for uri in (str(tmp_path / "file"), "s3://no-such-bucket-here"):
        with pytest.raises(InputError):
            Store(uri).check("a")


@pytest.mark.parametrize("alias", ["latest", "7"])
def test_an_alias_cannot_take_another_meaning(tmp_path, bundle, alias):
    store = Store(str(tmp_path))
    store.publish("a", bundle)

    with pytest.raises(InputError, match="cannot be an alias"):
        store.promote("a", 1, alias)


def test_asking_a_store_needs_no_torch():
    # Imports take seconds, and `models list` or a wrong NAME should not.
    program = "import sys, model_store.store; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], timeout=120).returncode == 0


def test_the_store_that_ships_is_found_in_the_package_of_the_machine_that_unpickles_it(
    tmp_path, monkeypatch
):
    as_sent = pickle.dumps(Store(SHIPPED_STORE))
    monkeypatch.setattr("model_store.shipped.SHIPPED_FOLDER", tmp_path)

    assert pickle.loads(as_sent).root == str(tmp_path)  # noqa: S301 - our own bytes


def test_a_local_store_is_used_in_place(tmp_path, bundle):
    store = Store(str(tmp_path / "store"))
    store.publish("a", bundle)

    assert store.fetch("a") == tmp_path / "store" / "a" / "v000001"


def test_a_copy_in_the_cache_is_used_again_unless_it_is_spoilt(s3, tmp_path, bundle, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    store = Store(f"s3://{s3.bucket()}")
    store.publish("a", bundle)
    folder = store.fetch("a")
    inode = folder.stat().st_ino
    assert store.fetch("a").stat().st_ino == inode

    (folder / "projector.safetensors").write_bytes(b"rot")
    load_bundle(store.fetch("a"))
    assert [one.name for one in folder.parent.iterdir()] == [folder.name]


def test_an_alias_file_that_was_spoilt_is_named(tmp_path, bundle):
    store = Store(str(tmp_path))
    store.publish("a", bundle)
    store.promote("a", 1)
    (tmp_path / "a/aliases/production.json").write_text(json.dumps([{"odd": 1}]))

    with pytest.raises(InputError, match=r"a/aliases/production\.json is not readable"):
        store.resolve("a")


def test_a_version_that_was_removed_is_no_way_back(uri, store, bundle):
    for _ in range(3):
        store.publish("a", bundle)
    for version in (1, 2, 3):
        store.promote("a", version)
    files = open_files(uri)
    for info in list(files.list("a/v000002")):
        files.delete(info.name)
    assert store.rollback("a") == 1
    assert store.resolve("a").version == 1
    with pytest.raises(InputError, match="promote a version"):
        store.rollback("a")


def test_what_a_file_system_leaves_in_a_store_is_no_part_of_it(uri, store, bundle):
    store.publish("a", bundle)
    store.promote("a", 1)
    for name in ("aliases/.nfs0001", "aliases/production.json.bak", "claims/.DS_Store"):
        open_files(uri).write(f"a/{name}", b"x")
    assert store.aliases("a") == {"production": 1}
    assert store.publish("a", bundle) == 2


def test_a_corrupt_version_is_not_in_the_way_of_training(uri, store, bundle):
    store.publish("a", bundle)
    open_files(uri).write("a/v000001/card.json", b"{}")
    assert store.published_by("run", "a") is None
