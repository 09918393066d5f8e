"""The bare limit: a grpcio server that parses the request, does one INSERT and answers. Nothing else.

Usage: bare_server.py DATABASE_URL PORT CERTIFICATE KEY
"""

import sys
from concurrent import futures
from pathlib import Path

import grpc
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from psycopg_pool import ConnectionPool
from uuid_utils.compat import uuid7

_INSERT = "INSERT INTO bare (id, title, text) VALUES (%s, %s, %s)"


def main(database_url: str, port: str, certificate: str, key: str) -> None:
    """Serves until killed."""
    pool = ConnectionPool(database_url, min_size=10, max_size=10, open=True)
    with pool.connection() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bare (id uuid PRIMARY KEY, title text, text text)")

    def register(request: intake.RegisterAppealRequest, _: grpc.ServicerContext) -> appeal_pb2.Appeal:
        number = uuid7()
        with pool.connection() as connection:
            connection.execute(_INSERT, (number, request.title, request.text))
        return appeal_pb2.Appeal(name=f"appeals/{number}")

    handler = grpc.unary_unary_rpc_method_handler(
        register,
        request_deserializer=intake.RegisterAppealRequest.FromString,
        response_serializer=appeal_pb2.Appeal.SerializeToString,
    )
    server = grpc.server(futures.ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("hotline.intake.v1.IntakeService", {"RegisterAppeal": handler})]
    )
    credentials = grpc.ssl_server_credentials([(Path(key).read_bytes(), Path(certificate).read_bytes())])
    server.add_secure_port(f"127.0.0.1:{port}", credentials)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
