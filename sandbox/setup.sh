#!/bin/bash
# Installs what `make` needs and is missing: Debian packages, the venv, and the local Slack's page.
# Usage: setup.sh [demo|dev]   (demo: sandbox/requirements.txt; dev: requirements-dev.txt, default)
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-dev}
case $mode in
  demo) requirements=sandbox/requirements.txt ;;
  dev) requirements=requirements-dev.txt ;;
  *) echo "setup.sh: '$mode' is neither demo nor dev" >&2; exit 2 ;;
esac
packages=(docker.io redis-server openssh-server openssh-client iproute2 iptables busybox-static tini golang-cfssl
  fonts-dejavu-core)
# Tests log in to hosts as users other than root, stop and start engines with a real systemctl, run hosts of other
# Debian releases, and drive the local Slack's page in Chromium.
if [ "$mode" = dev ]; then packages+=(sudo systemd debootstrap chromium); fi
venv=.venv

exec 3>&2 # also where a step's own output goes to a log
say() { echo "setup: $*" >&3; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Installs packages without starting their services: invoke-rc.d asks policy-rc.d, and exit status 101 forbids it.
install() {
  local policy=/usr/sbin/policy-rc.d put="" log status=0
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    put=yes
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  log=$(mktemp)
  say "installing ${#} Debian packages (a minute or more): $*"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get install -qq -y --no-install-recommends "$@" ||
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@"; }; } >"$log" 2>&1 </dev/null || status=$?
  if [ -n "$put" ]; then
    rm -f $policy
    trap - EXIT
  fi
  if [ "$status" != 0 ]; then
    tail -n 5 "$log" >&2
    say "apt-get could not install: $*"
  fi
  rm -f "$log"
}

# Debian's python3 contains neither venv nor pip.
"${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
missing=()
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "not Debian: skipped its packages (${packages[*]}); tests and demo report what they miss for Docker hosts"
else
  for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} != 0 ] && [ "$(id -u)" != 0 ]; then
    say "not root: skipped installing ${missing[*]}"
  elif [ ${#missing[@]} != 0 ]; then
    install "${missing[@]}"
  fi
fi

# Shows errors, but no warnings.
pip_install() { $venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check "$@"; }

# The venv's stamp is the hash of its requirements; a dev venv also serves the demo.
stamp() { cat "$@" | sha256sum; }
stamped() { [ -x $venv/bin/python ] && [ "$(cat $venv/.stamp 2>/dev/null)" = "$1" ]; }

demo_stamp=$(stamp constraints.txt requirements.txt sandbox/requirements.txt)
dev_stamp=$(stamp constraints.txt requirements.txt sandbox/requirements.txt requirements-dev.txt)
if ! { stamped "$dev_stamp" || { [ "$mode" = demo ] && stamped "$demo_stamp"; }; }; then
  [ -x $venv/bin/python ] || { say "creating $venv"; "${PYTHON:-python3}" -m venv $venv; }
  say "installing the Python packages of $requirements into $venv (up to a minute)"
  pip_install -r "$requirements"
  if [ "$mode" = dev ]; then echo "$dev_stamp"; else echo "$demo_stamp"; fi >$venv/.stamp
fi

# Builds the local Slack's page if its sources have changed, by the machine's npm or by one in the venv. It is a part of
# the sandbox that the rest works without, and that the tour alone, as CI runs it, does not show.
if [ "$mode" = demo ] && [ "${TOUR:-}" = only ]; then exit 0; fi
page=sandbox/slack/page/web
PATH=$PATH:$PWD/$venv/bin
built() { [ "$(cat $page/dist/.stamp 2>/dev/null)" = "$1" ]; }
have_npm() {
  command -v npm >/dev/null || { say "installing npm into $venv"; pip_install "$(cat $page/npm.txt)"; }
}
build_page() {
  local omit=(--omit=dev)
  if [ "$mode" = dev ]; then omit=(); fi
  (
    cd $page
    say "building the local Slack's page"
    npm ci --no-audit --no-fund "${omit[@]}" && npm run --silent build && echo "$1" >dist/.stamp
  )
}
if [ "$mode" = dev ] && ! have_npm; then say "npm could not be installed: the local Slack's page is not checked"; fi
sources=$(stamp $page/package-lock.json $page/index.html $page/src/* $page/style/*)
if ! built "$sources dev" && { [ "$mode" = dev ] || ! built "$sources demo"; }; then
  log=$(mktemp)
  if ! { have_npm && { build_page "$sources $mode" || build_page "$sources $mode"; }; } >"$log" 2>&1; then
    tail -n 10 "$log" >&2
    say "the local Slack's page could not be built; everything else works without it"
  fi
  rm -f "$log"
fi
