import torch
from safetensors.numpy import load_file

from model_store.pocket import vision_weights
from model_store.pocket.conversion import VISION
from model_store.pocket.layout import build_image_processor
from model_store.pocket.vision import EfficientNetLite, EfficientNetLiteConfig
from model_store.pocket.vision_weights import read_convolutions
from posts.drawn import drawn_posts
from posts.dump import Dump
from posts.pictures import decode_picture
from posts.post import Post
from posts.writing import write_parquet
from trainer.pocket_statistics import measure


def test_the_statistics_bring_the_features_they_were_measured_on_to_one_scale(
    pocket_cache, tmp_path
):
    drawn = list(drawn_posts("train", 40))
    broken = Post(id="broken", text="x", image=b"no picture")
    write_parquet([broken, *drawn[1:]], tmp_path / "posts.parquet")
    statistics, count = measure(Dump.open(tmp_path / "posts.parquet"), every=2)

    assert count == 19
    tower = EfficientNetLite(EfficientNetLiteConfig())
    weights = {
        name: torch.from_numpy(one) for name, one in read_convolutions(VISION.path()).items()
    }
    tower.load_state_dict({**weights, **{name: one.float() for name, one in statistics.items()}})
    pictures = [decode_picture(post.image) for post in drawn[2::2]]
    pixels = build_image_processor()(images=pictures, return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        features = tower(pixels).last_hidden_state.flatten(0, 1)

    assert features.mean(0).abs().max() < 0.01
    spread = features.std(0, correction=0)
    assert spread.max() < 1.01
    assert (spread > 0.99).float().mean() > 0.2


def test_what_ships_has_a_mean_and_a_scale_for_each_channel():
    shipped = load_file(vision_weights._STATISTICS)

    assert {name: one.shape for name, one in shipped.items()} == {
        "feature_mean": (1280,),
        "feature_scale": (1280,),
    }
    assert 0 < shipped["feature_scale"].min() <= shipped["feature_scale"].max() <= 4
