"""What dispatch refuses, and by which article. Each is raised beside its rule."""

from hotline_kernel.errors import Denied, Invalid, Refused


class DirectiveMissing(Refused):
    """The order waits for a directive ({directive_kind}) and cannot go out."""

    reason = "DIRECTIVE_MISSING"
    article = "Art. 23"
    zh = "该工单须经批示（{directive_kind}）后方可转办，请先登记批示（第二十三条）。"


class LeadAlsoSupporting(Invalid):
    """The lead unit {unit} cannot support itself: name it once."""

    reason = "LEAD_ALSO_SUPPORTING"
    article = "Art. 22"
    zh = "{unit} 已是主要负责部门，不能同时列为协办单位（第二十二条）。"


class UnitUnknown(Refused):
    """There is no {unit} in the registry."""

    reason = "UNIT_UNKNOWN"
    article = "Art. 10"
    zh = "承办单位名录中没有 {unit}（第十条）。"


class NotOwnUnit(Denied):
    """The order is another unit's."""

    reason = "NOT_OWN_UNIT"
    article = "Art. 22"
    zh = "该工单由其他承办单位负责，您无权操作或查看。"


class SendBackLimitReached(Refused):
    """The order was sent back {limit} times, as often as allowed: the office's decision is final."""

    reason = "SEND_BACK_LIMIT_REACHED"
    article = "Art. 22"
    zh = "该工单已退回 {limit} 次，达到上限，以热线工作机构的决定为准（第二十二条）。"


class ContactRelayed(Denied):
    """The citizen asked for confidentiality: the office relays the contact."""

    reason = "CONTACT_RELAYED"
    article = "Art. 24(1), 36(4)"
    zh = "求助群众要求保密，由热线工作机构转达联系（第二十四条第一项、第三十六条第四项）。"


class TimeNotPlausible(Refused):
    """{field} lies in the future or before the order went out."""

    reason = "TIME_NOT_PLAUSIBLE"
    zh = "{field} 晚于当前时间或早于工单转办时间，请核对。"


class ReplyMissing(Refused):
    """A result needs the recorded reply to the citizen: how they were told, and what."""

    reason = "REPLY_MISSING"
    article = "Art. 24(2)"
    zh = "反馈办理结果前须先答复求助群众，并登记答复方式和内容（第二十四条第二项）。"


class DeadlineNotKnown(Refused):
    """The deadline is not announced yet: try again in a moment."""

    reason = "DEADLINE_NOT_KNOWN"
    zh = "办理期限尚未生成，请稍后再试。"


class ExtensionWithoutReason(Refused):
    """An extension needs a reason."""

    reason = "EXTENSION_WITHOUT_REASON"
    article = "Art. 26"
    zh = "申请延期须说明理由（第二十六条）。"


class ExtensionAskedLate(Refused):
    """An extension is asked at least one working day before the deadline: the last moment was {cutoff_time}."""

    reason = "EXTENSION_ASKED_LATE"
    article = "Art. 26"
    zh = "延期须在办理期限届满一个工作日前申请，最晚时间为 {cutoff_time}（第二十六条）。"


class ExtensionAskedAlready(Refused):
    """An extension was asked in this round already."""

    reason = "EXTENSION_ASKED_ALREADY"
    article = "Art. 26"
    zh = "本轮办理已申请过延期，不能再次申请（第二十六条）。"


class ExtensionNotRequested(Refused):
    """No extension waits for a decision."""

    reason = "EXTENSION_NOT_REQUESTED"
    article = "Art. 26"
    zh = "该工单没有待审批的延期申请（第二十六条）。"


class FieldNotUpdatable(Invalid):
    """The field {path} cannot be changed."""

    reason = "FIELD_NOT_UPDATABLE"
    zh = "字段 {path} 不可修改。"
