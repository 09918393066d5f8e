"""The errors in the code and the reasons in the contract are the same, and every error can speak."""

import string
from pathlib import Path

import pytest
from hotline.common.v1 import error_reason_pb2
from hotline_kernel import errors, rpc_status, wording

from scripts.reference import error_classes

PREFIX = "ERROR_REASON_"
_CLASSES = error_classes()
# Never raised as they are: a subclass says what it is about.
_FAMILIES = (errors.HotlineError, errors.NotFound, errors.Invalid, errors.Refused, errors.Conflict, errors.Denied)
_SERVICES = Path(__file__).parents[2] / "services"
every_error = pytest.mark.parametrize(
    "kind", [kind for kind in _CLASSES if kind not in _FAMILIES], ids=lambda kind: f"{kind.__module__}.{kind.__name__}"
)


def placeholders(text: str) -> set[str]:
    """Facts that a sentence names in braces, but for the resource: in Chinese it may be 该…, this one."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name} - {"resource"}


def test_the_contract_has_the_reasons_of_the_code_and_no_other() -> None:
    declared = {name.removeprefix(PREFIX) for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name} - {
        "UNSPECIFIED"
    }
    assert {kind.reason for kind in _CLASSES} == declared


def test_a_reason_has_one_status() -> None:
    statuses: dict[str, set[str]] = {}
    for kind in _CLASSES:
        statuses.setdefault(kind.reason, set()).add(rpc_status.from_error(kind(), domain="")[0].name)
    assert {reason: names for reason, names in statuses.items() if len(names) > 1} == {}


@every_error
def test_an_error_has_a_sentence_in_both_languages_with_the_same_facts(kind: type[errors.HotlineError]) -> None:
    english = (vars(kind).get("__doc__") or "").strip().partition("\n")[0]
    assert english.endswith(".") or ":" in english
    assert kind.zh.endswith("。")
    assert placeholders(kind.zh) == placeholders(english)


@every_error
def test_a_refusal_of_a_service_cites_its_article(kind: type[errors.HotlineError]) -> None:
    """What a rule says is told with the rule (Art. 24(2), say); what the kernel says is no law."""
    if kind.__module__.startswith("hotline_kernel"):
        assert not kind.article
    else:
        assert kind.article.startswith("Art. ")


def test_a_state_is_refused_by_who_knows_its_words() -> None:
    """A bare StateNotAllowed has no article, and its state no Chinese word."""
    bare = [path.name for path in _SERVICES.rglob("src/**/*.py") if "raise StateNotAllowed" in path.read_text()]
    assert bare == []


@pytest.mark.parametrize("code", wording.Code.__subclasses__(), ids=lambda code: f"{code.__module__}.{code.__name__}")
def test_a_code_has_a_word_for_each_of_its_values(code: type[wording.Code]) -> None:
    assert [each for each in code if not each.zh] == []


class Waiting(wording.Code):
    """A state of something."""

    HELD = "HELD", "待批示"


class StillWaiting(errors.StateNotAllowed):
    """{resource} is {state} since {at}."""

    zh = "{resource}：{state}，{at}。"


def test_a_sentence_is_read_by_a_clerk() -> None:
    """Codes, names and moments are said in words; machines get them as they are."""
    told = StillWaiting(
        resource="workOrders/0190b3c2-7d4e-7a10-8f00-0123456789ab",
        state=Waiting.HELD,
        at="2026-10-08T09:30:00+00:00",
    )
    assert told.sentence_zh() == "工单（尾号 456789ab）：待批示，2026-10-08 17:30。"
    assert told.facts["state"] == "HELD"
