"""The words of drawn posts: a topic that the text is about, among others it merely mentions.

There are two wordings with nothing in common: sentences and topics of the one never occur in the
other. Pretraining uses `PRACTICE`, the demo uses `SAMPLE`, so the demo's topics are new to the
base model. No wording mentions a colour or a thing that pictures show.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

_KINDS = (
    "street", "night", "winter", "harbour", "village", "mountain", "school", "garden",
    "jazz", "charity", "science", "vintage", "summer", "family", "city", "beach", "poetry",
    "bread", "chess", "cycling", "pottery", "robot", "opera", "history",
)  # fmt: skip
_EVENTS = (
    "market", "concert", "race", "festival", "parade", "workshop", "picnic", "exhibition",
    "auction", "lecture", "reunion", "tournament", "rehearsal", "wedding", "campaign",
    "debate", "harvest", "marathon", "premiere", "opening", "sale", "tour", "ceremony",
    "quiz",
)  # fmt: skip
_NAMES = (
    "anna", "bruno", "clara", "david", "elena", "farid", "grace", "hugo", "ines", "jonas",
    "kira", "liam", "maya", "noah", "olga", "pablo", "rosa", "samir", "tara", "victor",
)  # fmt: skip
_DAYS = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wording:
    """Topics and sentences; `{topic}` is what a sentence is about, `{other}` is not."""

    topics: Sequence[str]
    sentences: Sequence[str]

    def write(self, rng: random.Random) -> tuple[str, str]:
        """A text and the topic that it is about."""
        topic, other = rng.sample(self.topics, 2)
        text = rng.choice(self.sentences).format(
            topic=topic, other=other, name=rng.choice(_NAMES), day=rng.choice(_DAYS)
        )
        return text, topic


def _topics(parity: int) -> tuple[str, ...]:
    """Every other cell of the board of kinds and events: each word is in both halves, no topic."""
    return tuple(
        f"{kind} {event}"
        for row, kind in enumerate(_KINDS)
        for column, event in enumerate(_EVENTS)
        if (row + column) % 2 == parity
    )


PRACTICE = Wording(
    topics=_topics(0),
    sentences=(
        "on {day} {name} will open the {topic}",
        "{name} says the {topic} beats any {other}",
        "after the {other} was called off we all met at the {topic}",
        "nothing compares to the {topic} in this town",
        "the {topic} starts on {day} , bring a friend",
        "{name} wrote a long story about the {topic}",
        "not the {other} again , give us the {topic}",
        "volunteers wanted for the {topic} , ask {name}",
        "since the {other} is over , {name} looks forward to the {topic}",
        "{day} news : the {topic} moves to a larger hall",
        "rain could not stop the {topic} , unlike the {other}",
        "what {name} remembers is the {topic}",
        "{name} swapped a seat at the {other} for one at the {topic}",
        "pictures from the {topic} , taken by {name}",
    ),
)

SAMPLE = Wording(
    topics=_topics(1),
    sentences=(
        "{name} had the best time at the {topic} on {day}",
        "forget the {other} , the {topic} is where everyone went",
        "we left the {other} early to catch the {topic}",
        "finally home after the {topic} , still smiling",
        "{day} plans : the {topic} with {name} and no {other} this time",
        "who else will be at the {topic} this {day} ?",
        "the {topic} was even better than the {other} last year",
        "so proud of {name} for winning at the {topic}",
        "{name} missed the {other} but not the {topic}",
        "a big thank you to all who made the {topic} possible",
        "instead of the {other} , {name} took us to the {topic}",
        "tickets for the {topic} are gone , the {other} still has some",
    ),
)
