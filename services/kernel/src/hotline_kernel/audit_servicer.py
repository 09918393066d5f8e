"""AuditService: the record, its chain and the kept heads, for auditors alone. Every service serves it about itself."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import ServiceDescriptor
from hotline.operations.v1 import audit_service_pb2 as pb

from hotline_kernel import audit
from hotline_kernel.paging import Page

if TYPE_CHECKING:
    from hotline_kernel.call import Call
    from hotline_kernel.clock import Clock
    from hotline_kernel.db import Database
    from hotline_kernel.process import Application

_PAGE_SIZE = 100

_ENTRIES = """
SELECT position, time, actor, roles, action, resource, purpose, details, trace_id, seal
  FROM audit_entry
 WHERE position > %(after)s{filters}
 ORDER BY position LIMIT %(limit)s
"""
_SEALS = """
SELECT seal, entries, hash, signature, public_key, seal_time AS time
  FROM audit_seal WHERE seal > %(after)s ORDER BY seal LIMIT %(limit)s
"""
_KEPT_HEADS = """
SELECT seal, entries, hash, signature, public_key, kept_time AS time
  FROM audit_kept_head WHERE source = %(source)s AND seal > %(after)s ORDER BY seal LIMIT %(limit)s
"""


def audit_servicer(application: "Application[Any]") -> Mapping[ServiceDescriptor, object]:
    """Return the servicer that `serve` adds to those of the service."""
    return {pb.DESCRIPTOR.services_by_name["AuditService"]: AuditServicer(application.database, application.clock)}


class AuditServicer:
    """Answers the RPCs of AuditService from this service's own database."""

    def __init__(self, database: "Database[Any]", clock: "Clock") -> None:
        """Read from this database; the clock gives the time at which somebody looked into the record."""
        self._database = database
        self._clock = clock

    def ListAuditEntries(self, request: pb.ListAuditEntriesRequest, call: "Call") -> pb.ListAuditEntriesResponse:
        """Return entries in order of position; that somebody began to read is itself put on record."""
        filters = " AND resource = %(resource)s" if request.resource else ""
        filters += " AND seal = %(seal)s" if request.seal else ""
        sql = _ENTRIES.format(filters=filters)
        page, rows = self._rows(request, call, sql, resource=request.resource, seal=request.seal)
        if page.after is None:
            with self._database.transaction(actor=call.principal) as tx:
                tx.record(action=call.permission, resource=request.resource, time=self._clock.now())
        kept, token = page.cut(rows, key=lambda row: [row["position"]])
        return pb.ListAuditEntriesResponse(entries=map(audit.entry_of, kept), next_page_token=token)

    def ListSeals(self, request: pb.ListSealsRequest, call: "Call") -> pb.ListSealsResponse:
        """Return the links of the chain in order."""
        page, rows = self._rows(request, call, _SEALS)
        kept, token = page.cut(rows, key=lambda row: [row["seal"]])
        return pb.ListSealsResponse(seals=map(_seal_of, kept), next_page_token=token)

    def ListKeptHeads(self, request: pb.ListKeptHeadsRequest, call: "Call") -> pb.ListKeptHeadsResponse:
        """Return the heads kept of another service, in order of seal."""
        page, rows = self._rows(request, call, _KEPT_HEADS, source=request.source)
        kept, token = page.cut(rows, key=lambda row: [row["seal"]])
        return pb.ListKeptHeadsResponse(heads=map(_seal_of, kept), next_page_token=token)

    def _rows(
        self,
        request: pb.ListAuditEntriesRequest | pb.ListSealsRequest | pb.ListKeptHeadsRequest,
        call: "Call",
        sql: str,
        **filters: object,
    ) -> tuple[Page, list[dict[str, Any]]]:
        page = Page.read(request, default=_PAGE_SIZE)
        with self._database.transaction(actor=call.principal) as tx:
            return page, tx.all(sql, {"after": page.after_number(), "limit": page.size + 1, **filters})


def _seal_of(row: Mapping[str, Any]) -> pb.Seal:
    seal = pb.Seal(
        seal=row["seal"],
        entries=row["entries"],
        hash=row["hash"],
        signature=row["signature"],
        public_key=row["public_key"],
    )
    seal.seal_time.FromDatetime(row["time"])
    return seal
