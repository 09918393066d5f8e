"""What a clerk reads where machines read codes: states, kinds, resource names and moments in Chinese."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Self

from hotline_kernel.calendar import ZONE

_UUID = re.compile(r"([A-Za-z]+)/[0-9a-f-]{28}([0-9a-f]{8})")
_SLUG = re.compile(r"(counties|seats|units)/([a-z0-9-]+)")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)")
_NOUNS = {
    "accountabilityFiles": "追责案卷",
    "appeals": "诉求",
    "bulletins": "民生信息",
    "callbacks": "回访",
    "calls": "来电",
    "categories": "诉求类别",
    "circulars": "通报",
    "citizens": "群众信息",
    "contests": "异议",
    "counties": "县（市）",
    "contributions": "投稿",
    "courses": "培训",
    "deadlines": "期限",
    "entries": "知识条目",
    "errands": "交办件",
    "gaps": "知识缺口",
    "holds": "保全",
    "meetingActions": "议定事项",
    "meetings": "会议",
    "repeats": "关联",
    "reports": "举报",
    "reviews": "质检",
    "seats": "座席",
    "supervisions": "督办",
    "units": "单位",
    "webhookDeliveries": "回调记录",
    "webhooks": "回调地址",
    "workOrders": "工单",
}


class Code(StrEnum):
    """A code of the domain with its Chinese word: `HELD = "HELD", "待批示"`. To machines it is its code alone."""

    zh: str

    def __new__(cls, code: str, zh: str = "") -> Self:
        """The pair that the class names; to ask for a member the code is enough."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.zh = zh
        return member


def in_chinese(fact: str) -> str:
    """A fact of an error as a clerk reads it; what is no code, resource name or moment stays as it is."""
    if isinstance(fact, Code):
        return fact.zh
    if match := _UUID.fullmatch(fact):
        return f"{_NOUNS.get(match[1], match[1])}（尾号 {match[2]}）"
    if match := _SLUG.fullmatch(fact):
        return f"{_NOUNS[match[1]]} {match[2]}"
    if _MOMENT.fullmatch(fact):
        return datetime.fromisoformat(fact).astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
    return fact
