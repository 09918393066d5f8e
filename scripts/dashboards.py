"""Writes the dashboards of deploy/helm/monitoring/dashboards: `make dashboards`. They are never edited there.

Chinese first, English behind a middle dot, in every title and description. A title is a question. Every panel says its
unit and its thresholds; every dashboard has its variables, and links to all the others and to traces.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "deploy" / "helm" / "monitoring" / "dashboards"
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH = 24
_GOOD, _WARN, _BAD = "green", "orange", "red"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One question and how it is answered. queries -- legend to PromQL;  warn, bad -- where the colour changes."""

    zh: str
    en: str
    why_zh: str
    why_en: str
    queries: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 7
    warn: float | None = None
    bad: float | None = None
    low_is_bad: bool = False
    trace: bool = False

    @property
    def title(self) -> str:
        """As it stands above the panel."""
        return f"{self.zh}？ · {self.en}?"


@dataclass(frozen=True, kw_only=True)
class Board:
    """One dashboard. variables -- besides the data source: name to label and query of values."""

    name: str
    zh: str
    en: str
    panels: Sequence[Panel]
    variables: dict[str, tuple[str, str]] = field(default_factory=dict)
    refresh: str = "30s"
    span: str = "now-6h"

    @property
    def title(self) -> str:
        """As it stands in the list of dashboards."""
        return f"{self.zh} · {self.en}"


SERVICE = {"service": ("服务 · Service", "label_values(hotline_heartbeat_timestamp_seconds, service)")}
UNIT = {"unit": ("承办单位 · Unit", "label_values(hotline_unit_deadlines_at_risk, unit)")}
COUNTY = {"county": ("县区 · County", "label_values(hotline_county_line_up, county)")}
_S = 'service=~"$service"'

_RATE = Panel(
    zh="近24小时接通率多少",
    en="What share of the last 24 hours' calls was answered",
    why_zh="国标 GB/T 33358 要求不低于 95%（第十六条）",
    why_en="the standard asks for 95 % (Art. 16)",
    queries={"": "max(hotline_answer_rate_day_ratio)"},
    unit="percentunit",
    kind="stat",
    width=6,
    height=5,
    warn=0.97,
    bad=0.95,
    low_is_bad=True,
)
_WAITING = Panel(
    zh="此刻有多少人在排队",
    en="How many callers wait now",
    why_zh="红色：有人等待超过 15 秒",
    why_en="late: longer than the standard allows",
    queries={"等待 · waiting": "max(hotline_calls_waiting)", "超时 · late": "max(hotline_calls_waiting_late)"},
    kind="stat",
    width=6,
    height=5,
    warn=1,
    bad=5,
)
_MISSED = Panel(
    zh="几件诉求超过一小时未处理",
    en="How many appeals wait past their hour",
    why_zh="受理后 1 小时内应答复或转办（第二十一条）",
    why_en="to be answered or referred within one hour (Art. 21)",
    queries={"": "max(hotline_answers_missed)"},
    kind="stat",
    width=6,
    height=5,
    warn=1,
    bad=5,
)
_OVERDUE = Panel(
    zh="逾期未办多少件",
    en="How much is overdue",
    why_zh="按期限种类（第二十八条）",
    why_en="by kind of deadline (Art. 28)",
    queries={"{{kind}}": "max by (kind) (hotline_deadlines_overdue)"},
    width=12,
    warn=1,
    bad=50,
)
_DIRECTIVES = Panel(
    zh="几件紧急工单等批示",
    en="How many urgent orders wait for a directive",
    why_zh="再次催请后仍未批示（第二十三条）",
    why_en="asked for again and not given (Art. 23)",
    queries={"": "max(hotline_directives_late)"},
    kind="stat",
    width=6,
    height=5,
    warn=1,
    bad=3,
)
_ALERTS = Panel(
    zh="现在有哪些告警",
    en="Which alerts fire now",
    why_zh="名称相同的处置页在 docs/how-to/runbooks",
    why_en="the page of the same name is the runbook",
    queries={
        "{{alertname}} {{service}} {{kind}}{{unit}}{{county}} {{window}}": (
            'ALERTS{alertname=~"Hotline.*", alertstate="firing"}'
        ),
    },
    kind="bargauge",
    width=12,
    warn=1,
    bad=1,
)
_TAKEN_IN = Panel(
    zh="每小时受理多少诉求",
    en="How many appeals come in an hour",
    why_zh="按渠道（第二十条）",
    why_en="by channel (Art. 20)",
    queries={"{{channel}}": "sum by (channel) (increase(hotline_appeals_registered_total[1h]))"},
    width=12,
)

BOARDS = (
    Board(
        name="city",
        zh="全市总览",
        en="City overview",
        refresh="15s",
        panels=[
            _RATE,
            _WAITING,
            _MISSED,
            _DIRECTIVES,
            _TAKEN_IN,
            _OVERDUE,
            Panel(
                zh="期限按时完成的比例",
                en="What share of deadlines is kept",
                why_zh="近一天，按种类；目标 95%（自定）",
                why_en="last day, by kind; the objective of 95 % is ours",
                queries={"{{kind}}": "1 - service_kind:hotline_deadlines_missed:ratio1d"},
                unit="percentunit",
                width=12,
                warn=0.97,
                bad=0.95,
                low_is_bad=True,
            ),
            _ALERTS,
            Panel(
                zh="多少知识条目过期未维护",
                en="How many knowledge entries are stale",
                why_zh="已到复核或失效日期（第十、十八条）",
                why_en="past their review or their last day (Art. 10(4), 18)",
                queries={"{{ground}}": "max by (ground) (hotline_entries_stale)"},
                kind="bargauge",
                width=24,
                height=5,
                warn=1,
                bad=20,
            ),
        ],
    ),
    Board(
        name="call-centre",
        zh="话务中心",
        en="Call centre",
        refresh="15s",
        variables={},
        panels=[
            _RATE,
            _WAITING,
            Panel(
                zh="呼损率多少",
                en="What share of callers gives up",
                why_zh="近一小时，不计 5 秒内挂断",
                why_en="last hour, without those who hang up within 5 s",
                queries={"": "max(service:hotline_calls_abandoned:ratio1h)"},
                unit="percentunit",
                kind="stat",
                width=6,
                height=5,
                warn=0.05,
                bad=0.1,
            ),
            _MISSED,
            Panel(
                zh="多久接通",
                en="How long until somebody answers",
                why_zh="半数、九成五的来电在此时间内接通",
                why_en="half and 95 % of the calls are answered within this time",
                queries={
                    f"{share}": f"histogram_quantile({quantile}, sum by (le)"
                    ' (rate(hotline_call_wait_seconds_bucket{end="answered"}[15m])))'
                    for share, quantile in (("50 %", 0.5), ("95 %", 0.95))
                },
                unit="s",
                warn=10,
                bad=15,
            ),
            Panel(
                zh="接通率随时间怎样变化",
                en="How does the answer rate move",
                why_zh="15 秒内接通占全部来电，近一小时与近六小时",
                why_en="answered within 15 s of all calls, last hour and last six hours",
                queries={
                    "1 h": "max(service:hotline_calls_in_time:ratio1h)",
                    "6 h": "max(service:hotline_calls_in_time:ratio6h)",
                },
                unit="percentunit",
                warn=0.97,
                bad=0.95,
                low_is_bad=True,
            ),
            Panel(
                zh="来电情况如何",
                en="What happens to calls",
                why_zh="每分钟的呼入、接听、放弃等事件",
                why_en="offered, answered, abandoned and more, a minute",
                queries={"{{event}}": "sum by (event) (rate(hotline_call_events_total[5m])) * 60"},
                unit="cpm",
            ),
            Panel(
                zh="座席都在做什么",
                en="What do the seats do",
                why_zh="受理座席按状态（第十五条）",
                why_en="intake seats by state (Art. 15)",
                queries={"{{state}}": 'max by (state) (hotline_seats{kind="intake"})'},
                width=12,
            ),
            Panel(
                zh="话务系统上报可信吗",
                en="Does the exchange tell what can be",
                why_zh="被拒绝的话务事件；应为零",
                why_en="call events that were rejected; should be none",
                queries={"": "sum(increase(hotline_call_events_rejected_total[15m]))"},
                width=12,
                warn=1,
                bad=10,
            ),
        ],
    ),
    Board(
        name="deadlines",
        zh="工单与期限",
        en="Work orders and deadlines",
        variables={"kind": ("期限种类 · Kind", "label_values(hotline_deadlines_open, kind)")},
        panels=[
            Panel(
                zh="在办多少件",
                en="How many deadlines run",
                why_zh="按种类（第二十一、二十四、三十条）",
                why_en="by kind (Art. 21, 24, 30)",
                queries={"{{kind}}": 'max by (kind) (hotline_deadlines_open{kind=~"$kind"})'},
                width=12,
            ),
            Panel(
                zh="多少即将到期",
                en="How many end soon",
                why_zh="已进入预警时段",
                why_en="within their warning time",
                queries={"{{kind}}": 'max by (kind) (hotline_deadlines_at_risk{kind=~"$kind"})'},
                width=12,
                warn=20,
                bad=200,
            ),
            _OVERDUE,
            Panel(
                zh="逾期比例是否超过目标",
                en="Is more missed than may be",
                why_zh="近一天与近三天；目标 5%（自定）",
                why_en="last day and last three days; the objective of 5 % is ours",
                queries={
                    "{{kind}} 1 d": 'service_kind:hotline_deadlines_missed:ratio1d{kind=~"$kind"}',
                    "{{kind}} 3 d": 'service_kind:hotline_deadlines_missed:ratio3d{kind=~"$kind"}',
                },
                unit="percentunit",
                width=12,
                warn=0.05,
                bad=0.15,
            ),
            Panel(
                zh="哪些单位逾期最多",
                en="Which units are most overdue",
                why_zh="所选种类的期限合计，前二十名（第二十八条）",
                why_en="deadlines of the chosen kinds, the first twenty (Art. 28)",
                queries={
                    "{{unit}}": "topk(20, sum by (unit) (max by (unit, kind, age)"
                    ' (hotline_unit_deadlines_overdue{kind=~"$kind"})))'
                },
                kind="bargauge",
                width=12,
                height=9,
                warn=1,
                bad=10,
            ),
            Panel(
                zh="逾期多久了",
                en="For how long are they overdue",
                why_zh="全部单位，按逾期天数",
                why_en="all units, by days past due",
                queries={
                    "{{age}}": 'sum by (age) (max by (unit, kind, age) (hotline_unit_deadlines_overdue{kind=~"$kind"}))'
                },
                width=12,
                height=9,
                warn=1,
                bad=50,
            ),
            Panel(
                zh="督办发出多少",
                en="How much supervision goes out",
                why_zh="每天，按步骤（第二十八条）",
                why_en="a day, by step (Art. 28)",
                queries={"{{step}}": "sum by (step) (increase(hotline_supervisions_issued_total[1d]))"},
            ),
            Panel(
                zh="热线机构有哪些待办逾时",
                en="What is the office late with",
                why_zh="指定主办、批示、延期（第二十二、二十三、二十六条）",
                why_en="leads, directives, extensions (Art. 22, 23, 26)",
                queries={
                    "主办 · lead": "max(hotline_orders_awaiting_lead_late)",
                    "批示 · directive": "max(hotline_orders_held_late)",
                    "延期 · extension": "max(hotline_extensions_undecided_late)",
                    "紧急 · urgent": "max(hotline_directives_late)",
                },
                warn=1,
                bad=5,
            ),
            Panel(
                zh="期限引擎跟得上吗",
                en="Does the deadline engine keep up",
                why_zh="已到而未处理的时刻；应为零（第二十八条）",
                why_en="due moments not acted on; must be none (Art. 28)",
                queries={"": "max(hotline_moments_lagging)"},
                kind="stat",
                warn=1,
                bad=1000,
            ),
            Panel(
                zh="工作日历还够用多久",
                en="For how long are working days known",
                why_zh="国务院公布的工作日安排（第二十四条）",
                why_en="as published by the State Council (Art. 24)",
                queries={"": "min(hotline_calendar_known_until_timestamp_seconds) - time()"},
                unit="s",
                kind="stat",
                warn=10_368_000,
                bad=1_728_000,
                low_is_bad=True,
            ),
        ],
    ),
    Board(
        name="unit",
        zh="承办单位",
        en="A unit",
        variables=UNIT,
        span="now-7d",
        panels=[
            Panel(
                zh="$unit 有多少件逾期",
                en="How much is overdue at $unit",
                why_zh="按期限种类（第二十八条）",
                why_en="by kind of deadline (Art. 28)",
                queries={
                    "{{kind}}": 'sum by (kind) (max by (kind, age) (hotline_unit_deadlines_overdue{unit=~"$unit"}))'
                },
                width=12,
                warn=1,
                bad=10,
            ),
            Panel(
                zh="$unit 有多少件即将到期",
                en="How much ends soon at $unit",
                why_zh="已进入预警时段（第二十四条）",
                why_en="within the warning time (Art. 24)",
                queries={"{{kind}}": 'max by (kind) (hotline_unit_deadlines_at_risk{unit=~"$unit"})'},
                width=12,
                warn=1,
                bad=20,
            ),
            Panel(
                zh="$unit 逾期了多久",
                en="For how long has it been overdue",
                why_zh="按逾期天数",
                why_en="by days past due",
                queries={
                    "{{age}}": 'sum by (age) (max by (kind, age) (hotline_unit_deadlines_overdue{unit=~"$unit"}))'
                },
                width=12,
                warn=1,
                bad=10,
            ),
            Panel(
                zh="占全市逾期的多少",
                en="What share of the city's overdue is this",
                why_zh="各类期限合计",
                why_en="deadlines of all kinds",
                queries={
                    "": 'sum(max by (unit, kind, age) (hotline_unit_deadlines_overdue{unit=~"$unit"}))'
                    " / sum(max by (unit, kind, age) (hotline_unit_deadlines_overdue))"
                },
                unit="percentunit",
                width=12,
                warn=0.1,
                bad=0.25,
            ),
        ],
    ),
    Board(
        name="counties",
        zh="县区实例",
        en="Counties",
        variables=COUNTY,
        panels=[
            Panel(
                zh="哪些县区连着",
                en="Which counties are connected",
                why_zh="一为连通，零为中断",
                why_en="one is connected, nought is cut off",
                queries={"{{county}}": 'max by (county) (hotline_county_line_up{county=~"$county"})'},
                kind="stat",
                width=24,
                height=5,
                warn=1,
                bad=0.5,
                low_is_bad=True,
            ),
            Panel(
                zh="看到的情况有多旧",
                en="How old is what is shown",
                why_zh="各县区数据滞后",
                why_en="lag of each county",
                queries={"{{county}}": 'max by (county) (hotline_county_lag_seconds{county=~"$county"})'},
                unit="s",
                width=12,
                warn=60,
                bad=300,
            ),
            Panel(
                zh="往来事件积压多少",
                en="How many events wait between both sides",
                why_zh="按方向",
                why_en="by direction",
                queries={
                    "{{county}} {{direction}}": "max by (county, direction)"
                    ' (hotline_county_waiting_events{county=~"$county"})'
                },
                width=12,
                warn=100,
                bad=1000,
            ),
        ],
    ),
    Board(
        name="platform",
        zh="平台运行",
        en="Platform",
        variables=SERVICE,
        panels=[
            Panel(
                zh="每秒多少次调用",
                en="How many calls a second",
                why_zh="按服务",
                why_en="by service",
                queries={"{{service}}": f"sum by (service) (rate(hotline_rpc_requests_total{{{_S}}}[5m]))"},
                unit="reqps",
                trace=True,
            ),
            Panel(
                zh="多少调用失败",
                en="What share of calls fails by our fault",
                why_zh="近一小时；目标千分之一（自定）",
                why_en="last hour; the objective of one in a thousand is ours",
                queries={"{{service}}": f"service:hotline_rpc_failed:ratio1h{{{_S}}}"},
                unit="percentunit",
                warn=0.001,
                bad=0.0144,
                trace=True,
            ),
            Panel(
                zh="响应要多久",
                en="How long does an answer take",
                why_zh="百分之九十九的调用",
                why_en="99 % of the calls are faster",
                queries={
                    "{{service}}": "histogram_quantile(0.99, sum by (service, le)"
                    f" (rate(hotline_rpc_duration_seconds_bucket{{{_S}}}[5m])))"
                },
                unit="s",
                warn=0.25,
                bad=1,
                trace=True,
            ),
            Panel(
                zh="哪些方法最慢",
                en="Which methods are slowest",
                why_zh="百分之九十五，前十名",
                why_en="95 %, the first ten",
                queries={
                    "{{method}}": "topk(10, histogram_quantile(0.95, sum by (method, le)"
                    f" (rate(hotline_rpc_duration_seconds_bucket{{{_S}}}[15m]))))"
                },
                unit="s",
                kind="bargauge",
                width=12,
                height=9,
                warn=0.25,
                bad=1,
                trace=True,
            ),
            Panel(
                zh="因什么失败或被拒",
                en="Why do calls fail or are refused",
                why_zh="每秒，按状态码",
                why_en="a second, by code",
                queries={"{{code}}": f'sum by (code) (rate(hotline_rpc_requests_total{{{_S}, code!="OK"}}[5m]))'},
                unit="reqps",
                width=12,
                height=9,
                trace=True,
            ),
            Panel(
                zh="有多少调用正在处理",
                en="How many calls are in hand",
                why_zh="饱和：接近线程数即排队",
                why_en="saturation: near the number of threads they queue",
                queries={"{{service}}": f"sum by (service) (hotline_rpc_in_hand{{{_S}}})"},
                warn=12,
                bad=16,
            ),
            Panel(
                zh="用多少处理器",
                en="How much processor is used",
                why_zh="按服务与进程，一为一个核",
                why_en="by service and process, one is one core",
                queries={
                    "{{service}} {{process}}": "sum by (service, process) (rate(process_cpu_seconds_total[5m])"
                    " * on (instance) group_left (service, process)"
                    f" (hotline_heartbeat_timestamp_seconds{{{_S}}} > bool 0))"
                },
                unit="short",
                warn=0.8,
                bad=1,
            ),
            Panel(
                zh="用多少内存",
                en="How much memory is used",
                why_zh="按服务与进程",
                why_en="by service and process",
                queries={
                    "{{service}} {{process}}": "max by (service, process) (process_resident_memory_bytes"
                    " * on (instance) group_left (service, process)"
                    f" (hotline_heartbeat_timestamp_seconds{{{_S}}} > bool 0))"
                },
                unit="bytes",
                warn=300_000_000,
                bad=500_000_000,
            ),
            Panel(
                zh="进程还活着吗",
                en="Do the processes live",
                why_zh="距上次心跳多久",
                why_en="time since the last sign of life",
                queries={
                    "{{service}} {{process}}": "time() - max by (service, process)"
                    f" (hotline_heartbeat_timestamp_seconds{{{_S}}})"
                },
                unit="s",
                warn=30,
                bad=120,
            ),
            Panel(
                zh="证书、备份还剩多少时间",
                en="How much time do certificates leave",
                why_zh="距证书到期",
                why_en="until a certificate ends",
                queries={
                    "{{service}} {{certificate}}": "min by (service, certificate)"
                    f" (hotline_certificate_expiry_timestamp_seconds{{{_S}}}) - time()"
                },
                unit="s",
                warn=1_814_400,
                bad=259_200,
                low_is_bad=True,
            ),
            Panel(
                zh="密钥用了多久",
                en="For how long have keys been used",
                why_zh="记录封存密钥与群众信息密钥（第三十六条）",
                why_en="the record's and the vault's (Art. 36)",
                queries={
                    "{{service}} {{key}}": "time() - max by (service, key)"
                    f" (hotline_key_made_timestamp_seconds{{{_S}}})"
                },
                unit="s",
                warn=31_536_000,
                bad=34_560_000,
            ),
            Panel(
                zh="周期任务有失败吗",
                en="Do periodic tasks fail",
                why_zh="近一小时失败次数，按任务",
                why_en="failures of the last hour, by task",
                queries={
                    "{{service}} {{ticker}}": "sum by (service, ticker)"
                    f" (increase(hotline_ticker_failed_total{{{_S}}}[1h])) > 0"
                },
                warn=1,
                bad=10,
            ),
            Panel(
                zh="备份多久了",
                en="How old are the backups",
                why_zh="最近一次成功备份",
                why_en="the last good one",
                queries={"{{service}}": f"max by (service) (hotline_backup_age_seconds{{{_S}}})"},
                unit="s",
                warn=86_400,
                bad=93_600,
            ),
        ],
    ),
    Board(
        name="events",
        zh="事件与记录",
        en="Events and the record",
        variables=SERVICE,
        panels=[
            Panel(
                zh="事件多久到达并生效",
                en="How long until an event takes effect",
                why_zh="从一方提交到另一方提交，九成九",
                why_en="from commit to commit, 99 %",
                queries={
                    "{{source}} → {{service}}": "histogram_quantile(0.99, sum by (service, source, le)"
                    f" (rate(hotline_event_lag_seconds_bucket{{{_S}}}[5m])))"
                },
                unit="s",
                warn=5,
                bad=60,
                trace=True,
            ),
            Panel(
                zh="有多少未发布",
                en="How much is not published",
                why_zh="最早一条的年龄",
                why_en="age of the oldest",
                queries={"{{service}}": f"max by (service) (hotline_outbox_oldest_seconds{{{_S}}})"},
                unit="s",
                warn=30,
                bad=300,
            ),
            Panel(
                zh="队列里积压多少",
                en="How much waits at the broker",
                why_zh="尚未被接收的事件",
                why_en="events that the listener has not taken",
                queries={"{{source}} → {{service}}": f"max by (service, source) (hotline_queue_messages{{{_S}}})"},
                warn=100,
                bad=1000,
            ),
            Panel(
                zh="收到未处理的有多旧",
                en="How old is what is not handled",
                why_zh="收件箱中最早一条",
                why_en="the oldest in the inbox",
                queries={
                    "{{source}} → {{service}}": f"max by (service, source) (hotline_inbox_oldest_seconds{{{_S}}})"
                },
                unit="s",
                warn=60,
                bad=900,
            ),
            Panel(
                zh="有死信吗",
                en="Were events given up",
                why_zh="需人工处理",
                why_en="they wait for a person",
                queries={"{{source}} → {{service}}": f"max by (service, source) (hotline_inbox_dead{{{_S}}})"},
                kind="bargauge",
                warn=1,
                bad=1,
            ),
            Panel(
                zh="每秒处理多少",
                en="How many are handled a second",
                why_zh="以及失败的尝试",
                why_en="and tries that failed",
                queries={
                    "{{service}}": f"sum by (service) (rate(hotline_inbox_handled_total{{{_S}}}[5m]))",
                    "失败 · failed {{service}}": f"sum by (service) (rate(hotline_inbox_failed_total{{{_S}}}[5m]))",
                },
                unit="ops",
                trace=True,
            ),
            Panel(
                zh="操作记录封存及时吗",
                en="Is the record sealed in time",
                why_zh="最早一条未封存的年龄（第三十六条）",
                why_en="age of the oldest unsealed entry (Art. 36)",
                queries={"{{service}}": f"max by (service) (hotline_audit_oldest_unsealed_seconds{{{_S}}})"},
                unit="s",
                warn=30,
                bad=300,
            ),
            Panel(
                zh="记录链条完整吗",
                en="Is the chain whole",
                why_zh="不符的封存数；应为零（第三十六条）",
                why_en="seals that are not whole; must be none (Art. 36)",
                queries={"{{service}}": f"max by (service) (hotline_audit_broken_seals{{{_S}}})"},
                kind="stat",
                warn=1,
                bad=1,
            ),
            Panel(
                zh="封存摘要有人保存吗",
                en="Are the heads kept elsewhere",
                why_zh="尚未被他方保存的封存数（第三十六条）",
                why_en="seals whose heads another service does not keep yet (Art. 36)",
                queries={
                    "{{source}} → {{service}}": "max by (source) (label_replace(hotline_audit_last_seal,"
                    ' "source", "$1", "service", "(.*)")) - on (source) group_right ()'
                    f" max by (service, source) (hotline_audit_last_kept_seal{{{_S}}})"
                },
                warn=100,
                bad=1000,
            ),
            Panel(
                zh="有人异常大量查阅吗",
                en="Does somebody read unusually much",
                why_zh="近一天次数；经办人见操作记录（第三十六条）",
                why_en="times in the last day; who, says the record (Art. 36(4))",
                queries={"": "sum(increase(hotline_reads_unusual_total[1d]))"},
                kind="stat",
                warn=1,
                bad=5,
            ),
            Panel(
                zh="单位系统放弃了多少变更",
                en="How many changes did units' systems never take",
                why_zh="多日未送达，已放弃（第十条）",
                why_en="given up after days (Art. 10(2))",
                queries={"": "max(hotline_webhooks_dead)"},
                kind="stat",
                warn=1,
                bad=100,
            ),
            Panel(
                zh="单位系统收到变更了吗",
                en="Do units' systems take changes",
                why_zh="最早未送达的变更的年龄（第十条）",
                why_en="age of the oldest that was not taken (Art. 10(2))",
                queries={"": "max(hotline_webhooks_oldest_seconds)"},
                unit="s",
                warn=600,
                bad=86_400,
            ),
        ],
    ),
)


def dashboard(board: Board) -> dict[str, Any]:
    """A dashboard as Grafana stores it."""
    return {
        "uid": f"hotline-{board.name}",
        "title": board.title,
        "description": f"961890 群众服务热线：{board.zh} · {board.en} of the 961890 hotline",
        "tags": ["hotline"],
        "timezone": "Asia/Shanghai",
        "schemaVersion": 39,
        "editable": False,
        "refresh": board.refresh,
        "time": {"from": board.span, "to": "now"},
        "templating": {"list": list(_variables(board))},
        "links": [_other_boards(), _traces()],
        "annotations": {"list": [_fired()]},
        "panels": list(_placed(board.panels)),
    }


def _variables(board: Board) -> Iterator[dict[str, Any]]:
    yield {"name": "datasource", "label": "数据源 · Data source", "type": "datasource", "query": "prometheus"}
    yield {
        "name": "traces",
        "label": "链路 · Traces",
        "type": "datasource",
        "query": "tempo",
        "hide": 2,
    }
    for name, (label, query) in board.variables.items():
        yield {
            "name": name,
            "label": label,
            "type": "query",
            "datasource": _SOURCE,
            "query": {"query": query, "refId": "values"},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
        }


def _other_boards() -> dict[str, Any]:
    return {
        "title": "其他看板 · Other dashboards",
        "type": "dashboards",
        "tags": ["hotline"],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
    }


def _traces() -> dict[str, Any]:
    return {
        "title": "链路 · Traces",
        "type": "link",
        "icon": "external link",
        "url": '/explore?left={"datasource":"${traces}","queries":[{"refId":"A","queryType":"traceql",'
        '"query":"{resource.service.name=~\\"hotline-.*\\"}"}]}',
        "targetBlank": True,
        "keepTime": True,
    }


def _fired() -> dict[str, Any]:
    return {
        "name": "告警 · Alerts",
        "enable": True,
        "iconColor": _BAD,
        "datasource": _SOURCE,
        "expr": 'ALERTS{alertname=~"Hotline.*", alertstate="firing", severity="page"}',
    }


def _placed(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    x = y = row_height = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > _WIDTH:
            x, y, row_height = 0, y + row_height, 0
        yield _panel(panel, number, {"x": x, "y": y, "w": panel.width, "h": panel.height})
        x, row_height = x + panel.width, max(row_height, panel.height)


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    is_series = panel.kind == "timeseries"
    defaults: dict[str, Any] = {"unit": panel.unit, "thresholds": _thresholds(panel), "min": 0}
    defaults["color"] = {"mode": "palette-classic" if is_series else "thresholds"}
    if is_series:
        defaults["custom"] = {
            "fillOpacity": 10,
            "thresholdsStyle": {"mode": "line" if panel.bad is not None else "off"},
        }
    if panel.trace:
        defaults["links"] = [{"title": "链路 · Traces", "url": _traces()["url"], "targetBlank": True}]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": f"{panel.why_zh} · {panel.why_en}",
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _OPTIONS[panel.kind],
        "targets": [
            {
                "refId": chr(ord("A") + place_of_query),
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": legend or panel.zh.replace("$unit ", ""),
                "instant": not is_series,
                "range": is_series,
            }
            for place_of_query, (legend, expression) in enumerate(panel.queries.items())
        ],
    }


_OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "background",
        "graphMode": "none",
        "textMode": "auto",
    },
    "bargauge": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "orientation": "horizontal",
        "displayMode": "basic",
    },
}


def _thresholds(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": _BAD if panel.low_is_bad else _GOOD, "value": None}]
    if panel.warn is not None and panel.bad is not None:
        if panel.low_is_bad:
            steps += [{"color": _WARN, "value": panel.bad}, {"color": _GOOD, "value": panel.warn}]
        elif panel.warn == panel.bad:
            steps += [{"color": _BAD, "value": panel.bad}]
        else:
            steps += [{"color": _WARN, "value": panel.warn}, {"color": _BAD, "value": panel.bad}]
    return {"mode": "absolute", "steps": steps}


def pages() -> dict[str, str]:
    """Every file by its name."""
    return {f"{board.name}.json": json.dumps(dashboard(board), ensure_ascii=False, indent=1) + "\n" for board in BOARDS}


def main() -> None:
    """Write them."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
