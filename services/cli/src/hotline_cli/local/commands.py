"""`hotline up` and `hotline down`: the platform on this machine."""

import logging
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from time import monotonic, sleep
from typing import Annotated

import structlog
import typer

from hotline_cli.client import Hotline
from hotline_cli.local import city, seed
from hotline_cli.local.instance import AlreadyRunningError, Instance
from hotline_cli.local.running import MAIN, TRAINING, county_instance, run_directory
from hotline_cli.local.servers import ServerError, Servers

app = typer.Typer()
_LOOK_SECONDS = 2.0

_NEXT = """
{city} is up. Ctrl-C stops it; `make run` goes on with its data; `make clean-run` forgets them.
{city}已启动。按 Ctrl-C 停止;再次 make run 沿用数据;make clean-run 清除数据。

In another terminal / 在另一个终端:
  .venv/bin/hotline search 暖气不热
  .venv/bin/hotline register --category 城乡建设/供热 --region {region} --title 暖气不热 --text 家里只有十五度
  .venv/bin/hotline track CODE      # the code that register printed / 登记时给出的查询码
  .venv/bin/hotline list appeals
  .venv/bin/hotline verify
Logs / 日志: {logs}
"""


_NEXT_TRAINING = """
The training tenant of {city} is up, apart from the real system. Ctrl-C stops it.
{city}演练环境已启动，与正式系统隔离。按 Ctrl-C 停止。

In another terminal / 在另一个终端:
  .venv/bin/hotline training exercise --seed 1        # who calls / 来电人
  .venv/bin/hotline --training register …             # every command, in the tenant / 在演练环境中执行任何命令
Logs / 日志: {logs}
"""


_NEXT_COUNTY = """
The county {county} is up, with servers of its own. Ctrl-C stops it.
县（市）{county}系统已启动，使用独立的数据库和消息服务。按 Ctrl-C 停止。

In another terminal / 在另一个终端:
  .venv/bin/hotline --county {county} county request {county}         # what the city signs / 接入申请
  .venv/bin/hotline --county {county} …                             # every command, in the county / 在县（市）系统执行
Logs / 日志: {logs}
"""


@app.command()
def up(
    *,
    training: Annotated[
        bool, typer.Option("--training", help="the training tenant, beside the real one or without it (Art. 37)")
    ] = False,
    county: Annotated[
        str, typer.Option("--county", help="a county's own dispatch and sla, with servers of its own (Art. 4, 10)")
    ] = "",
) -> None:
    """Start the platform on this machine in the foreground, with an invented city; Ctrl-C stops all of it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # they end it as Ctrl-C does
    try:
        with ExitStack() as stack:
            servers = _start_county(stack, county) if county else _start(stack, training=training)
            stack.callback(_hear_no_more)
            while True:
                sleep(_LOOK_SECONDS)
                servers.start()  # one that died; the services' processes have their own keeper
    except (ServerError, AlreadyRunningError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        print("stopped / 已停止")


@app.command()
def down(*, forget: Annotated[bool, typer.Option("--forget", help="delete all their data too")] = False) -> None:
    """Stop the servers that a local run or a test left behind."""
    directory = run_directory()
    for ports in directory.rglob("ports.json"):
        if (ports.parent / "postgres").is_dir():
            Servers(ports.parent).stop()
    if forget and directory.exists():
        shutil.rmtree(directory)


def _teller() -> Callable[[str], None]:
    begun = monotonic()

    def say(what: str) -> None:
        print(f"{monotonic() - begun:5.1f} s  {what}", flush=True)

    return say


def _start_county(stack: ExitStack, county: str) -> Servers:
    say = _teller()
    directory = run_directory()
    name = county_instance(county)
    servers = stack.enter_context(Servers(directory / f"{name}_servers"))
    say(f"PostgreSQL, RabbitMQ of {county}")
    instance = Instance(directory=directory, servers=servers, name=name, profile="county")
    stack.callback(instance.stop)
    instance.prepare()
    say("schemas, queues, keys")
    instance.start(on_ready=lambda process: say(process.name))
    print(_NEXT_COUNTY.format(county=county, logs=instance.running.logs), flush=True)
    return servers


def _start(stack: ExitStack, *, training: bool) -> Servers:
    say = _teller()
    directory = run_directory()
    servers = stack.enter_context(Servers(directory / "servers"))
    say("PostgreSQL, RabbitMQ")
    instance = Instance(
        directory=directory,
        servers=servers,
        name=TRAINING if training else MAIN,
        mode="training" if training else "real",
    )
    stack.callback(instance.stop)
    instance.prepare()
    say("schemas, queues, keys")
    instance.start(on_ready=lambda process: say(process.name))
    seeded = instance.directory / "seeded"
    if not seeded.exists():
        hotline = Hotline(instance.running)
        stack.callback(hotline.close)
        seed.seed_city(hotline)
        seeded.touch()
        say(f"units and knowledge of {city.load().name}")
    told = _NEXT_TRAINING if training else _NEXT
    print(told.format(city=city.load().name, region=city.load().region, logs=instance.running.logs), flush=True)
    return servers


def _hear_no_more() -> None:
    """Let nobody interrupt the stopping."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    print("stopping / 正在停止", flush=True)
