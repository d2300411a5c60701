"""What `linli doctor` looks at. Each check answers findings: how it stands and, if not well, how to mend it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import ipaddress
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from linli.core import clock

from . import proxy

OK, WARN, ERROR = "ok", "warn", "error"
LOW_DISK_MB = 500
BEAT_LATE_S = 30
SEAL_LATE_H = 36


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is ok, warn or error; `mend` is what to do, empty when all is well."""

    name: str
    level: str
    text: str
    mend: str = ""


Check = Callable[[], Iterator[Finding]]


def examine(addresses: Sequence[str] = ()) -> list[Finding]:
    """All findings, in order. A check that breaks is a finding too, never the end of the examination.

    `addresses` are the public ones (`https://linli.example.org`); without them they follow from LINLI_HOSTS.
    """

    def in_front() -> Iterator[Finding]:
        return proxies(addresses)

    found = [f for check in (*MACHINE, in_front, *DATABASE) for f in _ask(check)]
    if all(f.level == OK for f in found if f.name in {"database", "migrations"}):
        found += [f for check in TABLES for f in _ask(check)]
    return found


def _ask(check: Check) -> list[Finding]:
    try:
        return list(check())
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        return [Finding(check.__name__, ERROR, text, _("这项检查没能完成，请把这一行告诉维护者。"))]


def python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    yield Finding("python", OK if good else ERROR, f"Python {version}", "" if good else _("请用 Python 3.11 至 3.13。"))


def packages() -> Iterator[Finding]:
    """Installed versions against the lock."""
    lock = settings.ROOT / "requirements" / "run.txt"
    if not lock.exists():
        yield Finding("packages", WARN, _("没有依赖清单 requirements/run.txt"), _("请从完整的检出运行。"))
        return
    wanted: dict[str, set[str]] = {}
    sometimes: set[str] = set()  # a line with a marker may rightly be absent on this machine, or stand there twice
    for name, version, marker in re.findall(r"^([\w.-]+)==([^\s;\\]+)([^\\\n]*)", lock.read_text(), re.MULTILINE):
        wanted.setdefault(name, set()).add(version)
        if marker.strip():
            sometimes.add(name)
    wrong = []
    for name, versions in wanted.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = ""
        if found not in versions and (found or name not in sometimes):
            wrong.append(f"{name} {found or '-'} ≠ {'/'.join(sorted(versions))}")
    if wrong:
        yield Finding("packages", ERROR, _("依赖与清单不符：%(what)s") % {"what": "; ".join(wrong[:5])}, "make run")
    else:
        yield Finding("packages", OK, _("%(n)d 个依赖与清单一致") % {"n": len(wanted)})


def database() -> Iterator[Finding]:
    try:
        connection.ensure_connection()
    except Exception as error:
        yield Finding(
            "database", ERROR, _("连不上数据库：%(error)s") % {"error": str(error).strip()}, _("请检查 DATABASE_URL。")
        )
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA journal_mode")
            mode = str(cursor.fetchone()[0])
            cursor.execute("SELECT sqlite_version()")
            text = f"SQLite {cursor.fetchone()[0]}, journal_mode={mode}"
            good = mode in {"wal", "memory"}
            yield Finding(
                "database",
                OK if good else ERROR,
                text,
                "" if good else _("数据库文件要放在本机磁盘上，网络盘不支持 WAL。"),
            )
        else:
            cursor.execute("SHOW server_version")
            yield Finding("database", OK, f"PostgreSQL {cursor.fetchone()[0]}")


def migrations() -> Iterator[Finding]:
    from .commands.preparation import is_new, pending

    waiting = pending()
    if is_new():
        yield Finding("migrations", WARN, _("数据库还是空的"), "make run")
    elif waiting:
        yield Finding("migrations", ERROR, _("数据库结构落后 %(n)d 步") % {"n": len(waiting)}, "linli upgrade")
    else:
        yield Finding("migrations", OK, _("数据库结构是最新的"))


def folders() -> Iterator[Finding]:
    for folder in (settings.VAR, Path(settings.MEDIA_ROOT), settings.SEALS, settings.KEYS):
        probe = folder / ".doctor"
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            yield Finding(
                "folders", ERROR, _("不能写入 %(folder)s：%(error)s") % {"folder": folder, "error": error.strerror},
                _("请把它交给运行邻里的用户。"),
            )  # fmt: skip
            return
    yield Finding("folders", OK, _("数据文件夹可以写入：%(folder)s") % {"folder": settings.VAR})


def keys() -> Iterator[Finding]:
    from linli.vault import keys as vault_keys

    problems = list(vault_keys.problems())
    for path in settings.KEYS.iterdir():
        if path.name == "session.secret" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            problems.append(f"{path.name}: chmod 600")
    for problem in problems:
        yield Finding("keys", ERROR, problem, _("请改正后再启动，并查明谁读过。"))
    if not problems:
        yield Finding("keys", OK, _("密钥只有本用户能读：%(folder)s") % {"folder": settings.KEYS})


def disk() -> Iterator[Finding]:
    free_mb = shutil.disk_usage(settings.VAR).free // 1_000_000
    good = free_mb >= LOW_DISK_MB
    text = _("剩余磁盘 %(mb)d MB") % {"mb": free_mb}
    yield Finding("disk", OK if good else ERROR, text, "" if good else _("请清理磁盘：写满时新的事项收不进来。"))


def worker() -> Iterator[Finding]:
    from .background import heartbeat_age_s, read_heartbeat

    age = heartbeat_age_s()
    if age is None:
        yield Finding("worker", WARN, _("后台进程没有在运行"), _("make run 会一起启动它；单独启动用 linli worker。"))
        return
    level = OK if age < BEAT_LATE_S else ERROR
    text = _("后台进程 %(s)d 秒前还在") % {"s": age}
    yield Finding("worker", level, text, "" if level == OK else _("后台进程停了，请重新启动。"))
    for name, state in read_heartbeat().get("loops", {}).items():
        if state["last_error"]:
            said = {"name": name, "n": state["failures"], "error": state["last_error"]}
            yield Finding(
                "worker", WARN, _("%(name)s 失败过 %(n)d 次，最近一次 %(error)s") % said, _("请看后台进程的日志。")
            )


def relay() -> Iterator[Finding]:
    """How long the oldest outbox row has waited for its position, and which subscribers are stuck."""
    from django.apps import apps

    oldest = (
        apps.get_model("flow", "Outbox")
        ._default_manager.filter(position=None)
        .order_by("pk")
        .values_list("journal__at", flat=True)
        .first()
    )
    age = (clock.now() - oldest).total_seconds() if oldest else 0.0
    level = OK if age < BEAT_LATE_S else ERROR
    text = _("转发没有积压") if not oldest else _("最早一条等待转发 %(s)d 秒") % {"s": age}
    yield Finding("relay", level, text, "" if level == OK else _("后台进程的转发停了，请重新启动。"))
    stuck = apps.get_model("flow", "Cursor")._default_manager.filter(failures__gt=0)
    for name, failures, error in stuck.values_list("name", "failures", "last_error"):
        said = {"name": name, "n": failures, "error": error}
        yield Finding(
            "relay", WARN, _("订阅 %(name)s 连续失败 %(n)d 次（%(error)s）") % said, _("会自动重试；请看日志。")
        )


def browser() -> Iterator[Finding]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    mend = _("只有浏览器测试和截图需要：apt-get install chromium")
    yield Finding("browser", OK if found else WARN, found or _("没有 Chromium（可选）"), "" if found else mend)


def fonts() -> Iterator[Finding]:
    lister = shutil.which("fc-list")
    names = subprocess.run([lister, ":lang=zh", "family"], capture_output=True, check=False).stdout if lister else b""
    mend = _("只有本机截图需要：apt-get install fonts-noto-cjk")
    yield Finding(
        "fonts", OK if names else WARN, _("有中文字体") if names else _("没有中文字体（可选）"), "" if names else mend
    )


def printing() -> Iterator[Finding]:
    from linli.site import printing as papers

    mend = _(
        "只有社区一览的 PDF 需要：pip install weasyprint，apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
        "libharfbuzz-subset0 fonts-noto-cjk；没有时用浏览器打印同一页。"
    )
    found = papers.available()
    yield Finding(
        "printing",
        OK if found else WARN,
        _("能生成 PDF") if found else _("不能生成 PDF（可选）"),
        "" if found else mend,
    )


def holidays() -> Iterator[Finding]:
    from linli.worktime import queries

    end = queries.table_end()
    text = _("法定节假日到 %(day)s 为止有正式通知") % {"day": end.last_official.isoformat()}
    yield Finding("holidays", WARN if end.sentence else OK, text, str(end.sentence or ""))


def time_and_zone() -> Iterator[Finding]:
    """Our clock against the database's and against the newest line of the journal."""
    from django.apps import apps

    skew = 0.0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            skew = abs((cursor.fetchone()[0] - datetime.now(UTC)).total_seconds())
    newest = apps.get_model("flow", "Journal")._default_manager.order_by("-pk").values_list("at", flat=True).first()
    ahead = (newest - datetime.now(UTC)).total_seconds() if newest else 0.0
    if skew > 5 or ahead > 60:
        yield Finding(
            "clock",
            ERROR,
            _("时钟相差 %(s)d 秒") % {"s": max(skew, ahead)},
            _("请让本机和数据库服务器都与时间服务器同步。"),
        )
    else:
        yield Finding("clock", OK, _("北京时间 %(now)s") % {"now": f"{clock.local(clock.now()):%Y-%m-%d %H:%M:%S}"})


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address() -> Iterator[Finding]:
    local = _is_local(settings.HOST)
    place = f"{settings.HOST}:{settings.PORT}"
    if local or settings.HTTPS:
        yield Finding("address", OK, place)
    else:
        mend = _("请在前面放一个 HTTPS 反向代理，并设 LINLI_HTTPS=1 和 LINLI_TRUSTED_PROXIES=1。")
        yield Finding("address", WARN, _("%(place)s 对外用明文 HTTP：密码会在路上被看见") % {"place": place}, mend)
    names = set(settings.ALLOWED_HOSTS)
    if "*" in names:
        yield Finding("hosts", ERROR, _("LINLI_HOSTS 不应为 *"), _("请写出真正的域名。"))
    elif not local and not {n for n in names if not _is_local(n.strip("[]"))}:
        yield Finding(
            "hosts", ERROR, _("LINLI_HOSTS 里只有本机：别人打开会得到 400"), "LINLI_HOSTS=linli.example.org,127.0.0.1"
        )
    else:
        yield Finding("hosts", OK, ", ".join(sorted(names)))


def proxies(addresses: Sequence[str] = ()) -> Iterator[Finding]:
    """Whether a proxy that takes whole requests stands in front: settings first, then the public address itself."""
    scheme = "https" if settings.HTTPS else "http"
    names = [n.lstrip(".") for n in settings.ALLOWED_HOSTS if n != "*" and not _is_local(n.strip("[]"))]
    asked = list(addresses) or [f"{scheme}://{name}" for name in names]
    mend = _("请在前面放一个收完整个请求才转交的反向代理（nginx 默认如此），见 docs/guide/server.md。")
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        text = _("设了 LINLI_HTTPS=1，却没有设 LINLI_TRUSTED_PROXIES：网页会一直跳转")
        yield Finding("proxy", ERROR, text, "LINLI_TRUSTED_PROXIES=1")
    if not addresses and not settings.TRUSTED_PROXIES:
        if not _is_local(settings.HOST):
            text = _("没有反向代理：慢慢发送的请求会占住网页进程，几个就能让所有人打不开")
            yield Finding("proxy", WARN, text, f"{mend} LINLI_TRUSTED_PROXIES=1")
        elif not settings.HTTPS:
            yield Finding("proxy", OK, _("只有本机能打开，不需要反向代理"))
        return
    if not asked:
        text = _("不知道对外的地址，没有检查反向代理")
        yield Finding("proxy", WARN, text, "linli doctor --address https://linli.example.org")
    for address in asked:
        front = proxy.ask(address)
        if front.how == proxy.BUFFERED:
            yield Finding("proxy", OK, _("%(address)s：反向代理收完整个请求才转交") % {"address": address})
        elif front.how == proxy.STREAMED:
            text = _("%(address)s：没收完的请求直接到了邻里，慢慢发送的请求会占住网页进程") % {"address": address}
            yield Finding("proxy", ERROR, text, mend)
        else:
            text = _("%(address)s：没能检查反向代理（%(why)s）") % {"address": address, "why": front.why}
            yield Finding("proxy", WARN, text, f"linli doctor --address {address}")


def demonstration() -> Iterator[Finding]:
    if settings.DEMONSTRATION and not _is_local(settings.HOST):
        mend = _("演示密码人人知道：请去掉 LINLI_DEMONSTRATION，改用 make serve。")
        yield Finding("demonstration", ERROR, _("演示模式开在了对外的地址上"), mend)
    elif settings.DEMONSTRATION:
        yield Finding("demonstration", WARN, _("演示模式：演示账号可以登录"), _("正式使用请用 make serve。"))
    else:
        yield Finding("demonstration", OK, _("演示模式关闭"))


def pack() -> Iterator[Finding]:
    from .pack import STEPS

    missing = [str(step.title) for step in STEPS if not step.is_loaded()]
    if missing:
        yield Finding("pack", ERROR, _("资料包没有装全：%(names)s") % {"names": ", ".join(missing)}, "linli load-pack")
    else:
        yield Finding("pack", OK, _("资料包已装入"))


def seal() -> Iterator[Finding]:
    from django.apps import apps

    made = (
        apps.get_model("flow", "Seal")._default_manager.order_by("-position").values_list("made_at", flat=True).first()
    )
    if made is None:
        has_lines = apps.get_model("flow", "Journal")._default_manager.exists()
        yield Finding("seal", WARN if has_lines else OK, _("日志还没有封存过"), "linli seal" if has_lines else "")
        return
    hours = (clock.now() - made).total_seconds() / 3600
    level = OK if hours < SEAL_LATE_H else WARN
    yield Finding("seal", level, _("日志 %(h)d 小时前封存") % {"h": hours}, "" if level == OK else "linli seal")


MACHINE: tuple[Check, ...] = (python, packages, folders, keys, disk, address, demonstration, browser, fonts, printing)
DATABASE: tuple[Check, ...] = (database, migrations)
TABLES: tuple[Check, ...] = (worker, relay, time_and_zone, pack, holidays, seal)  # only where the tables are


def as_dict(finding: Finding) -> dict[str, Any]:
    return {"name": finding.name, "level": finding.level, "text": finding.text, "mend": finding.mend}
