"""Clients in a process of their own: call RegisterAppeal as fast as they are answered, for some seconds.

Usage: clients.py ADDRESS CA TOKEN SECONDS THREADS   Prints {"calls": …, "errors": …, "latencies_ms": […]}.
"""

import json
import sys
import threading
import time
from pathlib import Path

import grpc
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake

from tests.support.lives import registration


def main(address: str, ca: str, token: str, seconds: str, threads: str) -> None:
    """Calls and counts."""
    credentials = grpc.ssl_channel_credentials(Path(ca).read_bytes())
    channel = grpc.secure_channel(address, credentials)
    register: grpc.UnaryUnaryMultiCallable[intake.RegisterAppealRequest, appeal_pb2.Appeal] = channel.unary_unary(
        "/hotline.intake.v1.IntakeService/RegisterAppeal",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=appeal_pb2.Appeal.FromString,
    )
    metadata = (("authorization", f"Bearer {token}"),)
    register(registration(0), metadata=metadata, timeout=30, wait_for_ready=True)
    latencies: list[float] = []
    errors: list[str] = []
    until = time.monotonic() + float(seconds)

    def call(offset: int) -> None:
        number = offset
        while (start := time.monotonic()) < until:
            number += 1
            try:
                register(registration(number), metadata=metadata, timeout=30)
                latencies.append((time.monotonic() - start) * 1000)
            except grpc.RpcError as error:
                errors.append(f"{error.code().name}: {error.details()}")

    workers = [
        threading.Thread(target=call, args=(n * 1_000_000 + time.time_ns() % 900_000,)) for n in range(int(threads))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(json.dumps({"calls": len(latencies), "errors": errors[:5], "latencies_ms": sorted(latencies)[::10]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
