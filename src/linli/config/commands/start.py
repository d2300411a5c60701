"""`linli run` and `linli serve`: prepare, then the web and the worker under one supervisor."""

from __future__ import annotations

import argparse
import errno
import http.client
import os
import socket
import sys
import time
from typing import Any

from django.utils.translation import gettext as _

from . import Failed, add, demonstration, pack, preparation

WEB_WORKERS = 2


def register(subcommands: Any) -> None:
    parser = add(subcommands, "run", _("准备好一切并启动（地址由 HOST 和 PORT 决定）"), run)
    parser.add_argument("--demonstration", action="store_true", help=_("装入演示数据，演示账号可以登录"))
    add(subcommands, "serve", _("正式启动：没有演示数据和演示账号，不自动更新已有数据库的结构"), serve)


def run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    _port_is_free()
    preparation.prepare()
    preparation.migrate()
    pack.load_if_missing()
    if options.demonstration:
        demonstration.load_if_empty()
    return _supervise(began)


def serve(options: argparse.Namespace) -> int:
    began = time.monotonic()
    _port_is_free()
    preparation.prepare()
    if preparation.is_new():
        preparation.migrate()
    elif waiting := preparation.pending():
        raise Failed(_("数据库结构需要更新（%(n)d 步）。请运行 linli upgrade，它会先备份。") % {"n": len(waiting)})
    pack.load_if_missing()
    return _supervise(began)


def _port_is_free() -> None:
    """Say clearly that the port is taken, before anything else is done. Raises Failed."""
    from django.conf import settings

    family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, settings.PORT))
        except OSError as error:
            place = {"host": settings.HOST, "port": settings.PORT, "other": settings.PORT + 1}
            if error.errno == errno.EADDRINUSE:
                text = _("端口 %(port)d 已被占用。换一个：PORT=%(other)d make run")
            elif error.errno == errno.EACCES:
                text = _("没有权限使用端口 %(port)d：1024 以下的端口要由反向代理来监听。")
            else:
                text = _("不能在 %(host)s:%(port)d 上监听，请检查 HOST 和 PORT。")
            raise Failed(text % place) from error
        except OverflowError as error:
            raise Failed(_("PORT 应在 1 到 65535 之间。")) from error


def _supervise(began: float) -> int:
    from django.conf import settings
    from django.db import connections

    from linli.config import background
    from linli.config.supervisor import Child, Supervisor

    lock = background.take_lock()
    if lock is None:
        raise Failed(_("这个数据库已经有一套邻里在运行。请先停掉它，或用 LINLI_VAR 和 DATABASE_URL 另指一处。"))
    lock.close()  # the worker takes it for itself
    connections.close_all()
    here = {"PYTHONPATH": os.pathsep.join([str(settings.SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])}
    children = [
        Child("web", _web_command(settings.HOST, settings.PORT), here | {"LINLI_WARM": "1"}),
        Child("worker", [sys.executable, "-m", "linli.config.cli", "worker"], here),
    ]
    return Supervisor(children, is_ready=_answers, on_ready=lambda: _welcome(time.monotonic() - began), say=_say).run()


def _web_command(host: str, port: int) -> list[str]:
    """Granian over WSGI. One thread a worker: on SQLite more of them only wait for each other."""
    threads = os.environ.get("LINLI_THREADS", "1")
    workers = os.environ.get("LINLI_WORKERS", str(WEB_WORKERS))
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", workers, "--blocking-threads", threads, "--respawn-failed-workers", "--respawn-interval", "1"),
        *("--workers-kill-timeout", "8", "--no-ws", "--log-level", "warning"),
        "linli.config.wsgi:application",
    ]


def _reach() -> tuple[str, int]:
    from django.conf import settings

    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names of "all interfaces", nothing is bound here
    return everywhere.get(settings.HOST, settings.HOST), settings.PORT


def _answers() -> bool:
    """Whether the web answers at all; whether it is healthy is what /healthz itself says."""
    host, port = _reach()
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status < 600
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _welcome(elapsed_s: float) -> None:
    from django.conf import settings

    host, port = _reach()
    shown = f"[{host}]" if ":" in host else host
    print()
    print(_("邻里已启动：%(address)s （%(s).1f 秒）") % {"address": f"http://{shown}:{port}/", "s": elapsed_s})
    if settings.DEMONSTRATION:
        demonstration.print_accounts()
    print(_("按 Ctrl-C 停止。"))


def _say(words: str) -> None:
    print(f"linli: {words}", file=sys.stderr)
