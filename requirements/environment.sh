#!/bin/sh
# Makes the virtual environment from a hash-locked list: environment.sh run|all [folder]
# Nothing happens when the folder already holds exactly that list.
set -eu
list="$1"
venv="${2:-.venv}"
here=$(cd "$(dirname "$0")/.." && pwd)
lock="$here/requirements/$list.txt"

installed() { cmp -s "$lock" "$venv/installed-$1.txt"; }

if [ -x "$venv/bin/python" ]; then
    installed "$list" && exit 0
fi

say() { printf '%s\n' "$*" >&2; }

right_version() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1
}

python=""
for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python; do
    if command -v "$candidate" >/dev/null 2>&1 && right_version "$candidate"; then
        python="$candidate"
        break
    fi
done
if [ -z "$python" ]; then
    say "Linli needs Python 3.11, 3.12 or 3.13; none was found. 需要 Python 3.11、3.12 或 3.13。"
    say "Debian: apt-get install python3 python3-venv; or name one: make run PYTHON=/path/to/python3.11"
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    say "$python cannot make virtual environments. 缺少 venv 模块。"
    say "Debian: apt-get install python3-venv, then run the same command again. 安装后重新运行即可。"
    exit 1
fi

if [ ! -x "$venv/bin/python" ] || ! right_version "$venv/bin/python"; then
    say "Making $venv with $("$python" --version). 正在建立运行环境……"
    "$python" -m venv --clear "$venv"
fi
rm -f "$venv"/installed-*.txt
say "Installing $(grep -c '==' "$lock") locked packages; about a minute. 正在安装依赖，约一分钟……"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --progress-bar off \
    --require-hashes --requirement "$lock"

# The project runs from its own folder: no build tool has to be fetched for that.
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$here/src" > "$site/linli.pth"
cp "$lock" "$venv/installed-$list.txt"
if [ "$list" = all ]; then cp "$here/requirements/run.txt" "$venv/installed-run.txt"; fi
