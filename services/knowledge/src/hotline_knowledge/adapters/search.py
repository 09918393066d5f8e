"""The full-text index of what is served: words, pairs of characters, and their sound (Art. 17).

An entry is found by its words (cut by jieba), by half words and misspellings (pairs of characters) and by homophones
or typed pinyin (pairs of syllables). Queries are made of terms, never parsed: no character in them is an operator.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import pairwise
from threading import Lock
from uuid import UUID

import jieba
import tantivy
from pypinyin import lazy_pinyin
from tantivy import FieldType, Occur, Query

from hotline_knowledge.domain.bulletin import BulletinContent
from hotline_knowledge.domain.entry import Content, EntryKind, Origin, places_around

_EVERYWHERE = "everywhere"
_RUN = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z]+")
_SYLLABLE = re.compile(
    r"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|van|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui|un|uo|ve|[aeiouv])"
)
_WEIGHTS = {"words": 3.0, "grams": 1.0, "sounds": 0.5, "text": 1.0}
"""Fields and what a hit in them is worth: words, pairs of characters and sounds of title and keywords; the text."""
_FILTERS = ("region", "unit", "kind", "origin")


_BULLETIN = "BULLETIN"


@dataclass(frozen=True, kw_only=True)
class Document:
    """What can be found, and by what."""

    title: str
    text: str
    keywords: tuple[str, ...]
    region: str
    unit: str
    kind: str
    origin: str
    first: date
    last: date


def of_entry(content: Content) -> Document:
    """An entry as it is found."""
    return Document(
        title=content.title,
        text=content.text,
        keywords=content.keywords,
        region=content.region,
        unit=content.unit,
        kind=content.kind or "",
        origin=content.origin,
        first=content.valid_from or date.min,
        last=content.valid_until or date.max,
    )


def of_bulletin(content: BulletinContent) -> Document:
    """A bulletin as it is found: by its topic too, and before it starts, so that people can prepare (Art. 31)."""
    return Document(
        title=content.title,
        text=content.text,
        keywords=(content.topic,),
        region=content.region,
        unit=content.unit,
        kind=_BULLETIN,
        origin="",
        first=date.min,
        last=content.last_day or date.max,
    )


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which entries a search is for (Art. 17); what is empty lets all pass."""

    on: date
    """They hold on this day."""
    still_on: date | None = None
    """And still on this one."""
    region: str = ""
    """For this place, what it lies in, and the whole city."""
    unit: str = ""
    kind: EntryKind | None = None
    origin: Origin | None = None
    for_staff: bool = False
    """The office's own norms, too (Art. 9(2))."""
    bulletins: bool = False
    """Bulletins instead of entries."""


class SearchIndex:
    """An index in memory: one thread changes it at a time, any number search."""

    def __init__(self) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for field in _FILTERS:
            builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
        builder.add_integer_field("valid_from", fast=True)
        builder.add_integer_field("valid_until", fast=True)
        for field in _WEIGHTS:
            builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        self._writer = self._index.writer(heap_size=15_000_000, num_threads=1)
        self._changing = Lock()

    def warm_up(self) -> None:
        """Loads the words that texts are cut by, about a second, so that the first search need not."""
        _jieba()

    def apply(self, changes: Iterable[tuple[UUID, Document | None]]) -> None:
        """Makes these documents, and no others of the same ids, be found; None takes the id out."""
        with self._changing:
            for id_, document in changes:
                self._writer.delete_documents_by_term("id", str(id_))
                if document is not None:
                    self._writer.add_document(_document(id_, document))
            self._writer.commit()
            self._index.reload()

    def find(self, query: str, wanted: Wanted, *, limit: int) -> list[tuple[UUID, float]]:
        """Ids of entries that are wanted, best first, with their scores."""
        terms = [
            (Occur.Should, Query.boost_query(Query.term_query(self._schema, field, term, "freq"), weight))
            for field, weight, terms in _terms(query)
            for term in terms
        ]
        if not terms:
            return []
        clauses = [
            (Occur.Must, Query.boolean_query(terms)),
            (Occur.Must, self._between("valid_from", None, wanted.on.toordinal())),
            (Occur.Must, self._between("valid_until", (wanted.still_on or wanted.on).toordinal(), None)),
        ]
        passing: dict[str, list[str]] = {
            "region": [*places_around(wanted.region), _EVERYWHERE] if wanted.region else [],
            "unit": [wanted.unit] if wanted.unit else [],
            "kind": [_BULLETIN] if wanted.bulletins else [wanted.kind] if wanted.kind else [],
            "origin": [wanted.origin] if wanted.origin else [],
        }
        clauses += ((Occur.Must, self._one_of(field, values)) for field, values in passing.items() if values)
        passed_over = [] if wanted.for_staff else [str(EntryKind.NORM)]
        passed_over += [] if wanted.bulletins else [_BULLETIN]
        if passed_over:
            clauses.append((Occur.MustNot, self._one_of("kind", passed_over)))
        searcher = self._index.searcher()
        hits = searcher.search(Query.boolean_query(clauses), limit, count=False).hits
        return [(UUID(searcher.doc(address)["id"][0]), float(score)) for score, address in hits]

    def _one_of(self, field: str, values: list[str]) -> Query:
        return Query.const_score_query(Query.term_set_query(self._schema, field, values), 0.0)

    def _between(self, field: str, lowest: int | None, highest: int | None) -> Query:
        days = Query.range_query(self._schema, field, FieldType.Integer, lowest, highest)
        return Query.const_score_query(days, 0.0)


def _document(id_: UUID, found: Document) -> tantivy.Document:
    heads = [_normal(head) for head in (found.title, *found.keywords)]
    document = tantivy.Document()
    document.add_text("id", str(id_))
    document.add_text("region", found.region or _EVERYWHERE)
    document.add_text("unit", found.unit)
    document.add_text("kind", found.kind)
    document.add_text("origin", found.origin)
    document.add_integer("valid_from", found.first.toordinal())
    document.add_integer("valid_until", found.last.toordinal())
    document.add_text("words", " ".join(word for head in heads for word in _words(head)))
    document.add_text("grams", " ".join(gram for head in heads for gram in (*_pairs(head), *_characters(head))))
    document.add_text("sounds", " ".join(sound for head in heads for sound in _sounds(head)))
    document.add_text("text", " ".join(_pairs(_normal(found.text))))
    return document


def _terms(query: str) -> Iterator[tuple[str, float, set[str]]]:
    normal = _normal(query)
    pairs = set(_pairs(normal))
    yield "words", _WEIGHTS["words"], set(_words(normal))
    yield "grams", _WEIGHTS["grams"], pairs or set(_characters(normal))
    yield "sounds", _WEIGHTS["sounds"], {*_sounds(normal), *_typed_sounds(normal)}
    yield "text", _WEIGHTS["text"], pairs


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _words(text: str) -> Iterator[str]:
    return (word for word in _jieba().cut_for_search(text) if _RUN.fullmatch(word))


def _pairs(text: str) -> Iterator[str]:
    return (first + second for run in _RUN.findall(text) for first, second in pairwise(run))


def _characters(text: str) -> Iterator[str]:
    return (character for run in _RUN.findall(text) for character in run)


def _sounds(text: str) -> Iterator[str]:
    for run in _HAN.findall(text):
        syllables = [syllable for word in _jieba().cut(run) for syllable in _syllables(word)]
        yield from (first + second for first, second in pairwise(syllables))


def _typed_sounds(text: str) -> Iterator[str]:
    typed: list[str] = []
    for run in _LATIN.findall(text):
        syllables = _SYLLABLE.findall(run)
        if "".join(syllables) == run:
            typed += syllables
    return (first + second for first, second in pairwise(typed))


@cache
def _jieba() -> jieba.Tokenizer:
    # Loaded without jieba's cache: a file in the shared temporary folder that anybody may have put there.
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


@lru_cache(maxsize=20_000)
def _syllables(word: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(word))
