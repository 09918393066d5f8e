"""What dispatch refuses, and by which article. Each is raised beside its rule."""

from hotline_kernel.errors import Denied, Invalid, Refused, StateNotAllowed


class OrderStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 24"
    zh = "{resource} 当前为“{state}”，不能进行此操作（第二十四条）。"


class DirectiveMissing(Refused):
    """The order waits for a directive ({directive_kind}) and cannot go out."""

    reason = "DIRECTIVE_MISSING"
    article = "Art. 23"
    zh = "该工单须经批示（{directive_kind}）后方可转办，请先登记批示（第二十三条）。"


class OrderOutAlready(Refused):
    """{resource} is {state}: what went out to a unit cannot wait for a directive any more."""

    reason = "ORDER_OUT_ALREADY"
    article = "Art. 23"
    zh = "{resource} 已转承办单位（{state}），不能再改为待批示；须批示的事项应当先批示后转办（第二十三条）。"


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


class UnitClosed(Refused):
    """There is no {unit} any more from {close_date} on: {successor} takes its place."""

    reason = "UNIT_CLOSED"
    article = "Art. 10"
    zh = "{unit} 自 {close_date} 起撤销，由 {successor} 承接（第十条）。"


class UnitVersionStateNotAllowed(StateNotAllowed):
    """{resource} is {state}: only a change whose day has not come is withdrawn."""

    article = "Art. 10(1)"
    zh = "{resource} 当前为“{state}”，只有尚未生效的变更可以撤回（第十条第一项）。"


class SuccessorItself(Invalid):
    """{unit} cannot take its own place: name another unit."""

    reason = "SUCCESSOR_ITSELF"
    article = "Art. 10"
    zh = "{unit} 不能由其自身承接，请填写其他承办单位（第十条）。"


class EffectiveDatePast(Invalid):
    """A change of the registry holds from today, {today}, or a later day on."""

    reason = "EFFECTIVE_DATE_PAST"
    article = "Art. 10(1)"
    zh = "名录变更须自今日（{today}）或以后的日期起生效（第十条第一项；不追溯为本系统所定）。"


class NotOwnUnit(Denied):
    """The order is another unit's."""

    reason = "NOT_OWN_UNIT"
    article = "Art. 22"
    zh = "该工单由其他承办单位负责，您无权操作或查看（第二十二条）。"


class SendBackLimitReached(Refused):
    """The order was sent back {limit} times, as often as allowed: the office's decision is final."""

    reason = "SEND_BACK_LIMIT_REACHED"
    article = "Art. 22"
    zh = "该工单已退回 {limit} 次，达到上限，以热线工作机构的决定为准（第二十二条）。"


class ContactRelayed(Denied):
    """The citizen asked for confidentiality, or the complaint is about a unit: the office relays the contact."""

    reason = "CONTACT_RELAYED"
    article = "Art. 24(1), 36(4)"
    zh = "求助群众要求保密或反映的是承办单位自身，由热线工作机构转达联系（第二十四条第一项、第三十六条第四项）。"


class TimeNotPlausible(Refused):
    """{field} lies in the future or before the order went out."""

    reason = "TIME_NOT_PLAUSIBLE"
    article = "Art. 24"
    zh = "{field} 晚于当前时间或早于工单转办时间，请核对（第二十四条）。"


class ReplyMissing(Refused):
    """A result needs the recorded reply to the citizen: how they were told, and what."""

    reason = "REPLY_MISSING"
    article = "Art. 24(2)"
    zh = "反馈办理结果前须先答复求助群众，并登记答复方式和内容（第二十四条第二项）。"


class StudyMissing(Refused):
    """The unit's principal must study the matter before its result ({grounds}), and no study is on record."""

    reason = "STUDY_MISSING"
    article = "Art. 25"
    zh = "该事项须报本单位主要负责人研究（{grounds}），反馈结果前请先登记研究情况（第二十五条）。"


class StudyNotByPrincipal(Refused):
    """The matter is studied by the unit's first-responsible person, who is {principal} by the registry."""

    reason = "STUDY_NOT_BY_PRINCIPAL"
    article = "Art. 25, 10(1)"
    zh = "该事项须由本单位主要负责人研究，名录登记的主要负责人为 {principal}（第二十五条、第十条第一项）。"


class FilingWithoutExplanation(Refused):
    """A matter is filed only after it was explained to the citizen: record when, how and what was said."""

    reason = "FILING_WITHOUT_EXPLANATION"
    article = "Art. 27"
    zh = "备案前须先向求助群众做好解释、疏导，并登记时间、方式和内容（第二十七条）。"


class FilingIncomplete(Refused):
    """A filing, and nothing but a filing, names the objective conditions that stand in the way."""

    reason = "FILING_INCOMPLETE"
    article = "Art. 27"
    zh = "申请备案须说明当前无法解决的客观条件；其他办理结果不填备案内容（第二十七条）。"


class LookNotLater(Refused):
    """A filed matter is looked at again on a later day: name one after today."""

    reason = "LOOK_NOT_LATER"
    article = "Art. 27"
    zh = "备案事项须约定今日以后的复查日期（第二十七条；复查为本系统所定）。"


class NotFiled(Refused):
    """The order is not filed, or needs no further look."""

    reason = "NOT_FILED"
    article = "Art. 27"
    zh = "该工单未备案，或已无须复查（第二十七条）。"


class PartDueTooLate(Invalid):
    """A supporting unit's part ends between today and the lead's last day, {due_date}."""

    reason = "PART_DUE_TOO_LATE"
    article = "Art. 7, 22"
    zh = "协办部分的期限须在今日至主要负责部门的期限 {due_date} 之间（第七条、第二十二条）。"


class PartNotOpen(Refused):
    """There is no open part of {unit} in this order."""

    reason = "PART_NOT_OPEN"
    article = "Art. 7, 22"
    zh = "{unit} 在该工单中没有待办的协办部分（第七条、第二十二条）。"


class NotSupporting(Refused):
    """{unit} does not support this order, so that it has no part of it."""

    reason = "NOT_SUPPORTING"
    article = "Art. 7, 22"
    zh = "{unit} 不是该工单的协办单位，不能分派协办部分（第七条、第二十二条）。"


class LeadAlready(Invalid):
    """{unit} leads the order already."""

    reason = "LEAD_ALREADY"
    article = "Art. 22"
    zh = "{unit} 已是该工单的主要负责部门（第二十二条）。"


class OrderNotJoinable(Refused):
    """{resource} cannot be joined into {into}: both must be out, of different appeals, and neither joined before."""

    reason = "ORDER_NOT_JOINABLE"
    article = "Art. 23(3)"
    zh = "{resource} 不能并入 {into}：两个工单须均在办理中、属于不同诉求，且并入后不得再并（第二十三条第三项）。"


class OrdersJoinedEnough(Refused):
    """{into} stands for {limit} other orders already, as many as it can."""

    reason = "ORDERS_JOINED_ENOUGH"
    article = "Art. 23(3)"
    zh = "{into} 已并入 {limit} 个工单，达到上限（第二十三条第三项；上限为本系统所定）。"


class OrderNotSplittable(Refused):
    """{resource} cannot be so: only an appeal's first order is split, only what was split from it is taken back."""

    reason = "ORDER_NOT_SPLITTABLE"
    article = "Art. 7, 22"
    zh = "{resource} 不能拆分或撤回：只有诉求的首个工单可以拆分，只有拆分出的工单可以撤回（第七条、第二十二条）。"


class LeadConcerned(Refused):
    """The complaint is about {unit}, or about a unit above it: another unit must lead."""

    reason = "LEAD_CONCERNED"
    article = "Art. 36(4)"
    zh = "该事项反映的是 {unit} 或其上级单位自身的问题，不得由其主办，请另行确定主办单位（第三十六条第四项）。"


class SuperiorCircular(Invalid):
    """{superior} stands below {unit}, or is {unit} itself, and cannot be above it."""

    reason = "SUPERIOR_CIRCULAR"
    article = "Art. 36(4)"
    zh = "{superior} 是 {unit} 自身或其下级，不能登记为其上级单位（第三十六条第四项）。"


class DeadlineNotKnown(Refused):
    """The deadline is not announced yet: try again in a moment."""

    reason = "DEADLINE_NOT_KNOWN"
    article = "Art. 24(2)"
    zh = "办理期限尚未生成，请稍后再试（第二十四条第二项）。"


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


class ExtensionDecidedLate(Refused):
    """The deadline passed at {due_time}: an extension is granted, and the citizen told, before it."""

    reason = "EXTENSION_DECIDED_LATE"
    article = "Art. 26"
    zh = "办理期限已于 {due_time} 届满；延期应当在届满前批准并及时告知求助群众（第二十六条）。"


class ExtensionNotRequested(Refused):
    """No extension waits for a decision."""

    reason = "EXTENSION_NOT_REQUESTED"
    article = "Art. 26"
    zh = "该工单没有待审批的延期申请（第二十六条）。"


class FieldNotUpdatable(Invalid):
    """The field {path} cannot be changed."""

    reason = "FIELD_NOT_UPDATABLE"
    article = "Art. 10"
    zh = "字段 {path} 不可修改（第十条）。"


class LedByCounty(Refused):
    """{unit} runs a dispatch of its own and acts on the order there: what it does comes by its line."""

    reason = "LED_BY_COUNTY"
    article = "Art. 4, 10"
    zh = "{unit} 设有自己的转办系统，请在县（市）系统中办理，办理情况经专线自动上报（第四条、第十条）。"


class DecidedByCity(Refused):
    """{resource} came from the city, which decides on it."""

    reason = "DECIDED_BY_CITY"
    article = "Art. 22, 26"
    zh = "{resource} 由市热线工作机构交办，须由市热线工作机构决定（第二十二条、第二十六条）。"


class ApplicationInvalid(Invalid):
    """The county's request is not signed with the keys that it names."""

    reason = "APPLICATION_INVALID"
    article = "Art. 4"
    zh = "县（市）接入申请的签名与所附公钥不符，请重新生成申请文件（第四条）。"


class CertificateInvalid(Invalid):
    """The answer is not the city's with this fingerprint, or not for this county's key."""

    reason = "CERTIFICATE_INVALID"
    article = "Art. 4"
    zh = "市级回执的签名、指纹或所列县（市）公钥不符，请与市热线工作机构核对（第四条）。"


class WrongSide(Refused):
    """That is done by the {side} alone."""

    reason = "WRONG_SIDE"
    article = "Art. 4"
    zh = "此操作只能在“{side}”系统进行（第四条）。"


class ContactNotHeld(Refused):
    """There is no contact for {resource}: the office relays it, it is on its way, or the citizen was erased."""

    reason = "CONTACT_NOT_HELD"
    article = "Art. 24(1), 36(4)"
    zh = "{resource} 没有可查看的联系方式：由市级转达、尚未送达或已删除（第二十四条第一项、第三十六条第四项）。"


class WithdrawnBefore(Refused):
    """The city took the order back at {withdraw_time}, before this was committed."""

    reason = "WITHDRAWN_BEFORE"
    article = "Art. 22"
    zh = "市热线工作机构已于 {withdraw_time} 收回该工单，此后的办理情况不再计入（第二十二条）。"


class NotFromCity(Refused):
    """{resource} did not come from the city, or went back to it."""

    reason = "NOT_FROM_CITY"
    article = "Art. 22"
    zh = "{resource} 不是市热线工作机构交办的工单，或已交回（第二十二条）。"
