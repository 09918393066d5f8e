"""Who should lead an order (Art. 3); the operator decides."""

from hotline_dispatch.domain.suggestion import Suggestion, suggest
from hotline_dispatch.domain.words import Words
from hotline_dispatch.handlers.ports import Store

_LIKEST = 5


def suggest_lead(*, region: str, category: str, text: str, words: Words | None, tx: Store) -> list[Suggestion]:
    """Units that may lead, by duty, territory, earlier orders of the category, and the text if there is one.

    words -- what the texts of earlier orders hold; None if the text plays no part.
    """
    past = tx.past_leads(category=category, region=region) if category else {}
    likeness = words.likeness(text) if words is not None else {}
    likest = sorted(likeness, key=lambda unit: -likeness[unit])[:_LIKEST]
    units = tx.find_units({*past, *likest}) | (tx.units_answering(category) if category else {})
    return suggest(units=units.values(), region=region, category=category, past=past, likeness=likeness)
