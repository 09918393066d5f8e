"""Wording that points to danger for life or property (Art. 6(1)).

It is built to miss little: an operator loses a minute over a false alarm, a citizen may lose a life over a missed one.
What is only feared ("一旦发生火灾", "火灾隐患") is taken out before looking for danger to things; wording about a life
counts always.
"""

import re

# A feared or past danger, up to the end of the clause.
_FEARED = re.compile(
    r"(?:一旦|万一|如果|若是|假如|要是|倘若|容易|极易|易引发|可能|防止|避免|预防|杜绝|以防|曾经|去年|前年)[^，,。;；!！?？\n]{0,16}"
    r"|(?:火灾|失火|起火|着火|爆炸|坍塌|倒塌|触电|漏电|漏气|泄漏|燃气|煤气)[^，,。;；!！?？\n]{0,6}?(?:隐患|风险|危险性|预防|险种|保险)"
    r"|防火灾|消防火灾|信息大?爆炸|爆炸式"
)

_THINGS = (
    r"着火(?!车)|起火|失火|火灾|火警|大火|冒烟|浓烟|自燃|在燃烧|烧起来",
    r"(?:煤气|燃气|天然气|液化气|瓦斯|化学品|危化品|毒气|氨气|氯气)[^，,。;；\n]{0,8}(?:泄漏|泄露|漏|中毒|爆)",
    r"漏气|闻到.{0,6}(?:煤气|燃气|天然气)|爆炸|(?<!定时)炸弹|爆裂",
    r"触电|漏电|电线.{0,6}(?:掉落|断落|掉下|垂落|打火)|高压线.{0,6}(?:断|落)",
    r"(?:房屋|楼|墙|桥|路面|工地|脚手架|塔吊|隧道|矿)[^，,。;；\n]{0,6}(?:坍塌|倒塌|垮塌|塌方|塌陷)|山体滑坡|泥石流|溃坝|决堤",
)
_LIFE = (
    r"救命(?!稻草|通道|路|钱|恩人|药)|快来人|快救|要出人命|出人命|有生命危险|生命垂危|命在旦夕",
    r"跳楼|跳河|跳桥|轻生|自杀|割腕|不想活|上吊|服毒|喝农药|结束生命",
    r"抢劫|入室盗窃|绑架|劫持|持刀|砍人|捅人|杀人|行凶|枪|正在(?:打人|打架|斗殴|被打)|家暴(?!征)|打死人|强奸|拐卖|拐走",
    r"车祸|交通事故.{0,10}(?:受伤|伤亡|死|流血)|撞(?:到|了|伤|死)?人|肇事逃逸",
    r"昏迷|晕倒|晕厥|休克|没有?呼吸|呼吸困难|心脏骤停|心梗|大出血|流血不止|抽搐|叫救护车|急救|临产|羊水破",
    r"溺水|落水|掉(?:进|入|到).{0,4}(?:河|水|井|池|坑)|被困|被埋|走失|(?:食物|一氧化碳|煤气)中毒|坠楼|坠落",
)
_PERIL_OF_THINGS = re.compile("|".join(_THINGS))
_PERIL_OF_LIFE = re.compile("|".join(_LIFE))


def points_to_emergency(*, words: str) -> bool:
    """Whether the wording points to danger for life or property, so that 110, 119, 120 must be named (Art. 6(1))."""
    return bool(_PERIL_OF_LIFE.search(words) or _PERIL_OF_THINGS.search(_FEARED.sub("", words)))
