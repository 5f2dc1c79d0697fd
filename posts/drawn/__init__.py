"""Drawn posts: sample data the program makes by itself, for demo, tests and pretraining."""

from posts.drawn.pictures import COLOURS, THINGS, Scene, draw, draw_png
from posts.drawn.sample import drawn_post, drawn_posts, write_sample_dump
from posts.drawn.wording import PRACTICE, SAMPLE, Wording

__all__ = [
    "COLOURS",
    "PRACTICE",
    "SAMPLE",
    "THINGS",
    "Scene",
    "Wording",
    "draw",
    "draw_png",
    "drawn_post",
    "drawn_posts",
    "write_sample_dump",
]
