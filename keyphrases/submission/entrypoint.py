"""The entrypoint: the line that Ray gives to a shell on the cluster."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def entrypoint(kind: str, arguments: Sequence[str], needed: Sequence[str] = ()) -> str:
    """Runs `keyphrases KIND ARGUMENTS` where the variables `needed` are set.

    `python -m` takes the code of a working directory before what is installed. `exec`: signals
    and exit code are the program's, and no shell is left between it and Ray.
    """
    module = ["keyphrases"]
    if needed:
        module = ["keyphrases.submission.driver", *needed, "--"]
    return shlex.join(["exec", "python", "-m", *module, kind, *arguments])
