"""Clip art: some dozen real pictures in the public domain, with texts and keyphrases of people.

This folder is a dump, in JSON Lines: `keyphrases index` takes it as it is. Its `SOURCES.md` says
where the pictures come from. They are there to be looked at and not to be learnt from.
"""

from __future__ import annotations

from pathlib import Path

CLIP_ART = Path(__file__).parent
"""The dump."""
