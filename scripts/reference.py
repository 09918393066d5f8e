"""Writes the generated pages of docs/reference: `make reference`. A unit test fails when a committed page is stale."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import time
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from hotline.common.v1 import access_pb2
from hotline_kernel import errors, rpc_status, telemetry
from hotline_kernel.settings import PREFIX, Settings
from prometheus_client import Counter, Gauge, Histogram
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from scripts import regulation

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "reference"
SERVICES = ("intake", "dispatch", "sla", "feedback", "knowledge")
_NOT_A_MODULE_TO_IMPORT = ("__main__", "event_listener", "migrations")  # they run, or patch the standard library
_TYPES = {
    bool: "true or false",
    int: "integer",
    float: "number",
    str: "text",
    time: "time of day",
    SecretStr: "secret",
    Path: "file",
}
_LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
_METHOD, _ENUM = (6, 2), (5, 2)  # where services' methods and enums' values stand in a file's descriptor


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {
        "permissions.md": permissions(),
        "configuration.md": configuration(),
        "errors.md": errors_page(),
        "metrics.md": metrics(),
        "regulation.md": regulation_page(),
    }


def permissions() -> str:
    """Who may call what, from the option `access` of every method."""
    contract = _contract()
    common = contract["hotline/common/v1/access.proto"]
    parts = [
        _head(
            "Permissions", "Who may call what. A method that is not named here does not exist; staff's roles come with"
        ),
        _BEYOND_ROLES,
        _table(
            ("role", "who"),
            [(f"`{_role(value.number)}`", text) for value, text in _values(common, "Role") if value.number],
        ),
        "## What each role reads and changes\n",
        _table(("role", *SERVICES, "operations"), _overview(contract)),
    ]
    for name, file in sorted(contract.items()):
        comments = _comments(file)
        for place, service in enumerate(file.service):
            rows = []
            for at, method in enumerate(service.method):
                access = method.options.Extensions[access_pb2.access]
                roles = ", ".join(_role(role) for role in access.roles)
                said = _first_sentence(comments[_METHOD[0], place, _METHOD[1], at])
                rows.append((method.name, roles, f"`{access.permission}`", said))
            where = " (every service has it)" if "/operations/" in name else ""
            parts += [f"## {service.name}{where}\n", _table(("method", "roles", "permission", "does"), rows)]
    return "\n".join(parts)


_BEYOND_ROLES = """\
their token. Beyond the role:

- **A unit sees and changes its own alone**: the orders it leads or supports, their clocks and supervisions, its scores
  and its entries. Whatever else it names is refused (`NOT_OWN_UNIT`, Art. 36(4)); lists leave it out. An order that is
  held or waits for its lead is no unit's yet (Art. 23).
- **Who the citizen is** is told by `RevealContact` alone, for a stated purpose that goes on record; to a unit only
  while it leads the order, and not if the citizen asked for confidentiality (Art. 24(1), 36(4)).
- **Whoever changes anything, or reads what is protected, is on record** (Art. 36(4)); the `auditor` reads that.
"""


def _overview(contract: dict[str, FileDescriptorProto]) -> Iterator[tuple[str, ...]]:
    """For each role what it reads and what it changes, by service: the nouns of the permissions."""
    nouns: dict[tuple[str, str], dict[str, list[str]]] = {}
    for name, file in sorted(contract.items()):
        inputs = {message.name: {field.name for field in message.field} for message in file.message_type}
        for method in (method for service in file.service for method in service.method):
            access = method.options.Extensions[access_pb2.access]
            noun = access.permission.split(".")[1]
            changes = "request_id" in inputs[method.input_type.rpartition(".")[2]]  # as every command has
            for number in access.roles:
                does = nouns.setdefault((_role(number), name.split("/")[1]), {"reads": [], "changes": []})
                does["changes" if changes else "reads"].append(noun)
    for value, _ in _values(contract["hotline/common/v1/access.proto"], "Role"):
        if value.number:
            role = _role(value.number)
            cells = (nouns.get((role, service), {}) for service in (*SERVICES, "operations"))
            yield f"`{role}`", *("<br>".join(_deeds(does)) for does in cells)


def _deeds(does: dict[str, list[str]]) -> Iterator[str]:
    for deed, nouns in does.items():
        if nouns:
            yield f"{deed} {', '.join(_unique(sorted(nouns)))}"


def configuration() -> str:
    """Every setting of every service, from the Settings classes."""
    own = {service: importlib.import_module(f"hotline_{service}.settings").Settings for service in SERVICES}
    head = _head("Configuration", "Read from the environment once, at start. A variable `HOTLINE_…` that is not named")
    rest = (
        "here, or an unsafe value, stops the process. `python -m hotline_<service> --show-config` prints what a\n"
        "process uses, without secrets. Traces go where `OTEL_EXPORTER_OTLP_ENDPOINT` says (OpenTelemetry's own).\n"
    )
    parts = [head, rest, "## Every service\n", _settings_table(Settings.model_fields)]
    for service, kind in own.items():
        added = {name: field for name, field in kind.model_fields.items() if name not in Settings.model_fields}
        if added:
            parts += [f"## {service}\n", _settings_table(added)]
    return "\n".join(parts)


def errors_page() -> str:
    """Every reason of the contract, with the sentences of the classes that give it."""
    contract = _contract()["hotline/common/v1/error_reason.proto"]
    classes = error_classes()
    rows = []
    for value, comment in _values(contract, "ErrorReason"):
        reason = value.name.removeprefix("ERROR_REASON_")
        of_it = [kind for kind in classes if kind.reason == reason]
        if value.number:
            codes = _unique(rpc_status.from_error(kind(), domain="")[0].name for kind in of_it)
            articles, said = _unique(kind.article for kind in of_it), _unique(kind.zh for kind in of_it)
            rows.append((f"`{reason}`", ", ".join(codes), comment, "; ".join(articles), "<br>".join(said)))
    head = _head("Errors", "Every error is a `google.rpc.Status`. Its `ErrorInfo.reason` is one of these, its metadata")
    rest = "holds facts and article; `LocalizedMessage` is the Chinese sentence; `BadRequest` names broken fields.\n"
    return "\n".join([head, rest, _table(("reason", "status", "meaning", "article", "中文"), rows)])


def metrics() -> str:
    """Every metric, from the constants of the kernel."""
    rows = []
    for metric in vars(telemetry).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            described = next(iter(metric.describe()))
            name = described.name + ("_total" if described.type == "counter" else "")
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)
            rows.append((f"`{name}`", described.type, labels, described.documentation))
    head = _head("Metrics", "At `/metrics` of each process, in the format of Prometheus.")
    return "\n".join([head, "", _table(("metric", "type", "labels", "meaning"), rows)])


def regulation_page() -> str:
    """What the regulation asks, and the tests that show it; the sentences are the tests' names."""
    head = _head(
        "The regulation", "What Hebei's rules for the 961890 hotline ask, what the system does about it, and the"
    )
    rest = "tests that show it through public interfaces on real services. What is *ours* is not in the regulation.\n"
    return regulation.page("\n".join([head, rest]))


def error_classes() -> list[type[errors.HotlineError]]:
    """Every error of kernel and services, in the order of their names."""
    for package in ("hotline_kernel", *(f"hotline_{service}" for service in SERVICES)):
        _import_all(package)
    found, waiting = [], [errors.HotlineError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += [sub for sub in kind.__subclasses__() if not issubclass(sub, rpc_status._RemoteError)]
    ours = {kind for kind in found if kind.__module__.startswith("hotline_")}  # not a test's
    return sorted(ours, key=lambda kind: (kind.__module__, kind.__qualname__))


def _import_all(package: str) -> None:
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        if not module.name.endswith(_NOT_A_MODULE_TO_IMPORT):
            importlib.import_module(module.name)
            if module.ispkg:
                _import_all(module.name)


def _contract() -> dict[str, FileDescriptorProto]:
    """The contract's files by name, with their comments."""
    buf = [str(Path(sys.executable).with_name("buf")), "build", "--path", "hotline", "--output", "-"]
    image = subprocess.run(buf, cwd=ROOT / "proto", check=True, capture_output=True).stdout
    return {file.name: file for file in FileDescriptorSet.FromString(image).file if file.name.startswith("hotline/")}


def _comments(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {tuple(place.path): " ".join(place.leading_comments.split()) for place in file.source_code_info.location}


def _values(file: FileDescriptorProto, enum: str) -> Iterator[tuple[Any, str]]:
    comments = _comments(file)
    for place, kind in enumerate(file.enum_type):
        if kind.name == enum:
            for at, value in enumerate(kind.value):
                yield value, comments[_ENUM[0], place, _ENUM[1], at]


def _settings_table(fields: dict[str, FieldInfo]) -> str:
    rows = [
        (f"`{PREFIX}{name.upper()}`", _type(field), _default(field), field.description or "")
        for name, field in fields.items()
        if name != "service"  # set by the process itself
    ]
    return _table(("variable", "type", "default", "meaning"), rows)


def _type(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(kind))
    plain = next(part for part in (get_args(kind) or (kind,)) if part is not type(None))
    limits = [
        f"{sign} {getattr(limit, name):,}"
        for limit in field.metadata
        for name, sign in _LIMITS.items()
        if getattr(limit, name, None) is not None
    ]
    return " ".join([_TYPES[plain], ", ".join(limits)]).strip()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    return f"`{field.default}`" if field.default not in (None, "") else ""


def _role(number: int) -> str:
    return access_pb2.Role.Name(access_pb2.Role.ValueType(number)).removeprefix("ROLE_").lower()


def _first_sentence(text: str) -> str:
    whole = re.match(r".+?(?<!Art)\.(?=\s|$)", text)
    return whole.group() if whole else text


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _head(title: str, lead: str) -> str:
    return f"# {title}\n\n<!-- Written by `make reference`; do not edit. -->\n\n{lead}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    for file_name, page in pages().items():
        (PAGES / file_name).write_text(page)
