"""What may be asked: every parameter with its bounds, none but these."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from indexer.search.answer import MOST_HITS
from indexer.search.language import LONGEST_QUERY
from indexer.search.suggester import LONGEST_TYPED

MOST_PHRASES = 20
_MOST_OTHERS = 100

_Query = Annotated[
    str, Field(max_length=LONGEST_QUERY, description="A query in the query language.")
]
_Phrases = Annotated[
    list[Annotated[str, Field(max_length=500)]],
    Field(max_length=MOST_PHRASES, description="Keyphrases that a post must have."),
]
_Id = Annotated[str, Field(max_length=512, description="The id of a post.")]
_Few = Annotated[int, Field(ge=0, le=_MOST_OTHERS)]


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SearchParameters(_Parameters):
    q: _Query = ""
    phrase: _Phrases = []
    since: Annotated[str, Field(max_length=40, description="An ISO 8601 date or time.")] = ""
    limit: Annotated[int, Field(ge=0, le=MOST_HITS)] = 10
    after: Annotated[
        str, Field(max_length=2_000, description="`next` of the page before this one.")
    ] = ""
    facets: Annotated[bool, Field(description="Count the keyphrases of all matching posts.")] = (
        False
    )
    dates: Annotated[bool, Field(description="Count the matching posts by date.")] = False


class WordSearchParameters(SearchParameters):
    hybrid: Annotated[bool, Field(description="Rank by the meaning of the words, too.")] = False


class SuggestParameters(_Parameters):
    q: Annotated[str, Field(max_length=LONGEST_TYPED, description="What is typed so far.")] = ""
    limit: _Few = 8


class FacetParameters(_Parameters):
    q: _Query = ""
    phrase: _Phrases = []
    limit: _Few = 20


class RelatedParameters(_Parameters):
    q: _Query = ""
    phrase: _Phrases = []
    limit: _Few = 10


class PostParameters(_Parameters):
    id: _Id


class SimilarParameters(_Parameters):
    id: _Id
    limit: _Few = 10


class ThumbnailSize(IntEnum):
    """Pixels of the longer side, at most."""

    SMALL = 160
    MEDIUM = 320
    LARGE = 640


class ThumbnailParameters(_Parameters):
    id: _Id
    size: ThumbnailSize = ThumbnailSize.MEDIUM
