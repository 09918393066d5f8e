"""By what units and trades are scored, version by version (Art. 32, 34)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from hotline_kernel.calendar import ZONE
from hotline_kernel.errors import FieldInvalid, Invalid, Refused

WHOLE = 100
"""What the four parts of the weights add up to."""


class WeightsSum(Invalid):
    """The four parts of the weights add up to {sum} and not to 100."""

    reason = "WEIGHTS_SUM"
    article = "Art. 34"
    zh = "四项权重之和为 {sum}，应为 100（第三十四条）。"


class WeightsTooLate(Refused):
    """Weights hold from a month on that has not begun: {effective_date} is too late to be told before."""

    reason = "WEIGHTS_TOO_LATE"
    article = "Art. 34"
    zh = "考核权重须在生效月份开始前公布，{effective_date} 已过或已开始，不能改动已开始的考核期（第三十四条）。"


@dataclass(frozen=True, kw_only=True)
class Trade:
    """A trade (行业): every order whose category is one of these or below one (Art. 32)."""

    name: str
    display_name: str
    categories: tuple[str, ...]

    def covers(self, category: str) -> bool:
        """The category belongs to it."""
        return any(category == path or category.startswith(f"{path}/") for path in self.categories)


def _trade(id_: str, display_name: str, *categories: str) -> Trade:
    return Trade(name=f"trades/{id_}", display_name=display_name, categories=categories)


TRADES = (
    _trade("water", "供水", "城乡建设/供水"),
    _trade("heating", "供热", "城乡建设/供热"),
    _trade("gas", "燃气", "城乡建设/燃气"),
    _trade("power", "供电", "能源/供电"),
    _trade("sanitation", "环卫", "城市管理/环卫"),
    _trade("bus", "公共交通", "交通运输/公交"),
    _trade("taxi", "出租汽车和网约车", "交通运输/出租网约"),
    _trade("road-transport", "道路客货运输", "交通运输/道路运输"),
    _trade("rail", "轨道和铁路", "交通运输/轨道铁路"),
    _trade("post", "邮政快递", "交通运输/邮政快递"),
    _trade("telecom", "通信", "金融通信/通信"),
    _trade("broadcasting", "广播电视", "文旅体育/广播电视"),
    _trade("banking", "银行", "金融通信/银行"),
    _trade("insurance", "保险证券", "金融通信/保险证券"),
    _trade("property", "物业服务", "住房/物业"),
    _trade("health-care", "医疗服务", "医疗卫生/医疗服务"),
    _trade("elderly-care", "养老服务", "民政/养老"),
    _trade("tourism", "旅游", "文旅体育/旅游"),
    _trade("tutoring", "校外培训", "教育/校外培训"),
)
"""Of the first version (ours): trades that serve the public for a price, by the tree of categories as shipped."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Published weights: the four parts add up to 100. Explained in docs/explanation/assessment.md.

    effective_date -- periods that begin on it or later are scored by them;  publish_time -- None for the first ones.
    The defaults are the first version.
    """

    version: str = "2017-1"
    effective_date: date = date(2017, 1, 1)
    in_time: float = 50
    contact: float = 20
    satisfaction: float = 20
    lasting: float = 10
    late_worth: float = 0.5
    """What an order handled too late is worth of one handled in time."""
    written_cost: float = 0.25
    """What each written supervision takes away from that."""
    neutral_worth: float = 0.5
    """What a neutral citizen is worth of a satisfied one."""
    circular_points: float = 2
    """What each order named in a circular takes away from the whole (Art. 29)."""
    trades: tuple[Trade, ...] = TRADES
    reason: str = "随系统启用"
    publish_time: datetime | None = None

    @property
    def name(self) -> str:
        """`weights/{version}`."""
        return f"weights/{self.version}"

    def trade_of(self, category: str) -> Trade | None:
        """The trade that a category belongs to, if any."""
        return next((trade for trade in self.trades if trade.covers(category)), None)

    def check(self, *, now: datetime) -> None:
        """Raises FieldInvalid for a day within a month or a category twice, WeightsSum, WeightsTooLate."""
        if self.effective_date.day != 1:
            raise FieldInvalid(violations=[("effective_date", "must be the first day of a month")])
        _check_apart(self.trades)
        whole = self.in_time + self.contact + self.satisfaction + self.lasting
        if abs(whole - WHOLE) > 1e-9:
            raise WeightsSum(violations=[("in_time", "must add up to 100 with the other parts")], sum=f"{whole:g}")
        if self.effective_date <= now.astimezone(ZONE).date():
            raise WeightsTooLate(effective_date=self.effective_date.isoformat())


FIRST = Weights()
"""What comes with the system."""


def in_effect(published: Sequence[Weights], day: date) -> Weights:
    """The weights of a period that begins on a day; of two for the same day, the later published.

    published -- in the order of publication. Before the first ones there were none: they serve for those periods too.
    """
    held = [weights for weights in published if weights.effective_date <= day]
    return max(held, key=lambda weights: (weights.effective_date, published.index(weights)), default=FIRST)


def next_version(published: Sequence[Weights], effective_date: date) -> str:
    """How the next version is called: the year from which it holds, and a number within it."""
    year = f"{effective_date.year:04}-"
    return f"{year}{1 + sum(weights.version.startswith(year) for weights in published)}"


def _check_apart(trades: Sequence[Trade]) -> None:
    names = [trade.name for trade in trades]
    if len(set(names)) < len(names):
        raise FieldInvalid(violations=[("trades", "must not name a trade twice")])
    for number, trade in enumerate(trades):
        for path in trade.categories:
            if any(other is not trade and other.covers(path) for other in trades):
                raise FieldInvalid(violations=[(f"trades[{number}].categories", f"{path} belongs to another trade")])
