"""What citizens say: from a file of messages, or written here. All names, places and numbers of ours are invented."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from hotline.intake.v1 import appeal_pb2

_TITLE_LENGTH = 60
_TEXT_LENGTH = 8000


@dataclass(frozen=True)
class Message:
    """What one citizen brings, before anybody looked at it."""

    citizen: str
    """Who: the same text is the same citizen."""
    title: str
    text: str


@dataclass(frozen=True)
class _Problem:
    subject: str
    text: str


_PLACES = (
    "翠屏里小区", "和谐家园三期", "槐安东路", "建设南大街", "柳林村", "东关市场", "滨河新区", "永安巷", "新华小学",
    "平安大街东口", "石门花园", "北杜镇中心街", "长青苑", "纺织宿舍", "府前广场", "汇通桥下", "李家庄", "红旗公园",
)  # fmt: skip
_PROBLEMS = (
    _Problem(
        "供热", "{place}{when}暖气一直不热,室内只有{number}度,家里有老人和孩子,物业说热力公司压力不够,希望尽快解决。"
    ),
    _Problem("供水", "{place}{when}开始停水,没有通知,已经{number}个小时了,什么时候能恢复?"),
    _Problem("供电", "{place}{when}频繁跳闸停电,一天停了{number}次,冰箱里的东西都坏了。"),
    _Problem("噪音", "{place}旁边的工地{when}夜里施工到凌晨,噪音很大,影响{number}户居民休息,请有关部门管一管。"),
    _Problem("垃圾", "{place}的垃圾{when}没有人清运,堆了{number}天,气味难闻,苍蝇很多。"),
    _Problem("道路", "{place}路面塌陷有一个大坑,{when}已有{number}辆电动车摔倒,希望修补。"),
    _Problem("路灯", "{place}的路灯{when}坏了{number}盏,晚上出行不安全。"),
    _Problem("违建", "{place}有人{when}私搭乱建,占用公共通道,请核实查处。"),
    _Problem("占道", "{place}{when}流动摊贩占道经营,早晚高峰堵得走不动。"),
    _Problem("公交", "{place}站的公交车{when}等了{number}十分钟不来,能不能增加班次?"),
    _Problem("社保", "我想咨询社保转移接续{when}需要什么材料,在哪里办理?"),
    _Problem("医保", "请问异地就医报销{when}怎么备案,比例是多少?"),
    _Problem("公积金", "公积金提取租房{when}需要哪些手续,多久到账?"),
    _Problem("户籍", "孩子落户{when}要带什么证件,{place}归哪个派出所管?"),
    _Problem("入学", "{place}片区{when}小学入学怎么划分,外来务工子女要什么条件?"),
    _Problem("欠薪", "在{place}干活,老板拖欠工资{number}个月不给,{when}电话也不接,投诉。"),
    _Problem("物业", "{place}物业{when}乱收停车费,不公示账目,业主投诉多次没有结果。"),
    _Problem("消费", "在{place}一家店{when}买到过期食品,要求退赔,商家态度恶劣,举报。"),
    _Problem("油烟", "{place}楼下饭店{when}油烟直排,{number}户人不敢开窗,投诉。"),
    _Problem("建议", "建议在{place}{when}增设红绿灯和人行横道,学生放学过马路太危险。"),
    _Problem("办照", "我是个体工商户,想在{place}开店,{when}营业执照怎么网上办理?"),
    _Problem("邻里", "和邻居因为借款闹纠纷,{when}想让政府帮我把{number}万元要回来。"),
    _Problem("诉讼", "我家房子的案子法院{when}已经立案,请热线帮忙催一下。"),
    _Problem("紧急", "{place}有一户冒浓烟着火了,快来人!"),
)
_WHEN = ("昨天", "今天早上", "最近几天", "上周末", "这个月", "从前天", "连续几天")

# Which words of a message tell its subject; the first that occurs wins. Subjects are those of the seeded city.
_SUBJECTS = (
    ("城乡建设/供热", ("供热", "暖气", "供暖")),
    ("城乡建设/供水", ("供水", "停水", "自来水", "水压")),
    ("能源/供电", ("供电", "停电", "跳闸", "电力")),
    ("生态环境/噪声", ("噪音", "噪声", "扰民")),
    ("生态环境/油烟", ("油烟", "污染", "异味", "气味")),
    ("城市管理/环卫", ("垃圾", "环卫", "清运")),
    ("城市管理/占道经营", ("占道", "摊贩", "流动")),
    ("城市管理/违建", ("违建", "私搭", "乱建", "违章")),
    ("城乡建设/道路", ("路面", "塌陷", "路灯", "修路", "道路")),
    ("交通运输/公交", ("公交", "地铁", "出租", "班次", "交通")),
    ("人力社保/工资", ("工资", "欠薪", "拖欠", "劳动")),
    ("人力社保/社保", ("社保", "养老", "退休", "职称")),
    ("医疗卫生/医保", ("医保", "医院", "就医", "报销")),
    ("住房/公积金", ("公积金", "购房", "房产")),
    ("住房/物业", ("物业", "业主", "小区", "停车")),
    ("教育/入学", ("入学", "学校", "幼儿园", "小学", "老师", "补课")),
    ("公安/户籍", ("户籍", "落户", "身份证")),
    ("市场监管/消费", ("消费", "退款", "过期", "商家", "食品", "价格")),
    ("市场监管/办照", ("营业执照", "个体", "企业", "公司", "税")),
)
_OTHER_SUBJECT = "综合/其他"

_CONSULTATION = ("咨询", "请问", "怎么", "如何", "什么时候", "哪些手续", "是否")
_REPORT = ("举报", "违法", "查处", "非法")
_COMPLAINT = ("投诉", "恶劣", "不满", "强烈", "维权")
_SUGGESTION = ("建议", "希望增设", "意见")
_BUSINESS = ("个体工商户", "我公司", "企业", "营业执照")
_CIVIL = ("借款", "借钱", "离婚", "家庭纠纷")
_PROCEDURE = ("法院", "立案", "仲裁", "起诉", "行政复议")
_EMERGENCY = ("着火", "救命", "煤气泄漏", "跳楼", "触电")


def subject_of(text: str) -> str:
    """The category an operator would choose."""
    for subject, words in _SUBJECTS:
        if any(word in text for word in words):
            return subject
    return _OTHER_SUBJECT


def request_type_of(text: str) -> "appeal_pb2.RequestType.ValueType":
    """What is asked, as an operator would enter it (Art. 24(2))."""
    for words, request_type in (
        (_REPORT, appeal_pb2.REQUEST_TYPE_REPORT),
        (_COMPLAINT, appeal_pb2.REQUEST_TYPE_COMPLAINT),
        (_SUGGESTION, appeal_pb2.REQUEST_TYPE_SUGGESTION),
        (_CONSULTATION, appeal_pb2.REQUEST_TYPE_CONSULTATION),
    ):
        if any(word in text for word in words):
            return request_type
    return appeal_pb2.REQUEST_TYPE_HELP


def kind_of(text: str, request_type: "appeal_pb2.RequestType.ValueType") -> "appeal_pb2.AppealKind.ValueType":
    """Which of the five kinds of Art. 5."""
    if any(word in text for word in _BUSINESS):
        return appeal_pb2.APPEAL_KIND_BUSINESS
    if request_type == appeal_pb2.REQUEST_TYPE_CONSULTATION:
        return appeal_pb2.APPEAL_KIND_CONSULTATION
    if request_type == appeal_pb2.REQUEST_TYPE_SUGGESTION:
        return appeal_pb2.APPEAL_KIND_CITY
    if request_type == appeal_pb2.REQUEST_TYPE_HELP:
        return appeal_pb2.APPEAL_KIND_DAILY_LIFE
    return appeal_pb2.APPEAL_KIND_SOCIAL


def decline_ground_of(text: str) -> "appeal_pb2.DeclineGround.ValueType":
    """The ground on which an operator would decline, or the unspecified one (Art. 6)."""
    for words, ground in (
        (_EMERGENCY, appeal_pb2.DECLINE_GROUND_EMERGENCY),
        (_CIVIL, appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE),
        (_PROCEDURE, appeal_pb2.DECLINE_GROUND_STATUTORY_PROCEDURE),
    ):
        if any(word in text[:200] for word in words):
            return ground
    return appeal_pb2.DECLINE_GROUND_UNSPECIFIED


def written(seed: int) -> Iterator[Message]:
    """Messages without end, the same for the same seed."""
    random = Random(f"{seed}/messages")
    while True:
        problem = random.choice(_PROBLEMS)
        place = random.choice(_PLACES)
        text = _filled(problem, place, random)
        # A citizen in eight comes again.
        citizen = (
            f"citizen-{random.randrange(1, 40_000) if random.random() < 0.125 else random.randrange(10**6, 10**9)}"
        )
        yield Message(citizen=citizen, title=f"{place}{problem.subject}问题", text=text)


def about(subject: str, random: Random) -> str:
    """What a citizen says about one of the subjects that are written here."""
    [problem] = [each for each in _PROBLEMS if each.subject == subject]
    return _filled(problem, random.choice(_PLACES), random)


def _filled(problem: _Problem, place: str, random: Random) -> str:
    return problem.text.format(place=place, when=random.choice(_WHEN), number=random.randint(2, 16))


def read(path: Path) -> Iterator[Message]:
    """Messages of a JSON-lines file, gzip or not, without end: it begins again with new citizens.

    A line has `citizen`, `title` and `text`. Raises `ValueError` naming the line that has not.
    """
    for lap in count():
        found = False
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                found = True
                yield _parse(line, f"{path.name}:{number}", lap)
        if not found:
            raise ValueError(f"{path.name} holds no message: give a file of JSON lines with citizen, title and text")


def _parse(line: str, place: str, lap: int) -> Message:
    try:
        row = json.loads(line)
        title, text = str(row["title"]).strip(), str(row["text"]).strip()
        citizen = str(row["citizen"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{place}: every line is a JSON object with citizen, title and text ({error})") from error
    printable = "".join(c for c in text if c >= " " or c == "\n")[:_TEXT_LENGTH]
    return Message(
        citizen=f"{citizen}/{lap}",
        title="".join(c for c in title if c >= " ")[:_TITLE_LENGTH] or "未命名诉求",
        text=printable or title or "(空)",
    )
