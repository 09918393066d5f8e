"""Why a clock ends when it ends, and what happened to it, in sentences, Chinese and English (Art. 24)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from hotline_kernel.calendar import ZONE, Calendar

from hotline_sla.domain.deadline import OFFICE, SYSTEM, UNIT_KINDS, Change, CountedDays, Deadline, Kind, Law

_HOLIDAY_ZH = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
}
_WEEKDAY_ZH = "一二三四五六日"
_HAPPENED = {
    "opened": ("设定，{due} 到期", "set, due {due}"),
    "moved": ("改为 {due} 到期", "moved to {due}"),
    "recomputed": ("改为 {due} 到期", "moved to {due}"),
    "returned": ("退回", "returned"),
    "handed_over": ("转办", "handed over"),
    "missed": ("逾期", "missed"),
    "settled": ("了结", "settled"),
    "cancelled": ("取消", "cancelled"),
    "watched": ("列入重点督办", "watched"),
}


def explain(deadline: Deadline, *, law: Law) -> str:
    """Say in a sentence, Chinese and English, why a clock ends when it ends; no other day off is named than counted."""
    due, start = _local(deadline.due_time), _local(deadline.start_time)
    if deadline.kind is Kind.PART:
        return f"{due} 到期：{start} 分派协办部分时所定。 / due {due}: the day given with the part at {start}."
    if deadline.kind in UNIT_KINDS:
        if deadline.kind is Kind.HANDLING:
            zh, en = _length(deadline)
        else:
            hours = int(law.terms.first_contact / timedelta(hours=1))
            zh, en = f"{hours} 个工作小时", _plural(hours, "office hour")
        found = list(_days_that_matter(deadline, law.calendar, since=_counted_since(deadline)))
    else:
        hours = int((deadline.due_time - deadline.start_time) / timedelta(hours=1))
        zh, en, found = f"{hours} 小时", _plural(hours, "hour"), []
    zh = f"{due} 到期：自 {start} 起 {zh}" + "".join(f"，{part}" for part, _ in found)
    en = f"due {due}: {en} from {start}" + "".join(f", {part}" for _, part in found)
    if deadline.provisional:
        zh += "（该年放假安排尚未公布，暂按周末推算）"
        en += " (provisional: that year's holidays are not published)"
    return f"{zh}。 / {en}."


def _length(deadline: Deadline) -> tuple[str, str]:
    """How long a unit has to handle it; by which law, if it is a law's own term (Art. 24(2))."""
    days, term = deadline.working_days, deadline.statutory_term
    if term is None:
        return f"{days} 个工作日", _plural(days, "working day")
    zh, _, en = term.length.partition(" / ")
    zh, en = f"{term.citation}规定的 {zh}", f"{en} by {term.citation}"
    extended = days - term.days if term.counted is CountedDays.WORKING else days
    if extended:
        zh, en = f"{zh}，延期 {extended} 个工作日", f"{en} and {_plural(extended, 'working day')} of extension"
    return zh, en


def _counted_since(deadline: Deadline) -> date:
    """From which day on days off are left out: of calendar days only the last moves off one."""
    start, term = deadline.start_time.astimezone(ZONE).date(), deadline.statutory_term
    if term is not None and term.counted is CountedDays.CALENDAR:
        return start + timedelta(days=term.days)
    return start


def tell(deadline: Deadline) -> str:
    """Say all that happened to a clock: set, why, moved, by whom, met or missed; empty without its history."""
    told = [_told(change) for change in deadline.changes]
    return f"{'；'.join(zh for zh, _ in told)}。 / {'; '.join(en for _, en in told)}." if told else ""


def _told(change: Change) -> tuple[str, str]:
    happened_zh, happened = (text.format(due=_local(change.due_time)) for text in _HAPPENED[change.change])
    reason_zh, _, reason = change.reason.partition(" / ")
    by_zh = by = ""
    if change.by not in (SYSTEM, ""):  # empty: not kept then
        by_zh, by = ("热线工作机构", "the hotline office") if change.by == OFFICE else (f" {change.by} ", change.by)
        by_zh, by = f"由{by_zh}", f" by {by}"
    time = _local(change.time)
    return f"{time} {by_zh}{happened_zh}：{reason_zh}", f"{time} {happened}{by}: {reason}"


def _days_that_matter(deadline: Deadline, calendar: Calendar, *, since: date) -> Iterator[tuple[str, str]]:
    """Runs of days off under one name, and weekends worked instead, from a day to the end, in their order."""
    first, last = since, deadline.due_date
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    run: list[date] = []
    for day in days:
        off = not calendar.is_working_day(day)
        if run and (not off or _name(calendar, day) != _name(calendar, run[0])):
            yield _off(run, calendar)
            run = []
        if off:
            run.append(day)
        elif day > first and calendar.is_made_up(day):
            yield (
                f"{day.month}月{day.day}日（星期{_WEEKDAY_ZH[day.weekday()]}）调休上班",
                f"{day:%A} {day.day} {day:%B} being worked instead",
            )


def _off(run: list[date], calendar: Calendar) -> tuple[str, str]:
    name_zh, name = _name(calendar, run[0])
    return f"{_range_zh(run[0], run[-1])}为{name_zh}", f"{_range(run[0], run[-1])} being {name}"


def _name(calendar: Calendar, day: date) -> tuple[str, str]:
    holiday = calendar.holiday(day)
    if holiday:
        return f"{_HOLIDAY_ZH.get(holiday, '法定节日')}假期", f"the {holiday} holiday"
    return ("周末", "the weekend") if day.weekday() > 4 else ("本地放假", "closed")


def _range_zh(first: date, last: date) -> str:
    start = f"{first.month}月{first.day}日"
    if first == last:
        return start
    return f"{start}至{last.day}日" if first.month == last.month else f"{start}至{last.month}月{last.day}日"


def _range(first: date, last: date) -> str:
    if first == last:
        return f"{first.day} {first:%B}"
    start = f"{first.day}–{last.day}" if first.month == last.month else f"{first.day} {first:%B} – {last.day}"
    return f"{start} {last:%B}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _local(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
