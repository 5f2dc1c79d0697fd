"""The forms of answers, for /openapi.json; answers are not checked against them as they go out."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Keyphrase(_Answer):
    phrase: str
    score: float


class Hit(_Answer):
    id: str
    score: float
    text: str
    keyphrases: list[Keyphrase]
    highlight: str = Field(description="HTML: a passage, escaped, with <mark> around the words.")
    created_at: str | None
    has_picture: bool
    alignment: float | None = Field(
        default=None, description="Probability that picture and text belong together."
    )
    picture_dropped: bool = Field(
        default=False, description="The keyphrases are of the text alone."
    )
    summary: str | None = Field(default=None, description="Some sentences of a long text.")
    text_cut: bool = Field(default=False, description="The text goes on; /api/post has all of it.")


class Post(Hit):
    extra: dict[str, Any] = Field(description="What else the dump says of the post.")


class PhraseCount(_Answer):
    phrase: str
    count: int


class AlignmentCount(_Answer):
    least: float
    below: float
    count: int


class Facets(_Answer):
    keyphrases: list[PhraseCount]
    alignment: list[AlignmentCount] = Field(
        default=[], description="Posts by how well their picture fits, where any is known."
    )


class Bar(_Answer):
    start: str
    until: str = Field(description="The first day that is no more of it.")
    count: int


class Dates(_Answer):
    unit: str
    bars: list[Bar]


class SearchAnswer(_Answer):
    total: int
    took_ms: float
    hits: list[Hit]
    facets: Facets
    dates: Dates | None = None
    next: str | None = Field(default=None, description="`after` of the next page, if there is one.")


class Abilities(_Answer):
    vectors: bool = Field(description="Posts can be searched by picture and by meaning.")
    why_not: str | None


class Suggestions(_Answer):
    suggestions: list[PhraseCount]


class FacetsAnswer(_Answer):
    total: int
    keyphrases: list[PhraseCount]


class RelatedPhrase(_Answer):
    phrase: str
    count: int
    significance: float


class RelatedAnswer(_Answer):
    related: list[RelatedPhrase]


class HealthAnswer(_Answer):
    status: str
    documents: int | None = None


class Problem(_Answer):
    message: str
    start: int | None = Field(default=None, description="Where in q: from this character on,")
    end: int | None = Field(default=None, description="to before this one.")


class Refusal(_Answer):
    error: Problem


class SessionRequest(BaseModel):
    """What begins a session."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(max_length=1_000)
