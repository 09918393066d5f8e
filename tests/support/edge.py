"""A server of the kernel with a servicer that does as a test says, and clients of every kind for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hotline.knowledge.v1 import base_pb2, base_service_pb2, knowledge_service_pb2
from hotline_cli.local.pki import Authority
from hotline_kernel import rpc_client, telemetry
from hotline_kernel.auth import Authenticator
from hotline_kernel.call import Call
from hotline_kernel.issuer import LocalIssuer
from hotline_kernel.rpc_server import ApiServer
from hotline_kernel.settings import Settings
from pydantic import SecretStr

KNOWLEDGE = knowledge_service_pb2.DESCRIPTOR.services_by_name["KnowledgeService"]
BASES = base_service_pb2.DESCRIPTOR.services_by_name["BaseService"]
SYNC = "/hotline.knowledge.v1.BaseService/SyncBase"
ENTRY = "entries/0193a5b8-0000-7000-8000-000000000000"
GET = "/hotline.knowledge.v1.KnowledgeService/GetEntry"
SEARCH = "/hotline.knowledge.v1.KnowledgeService/SearchEntries"
GET_ENTRY = knowledge_service_pb2.GetEntryRequest(name=ENTRY)
BATCH = base_service_pb2.SyncBaseRequest(
    name="bases/heat",
    run="01234567-89ab-4def-8123-456789abcdef",
    kind=base_pb2.SYNC_KIND_SNAPSHOT,
    request_id="01234567-89ab-4def-8123-456789abcdef",
)
SEARCH_WATER = knowledge_service_pb2.SearchEntriesRequest(query="停水")


class Servicer:
    """Answers every method with an empty response, or as a test says."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.remaining_seconds: list[float | None] = []
        self.before_answering: Callable[[], object] = lambda: None
        for method in (*KNOWLEDGE.methods, *BASES.methods):
            setattr(self, method.name, self._method(GetMessageClass(method.output_type)))

    def _method(self, response_type: type[Message]) -> Callable[[Message, Call], Message]:
        def answer(_request: Message, call: Call) -> Message:
            self.calls.append(call)
            self.remaining_seconds.append(call.remaining_seconds())
            self.before_answering()
            return response_type()

        return answer

    def fails_with(self, *errors: Exception) -> None:
        """Raise each error once; the last one from then on."""
        left = list(errors)

        def fail() -> None:
            raise left.pop(0) if len(left) > 1 else left[0]

        self.before_answering = fail


class Edge:
    """A running server, and who calls it."""

    def __init__(self, *, authority: Authority, issuer: LocalIssuer, overrides: dict[str, object]) -> None:
        certificate, key = authority.certify("knowledge")
        values: dict[str, object] = {
            "environment": "local",
            "service": "knowledge",
            "database_url": SecretStr("postgresql://nowhere/"),
            "broker_url": SecretStr("amqp://nowhere/"),
            "listen_address": "127.0.0.1:0",
            "internal_address": "127.0.0.1:0",
            "tls_certificate": certificate,
            "tls_key": key,
            "tls_ca": authority.certificate,
            "oidc_issuer": issuer.url,
        }
        self.settings = Settings.model_validate(values | overrides)
        self.servicer = Servicer()
        self.server = ApiServer(
            settings=self.settings,
            servicers={KNOWLEDGE: self.servicer, BASES: self.servicer},
            authenticator=Authenticator.from_settings(self.settings),
        )
        self.server.start()
        self.people = self.channel(self.server.listen_port)
        self._authority, self._issuer = authority, issuer
        self._tokens: dict[tuple[str, ...], str] = {}

    def channel(self, port: int, certificate: Path | None = None, key: Path | None = None) -> grpc.Channel:
        ca = self.settings.tls_ca
        return rpc_client.channel(f"127.0.0.1:{port}", ca=ca, certificate=certificate, key=key)

    def raw(self, path: str, channel: grpc.Channel | None = None) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
        """A method as a client without our libraries calls it."""
        return (channel or self.people).unary_unary(path)

    def token(self, *roles: str) -> str:
        if roles not in self._tokens:
            self._tokens[roles] = self._issuer.token(subject="li", roles=roles)
        return self._tokens[roles]

    def speaker(self, *roles: str) -> rpc_client.Client:
        """A client of the service that has a stream."""
        return rpc_client.Client(self.people, BASES, token=lambda: self.token(*roles))

    def client(self, *roles: str, timeout_seconds: float = 5.0) -> rpc_client.Client:
        token = (lambda: self.token(*roles)) if roles else None
        return rpc_client.Client(self.people, KNOWLEDGE, token=token, timeout_seconds=timeout_seconds)

    def peer(self, service: str) -> rpc_client.Client:
        channel = self.channel(self.server.internal_port, *self._authority.certify(service))
        return rpc_client.Client(channel, KNOWLEDGE)


EdgeMaker = Callable[..., Edge]


@contextmanager
def running_edges(directory: Path) -> Iterator[EdgeMaker]:
    """Makes servers, with settings as the caller likes, that end with the block."""
    telemetry.setup(service="knowledge", process="serve")
    authority = Authority(directory / "pki")
    issuer = LocalIssuer(directory / "issuer")
    issuer.start()
    with ExitStack() as running:
        running.callback(issuer.stop)

        def make(**overrides: object) -> Edge:
            edge = Edge(authority=authority, issuer=issuer, overrides=overrides)
            running.callback(edge.server.drain, 0)
            return edge

        yield make
