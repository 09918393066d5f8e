"""Accountability files as messages, and what requests about them ask for as the domain's values."""

from hotline.sla.v1 import accountability_pb2, deadline_pb2
from hotline_kernel.timestamps import timestamp

from hotline_sla.domain.accountability import AccountabilityFile, FileState, Ground, Outcome


def file_message(file: AccountabilityFile) -> accountability_pb2.AccountabilityFile:
    """A file as it goes out, with the evidence it was loaded with."""
    outcome = f"ACCOUNTABILITY_OUTCOME_{file.outcome or 'UNSPECIFIED'}"
    return accountability_pb2.AccountabilityFile(
        name=file.name,
        number=file.number,
        unit=file.unit,
        ground=accountability_pb2.AccountabilityGround.Value(f"ACCOUNTABILITY_GROUND_{file.ground}"),
        state=accountability_pb2.AccountabilityState.Value(f"ACCOUNTABILITY_STATE_{file.state}"),
        reason=file.reason,
        effect=file.effect,
        circular=file.circular,
        evidence=[
            accountability_pb2.AccountabilityEvidence(
                work_order=shown.work_order,
                number=shown.number,
                round=shown.round,
                due_time=timestamp(shown.due_time),
                handling=deadline_pb2.DeadlineState.Value(f"DEADLINE_STATE_{shown.handling}"),
                account=shown.account,
                notices=shown.notices,
            )
            for shown in file.evidence
        ],
        evidence_digest=file.evidence_digest,
        open_time=timestamp(file.open_time),
        hearing_end_time=timestamp(file.hearing_end_time),
        statement=file.statement,
        state_case_time=timestamp(file.state_case_time),
        authority=file.authority,
        refer_time=timestamp(file.refer_time),
        outcome=accountability_pb2.AccountabilityOutcome.Value(outcome),
        decision=file.decision,
        conclude_time=timestamp(file.conclude_time),
    )


def ground_of(value: "accountability_pb2.AccountabilityGround.ValueType") -> Ground:
    """The ground; the contract lets none pass that is not one."""
    return Ground(accountability_pb2.AccountabilityGround.Name(value).removeprefix("ACCOUNTABILITY_GROUND_"))


def outcome_of(value: "accountability_pb2.AccountabilityOutcome.ValueType") -> Outcome:
    """The outcome; the contract lets none pass that is not one."""
    return Outcome(accountability_pb2.AccountabilityOutcome.Name(value).removeprefix("ACCOUNTABILITY_OUTCOME_"))


def state_of(value: "accountability_pb2.AccountabilityState.ValueType") -> FileState | None:
    """The state filtered by, None if none is."""
    name = accountability_pb2.AccountabilityState.Name(value).removeprefix("ACCOUNTABILITY_STATE_")
    return FileState(name) if value else None
