"""The first thing that a job does on the cluster: it looks whether the environment is there.

    python -m keyphrases.submission.driver ELASTICSEARCH_API_KEY -- index s3://dumps/today ...

becomes `keyphrases index ...`, or ends with exit code 2 and a sentence.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence


def lacking(names: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Those that are not set; an empty secret is none."""
    return [name for name in names if not environment.get(name)]


def main() -> None:
    """Splits its arguments at the first `--`."""
    border = sys.argv.index("--")
    names, arguments = sys.argv[1:border], sys.argv[border + 1 :]
    if missing := lacking(names, os.environ):
        verb = "is" if len(missing) == 1 else "are"
        sys.exit(_refused(f"{', '.join(missing)} {verb} not set in the cluster's environment"))
    os.execv(sys.executable, [sys.executable, "-m", "keyphrases", *arguments])  # noqa: S606


def _refused(why: str) -> int:
    how = "set it where the head's processes start, such as from a Kubernetes secret"
    print(f"keyphrases: {why}; {how}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
