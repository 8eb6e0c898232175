# Sourced by run and test: finds Python, asks the system for packages, fills .venv from a lock.
# Everything here is skipped in milliseconds when the stamp says that it was done before.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ "${CI:-}" != true ] || exec </dev/null

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

# as_root COMMAND...: as we are when root, through sudo when there is one, else false.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then
    if [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
  else return 1; fi
}

# again COMMAND...: once more when it failed: a network may drop a line for a moment.
again() { "$@" || { say "That did not work; trying once more."; "$@"; }; }

# apt_get ARGUMENT...: waits while another program holds one of apt's locks: a new machine begins with its own updates.
# apt's DPkg::Lock::Timeout does not do it: that waits for dpkg's locks, not for those of the lists and the archives.
PATIENCE=900 # seconds
apt_get() {
  local said holder waiting= until=$((SECONDS + PATIENCE))
  until { said=$(as_root env LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive apt-get "$@" 2>&1 >&3); } 3>&2; do
    if [[ $said != *"Could not get lock"* ]] || [ "$SECONDS" -ge "$until" ]; then say "$said"; return 1; fi
    holder="another program"
    if [[ $said =~ (process\ [0-9]+\ \([^\)]*\)) ]]; then holder=${BASH_REMATCH[1]}; fi
    [ "$waiting" = "$holder" ] || say "Waiting for $holder, which holds a lock of apt (at most $((PATIENCE / 60)) minutes)"
    waiting=$holder
    sleep 2
  done
  say "$said"
}

# packages NAME...: installs them from the system's own archive, or prints the line to type and stops.
packages() {
  local line="install -y --no-install-recommends $*"
  say "Installing system packages: $*"
  command -v apt-get >/dev/null || stop "This system has no apt-get. Install by hand, then start again: $*"
  { apt_get update && apt_get $line; } >&2 ||
    stop "These packages are missing. Type this line, then start again:
  sudo apt-get $line"
}

# find_python: sets PYTHON to an interpreter that is new enough, 64-bit, and can make environments.
find_python() {
  local try
  PYTHON=
  for try in python3 python3.13 python3.12 python3.11; do
    if "$try" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then PYTHON=$try; break; fi
  done
  if [ -z "$PYTHON" ] && ! command -v python3 >/dev/null; then packages python3 python3-venv; PYTHON=python3; fi
  [ -n "$PYTHON" ] || stop "Python 3.11 or newer is needed; this system has $(python3 -V 2>&1)."
  "$PYTHON" -c 'import sys; sys.exit(sys.maxsize < 2**32)' ||
    stop "32-bit systems are not supported: put the 64-bit Raspberry Pi OS on this machine."
  "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || packages python3-venv
}

# stamp FILE...: one line for this Python, this machine and these lock files.
stamp() {
  { .venv/bin/python -c 'import platform, sys; print(sys.version, platform.machine())'; cat "$@"; } | sha256sum | cut -d' ' -f1
}

# environment SET LOCK: .venv holds what LOCK names. A changed lock, Python or machine is noticed by its stamp.
# Sets FRESH when there was something to do.
FRESH=
environment() {
  local set=$1 lock=$2
  if [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null &&
    [ "$(cat ".venv/.stamp-$set" 2>/dev/null)" = "$(stamp "$lock")" ]; then return; fi
  FRESH=yes
  find_python
  if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "Making the environment .venv with $("$PYTHON" -V)"
    "$PYTHON" -m venv --clear .venv
  fi
  .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip --upgrade >&2
  say "Installing Python packages from $lock (the first time takes about a minute)"
  again .venv/bin/python -m pip install --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r "$lock" >&2 ||
    stop "The packages of $lock could not be installed: see the lines above."
  .venv/bin/python -m compileall -q -j 0 app hardware >&2 || true
  stamp "$lock" >".venv/.stamp-$set"
}
