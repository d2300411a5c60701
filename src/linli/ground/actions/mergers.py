"""A merger of the nets: compared by a job, decided line by line, approved by somebody else, taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import shapely
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.decision import YES, Decision
from linli.core.errors import Conflict, Invalid, Missing
from linli.flow import actions as flow
from linli.jobs import actions as jobs
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli_engines.ground import from_degrees

from .. import merging, permissions
from ..choices import Finding, LayerState, Net
from ..models import Duty, MergeLine, NetBorder, NetCell, NetLayer, NetMerger
from ..rules import MERGER
from .changes import checked_name

Tell = Callable[[int, int, Any], object]
CHUNK = 500
REASON_MOST = 500
BULK_MOST = 3000
SHARES, TOLERANCES = (0.01, 0.5), (1.0, 100.0)
NOBODY = "none"
STEPS = (_("正在取网格"), _("正在比对"), _("正在写入"))


def open_merger(
    *, actor: Actor, name: str, share: float = 0.1, tolerance_m: float = 10.0, simulated: bool = False
) -> NetMerger:
    """Compare the nets in force with the base grid, by a job. Raises Invalid, Forbidden, Conflict (one is under way)."""
    permissions.can_draw_district(actor).or_forbidden()
    said = checked_name(name)
    fields: dict[str, list[Any]] = {}
    if not SHARES[0] <= share <= SHARES[1]:
        fields["share"] = [_("须在 %(least)s%% 到 %(most)s%% 之间。") % {"least": 1, "most": 50}]
    if not TOLERANCES[0] <= tolerance_m <= TOLERANCES[1]:
        fields["tolerance_m"] = [_("须在 %(least)s 到 %(most)s 之间。") % {"least": 1, "most": 100}]
    layers = list(NetLayer.objects.filter(state=LayerState.IN_FORCE))
    if not layers:
        fields["name"] = [_("还没有一张网生效，请先导入。")]
    if fields:
        raise Invalid("bad_merger", _("请按提示修改。"), fields=fields)
    with transaction.atomic():
        matter = flow.open_matter(
            actor=actor, flow=MERGER, verb="open", title=said, where=flow.Where(area=territory.district().code),
            due=flow.DueTimes(), facts={"layers": [[x.net, x.number] for x in layers]},
            simulated=simulated or any(x.simulated for x in layers),
        )  # fmt: skip
        merger = NetMerger.objects.create(
            matter=matter, name=said, base=territory.revision(), share=share, tolerance_m=tolerance_m,
            simulated=matter.simulated,
        )  # fmt: skip
        merger.layers.set(layers)
        job = jobs.start(
            "ground.merge",
            actor=actor,
            params={"merger": merger.pk},
            return_url=reverse("ground:merger", args=[merger.pk]),
        )
        NetMerger.objects.filter(pk=merger.pk).update(summary={"job": str(job.pk)})
    return merger_of(merger.pk)


def merger_of(pk: int) -> NetMerger:
    """The merger with its matter. Raises Missing."""
    found = NetMerger.objects.select_related("matter").filter(pk=pk).first()
    if found is None:
        raise Missing("no_such_merger", _("没有这次融合。"))
    return found


def compute(*, merger_id: int, tell: Tell) -> dict[str, Any]:
    """The job: nothing is locked while it compares; lines are written in parts, then the merger opens. Begun again it
    begins anew.
    """
    merger = merger_of(merger_id)
    if merger.matter.stage != "computing":
        return {}
    tell(0, 5, STEPS[0])
    base = {code: from_degrees(shape) for code, shape in territory.cells().items()}
    by_net = {layer.net: layer for layer in merger.layers.all()}
    summary: dict[str, Any] = {"grids": len(base), "revision": territory.revision(), "nets": {}}
    MergeLine.objects.filter(merger=merger).delete()
    NetBorder.objects.filter(merger=merger).delete()
    for n, net in enumerate(Net.values, 1):
        tell(n, 5, STEPS[1])
        layer = by_net.get(net)
        found = merging.compare(base, held_cells(layer), share=merger.share, tolerance_m=merger.tolerance_m)
        about = (
            {"layer": layer.pk, "number": layer.number, "name": layer.name, "covered": layer.covered} if layer else {}
        )
        summary["nets"][net] = {**found.said, **about}
        _write(merger, net, found)
    tell(4, 5, STEPS[2])
    with transaction.atomic():
        fresh = merger_of(merger_id)
        flow.move(
            actor=SYSTEM, matter=fresh.matter, version=fresh.matter.version, verb="compared", flow=MERGER, allowed=YES,
            facts={"grids": len(base)},
        )  # fmt: skip
        NetMerger.objects.filter(pk=merger_id).update(summary=summary, base=summary["revision"], failure="")
    return {"grids": len(base)}


def held_cells(layer: NetLayer | None) -> dict[str, merging.Held]:
    """The cells of a layer by code, in whole units (1 SQL); none of a net that has no layer."""
    if layer is None:
        return {}
    rows = list(NetCell.objects.filter(layer=layer).order_by("code").values_list("code", "body_id", "shape"))
    shapes = shapely.from_wkb([bytes(shape) for _code, _body, shape in rows])
    return {code: merging.Held(body, from_degrees(s)) for (code, body, _), s in zip(rows, shapes, strict=True)}


def _write(merger: NetMerger, net: str, found: merging.Compared) -> None:
    now = clock.now()
    for at in range(0, len(found.lines), CHUNK):
        rows = [
            MergeLine(
                merger=merger, net=net, code=x.code, finding=x.finding, claims=[list(c) for c in x.claims],
                uncovered=x.uncovered, decided=x.finding == Finding.ONE, body_id=x.body if x.finding == Finding.ONE else None,
                decided_by=SYSTEM.label if x.finding == Finding.ONE else "",
                decided_at=now if x.finding == Finding.ONE else None,
            )
            for x in found.lines[at : at + CHUNK]
        ]  # fmt: skip
        with transaction.atomic():
            MergeLine.objects.bulk_create(rows)
    NetBorder.objects.create(merger=merger, net=net, stretches=list(found.stretches))


def computing_failed(*, merger_id: int, why: Any) -> None:
    """The job ended without a comparison: the page says why and offers to let it go or to try again."""
    NetMerger.objects.filter(pk=merger_id).update(failure=str(why)[:200])


def compute_again(*, actor: Actor, merger: NetMerger) -> None:
    """Queue the comparison once more after a failure."""
    permissions.can_draw_district(actor).or_forbidden()
    with transaction.atomic():
        failed = merger.matter.stage == "computing" and NetMerger.objects.filter(pk=merger.pk).exclude(failure="")
        if not failed or not failed.update(failure=""):
            raise Conflict("not_failed", _("比对没有失败，不用重来。"))
        url = reverse("ground:merger", args=[merger.pk])
        job = jobs.start("ground.merge", actor=actor, params={"merger": merger.pk}, return_url=url)
        NetMerger.objects.filter(pk=merger.pk).update(summary={"job": str(job.pk)})


def decide(*, actor: Actor, merger: NetMerger, line_id: int, seen: int, body: str, reason: str) -> MergeLine:
    """Who answers for one base grid in one net: the code of a body, or NOBODY. `seen`: the line's decided_seq that the
    page was made of (0: undecided). The reason is sealed in the journal.

    Raises Missing, Invalid (fields body, reason), Conflict (decided_meanwhile, not open).
    """
    permissions.can_draw_district(actor).or_forbidden()
    line = MergeLine.objects.filter(merger=merger, pk=line_id).first()
    if line is None:
        raise Missing("no_such_line", _("没有这一条。"))
    chosen = None if body == NOBODY else organisations.body_by_code(body)
    fields: dict[str, list[Any]] = {}
    if body != NOBODY and (chosen is None or not chosen.is_active):
        fields["body"] = [_("请选一个单位。")]
    said = _reason(reason, fields)
    claimed = [b for b, _share in merging.sums(line.claims)]
    if not said and (chosen is None or chosen.id not in claimed):
        fields.setdefault("reason", []).append(_("定为没有申明责任的单位，或定为无人负责，请写原因。"))
    if fields:
        raise Invalid("bad_decision", _("请按提示修改。"), fields=fields)
    with transaction.atomic():
        facts = {"net": line.net, "code": line.code, "body": chosen.code if chosen else ""}
        entry = _journal(actor, merger, facts, said)
        rows = MergeLine.objects.filter(pk=line.pk)
        rows = rows.filter(decided_seq=seen) if seen else rows.filter(decided_seq=None)
        changed = rows.update(
            decided=True, body_id=chosen.id if chosen else None, decided_by=actor.label, decided_at=entry.at,
            decided_seq=entry.seq,
        )  # fmt: skip
        if not changed:
            raise Conflict("decided_meanwhile", _("这一条刚被别人定了，请看最新的再定。"))
    line.refresh_from_db()
    return line


def decide_largest(*, actor: Actor, merger: NetMerger, line_ids: Sequence[int], reason: str) -> tuple[int, int]:
    """Of the lines chosen, each undecided one that somebody claims goes to the body with the largest share; one line in
    the journal says how many. Answers (decided, left as they were). Raises Invalid (nothing, too_many), Conflict.
    """
    permissions.can_draw_district(actor).or_forbidden()
    fields: dict[str, list[Any]] = {}
    said = _reason(reason, fields)
    if not line_ids or len(line_ids) > BULK_MOST:
        fields["lines"] = [_("请选 1 到 %(n)s 条。") % {"n": BULK_MOST}]
    if fields:
        raise Invalid("bad_decision", _("请按提示修改。"), fields=fields)
    found: dict[int, list[int]] = {}
    rows = MergeLine.objects.filter(merger=merger, pk__in=list(line_ids), decided=False).values_list("pk", "claims")
    for pk, claims in rows:
        if held := merging.sums(claims):
            found.setdefault(held[0][0], []).append(pk)
    count = sum(map(len, found.values()))
    if not count:
        sentence = _("选中的都已经定了，或没有单位申明责任，请逐条定。")
        raise Invalid("nothing_to_decide", sentence, fields={"lines": [sentence]})
    done = 0
    with transaction.atomic():
        entry = _journal(actor, merger, {"rule": "largest", "lines": count}, said)
        for body, ids in found.items():
            done += MergeLine.objects.filter(pk__in=ids, decided=False).update(
                decided=True, body_id=body, decided_by=actor.label, decided_at=entry.at, decided_seq=entry.seq
            )
        if done != count:
            raise Conflict("decided_meanwhile", _("选中的有几条刚被别人定了，请看最新的再定。"))
    return done, len(line_ids) - done


def _reason(reason: str, fields: dict[str, list[Any]]) -> str:
    said = reason.replace("\x00", "").strip()
    if len(said) > REASON_MOST:
        fields["reason"] = [_("最多 %(n)s 个字。") % {"n": REASON_MOST}]
    return said


def _journal(actor: Actor, merger: NetMerger, facts: dict[str, Any], reason: str) -> Any:
    """One line; the version stays, since each line of the merger guards itself: two may decide side by side."""
    matter = merger_of(merger.pk).matter
    return flow.move(
        actor=actor, matter=matter, version=matter.version, verb="decide", flow=MERGER,
        allowed=permissions.can_draw_district(actor), facts=facts, personal={"reason": reason} if reason else None,
    )  # fmt: skip


def submit(*, actor: Actor, merger: NetMerger, version: int) -> None:
    """Ask for approval. Raises Invalid (undecided), Conflict (base_moved)."""
    permissions.can_draw_district(actor).or_forbidden()
    left = MergeLine.objects.filter(merger=merger, decided=False).count()
    if left:
        sentence = _("还有 %(n)s 条没有定，定完才能提请批准。") % {"n": left}
        raise Invalid("undecided", sentence, fields={"lines": [sentence]})
    _check_base(merger)
    with transaction.atomic():
        flow.move(
            actor=actor, matter=merger.matter, version=version, verb="submit", flow=MERGER,
            allowed=permissions.can_draw_district(actor), facts={"duties": _answered(merger.pk).count()},
        )  # fmt: skip
        NetMerger.objects.filter(pk=merger.pk).update(submitted_by=actor.label)


def approve(*, actor: Actor, merger: NetMerger, version: int) -> None:
    """Somebody else agrees: from today each base grid has its bodies; the merger before is superseded."""
    permissions.can_decide(actor, merger.submitted_by).or_forbidden()
    _check_base(merger)
    with transaction.atomic():
        flow.move(
            actor=actor, matter=merger.matter, version=version, verb="approve", flow=MERGER,
            allowed=permissions.can_decide(actor, merger.submitted_by), facts={"on": clock.today().isoformat()},
        )  # fmt: skip
        before = (
            NetMerger.objects.select_related("matter").filter(matter__stage="in_force").exclude(pk=merger.pk).first()
        )
        if before is not None:
            flow.move(
                actor=SYSTEM, matter=before.matter, version=before.matter.version, verb="supersede", flow=MERGER,
                allowed=YES, facts={"by": merger.pk},
            )  # fmt: skip
        summary = {**merger.summary, "before": before.pk if before else 0}
        NetMerger.objects.filter(pk=merger.pk).update(summary=summary)
        _put_duties(merger.pk)


def undo(*, actor: Actor, merger: NetMerger, version: int, reason: str) -> None:
    """Take back the merger in force: the one before it answers again, from today. Raises Conflict, Invalid (reason)."""
    allowed = permissions.can_decide(actor, "")
    allowed.or_forbidden()
    fields: dict[str, list[Any]] = {}
    said = _reason(reason, fields)
    if fields:
        raise Invalid("bad_reason", _("请按提示修改。"), fields=fields)
    personal = {"reason": said} if said else None
    if (before_id := merger.summary.get("before")) and not _fits(before_id):
        sentence = _("上一次融合以后单元网格改过，不能恢复它。请重新做一次融合。")
        raise Conflict("base_moved", sentence)
    with transaction.atomic():
        flow.move(
            actor=actor, matter=merger.matter, version=version, verb="undo", flow=MERGER, allowed=allowed, facts={},
            personal=personal,
        )  # fmt: skip
        _end_duties()
        before = NetMerger.objects.select_related("matter").filter(pk=merger.summary.get("before") or 0).first()
        if before is not None and before.matter.stage == "superseded":
            flow.move(
                actor=actor, matter=before.matter, version=before.matter.version, verb="restore", flow=MERGER,
                allowed=allowed, facts={"after": merger.pk}, personal=personal,
            )  # fmt: skip
            _put_duties(before.pk)


def send_back(*, actor: Actor, merger: NetMerger, version: int, reason: str) -> None:
    """Back to the decisions, with a reason."""
    _stop(actor, merger, version, "send_back", reason, permissions.can_decide(actor, ""))


def withdraw(*, actor: Actor, merger: NetMerger, version: int, reason: str) -> None:
    """Let it go. Who draws may; so may who decides."""
    allowed = permissions.can_draw_district(actor)
    _stop(actor, merger, version, "withdraw", reason, allowed if allowed else permissions.can_decide(actor, ""))


def _stop(actor: Actor, merger: NetMerger, version: int, verb: str, reason: str, allowed: Decision) -> None:
    fields: dict[str, list[Any]] = {}
    said = _reason(reason, fields)
    if fields:
        raise Invalid("bad_reason", _("请按提示修改。"), fields=fields)
    with transaction.atomic():
        flow.move(
            actor=actor, matter=merger.matter, version=version, verb=verb, flow=MERGER, allowed=allowed, facts={},
            personal={"reason": said} if said else None,
        )  # fmt: skip


def _check_base(merger: NetMerger) -> None:
    """The base grid still is the one compared: same codes. Raises Conflict."""
    if not _fits(merger.pk):
        raise Conflict("base_moved", _("比对以后单元网格改过，请重新做一次融合。"))


def _fits(merger_id: int) -> bool:
    codes = MergeLine.objects.filter(merger=merger_id, net=Net.CITY).values_list("code", flat=True)
    return set(codes) == set(territory.grid_codes())


def _answered(merger_id: int) -> Any:
    return MergeLine.objects.filter(merger_id=merger_id, decided=True, body__isnull=False)


def _end_duties() -> None:
    Duty.objects.filter(valid_to=None).update(valid_to=clock.today())


def _put_duties(merger_id: int) -> None:
    """All duties from today, by one statement: some 7,000 rows must not hold the write lock row by row."""
    _end_duties()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ground_duty (net, code, body_id, valid_from, valid_to, merger_id)"
            " SELECT net, code, body_id, %s, NULL, merger_id FROM ground_mergeline"
            " WHERE merger_id = %s AND decided AND body_id IS NOT NULL",
            [clock.today(), merger_id],
        )
