"""The errors in the code and the reasons in the contract are the same, and every error can speak."""

import string

import pytest
from hotline.common.v1 import error_reason_pb2
from hotline_kernel import errors, rpc_status

from scripts.reference import error_classes

PREFIX = "ERROR_REASON_"
_CLASSES = error_classes()
# Never raised as they are: a subclass says what it is about.
_FAMILIES = (errors.HotlineError, errors.NotFound, errors.Invalid, errors.Refused, errors.Conflict, errors.Denied)
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
