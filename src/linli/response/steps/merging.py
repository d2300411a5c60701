"""Several reports of one thing, several tasks of one report. Lock the main case before the other."""

from __future__ import annotations

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from linli.core.actor import SYSTEM
from linli.core.decision import YES
from linli.core.errors import Conflict
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.flow.statements import insert

from ..catalogue import ClassView, class_for
from ..choices import Level
from ..deadlines import due_times
from ..models import Case
from ..queries import routing
from ..rules import CASE
from ..texts import clean
from .base import Context, effect, refuse

PARTS_MOST = 8


@effect("merge")
def merge(c: Context) -> None:
    """`parent` is the main case (already looked up in the actor's scope). Its journal says that one more reported it."""
    main = c.said("parent")
    if not isinstance(main, Case):
        raise refuse("parent_required", _("请填写主案的编号。"), "parent")
    if main.pk == c.case.pk:
        raise refuse("own_parent", _("不能并入自己。"), "parent")
    if main.matter.stage in ("merged", "closed", "ended", "declined"):
        raise refuse("parent_over", _("主案已经办完或已并案，不能再并入。"), "parent")
    if Matter.objects.filter(parent_id=c.case.pk, stage="merged").exists():
        raise refuse("has_merged", _("已经有别的案件并入这件，请把它们并到同一个主案。"), "parent")
    if c.matter.parent_id is not None:  # its whole would no longer wait for it
        raise refuse("part_of_another", _("这件是拆分出来的，原案在等它办完，不能并入别的案件。"), "parent")
    if n := open_children(c.matter):  # it could not be closed with the main case, nor could anybody after it
        sentence = _("还有 %(n)s 个拆分出去的案件没有办完，不能并案。") % {"n": n}
        raise Conflict("children_open", sentence, open=n)
    if "answer" in c.known.by_id[main.case_class_id].variant.chosen and "answer" not in c.view.variant.chosen:
        # a question is answered without verification: what has to be handled must not end with it
        raise refuse("parent_is_question", _("主案是咨询，答复了就办结；这件要办理和核查，不能并入咨询。"), "parent")
    c.given["parent"] = c.facts["parent"] = main.pk
    c.values["parent_id"] = main.pk
    c.first.append(lambda: _lock(c.case.pk, main.pk))
    c.then.append(lambda: _join(c, main))


def _lock(*ids: int) -> None:
    """Both cases, the older one first: of two who merge them crosswise none waits for the other for ever."""
    list(Matter.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _join(c: Context, main: Case) -> None:
    joined = flow.append(
        actor=c.actor, matter=main.matter, verb="joined", facts={"case": c.case.pk, "grid": c.matter.grid_at_intake}
    )
    if not joined:
        raise flow.too_late(main.pk)
    # whoever was to decide about one of them decides about both: merging is no way down
    level = max(main.level, c.case.level, key=Level.values.index)
    Case.objects.filter(pk=main.pk).update(report_count=F("report_count") + c.case.report_count, level=level)


@effect("unmerge")
def unmerge(c: Context) -> None:
    """A case of its own again; its limit has run on."""
    main = c.matter.parent_id
    c.facts["parent"] = main
    c.values["parent_id"] = None
    c.then.append(
        lambda: Case.objects.filter(pk=main, report_count__gt=c.case.report_count).update(
            report_count=F("report_count") - c.case.report_count
        )
    )


@effect("split")
def split(c: Context) -> None:
    """`parts`: [(class code, text)]; each becomes a case of its own, filed at once, that the parent waits for."""
    parts = [(class_for(c.known, code), clean(text, "parts")) for code, text in c.said("parts") or ()]
    if not 2 <= len(parts) <= PARTS_MOST:
        raise refuse("bad_parts", _("请拆成 2 到 %(n)s 部分。") % {"n": PARTS_MOST}, "parts")
    if any(not text for _view, text in parts):
        raise refuse("part_without_text", _("每一部分都要写明办什么。"), "parts")
    if c.matter.parent_id is not None:
        raise Conflict("part_of_another", _("这件已经是拆分出来的，不能再拆。"))
    c.given["parts"] = c.facts["parts"] = len(parts)
    c.then += [lambda view=view, text=text: _open_part(c, view, text) for view, text in parts]  # type: ignore[misc]


def _open_part(c: Context, view: ClassView, text: str) -> None:
    """A part lies where the whole lies, keeps no contact (the whole does) and begins as accepted."""
    whole = c.matter
    routed = routing.decide(
        divisions=(whole.community, whole.subdistrict, whole.area[:6]),
        class_code=view.code,
        channel=c.case.channel,
        at=c.now,
    )
    part = flow.open_matter(
        actor=c.actor,
        flow=CASE,
        verb="split_off",
        title=view.name_zh,
        where=flow.Where(whole.area, whole.subdistrict, whole.community, whole.grid_at_intake),
        due=due_times(c.known, view, CASE.start, c.now, division=c.division),
        facts={"from": whole.pk, "class": view.code, "route": routed.fact},
        personal={"description": text},
        type_version_id=view.id,
        simulated=whole.simulated,
        parent_id=whole.pk,
    )
    insert(
        Case(
            matter=part,
            case_class_id=view.id,
            channel=c.case.channel,
            lon=c.case.lon,
            lat=c.case.lat,
            place_source=c.case.place_source,
            near=c.case.near,
            suggested_body_id=routed.body_id,
            counted_from=c.now,
            level=c.case.level,
        )
    )
    flow.move(
        actor=SYSTEM,
        matter=part,
        version=part.version,
        verb="accept",
        flow=CASE,
        allowed=YES,
        facts={},
        due=due_times(c.known, view, "accepted", c.now, division=c.division, final=part.final_due_at),
    )


def open_children(matter: Matter) -> int:
    """How many parts of a split case are not finished. Merged reports follow the main case and are not counted."""
    return Matter.objects.filter(parent_id=matter.pk, closed_at=None, ended_at=None).exclude(stage="merged").count()


@effect("decline")
def decline(c: Context) -> None:
    """Others were told that their report is dealt with together with this one: they are released first."""
    if n := Matter.objects.filter(parent_id=c.case.pk, stage="merged").count():
        raise Conflict("has_merged", _("还有 %(n)s 件并入了这件，请先解除并案，再不予立案。") % {"n": n}, merged=n)
