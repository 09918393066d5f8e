"""Looking things up: list, show, search."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import unit_system_service_pb2 as unit_systems
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.feedback.v1 import report_service_pb2 as reports
from hotline.intake.v1 import call_centre_service_pb2 as call_centre
from hotline.intake.v1 import category_service_pb2 as categories
from hotline.intake.v1 import contest_service_pb2 as contests
from hotline.intake.v1 import hold_service_pb2 as holds
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.intake.v1 import repeat_service_pb2 as repeats
from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as service
from hotline.knowledge.v1 import training_service_pb2 as training
from hotline.sla.v1 import assessment_service_pb2 as assessment
from hotline.sla.v1 import meeting_service_pb2 as meetings
from hotline.sla.v1 import sla_service_pb2 as sla

from hotline_cli.client import Person, pages
from hotline_cli.commands import knowledge
from hotline_cli.output import Format, Output, console, show, show_list
from hotline_cli.session import connection, person

app = typer.Typer(no_args_is_help=True)


@dataclass(frozen=True)
class _Kind:
    """Something that can be listed."""

    role: str
    request: type[Message]
    call: Callable[[Person], Callable[[Any], Any]]
    field: str
    columns: tuple[str, ...]


_KINDS = {
    "appeals": _Kind(
        "office", intake.ListAppealsRequest, lambda p: p.intake.ListAppeals, "appeals",
        ("number", "state", "channel", "title", "due_date", "name"),
    ),
    "drafts": _Kind(
        "office", intake.ListDraftsRequest, lambda p: p.intake.ListDrafts, "drafts",
        ("draft_time", "operator", "reviewer", "return_reason", "release_time"),
    ),
    "messages": _Kind(
        "office", intake.ListMessagesRequest, lambda p: p.intake.ListMessages, "messages",
        ("create_time", "channel", "occasion", "text"),
    ),
    "reclassifications": _Kind(
        "office", intake.ListReclassificationsRequest, lambda p: p.intake.ListReclassifications, "reclassifications",
        ("reclassify_time", "actor", "reason"),
    ),
    "categories": _Kind(
        "office", categories.ListCategoriesRequest, lambda p: p.categories.ListCategories, "categories",
        ("path", "level", "retired", "first_version", "name"),
    ),
    "contests": _Kind(
        "office", contests.ListContestsRequest, lambda p: p.contests.ListContests, "contests",
        ("state", "appeal", "decliner", "create_time", "name"),
    ),
    "holds": _Kind(
        "office", holds.ListHoldsRequest, lambda p: p.holds.ListHolds, "holds",
        ("citizen", "reason", "actor", "create_time", "name"),
    ),
    "repeats": _Kind(
        "office", repeats.ListRepeatsRequest, lambda p: p.repeats.ListRepeats, "repeats",
        ("kind", "similarity", "appeal", "earlier", "reason", "name"),
    ),
    "seats": _Kind(
        "office", call_centre.ListSeatsRequest, lambda p: p.call_centre.ListSeats, "seats",
        ("name", "kind", "state", "operator", "extension", "skills", "state_time", "call"),
    ),
    "missed-hours": _Kind(
        "supervisor", call_centre.ListMissedHoursRequest, lambda p: p.call_centre.ListMissedHours, "missed_hours",
        ("number", "state", "emergency", "create_time", "answer_due_time", "operator", "appeal"),
    ),
    "calls": _Kind(
        "office", call_centre.ListCallsRequest, lambda p: p.call_centre.ListCalls, "calls",
        ("name", "state", "offer_time", "answer_time", "end_time", "seat", "outcome"),
    ),
    "webhooks": _Kind(
        "office", unit_systems.ListWebhooksRequest, lambda p: p.unit_systems.ListWebhooks, "webhooks",
        ("unit", "url", "state", "failures", "error", "retry_time", "name"),
    ),
    "deliveries": _Kind(
        "office", unit_systems.ListWebhookDeliveriesRequest, lambda p: p.unit_systems.ListWebhookDeliveries,
        "deliveries", ("state", "attempts", "error", "create_time", "deliver_time", "name"),
    ),
    "orders": _Kind(
        "office", dispatch.ListWorkOrdersRequest, lambda p: p.dispatch.ListWorkOrders, "work_orders",
        ("number", "state", "lead_unit", "title", "due_time", "name"),
    ),
    "units": _Kind(
        "office", dispatch.ListUnitsRequest, lambda p: p.dispatch.ListUnits, "units",
        ("name", "display_name", "region", "principal", "competences"),
    ),
    "unit-versions": _Kind(
        "office", dispatch.ListUnitVersionsRequest, lambda p: p.dispatch.ListUnitVersions, "versions",
        ("name", "state", "effective_date", "changed_fields", "actor", "reason"),
    ),
    "deadlines": _Kind(
        "office", sla.ListDeadlinesRequest, lambda p: p.sla.ListDeadlines, "deadlines",
        ("kind", "state", "due_time", "unit", "subject", "name"),
    ),
    "supervisions": _Kind(
        "office", sla.ListSupervisionsRequest, lambda p: p.sla.ListSupervisions, "supervisions",
        ("step", "number", "unit", "issue_time", "work_order"),
    ),
    "key-supervisions": _Kind(
        "office", sla.ListKeySupervisionsRequest, lambda p: p.sla.ListKeySupervisions, "key_supervisions",
        ("number", "ground", "unit", "handling", "reason", "work_order"),
    ),
    "circulars": _Kind(
        "office", sla.ListCircularsRequest, lambda p: p.sla.ListCirculars, "circulars",
        ("number", "unit", "points", "grave", "publish_time", "name"),
    ),
    "accountability-files": _Kind(
        "office", sla.ListAccountabilityFilesRequest, lambda p: p.sla.ListAccountabilityFiles, "accountability_files",
        ("number", "unit", "ground", "state", "outcome", "open_time", "name"),
    ),
    "scores": _Kind(
        "office", sla.ListUnitScoresRequest, lambda p: p.sla.ListUnitScores, "scores",
        ("unit", "received", "handled_in_time", "handled_late", "overdue", "filed", "satisfied", "asked", "score"),
    ),
    "trade-scores": _Kind(
        "office", assessment.ListTradeScoresRequest, lambda p: p.assessment.ListTradeScores, "scores",
        ("name", "display_name", "figures"),
    ),
    "weights": _Kind(
        "office", assessment.ListWeightsRequest, lambda p: p.assessment.ListWeights, "weights",
        ("name", "effective_date", "in_time", "contact", "satisfaction", "lasting", "reason"),
    ),
    "statistics-notices": _Kind(
        "office", assessment.ListStatisticsNoticesRequest, lambda p: p.assessment.ListStatisticsNotices,
        "statistics_notices", ("number", "kind", "start_date", "weights", "corrects", "corrected_by", "name"),
    ),
    "notice-orders": _Kind(
        "office", assessment.ListNoticeOrdersRequest, lambda p: p.assessment.ListNoticeOrders, "orders",
        ("number", "unit", "category", "figures", "work_order"),
    ),
    "work-notices": _Kind(
        "office", assessment.ListWorkNoticesRequest, lambda p: p.assessment.ListWorkNotices, "work_notices",
        ("number", "start_date", "end_date", "text", "name"),
    ),
    "callbacks": _Kind(
        "office", feedback.ListCallbacksRequest, lambda p: p.feedback.ListCallbacks, "callbacks",
        ("number", "state", "verdict", "due_time", "unit", "name"),
    ),
    "evaluations": _Kind(
        "office", feedback.ListEvaluationsRequest, lambda p: p.feedback.ListEvaluations, "evaluations",
        ("appeal", "verdict", "operator"),
    ),
    "reviews": _Kind(
        "office", feedback.ListReviewsRequest, lambda p: p.feedback.ListReviews, "reviews",
        ("unit", "outcome", "cause", "work_order", "name"),
    ),
    "reports": _Kind(
        "inspector", reports.ListReportsRequest, lambda p: p.reports.ListReports, "reports",
        ("kind", "state", "receive_time", "examiner", "name"),
    ),
    "rates": _Kind(
        "office", feedback.ListSatisfactionRatesRequest, lambda p: p.feedback.ListSatisfactionRates, "rates",
        ("place", "group", "asked", "satisfied_share", "solved_share", "unreachable"),
    ),
    "rated-callbacks": _Kind(
        "office", feedback.ListRatedCallbacksRequest, lambda p: p.feedback.ListRatedCallbacks, "callbacks",
        ("number", "verdict", "solved", "complete_time", "unit", "name"),
    ),
    "criteria": _Kind(
        "office", feedback.ListCriteriaRequest, lambda p: p.feedback.ListCriteria, "criteria",
        ("version", "criteria", "note", "publisher"),
    ),
    "scorecards": _Kind(
        "office", feedback.ListScorecardsRequest, lambda p: p.feedback.ListScorecards, "scorecards",
        ("operator", "score", "subject", "reviewer", "second_wanted", "name"),
    ),
    "operator-scores": _Kind(
        "office", feedback.ListOperatorScoresRequest, lambda p: p.feedback.ListOperatorScores, "scores",
        ("operator", "subjects", "score", "answerable_reviews"),
    ),
    "agreements": _Kind(
        "office", feedback.ListAgreementsRequest, lambda p: p.feedback.ListAgreements, "agreements",
        ("criterion", "first_reader", "second_reader", "pairs", "observed", "kappa"),
    ),
    "entries": _Kind(
        "office", service.ListEntriesRequest, lambda p: p.knowledge.ListEntries, "entries",
        ("title", "kind", "origin", "state", "unit", "answer_count", "name"),
    ),
    "courses": _Kind(
        "office", training.ListCoursesRequest, lambda p: p.training.ListCourses, "courses",
        ("plan_date", "kind", "state", "title", "trainer", "name"),
    ),
    "meetings": _Kind(
        "office", meetings.ListMeetingsRequest, lambda p: p.meetings.ListMeetings, "meetings",
        ("plan_date", "state", "title", "participants", "name"),
    ),
    "meeting-actions": _Kind(
        "office", meetings.ListMeetingActionsRequest, lambda p: p.meetings.ListMeetingActions, "meeting_actions",
        ("owner", "due_date", "overdue", "finish_time", "text", "name"),
    ),
    "training-records": _Kind(
        "office", training.ListTrainingRecordsRequest, lambda p: p.training.ListTrainingRecords, "training_records",
        ("person", "passed", "attend_time", "course"),
    ),
}  # fmt: skip

_SHOWN: dict[str, tuple[type[Message], Callable[[Person], Callable[[Any], Message]]]] = {
    "appeals": (intake.GetAppealRequest, lambda p: p.intake.GetAppeal),
    "categories": (categories.GetCategoryRequest, lambda p: p.categories.GetCategory),
    "seats": (call_centre.GetSeatRequest, lambda p: p.call_centre.GetSeat),
    "calls": (call_centre.GetCallRequest, lambda p: p.call_centre.GetCall),
    "workOrders": (dispatch.GetWorkOrderRequest, lambda p: p.dispatch.GetWorkOrder),
    "units": (dispatch.GetUnitRequest, lambda p: p.dispatch.GetUnit),
    "deadlines": (sla.GetDeadlineRequest, lambda p: p.sla.GetDeadline),
    "circulars": (sla.GetCircularRequest, lambda p: p.sla.GetCircular),
    "accountabilityFiles": (sla.GetAccountabilityFileRequest, lambda p: p.sla.GetAccountabilityFile),
    "callbacks": (feedback.GetCallbackRequest, lambda p: p.feedback.GetCallback),
    "reviews": (feedback.GetReviewRequest, lambda p: p.feedback.GetReview),
    "entries": (service.GetEntryRequest, lambda p: p.knowledge.GetEntry),
    "meetings": (meetings.GetMeetingRequest, lambda p: p.meetings.GetMeeting),
    "weights": (assessment.GetWeightsRequest, lambda p: p.assessment.GetWeights),
    "statisticsNotices": (assessment.GetStatisticsNoticeRequest, lambda p: p.assessment.GetStatisticsNotice),
    "workNotices": (assessment.GetWorkNoticeRequest, lambda p: p.assessment.GetWorkNotice),
    "courses": (training.GetCourseRequest, lambda p: p.training.GetCourse),
}


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help=", ".join(_KINDS))],
    *,
    where: Annotated[
        list[str] | None, typer.Option(help="a filter of the List call, field=value; may be repeated")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="at most this many")] = 20,
    output: Output = Format.TEXT,
) -> None:
    """List things, for example `hotline list orders --where state=DISPATCHED --where unit=units/heating`."""
    if kind not in _KINDS:
        raise typer.BadParameter(f"is one of {', '.join(_KINDS)}", param_hint="KIND")
    what = _KINDS[kind]
    request = _request(what.request, where or [], limit)
    found: list[Message] = []
    more = False
    with person(what.role) as reader:
        for page in pages(what.call(reader), request):
            found += getattr(page, what.field)
            more = len(found) > limit or bool(page.next_page_token)
            if len(found) >= limit:
                break
    show_list(found[:limit], what.columns, output, empty=f"no {kind} found", more=more)


def _request(request_type: type[Message], where: list[str], limit: int) -> Message:
    fields: dict[str, Any] = {"page_size": min(limit, 1000)}
    names = {field.name: field for field in request_type.DESCRIPTOR.fields}
    for pair in where:
        name, equals, value = pair.partition("=")
        if not equals or name not in names or name.startswith("page_"):
            known = ", ".join(n for n in names if not n.startswith("page_"))
            raise typer.BadParameter(f"'{pair}' is not field=value with one of {known}", param_hint="--where")
        fields[name] = _value(names[name], value)
    try:
        return ParseDict(fields, request_type())
    except ParseError as error:
        raise typer.BadParameter(str(error), param_hint="--where") from error


def _value(field: Any, value: str) -> object:
    """What a filter's text means.  field -- its descriptor, which the stubs give two types."""
    if field.enum_type is not None:
        # An unknown word goes on as it is: the parser names the field and what is wrong with it.
        return next((v.name for v in field.enum_type.values if v.name.endswith(f"_{value.upper()}")), value)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return value.lower() in ("true", "yes", "1")
    if field.message_type is not None and field.message_type.full_name == "google.type.Date":
        year, month, day = value.split("-")
        return {"year": int(year), "month": int(month), "day": int(day)}
    return value


@app.command("show")
def show_(
    name: Annotated[str, typer.Argument(help="a name such as appeals/…, or a business number")],
    output: Output = Format.TEXT,
) -> None:
    """Show one thing whole."""
    with connection() as hotline:
        office = hotline.person("office")
        collection = name.partition("/")[0]
        if collection in _SHOWN:
            request_type, call = _SHOWN[collection]
            show(call(office)(request_type(name=name)), output)
            return
        found = office.intake.ListAppeals(intake.ListAppealsRequest(number=name, page_size=1))
        if not found.appeals:
            console.print(f"nothing is called {name}: give a business number or a name of {', '.join(_SHOWN)}")
            raise typer.Exit(1)
        show(found.appeals[0], output)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="words, half words or pinyin")],
    *,
    region: Annotated[str, typer.Option(help="division code: entries for this place and the whole city")] = "",
    unit: Annotated[str, typer.Option(help="only of this unit, units/…")] = "",
    kind: Annotated[str, typer.Option(help="question, guide, law, policy or norm")] = "",
    origin: Annotated[str, typer.Option(help="government, public or social")] = "",
    valid_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="only what still holds on this day")
    ] = None,
    seat: Annotated[bool, typer.Option(help="as an intake seat, who finds the office's norms too (Art. 9(2))")] = False,
    limit: Annotated[int, typer.Option(min=1, max=50)] = 10,
    output: Output = Format.TEXT,
) -> None:
    """Search the knowledge base (Art. 17)."""
    request = service.SearchEntriesRequest(
        query=query,
        region=region,
        unit=unit,
        kind=knowledge.KIND.value(kind, "--kind") if kind else entry_pb2.ENTRY_KIND_UNSPECIFIED,
        origin=knowledge.ORIGIN.value(origin, "--origin") if origin else entry_pb2.ENTRY_ORIGIN_UNSPECIFIED,
        valid_on=knowledge.date_of(valid_on),
        page_size=limit,
    )
    with person(*(["operator"] if seat else [])) as reader:
        answer = reader.knowledge.SearchEntries(request)
    news = [hit.bulletin.content for hit in answer.bulletins]
    if news and output is Format.TEXT:
        show_list(news, ("title", "text", "start_time", "end_time"), output, empty="", more=False)
    show_list(
        [hit.entry for hit in answer.hits],
        ("title", "text", "name"),
        output,
        empty="nothing found: try other words, or draft a work order",
        more=False,
    )
