"""What the public writes and units' own bases hold is looked through before it is served (Art. 18, 19, 36(4))."""

import re
import unicodedata

from hotline_kernel.wording import Code

_SEPARATOR = r"[ \-–—·.]?"
_IDENTITY_NUMBER = (
    rf"(?<!\d)\d{{6}}{_SEPARATOR}(?:18|19|20)\d{{2}}{_SEPARATOR}\d{{4}}{_SEPARATOR}\d{{3}}[\dXx](?![\dA-Za-z])"
)
_BANK_CARD = r"(?<!\d)[3-6]\d{3}(?:[ \-]?\d{4}){3}(?:[ \-]?\d{1,3})?(?!\d)"
_MOBILE = rf"(?<!\d)(?:\+?86{_SEPARATOR})?1[3-9]\d{_SEPARATOR}\d{{4}}{_SEPARATOR}\d{{4}}(?!\d)"
_LANDLINE = r"(?<!\d)0\d{2,3}[ \-]?[2-8]\d{6,7}(?!\d)"
_EMAIL = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+"
_MESSENGER = r"(?i:微信|vx|wechat|qq|企鹅)号?[:：是]?\s?[A-Za-z0-9_\-]{5,20}"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_NUMBER_PLATE = rf"[{_PROVINCES}][A-HJ-Z]·?[A-HJ-NP-Z0-9]{{5,6}}(?![A-Za-z0-9])"
_OF_A_PERSON = re.compile("|".join((_IDENTITY_NUMBER, _BANK_CARD, _MOBILE, _MESSENGER, _NUMBER_PLATE)))
_PERSONAL_DATA = re.compile(
    "|".join((_IDENTITY_NUMBER, _BANK_CARD, _MOBILE, _LANDLINE, _EMAIL, _MESSENGER, _NUMBER_PLATE))
)
_ADVERTISING = re.compile(
    r"代办证|代开发票|办证刻章|刷单|高薪兼职|日赚|月入过万|无抵押贷款|秒放款|加我微信|加微信|加v信|扫码领|免费领取|点击链接|博彩|彩票内幕|代孕"
)
_ADDRESS = re.compile(r"(?i)(?:https?://|www\.)[^\s，。；、]+")
_OFFICIAL = re.compile(r"(?i)^(?:https?://)?(?:[a-z0-9\-]+\.)*gov\.cn(?:[/:?#]|$)")
_REPEATED = re.compile(r"(.{1,10}?)\1{9,}", re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")


class Ground(Code):
    """Why something is held back."""

    PERSONAL_DATA = "PERSONAL_DATA", "个人信息"
    SPAM = "SPAM", "广告"


def grounds(text: str) -> tuple[Ground, ...]:
    """Why a text of the public is held back; empty if nothing speaks against it.

    Names cannot be told by their form: the office looks at every text before it is served.
    """
    normal = unicodedata.normalize("NFKC", text)
    found = []
    if _PERSONAL_DATA.search(normal):
        found.append(Ground.PERSONAL_DATA)
    links = [link for link in _ADDRESS.findall(normal) if not _OFFICIAL.match(link)]
    if links or _ADVERTISING.search(normal) or _REPEATED.search(normal) or not _LETTER.search(normal):
        found.append(Ground.SPAM)
    return tuple(found)


def grounds_of_unit(text: str) -> tuple[Ground, ...]:
    """Why what a unit says of itself is held back: its telephones, mail and addresses are its own to tell."""
    normal = unicodedata.normalize("NFKC", text)
    found = []
    if _OF_A_PERSON.search(normal):
        found.append(Ground.PERSONAL_DATA)
    if _ADVERTISING.search(normal):
        found.append(Ground.SPAM)
    return tuple(found)


def masked(text: str) -> str:
    """The text without the personal data that can be told by its form."""
    return _PERSONAL_DATA.sub("＊＊＊", unicodedata.normalize("NFKC", text))
