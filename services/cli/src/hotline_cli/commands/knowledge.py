"""What units, editors and the public do with the knowledge base (Art. 9, 10(4), 17-19, 31)."""

from datetime import datetime
from typing import Annotated

import typer
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline.knowledge.v1 import bulletin_pb2, contribution_pb2, entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as service
from hotline_kernel.calendar import ZONE
from hotline_kernel.timestamps import timestamp

from hotline_cli.client import Hotline, Person, new_request_id
from hotline_cli.output import Format, Output, show, show_list
from hotline_cli.session import connection, person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)
entry_app = typer.Typer(no_args_is_help=True, help="Write, review and look after entries of the knowledge base.")
app.add_typer(entry_app, name="entry")
bulletin_app = typer.Typer(no_args_is_help=True, help="Issue, correct and withdraw public information (Art. 9(5), 31).")
app.add_typer(bulletin_app, name="bulletin")
contribution_app = typer.Typer(no_args_is_help=True, help="Answers that the public contributes (Art. 19).")
app.add_typer(contribution_app, name="contribution")

KIND = Word(entry_pb2.EntryKind, "ENTRY_KIND")
TOPIC = Word(bulletin_pb2.BulletinTopic, "BULLETIN_TOPIC")
ORIGIN = Word(entry_pb2.EntryOrigin, "ENTRY_ORIGIN")

EntryName = Annotated[str, typer.Argument(help="entries/…, as `hotline list entries` names it")]
AsUnit = Annotated[str, typer.Option("--as-unit", help="do it as this unit, units/…; otherwise as an editor")]
Subject = Annotated[str, typer.Option(help="who does it, on this machine's own platform, for example editor-602")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


def date_of(day: datetime | None) -> Date | None:
    """A day that was typed, as it goes out; None if none was."""
    return Date(year=day.year, month=day.month, day=day.day) if day else None


def stamp_of(moment: datetime | None) -> Timestamp | None:
    """A time of the city's clocks that was typed, as it goes out; None if none was."""
    return timestamp(moment.replace(tzinfo=ZONE)) if moment else None


def writer(hotline: Hotline, *, unit: str, subject: str) -> Person:
    """A unit, or an editor."""
    return hotline.person("unit", unit=unit, subject=subject) if unit else hotline.person("editor", subject=subject)


BulletinName = Annotated[str, typer.Argument(help="bulletins/…, as `hotline bulletin list` names it")]
Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d %H:%M"], help="by the city's clocks")]
ContributionName = Annotated[str, typer.Argument(help="contributions/…, as `hotline contribution list` names it")]


@entry_app.command("write")
def write(
    *,
    title: Annotated[str, typer.Option(help="title, or the question")] = "",
    text: Annotated[str, typer.Option(help="the answer")] = "",
    kind: Annotated[str, typer.Option(help="question, guide, law, policy or norm")] = "",
    origin: Annotated[str, typer.Option(help="government, public or social (Art. 17)")] = "",
    unit: Annotated[str, typer.Option(help="the unit that answers for it, units/…; without one the office")] = "",
    region: Annotated[str, typer.Option(help="division code it holds for")] = "",
    keyword: Annotated[list[str] | None, typer.Option(help="another word for it; may be repeated")] = None,
    source: Annotated[list[str] | None, typer.Option(help="what it rests on; may be repeated")] = None,
    valid_from: Day = None,
    valid_until: Day = None,
    review_date: Day = None,
    change: Annotated[str, typer.Option(help="change what is given here of this entry, entries/…")] = "",
    as_unit: AsUnit = "",
    subject: Subject = "",
    output: Output = Format.TEXT,
) -> None:
    """Write an entry, or change one; it is served after its review (Art. 18)."""
    entry = entry_pb2.Entry(
        name=change,
        title=title,
        text=text,
        kind=KIND.value(kind, "--kind") if kind else entry_pb2.ENTRY_KIND_UNSPECIFIED,
        origin=ORIGIN.value(origin, "--origin") if origin else entry_pb2.ENTRY_ORIGIN_UNSPECIFIED,
        unit=unit or ("" if change else as_unit),
        region=region,
        keywords=keyword,
        sources=source,
        valid_from=date_of(valid_from),
        valid_until=date_of(valid_until),
        review_date=date_of(review_date),
    )
    with connection() as hotline:
        knowledge = writer(hotline, unit=as_unit, subject=subject).knowledge
        if change:
            paths = [field.name for field, _ in entry.ListFields() if field.name != "name"]
            updated = service.UpdateEntryRequest(
                entry=entry, update_mask=FieldMask(paths=paths), request_id=new_request_id()
            )
            show(knowledge.UpdateEntry(updated), output)
        else:
            show(knowledge.CreateEntry(service.CreateEntryRequest(entry=entry, request_id=new_request_id())), output)


@entry_app.command("publish")
def publish(name: EntryName, *, subject: Subject = "", output: Output = Format.TEXT) -> None:
    """End the review of an entry somebody else wrote; it is served from now on (Art. 18)."""
    with connection() as hotline:
        editor = hotline.person("editor", subject=subject).knowledge
        show(editor.PublishEntry(service.PublishEntryRequest(name=name, request_id=new_request_id())), output)


@entry_app.command("withdraw")
def withdraw(
    name: EntryName, *, reason: Annotated[str, typer.Option(help="why")], output: Output = Format.TEXT
) -> None:
    """Take an entry back; it is no longer served (Art. 18)."""
    request = service.WithdrawEntryRequest(name=name, reason=reason, request_id=new_request_id())
    with person("editor") as editor:
        show(editor.knowledge.WithdrawEntry(request), output)


@entry_app.command("confirm")
def confirm(
    name: EntryName,
    *,
    review_date: Day = None,
    as_unit: AsUnit = "",
    subject: Subject = "",
    output: Output = Format.TEXT,
) -> None:
    """Say that an entry still holds, until the next review date (Art. 10(4))."""
    request = service.ConfirmEntryRequest(name=name, review_date=date_of(review_date), request_id=new_request_id())
    with connection() as hotline:
        show(writer(hotline, unit=as_unit, subject=subject).knowledge.ConfirmEntry(request), output)


@entry_app.command("versions")
def versions(name: EntryName, *, output: Output = Format.TEXT) -> None:
    """Show every version of an entry: what was done, when and by whom (Art. 18)."""
    with person("office") as office:
        answer = office.knowledge.ListEntryVersions(service.ListEntryVersionsRequest(parent=name, page_size=1000))
    show_list(answer.versions, ("version", "action", "actor", "time"), output, empty="no versions", more=False)


@entry_app.command("diff")
def diff(
    name: EntryName,
    *,
    old: Annotated[int, typer.Option(min=1, help="the one version")],
    new: Annotated[int, typer.Option(min=1, help="the other")],
    output: Output = Format.TEXT,
) -> None:
    """Show what two versions of an entry have different (Art. 18)."""
    request = service.DiffEntryVersionsRequest(name=name, old_version=old, new_version=new)
    with person("office") as office:
        answer = office.knowledge.DiffEntryVersions(request)
    show_list(answer.differences, ("field", "old", "new", "lines"), output, empty="they say the same", more=False)


@entry_app.command("upkeep")
def upkeep(
    *,
    unit: Annotated[str, typer.Option(help="only of this unit, units/…")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    output: Output = Format.TEXT,
) -> None:
    """Show entries whose review date or last day comes soon or has passed, first due first (Art. 10(4), 18)."""
    with person("office") as office:
        answer = office.knowledge.ListUpkeep(service.ListUpkeepRequest(unit=unit, page_size=limit))
    show_list(
        answer.upkeep,
        ("ground", "due_date", "told_count", "entry"),
        output,
        empty="nothing is due",
        more=bool(answer.next_page_token),
    )


@entry_app.command("count")
def count(
    *, unit: Annotated[str, typer.Option(help="only of this unit, units/…")] = "", output: Output = Format.TEXT
) -> None:
    """Count entries by kind, origin and state (Art. 9(4), 17)."""
    with person("office") as office:
        answer = office.knowledge.CountEntries(service.CountEntriesRequest(unit=unit))
    show_list(answer.counts, ("kind", "origin", "state", "count"), output, empty="no entries", more=False)


@bulletin_app.command("write")
def write_bulletin(
    *,
    topic: Annotated[
        str,
        typer.Option(
            help="traffic, tourism, weather, outage, holiday, price, opening_hours, enterprise_policy or industry"
        ),
    ],
    title: Annotated[str, typer.Option(help="its headline")],
    text: Annotated[str, typer.Option(help="its text")],
    region: Annotated[str, typer.Option(help="division code it holds for")] = "",
    unit: Annotated[str, typer.Option(help="the unit it comes from, units/…; without one the office")] = "",
    start: Moment = None,
    end: Moment = None,
    correct: Annotated[str, typer.Option(help="correct this bulletin, bulletins/…; with --note")] = "",
    note: Annotated[str, typer.Option(help="what was corrected, for the public")] = "",
    as_unit: AsUnit = "",
    output: Output = Format.TEXT,
) -> None:
    """Issue a bulletin, propose one as a unit, or correct one (Art. 9(5), 31)."""
    content = bulletin_pb2.BulletinContent(
        topic=TOPIC.value(topic, "--topic"),
        title=title,
        text=text,
        region=region,
        unit=unit or as_unit,
        start_time=stamp_of(start),
        end_time=stamp_of(end),
    )
    with connection() as hotline:
        knowledge = writer(hotline, unit=as_unit, subject="").knowledge
        if correct:
            corrected = service.CorrectBulletinRequest(
                name=correct, content=content, note=note, request_id=new_request_id()
            )
            show(knowledge.CorrectBulletin(corrected), output)
        else:
            written = service.CreateBulletinRequest(content=content, request_id=new_request_id())
            show(knowledge.CreateBulletin(written), output)


@bulletin_app.command("issue")
def issue_bulletin(name: BulletinName, *, output: Output = Format.TEXT) -> None:
    """Issue what a unit proposed (Art. 31)."""
    with person("editor") as editor:
        show(
            editor.knowledge.IssueBulletin(service.IssueBulletinRequest(name=name, request_id=new_request_id())), output
        )


@bulletin_app.command("withdraw")
def withdraw_bulletin(
    name: BulletinName,
    *,
    reason: Annotated[str, typer.Option(help="why, for the public")],
    as_unit: AsUnit = "",
    output: Output = Format.TEXT,
) -> None:
    """Take a bulletin back, in the moment (Art. 31)."""
    request = service.WithdrawBulletinRequest(name=name, reason=reason, request_id=new_request_id())
    with connection() as hotline:
        show(writer(hotline, unit=as_unit, subject="").knowledge.WithdrawBulletin(request), output)


@bulletin_app.command("show")
def show_bulletin(name: BulletinName, *, output: Output = Format.TEXT) -> None:
    """Show a bulletin with its changes (Art. 31)."""
    with person() as citizen:
        show(citizen.knowledge.GetBulletin(service.GetBulletinRequest(name=name)), output)


@bulletin_app.command("list")
def list_bulletins(
    *,
    topic: Annotated[str, typer.Option(help="only about this")] = "",
    region: Annotated[str, typer.Option(help="for this place and the whole city")] = "",
    state: Annotated[str, typer.Option(help="proposed, issued or withdrawn, over or not; else the feed")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    output: Output = Format.TEXT,
) -> None:
    """Show the feed: what is issued and not over (Art. 31)."""
    states = Word(bulletin_pb2.BulletinState, "BULLETIN_STATE")
    request = service.ListBulletinsRequest(
        topic=TOPIC.value(topic, "--topic") if topic else bulletin_pb2.BULLETIN_TOPIC_UNSPECIFIED,
        region=region,
        state=states.value(state, "--state") if state else bulletin_pb2.BULLETIN_STATE_UNSPECIFIED,
        page_size=limit,
    )
    with person("office") as office:
        answer = office.knowledge.ListBulletins(request)
    show_list(
        answer.bulletins,
        ("content", "state", "name"),
        output,
        empty="no bulletins",
        more=bool(answer.next_page_token),
    )


@bulletin_app.command("copy")
def copy_bulletin(name: BulletinName, *, output: Output = Format.TEXT) -> None:
    """Print a bulletin as copy for the press and television (Art. 31)."""
    with person("editor") as editor:
        show(editor.knowledge.RenderBulletin(service.RenderBulletinRequest(name=name)), output)


@contribution_app.command("submit")
def submit(
    *,
    title: Annotated[str, typer.Option(help="the question")],
    text: Annotated[str, typer.Option(help="the answer")],
    credit: Annotated[str, typer.Option(help="the name to thank")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Hand in an answer, as anybody; prints the receipt (Art. 19)."""
    request = service.SubmitContributionRequest(title=title, text=text, credit=credit, request_id=new_request_id())
    with person() as citizen:
        show(citizen.knowledge.SubmitContribution(request), output)


@contribution_app.command("track")
def track(
    receipt: Annotated[str, typer.Argument(help="as `hotline contribution submit` printed it")],
    *,
    output: Output = Format.TEXT,
) -> None:
    """Show what became of a contribution, for who holds its receipt (Art. 19)."""
    with person() as citizen:
        show(citizen.knowledge.TrackContribution(service.TrackContributionRequest(receipt=receipt)), output)


@contribution_app.command("list")
def list_contributions(
    *,
    state: Annotated[str, typer.Option(help="waiting, held, accepted or refused")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    output: Output = Format.TEXT,
) -> None:
    """Show contributions, newest first (Art. 19)."""
    states = Word(contribution_pb2.ContributionState, "CONTRIBUTION_STATE")
    wanted = states.value(state, "--state") if state else contribution_pb2.CONTRIBUTION_STATE_UNSPECIFIED
    with person("editor") as editor:
        answer = editor.knowledge.ListContributions(service.ListContributionsRequest(state=wanted, page_size=limit))
    show_list(
        answer.contributions,
        ("state", "grounds", "title", "credit", "name"),
        output,
        empty="no contributions",
        more=bool(answer.next_page_token),
    )


@contribution_app.command("show")
def show_contribution(name: ContributionName, *, output: Output = Format.TEXT) -> None:
    """Show a contribution with its original (Art. 19)."""
    with person("editor") as editor:
        show(editor.knowledge.GetContribution(service.GetContributionRequest(name=name)), output)


@contribution_app.command("edit")
def edit_contribution(
    name: ContributionName,
    *,
    title: Annotated[str, typer.Option(help="the question from now on")],
    text: Annotated[str, typer.Option(help="the answer from now on")],
    credit: Annotated[str, typer.Option(help="the name to thank from now on")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Put a contribution in order; the original is kept (Art. 19)."""
    request = service.EditContributionRequest(
        name=name, title=title, text=text, credit=credit, request_id=new_request_id()
    )
    with person("editor") as editor:
        show(editor.knowledge.EditContribution(request), output)


@contribution_app.command("accept")
def accept_contribution(
    name: ContributionName,
    *,
    kind: Annotated[str, typer.Option(help="question, guide, law or policy")] = "question",
    unit: Annotated[str, typer.Option(help="the unit that will answer for it, units/…")] = "",
    region: Annotated[str, typer.Option(help="division code it holds for")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Take a contribution over as an entry, which another editor reviews (Art. 19)."""
    request = service.AcceptContributionRequest(
        name=name, kind=KIND.value(kind, "--kind"), unit=unit, region=region, request_id=new_request_id()
    )
    with person("editor") as editor:
        show(editor.knowledge.AcceptContribution(request), output)


@contribution_app.command("refuse")
def refuse_contribution(
    name: ContributionName,
    *,
    reason: Annotated[str, typer.Option(help="why, for the contributor")],
    output: Output = Format.TEXT,
) -> None:
    """Do not take a contribution over, with a reason (Art. 19)."""
    request = service.RefuseContributionRequest(name=name, reason=reason, request_id=new_request_id())
    with person("editor") as editor:
        show(editor.knowledge.RefuseContribution(request), output)
