"""What the intake and review seats do (Art. 6, 20-21)."""

from typing import Annotated

import typer
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)

TermDays = Annotated[int, typer.Option(help="days that a law sets for the matter, with --law and --article (Art. 24)")]
TermCounted = Annotated[str, typer.Option(help="with --days: working or calendar days")]
TermLaw = Annotated[str, typer.Option(help="with --days: the law, for example 信访工作条例")]
TermArticle = Annotated[str, typer.Option(help="with --days: its article, for example 第三十四条")]
Appeal = Annotated[str, typer.Argument(help="appeals/…, as `hotline list appeals` names it")]


@app.command()
def register(
    *,
    text: Annotated[str, typer.Option(help="what the citizen says, word for word")],
    title: Annotated[str, typer.Option(help="your summary, without identity")],
    category: Annotated[str, typer.Option(help="subject, for example 城乡建设/供热")],
    region: Annotated[str, typer.Option(help="division code, six digits")] = "130100",
    channel: Annotated[str, typer.Option(help="phone, sms, web, wechat or app")] = "phone",
    kind: Annotated[
        str, typer.Option(help="consultation, daily_life, social, business or city (Art. 5)")
    ] = "daily_life",
    request_type: Annotated[
        str, typer.Option("--type", help="consultation, help, complaint, report, suggestion or difficult (Art. 24)")
    ] = "help",
    asker: Annotated[str, typer.Option(help="person or business (Art. 5(4))")] = "person",
    name: Annotated[str, typer.Option(help="the citizen's name")] = "",
    phone: Annotated[str, typer.Option(help="the citizen's number")] = "",
    address: Annotated[str, typer.Option(help="the citizen's address")] = "",
    confidential: Annotated[bool, typer.Option(help="the unit must not learn who it is (Art. 24(1))")] = False,
    lead: Annotated[str, typer.Option(help="with --draft: the unit that should lead, units/…")] = "",
    draft: Annotated[str, typer.Option(help="drafts a work order at once, with this text for the unit")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Register an appeal; prints its number and tracking code (Art. 20)."""
    citizen = appeal_pb2.Citizen(full_name=name, phone=phone, address=address) if name or phone or address else None
    request = intake.RegisterAppealRequest(
        request_id=new_request_id(),
        channel=Word(appeal_pb2.Channel, "CHANNEL").value(channel, "--channel"),
        kind=Word(appeal_pb2.AppealKind, "APPEAL_KIND").value(kind, "--kind"),
        request_type=Word(appeal_pb2.RequestType, "REQUEST_TYPE").value(request_type, "--type"),
        asker=Word(appeal_pb2.Asker, "ASKER").value(asker, "--asker"),
        category=category,
        region=region,
        title=title,
        text=text,
        citizen=citizen,
        confidential=confidential,
        draft=appeal_pb2.DraftContent(text=draft, lead_unit=lead) if draft else None,
    )
    with person("operator") as operator:
        show(operator.intake.RegisterAppeal(request), output)


@app.command()
def track(
    code: Annotated[str, typer.Argument(help="the tracking code of the receipt")], output: Output = Format.TEXT
) -> None:
    """Show what a citizen may know about their appeal (Art. 20)."""
    with person() as citizen:
        show(citizen.intake.TrackAppeal(intake.TrackAppealRequest(tracking_code=code)), output)


@app.command()
def answer(
    appeal: Appeal,
    *,
    text: Annotated[str, typer.Option(help="what the citizen is told")],
    entry: Annotated[str, typer.Option(help="the knowledge entry it rests on, entries/…")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Answer an appeal directly (Art. 21)."""
    request = intake.AnswerAppealRequest(name=appeal, text=text, entry=entry, request_id=new_request_id())
    with person("operator") as operator:
        show(operator.intake.AnswerAppeal(request), output)


@app.command()
def decline(
    appeal: Appeal,
    *,
    ground: Annotated[str, typer.Option(help="emergency, civil_dispute, statutory_procedure or military (Art. 6)")],
    referral: Annotated[str, typer.Option(help="where the citizen should turn")],
    output: Output = Format.TEXT,
) -> None:
    """Do not accept an appeal, and say where to turn (Art. 6)."""
    request = intake.DeclineAppealRequest(
        name=appeal,
        ground=Word(appeal_pb2.DeclineGround, "DECLINE_GROUND").value(ground, "--ground"),
        referral=referral,
        request_id=new_request_id(),
    )
    with person("operator") as operator:
        show(operator.intake.DeclineAppeal(request), output)


@app.command()
def draft(
    appeal: Appeal,
    *,
    text: Annotated[str, typer.Option(help="what the unit should do, without identity")],
    lead: Annotated[str, typer.Option(help="the unit that should lead, units/…; empty: the office names it")] = "",
    supporting: Annotated[list[str] | None, typer.Option(help="a unit that should support; may be repeated")] = None,
    directive: Annotated[str, typer.Option(help="urgent, complex, common or stalled (Art. 23)")] = "",
    about: Annotated[str, typer.Option(help="the unit that the complaint is about, units/… (Art. 36(4))")] = "",
    days: TermDays = 0,
    counted: TermCounted = "",
    law: TermLaw = "",
    article: TermArticle = "",
    output: Output = Format.TEXT,
) -> None:
    """Draft a work order for the review seat (Art. 21)."""
    kinds = Word(appeal_pb2.DirectiveKind, "DIRECTIVE_KIND")
    content = appeal_pb2.DraftContent(
        text=text,
        lead_unit=lead,
        supporting_units=supporting or [],
        directive_kind=kinds.value(directive, "--directive") if directive else appeal_pb2.DIRECTIVE_KIND_UNSPECIFIED,
        about_unit=about,
        statutory_term=_term(days, counted, law, article),
    )
    request = intake.DraftWorkOrderRequest(name=appeal, draft=content, request_id=new_request_id())
    with person("operator") as operator:
        show(operator.intake.DraftWorkOrder(request), output)


@app.command()
def review(
    appeal: Appeal,
    *,
    return_reason: Annotated[str, typer.Option("--return", help="give the draft back, with this reason")] = "",
    days: TermDays = 0,
    counted: TermCounted = "",
    law: TermLaw = "",
    article: TermArticle = "",
    no_directive: Annotated[
        str, typer.Option(help="why a common problem goes out without a directive (Art. 23(3))")
    ] = "",
    output: Output = Format.TEXT,
) -> None:
    """Release a draft to its unit, with a law's own term if there is one, or give it back (Art. 21, 24)."""
    term = _term(days, counted, law, article)
    with person("reviewer") as reviewer:
        if return_reason:
            back = intake.ReturnDraftRequest(name=appeal, reason=return_reason, request_id=new_request_id())
            show(reviewer.intake.ReturnDraft(back), output)
        else:
            content = None
            if term:
                content = reviewer.intake.GetAppeal(intake.GetAppealRequest(name=appeal)).draft.proposed
                content.statutory_term.CopyFrom(term)
            release = intake.ReleaseDraftRequest(
                name=appeal, content=content, no_directive_reason=no_directive, request_id=new_request_id()
            )
            show(reviewer.intake.ReleaseDraft(release), output)


def _term(days: int, counted: str, law: str, article: str) -> appeal_pb2.StatutoryTerm | None:
    if not days and not counted and not law and not article:
        return None
    words = Word(appeal_pb2.CountedDays, "COUNTED_DAYS")
    return appeal_pb2.StatutoryTerm(days=days, counted=words.value(counted, "--counted"), law=law, article=article)


@app.command()
def reinstate(
    appeal: Appeal, *, reason: Annotated[str, typer.Option(help="why")], output: Output = Format.TEXT
) -> None:
    """Take a declined appeal up again (Art. 6)."""
    request = intake.ReinstateAppealRequest(name=appeal, reason=reason, request_id=new_request_id())
    with person("reviewer") as reviewer:
        show(reviewer.intake.ReinstateAppeal(request), output)


@app.command()
def reveal(
    appeal: Appeal,
    *,
    purpose: Annotated[str, typer.Option(help="what for; goes on record")],
    output: Output = Format.TEXT,
) -> None:
    """Show who brought an appeal; the read is on record (Art. 36(4))."""
    with person("office") as office:
        show(office.intake.RevealContact(intake.RevealContactRequest(name=appeal, purpose=purpose)), output)


@app.command()
def text(
    appeal: Appeal,
    *,
    role: Annotated[str, typer.Option(help="operator, reviewer or quality")] = "reviewer",
    output: Output = Format.TEXT,
) -> None:
    """Show what the citizen said, word for word; the read is on record (Art. 36(4))."""
    with person(role) as reader:
        show(reader.intake.ReadAppealText(intake.ReadAppealTextRequest(name=appeal)), output)


@app.command()
def reclassify(
    appeal: Appeal,
    *,
    reason: Annotated[str, typer.Option(help="why; kept beside what stood there")],
    kind: Annotated[str, typer.Option(help="consultation, daily_life, social, business or city (Art. 5)")] = "",
    request_type: Annotated[
        str, typer.Option("--type", help="consultation, help, complaint, report, suggestion or difficult (Art. 24)")
    ] = "",
    asker: Annotated[str, typer.Option(help="person or business (Art. 5(4))")] = "",
    category: Annotated[str, typer.Option(help="subject, for example 城乡建设/供热")] = "",
    region: Annotated[str, typer.Option(help="division code, six digits")] = "",
    confidential: Annotated[bool | None, typer.Option(help="the unit must not learn who it is (Art. 24(1))")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Correct what was entered at the registration, before the appeal is disposed of (Art. 5, 21)."""
    kinds = Word(appeal_pb2.AppealKind, "APPEAL_KIND")
    types = Word(appeal_pb2.RequestType, "REQUEST_TYPE")
    askers = Word(appeal_pb2.Asker, "ASKER")
    request = intake.ReclassifyAppealRequest(
        name=appeal,
        kind=kinds.value(kind, "--kind") if kind else appeal_pb2.APPEAL_KIND_UNSPECIFIED,
        request_type=types.value(request_type, "--type") if request_type else appeal_pb2.REQUEST_TYPE_UNSPECIFIED,
        asker=askers.value(asker, "--asker") if asker else appeal_pb2.ASKER_UNSPECIFIED,
        category=category,
        region=region,
        confidential=confidential,
        reason=reason,
        request_id=new_request_id(),
    )
    with person("reviewer") as reviewer:
        show(reviewer.intake.ReclassifyAppeal(request), output)


@app.command("clear-emergency")
def clear_emergency(
    appeal: Appeal, *, reason: Annotated[str, typer.Option(help="what was found")], output: Output = Format.TEXT
) -> None:
    """Find that an appeal is no emergency though its wording points to one, so that it can be answered (Art. 6(1))."""
    request = intake.ClearEmergencyRequest(name=appeal, reason=reason, request_id=new_request_id())
    with person("operator") as operator:
        show(operator.intake.ClearEmergency(request), output)
