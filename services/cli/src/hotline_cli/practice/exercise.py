"""An exercise: callers who are invented, and the key that says what is right for each (Art. 37)."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from hotline.intake.v1 import appeal_pb2

from hotline_cli.local import city
from hotline_cli.simulate import messages

LEAST, MOST = 3, 50


class Way(StrEnum):
    """The ways out of the intake seat (Art. 6, 21)."""

    DECLINED = "declined"
    ANSWERED = "answered"
    DRAFTED = "drafted"


@dataclass(frozen=True, kw_only=True)
class Key:
    """What is right for a caller. ground -- of a decline, whose classification may be any."""

    way: Way
    kind: "appeal_pb2.AppealKind.ValueType" = appeal_pb2.APPEAL_KIND_UNSPECIFIED
    request_type: "appeal_pb2.RequestType.ValueType" = appeal_pb2.REQUEST_TYPE_UNSPECIFIED
    category: str = ""
    ground: "appeal_pb2.DeclineGround.ValueType" = appeal_pb2.DECLINE_GROUND_UNSPECIFIED

    @property
    def leads(self) -> list[str]:
        """The units of the invented city whose duty it is, counties aside."""
        units = (unit for unit in city.load().units if unit["kind"] != "COUNTY")
        return [f"units/{unit['id']}" for unit in units if self.category in unit["competences"]]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Somebody invented, by whose number their appeal is found again. No such numbers are given out."""

    name: str
    phone: str
    address: str
    text: str
    key: Key


def _consultation(category: str, *, kind: "appeal_pb2.AppealKind.ValueType") -> Key:
    asked = appeal_pb2.REQUEST_TYPE_CONSULTATION
    return Key(kind=kind, request_type=asked, category=category, way=Way.ANSWERED)


def _handled(
    category: str, kind: "appeal_pb2.AppealKind.ValueType", request_type: "appeal_pb2.RequestType.ValueType"
) -> Key:
    return Key(kind=kind, request_type=request_type, category=category, way=Way.DRAFTED)


_DAILY, _SOCIAL = appeal_pb2.APPEAL_KIND_DAILY_LIFE, appeal_pb2.APPEAL_KIND_SOCIAL
_HELP, _COMPLAINT = appeal_pb2.REQUEST_TYPE_HELP, appeal_pb2.REQUEST_TYPE_COMPLAINT
# Of the problems that citizens of a simulation bring, those about which there are no two opinions.
_KEYS = {
    "供热": _handled("城乡建设/供热", _DAILY, _HELP),
    "供水": _handled("城乡建设/供水", _DAILY, _HELP),
    "供电": _handled("能源/供电", _DAILY, _HELP),
    "道路": _handled("城乡建设/道路", _DAILY, _HELP),
    "欠薪": _handled("人力社保/工资", _SOCIAL, _COMPLAINT),
    "油烟": _handled("生态环境/油烟", _SOCIAL, _COMPLAINT),
    "消费": _handled("市场监管/消费", _SOCIAL, appeal_pb2.REQUEST_TYPE_REPORT),
    "社保": _consultation("人力社保/社保", kind=appeal_pb2.APPEAL_KIND_CONSULTATION),
    "医保": _consultation("医疗卫生/医保", kind=appeal_pb2.APPEAL_KIND_CONSULTATION),
    "公积金": _consultation("住房/公积金", kind=appeal_pb2.APPEAL_KIND_CONSULTATION),
    "办照": _consultation("市场监管/办照", kind=appeal_pb2.APPEAL_KIND_BUSINESS),
    "邻里": Key(way=Way.DECLINED, ground=appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE),
    "诉讼": Key(way=Way.DECLINED, ground=appeal_pb2.DECLINE_GROUND_STATUTORY_PROCEDURE),
    "紧急": Key(way=Way.DECLINED, ground=appeal_pb2.DECLINE_GROUND_EMERGENCY),
}


def callers(*, seed: int, number: int) -> list[Caller]:
    """The callers of an exercise, always the same for a seed; all three ways are among them.

    number -- LEAST to MOST.
    """
    random = Random(f"{seed}/exercise")
    ways = [*Way, *(random.choice(list(Way)) for _ in range(number - len(Way)))]
    random.shuffle(ways)
    return [_caller(random, way, seed=seed, place=place) for place, way in enumerate(ways)]


def _caller(random: Random, way: Way, *, seed: int, place: int) -> Caller:
    subject = random.choice([name for name, key in _KEYS.items() if key.way is way])
    street, house = random.choice(("柳絮街", "青砖胡同", "望河路", "槐荫巷")), random.randint(1, 99)
    return Caller(
        name=random.choice("甄贾闻乔") + random.choice(("有声", "好问", "常安", "如愿")),
        phone=f"100{seed % 1_000_000:06}{place:02}",  # no number of the country begins so
        address=f"{street}{house}号",
        text=messages.about(subject, random),
        key=_KEYS[subject],
    )
