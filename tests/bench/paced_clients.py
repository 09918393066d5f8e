"""An open loop: RegisterAppeal at a steady rate, whether or not earlier calls were answered.

Usage: paced_clients.py ADDRESS CA TOKEN CALLS_PER_SECOND SECONDS   Prints {"calls": …, "errors": …}.
"""

import json
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import grpc
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake

from tests.support.lives import registration


def main(address: str, ca: str, token: str, rate: str, seconds: str) -> None:
    """Calls and counts."""
    channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(Path(ca).read_bytes()))
    register: grpc.UnaryUnaryMultiCallable[intake.RegisterAppealRequest, appeal_pb2.Appeal] = channel.unary_unary(
        "/hotline.intake.v1.IntakeService/RegisterAppeal",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=appeal_pb2.Appeal.FromString,
    )
    metadata = (("authorization", f"Bearer {token}"),)
    calls = int(float(rate) * float(seconds))
    offset = time.time_ns() % 10**7
    begin = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        answers: list[Future[object]] = []
        for number in range(calls):
            wait = begin + number / float(rate) - time.monotonic()
            if wait > 0:
                time.sleep(wait)  # the pace of the open loop
            request = registration(offset + number, draft=False)
            answers.append(pool.submit(register, request, metadata=metadata, timeout=30))
        errors = sum(answer.exception() is not None for answer in answers)
    print(json.dumps({"calls": calls - errors, "errors": errors}))


if __name__ == "__main__":
    main(*sys.argv[1:])
