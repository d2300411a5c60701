"""Fills a database through the real actions: `python -m tests.operations.small_office`, as another process would."""

from __future__ import annotations

import io


def fill() -> None:
    """Two people, three matters with a history and sealed texts, a contact, a photograph, a seal."""
    from django.db import transaction
    from PIL import Image

    from linli.accounts import actions as accounts
    from linli.core.actor import RESIDENT, SYSTEM
    from linli.core.decision import YES
    from linli.files import actions as files
    from linli.flow import actions as flow
    from linli.flow import relay, seals
    from linli.flow.rules import Flow, Move, Stage
    from linli.vault import actions as vault

    for username in ("zhou", "chen"):
        accounts.create_account(
            actor=SYSTEM, username=username, display_name=f"{username}（试）", password="long enough 12"
        )
    report = Move("report", "上报", frozenset(), "reported", "test")
    finish = Move("finish", "办完", frozenset({"reported"}), "ended", "test")
    road = Flow(
        kind="case",
        start="reported",
        ends=frozenset({"ended"}),
        stages={"reported": Stage("reported", "待办", "已收到"), "ended": Stage("ended", "已办", "已办好")},
        moves={"report": report, "finish": finish},
    )
    for n in range(3):
        with transaction.atomic():
            matter = flow.open_matter(
                actor=RESIDENT,
                flow=road,
                verb="report",
                title="井盖松动",
                where=flow.Where(area="110102018"),
                due=flow.DueTimes(),
                facts={"n": n},
                personal={"description": f"门口的井盖 {n} 号，晚上很响"},
            )
    with transaction.atomic():
        flow.move(actor=SYSTEM, matter=matter, version=1, verb="finish", flow=road, allowed=YES, facts={})
    vault.keep_contact(
        actor=RESIDENT, subject=f"case:{matter.pk}", purpose="case_contact", phone="13900001111", name="王",
        consent="case_contact-1", keep_days=90,
    )  # fmt: skip
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), (10, 120, 60)).save(picture, "JPEG")
    picture.seek(0)
    files.accept_upload(actor=RESIDENT, stream=picture, name="a.jpg", subject=f"case:{matter.pk}")
    while relay.stamp():
        pass
    seals.make_seal()


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.config.settings")
    django.setup()
    fill()
