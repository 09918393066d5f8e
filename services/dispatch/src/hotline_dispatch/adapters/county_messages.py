"""Counties and errands as they travel. Pure functions."""

from google.type.date_pb2 import Date
from hotline.dispatch.v1 import county_service_pb2 as pb
from hotline.dispatch.v1 import work_order_pb2
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.sealed_box import fingerprint
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.adapters.line_postgres import Line
from hotline_dispatch.domain.county import County, CountyState, Errand


def county(known: County, line: Line, *, heartbeat_seconds: float) -> pb.County:
    """A line for its readers."""
    return pb.County(
        name=known.name,
        unit=known.unit,
        display_name=known.display_name,
        region=known.region,
        state=pb.CountyState.Value(f"COUNTY_STATE_{known.state}"),
        broker=known.broker,
        city_fingerprint=fingerprint(known.city_keys),
        county_fingerprint=fingerprint(known.county_keys),
        enrol_time=timestamp(known.enrol_time),
        heard_time=timestamp(line.heard_time),
        view_age_seconds=line.view_age_seconds,
        line_up=is_up(known, line, heartbeat_seconds=heartbeat_seconds),
        waiting_out=line.waiting_out,
        waiting_in=line.waiting_in,
        erasures_open=line.erasures_open,
        etag=str(known.version),
        restored_time=timestamp(line.restored_time),
        resync_open=line.answered_epoch != line.epoch,
    )


def is_up(known: County, line: Line, *, heartbeat_seconds: float) -> bool:
    """Something was heard in the last three heartbeats of a line that carries."""
    heard = line.heard_ago_seconds
    return known.state is CountyState.ACTIVE and heard is not None and heard <= 3 * heartbeat_seconds


def errand(known: Errand) -> pb.Errand:
    """An errand for its readers."""
    return pb.Errand(
        name=known.name,
        county=known.county,
        work_order=known.work_order,
        state=pb.ErrandState.Value(f"ERRAND_STATE_{known.state}"),
        start_time=timestamp(known.start_time),
        end_time=timestamp(known.end_time),
        other_number=known.other_number,
        other_state=work_order_pb2.WorkOrderState.Value(f"WORK_ORDER_STATE_{known.other_state or 'UNSPECIFIED'}"),
        other_lead=known.other_lead,
        other_commit_time=timestamp(known.other_commit_time),
        city_due_date=_due_date(known),
        contact=pb.ErrandContactState.Value(f"ERRAND_CONTACT_STATE_{known.contact}"),
        asked_while_cut_off=known.asked_while_cut_off,
        clock_skewed=known.clock_skewed,
        supervisions=[
            pb.CitySupervision(
                step=deadline_pb2.SupervisionStep.Value(f"SUPERVISION_STEP_{each.step}"),
                issue_time=timestamp(each.issue_time),
            )
            for each in known.supervisions
        ],
        refused=known.refused,
    )


def _due_date(known: Errand) -> Date | None:
    if known.city_due is None:
        return None
    day = known.city_due.due_date
    return Date(year=day.year, month=day.month, day=day.day)
