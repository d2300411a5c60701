"""Who hears whom: every subscriber, hook, menu entry and periodic duty, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linli.core.actor import SYSTEM, Actor

if TYPE_CHECKING:
    from linli.site.health import Finding


@cache
def wire() -> None:
    """Once a process: when the address table loads, and when the worker starts."""
    from linli.accounts import queries as accounts
    from linli.accounts import settings_menu
    from linli.circle import importers as circle_tables
    from linli.circle import permissions as circle
    from linli.circle import record_imports, survey_imports
    from linli.circle.choices import CatalogueKind
    from linli.command import boards
    from linli.coordination import permissions as coordination
    from linli.coordination import roster_imports, topic_imports
    from linli.coordination.queries import calls as summons
    from linli.coordination.queries import meetings, summonses
    from linli.coordination.queries import points as coordination_points
    from linli.coordination.rules import CONSULTATION, SUMMONS, TOPIC
    from linli.coordination.web import summons_wall, walls
    from linli.evaluation import framework_imports
    from linli.evaluation import permissions as evaluation
    from linli.exchange import importers
    from linli.files import permissions as files
    from linli.flow import queries as flow
    from linli.flow import relay, rezone
    from linli.ground import hooks as ground_hooks
    from linli.ground import matter_imports
    from linli.ground import permissions as ground
    from linli.ground.rules import CHANGE, MERGER
    from linli.knowledge import imports as articles
    from linli.knowledge import permissions as knowledge
    from linli.response import actions as response
    from linli.response import board, case_links, imports, sheet_imports, type_imports
    from linli.response import permissions as cases
    from linli.response import queries as response_queries
    from linli.response.queries.points import points_of_ids
    from linli.response.rules import CASE
    from linli.site import health, live, metrics, nav
    from linli.territory import permissions as territory
    from linli.vault import names
    from linli.vault.permissions import LOG_READERS
    from linli.workbench import registry
    from linli.workbench.cases import case_lines
    from linli.workbench.ground import change_lines, merger_lines
    from linli.workbench.summons import consultation_lines, summons_lines
    from linli.workbench.topics import topic_lines
    from linli.worktime import hooks
    from linli.worktime.rules import CALENDAR

    live.position_source, live.reader = flow.position, news
    registry.register(CASE, case_lines)
    registry.also(response_queries.assisting)
    registry.also(response_queries.claimable)
    registry.register(SUMMONS, summons_lines)
    registry.register(CONSULTATION, consultation_lines)
    registry.register(CHANGE, change_lines)
    registry.register(MERGER, merger_lines)
    registry.register(TOPIC, topic_lines)
    registry.also(summonses.owing)
    registry.also(meetings.owing)
    registry.on_watch(response_queries.watched)
    flow.announces(CALENDAR.kind)
    flow.announces(CHANGE.kind)
    flow.announces(MERGER.kind)
    rezone.register_points(CASE.kind, points_of_ids)
    rezone.register_points(SUMMONS.kind, coordination_points.of_summons)
    rezone.register_points(TOPIC.kind, coordination_points.of_topics)
    follow_borders()
    relay.subscribe("response.contacts", "case", response.settle_contact)
    relay.subscribe("response.followers", "case", response.close_followers)
    hooks.on_calendar_changed("response.recompute", response.recompute_due)
    hooks.on_count_provisional(response_queries.count_provisional)
    health.register("relay", relay_is_alive)
    metrics.register_gauge("linli_relay_lag_seconds", "Age of the oldest line without a position.", relay.lag_s)
    names.register(accounts.names)
    importers.register(imports.RouteImporter())
    importers.register(type_imports.TypeImporter())
    importers.register(sheet_imports.IMPORTERS["limits"])
    importers.register(sheet_imports.IMPORTERS["ladder"])
    importers.register(articles.ArticleImporter())
    for kind in CatalogueKind:
        importers.register(circle_tables.CatalogueImporter(kind))
    importers.register(circle_tables.RuleImporter())
    importers.register(framework_imports.FrameworkImporter())
    importers.register(topic_imports.TopicRuleImporter())
    importers.register(matter_imports.GridMatterImporter())
    importers.register_family("roster", roster_imports.RosterImporter)
    importers.register(circle_tables.PaceImporter())
    importers.register(survey_imports.AnswerImporter())
    for record_table in record_imports.IMPORTERS:
        importers.register(record_table())
    ground_hooks.on_classes(  # what is found on the ground: a consultation or a need is no grid's
        lambda: [(c.code, c.name) for c in response_queries.classes() if c.tree in ("event", "component")]
    )
    files.register("case", cases.can_see_picture)
    files.register("summons", summons.can_see_picture)
    settings_menu.register(
        _("联系方式查看记录"), _("谁在何时为何查看了居民的联系方式。"), "vault:read_log", frozenset(LOG_READERS)
    )
    settings_menu.register(
        _("区划界线"),
        _("导入街道、社区、网格的界线：先检查，再确认。"),
        "territory:boundaries",
        frozenset({territory.ADMINISTRATOR}),
    )
    settings_menu.register(
        _("服务设施"), _("服务设施的清单、导入、开放和关闭，可能重复的。"), "circle:facilities", circle.KEEP_KINDS
    )
    settings_menu.register(
        _("服务目录与标准"),
        _("公共服务目录、生活圈标准、类别对应、数据完整性和步速。"),
        "circle:catalogue",
        circle.KEEP_KINDS,
    )
    nav.register(_("态势"), "command:home", kinds=board.BOARD_KINDS, order=10, icon="map")
    nav.register(_("待办"), "workbench:inbox", kinds=registry.kinds(), order=20, icon="inbox")
    settings_menu.register(
        _("派遣表"), _("哪个区划的哪类问题派给谁，哪些还没有去向。"), "response:routes", cases.CONFIG_KINDS
    )
    settings_menu.register(
        _("问题类型与时限"), _("全部问题类型，和它们的紧急程度、时限、出处。"), "response:classes", cases.CONFIG_KINDS
    )
    nav.register(_("登记"), "response:desk", kinds=cases.DESK_KINDS, order=20)
    nav.register(_("巡查上报"), "response:field", kinds=cases.FIELD_KINDS, order=20)
    nav.register(_("案件"), "response:cases", kinds=cases.SEE_KINDS, order=30)
    nav.register(_("回访"), "response:calls", kinds=cases.DESK_KINDS, order=25)
    nav.register(_("核查"), "response:checks", kinds=cases.CHECK_KINDS, order=25)
    nav.register(_("认领广场"), "response:offers", kinds={"handler"}, order=35, when=cases.society_bodies)
    nav.register(_("全响应"), "response:shares", kinds=cases.SHARE_KINDS, order=35, match=["/offers/"])
    nav.register(_("服务圈"), "circle:planner", kinds=circle.READ_KINDS, order=38, match=["/circle/"])
    nav.register(_("综合评价"), "evaluation:home", kinds=evaluation.READ_KINDS, order=39, match=["/evaluation/"])
    case_links.register(
        pgettext_lazy("verb", "吹哨"), "coordination:summons-new", kinds=coordination.CHIEF_KINDS, icon="users"
    )
    boards.register("duty", _("现在值班"), walls.duty, "coordination/walls/duty.html", walls.duty_data)
    boards.register("summons", _("吹哨"), summons_wall.board, "coordination/walls/summons.html", summons_wall.data)
    boards.register("campaign", _("专项行动"), walls.campaign, "coordination/walls/campaign.html", walls.campaign_data)
    case_links.register(
        _("设为专题"), "coordination:topic-new", kinds=coordination.CHIEF_KINDS, icon="star", open_only=False
    )
    settings_menu.register(
        _("专题规则"), _("同一类问题在同一个地方反复到什么程度，就自动列为治理专题。"), "coordination:topic-rules",
        frozenset({"administrator"}),
    )  # fmt: skip
    nav.register(_("统筹"), "coordination:home", kinds=coordination.ROOM_KINDS, order=37, match=["/coordination/"])
    nav.register(_("网格与界线"), "ground:home", kinds=ground.READ_KINDS, order=37, match=["/ground/"])
    nav.register(_("知识库"), "knowledge:search", kinds=knowledge.READ_KINDS, order=40)
    nav.register(_("我的岗位"), "accounts:me", order=10, section="user", icon="user")
    nav.register(
        _("设置"), "accounts:settings", kinds=settings_menu.every_kind(), order=20, section="user", icon="settings"
    )


def follow_borders() -> None:
    """What rooms hold of divisions is counted before a border moves and follows afterwards, in this order."""
    from linli.circle.queries import borders as circle
    from linli.coordination.actions import borders as coordination_follows
    from linli.coordination.queries import borders as coordination
    from linli.evaluation.queries import units
    from linli.ground import hooks
    from linli.knowledge import queries as knowledge
    from linli.response.actions import borders as response_follows
    from linli.response.queries import borders as response
    from linli.worktime import actions as worktime_follows
    from linli.worktime import queries as worktime

    def named(label: Any, names: Sequence[str], url: str, *, carried: bool = False, stays: bool = False) -> list[Any]:
        return [(label, len(names), carried, url, tuple(names[:3]), stays)] if names else []

    def count(name: str, read: Callable[[Mapping[str, str]], Sequence[tuple[Any, ...]]]) -> None:
        hooks.on_count(name, lambda _actor, codes: [hooks.Held(*row) for row in read(codes)])

    def follow(name: str, room: Any) -> None:
        hooks.on_carry(
            name,
            lambda actor, codes: room.carry_divisions(actor=actor, codes=codes),
            lambda actor, kept: room.put_divisions_back(actor=actor, kept=kept),
        )

    hours, answers, indices = (
        _("本区划自己的工作时间"),
        _("只用于这些区划的答复"),
        _("评价的统计单元"),
    )
    count("response", response.held)
    count("worktime", lambda codes: named(hours, worktime.local_at(codes), "/settings/calendar/", carried=True))
    count("coordination", coordination.held)
    count("circle", circle.held)
    count("knowledge", lambda codes: named(answers, knowledge.titles_at(codes), "/knowledge/"))
    count("evaluation", lambda codes: named(indices, units.names_at(codes), "/evaluation/data/", stays=True))
    follow("response", response_follows)
    follow("worktime", worktime_follows)
    follow("coordination", coordination_follows)


def news(actor: Actor, scope: str, after: int) -> dict[str, Any]:
    """What a live page is told: boards by their division, the inbox by its own; other pages only learn the position."""
    from linli.command import queries as command
    from linli.coordination.queries import calls
    from linli.response import queries as response_queries
    from linli.workbench import queries as workbench

    if scope.startswith("0:"):
        return command.news(actor, scope, after)
    if scope.startswith("case:"):
        return response_queries.case_news(actor, int(scope[5:]), after)
    if scope.startswith("summons:"):
        return calls.news(actor, int(scope[8:]), after)
    return workbench.news(actor, after) if scope == "inbox" else {}


def relay_is_alive() -> Finding:
    """Nothing has waited for its position for longer than a minute: else live pages and subscribers stand still."""
    from linli.flow import relay
    from linli.site.health import Finding

    lag_s = relay.lag_s()
    return Finding(lag_s < 60, f"{lag_s:.0f} s behind")


def seal() -> None:
    """The daily seal over the journal."""
    from linli.flow import seals

    seals.make_seal()


def alarms() -> None:
    """Rungs of the ladder, planned ends of pauses, offers that nobody claimed."""
    from linli.response import actions as response

    for _round in range(20):
        if response.ring_alarms() < 500:
            return


def summons_alarms() -> None:
    """Bodies that were called and did not come or answer in time."""
    from linli.coordination.actions.answers import ring_summons

    ring_summons()


def topics() -> None:
    """Places where one class of cases comes again and again."""
    from linli.coordination.actions import topic_finding

    topic_finding.find_topics()


def campaigns() -> None:
    """Campaigns whose day has come, and those whose last day is over."""
    from linli.coordination.actions import campaigns as coordination

    coordination.campaigns_take_effect()


def borders() -> None:
    """An approved change of grids or borders whose day has come."""
    from linli.ground.actions.carrying import begin_due

    begin_due()


def types() -> None:
    """Matter types that were settled to begin or end today."""
    from linli.response.actions import types as matter_types

    matter_types.take_effect()


def retention() -> None:
    """What has outlived its purpose goes: contacts, drafts of photographs, old texts, old rate buckets, what imports left."""
    from linli.accounts import actions as accounts
    from linli.circle.actions import imports as circle_imports
    from linli.coordination.actions import roster
    from linli.coordination.actions import upkeep as coordination
    from linli.core import clock
    from linli.exchange import actions as exchange
    from linli.files import jobs as files
    from linli.response import actions as response
    from linli.site import limits, throttle
    from linli.vault import jobs as vault

    vault.sweep()
    files.sweep()
    throttle.sweep()
    exchange.sweep()
    circle_imports.sweep()
    accounts.forget_login_attempts(before=clock.now() - timedelta(days=1))
    response.erase_old_texts(actor=SYSTEM)
    coordination.erase_old_call_texts(actor=SYSTEM)
    roster.forget_duty_accounts(
        actor=SYSTEM, before=clock.today() - timedelta(days=limits.days(limits.Kept.DUTY_ACCOUNT))
    )


def editions() -> None:
    """Homes and facilities follow the territory into its live edition."""
    from linli.circle.actions import follow_territory

    follow_territory(actor=SYSTEM)


def statistics() -> None:
    """SQLite plans by what it last counted and counts only when asked; PostgreSQL sees to it by itself."""
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit=1000")
            cursor.execute("PRAGMA optimize=0x10002")


PERIODIC = [
    ("alarms", 20, alarms),
    ("summons", 20, summons_alarms),
    ("types", 60, types),
    ("borders", 60, borders),
    ("campaigns", 60, campaigns),
    ("topics", 24 * 3600, topics),
    ("editions", 20, editions),
    ("seal", 24 * 3600, seal),
    ("retention", 3600, retention),
    ("statistics", 6 * 3600, statistics),
]
