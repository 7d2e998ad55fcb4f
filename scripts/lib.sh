# Sourced by the scripts beside it: messages, missing packages, install prefixes.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto} PYTHONDONTWRITEBYTECODE=1

say() { printf '%s\n' "== $*"; }
die() { printf '%s\n' "$0: $*" >&2; exit 1; }

# Runs a command as root: directly, or by sudo where that asks no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

# install_packages PACKAGE...: by the system's package manager, saying so.
apt_updated=
# RUNLEVEL=1: a server that is installed need not be started as a service.
install_packages() {
    say "installing $*"
    command -v apt-get >/dev/null || die "please install: $* (no apt-get here)"
    if [ -z "$apt_updated" ]; then
        as_root apt-get -qq update </dev/null || die "please install: $* (apt-get update needs root and a network)"
        apt_updated=1
    fi
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -y --no-install-recommends install "$@" \
        </dev/null >/dev/null || die "please install: $*"
}

# need TOOL=PACKAGE...: installs the packages of the tools that are missing.
need() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || [ -x "/usr/sbin/${pair%%=*}" ] || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
    case :$PATH: in *:/usr/sbin:*) ;; *) PATH=$PATH:/usr/sbin ;; esac
}

need_rust() {
    command -v cargo >/dev/null || [ ! -f "$HOME/.cargo/env" ] || . "$HOME/.cargo/env"
    command -v cargo >/dev/null || die "Rust is missing: install it as https://rustup.rs says"
}

# link_prefix DIR LIBDIR: makes DIR an install prefix (include/, lib/) of the library that cargo left in
# LIBDIR; lib/ also has it under the names that programs linked with -lwebsockets ask for.
link_prefix() {
    local dir=$1 libs=$2 so
    for so in libsecurestreams.so libsecurestreams.a; do
        [ -e "$libs/$so" ] || die "$libs/$so is missing: run cargo build first"
    done
    [ -e "$ROOT/include/libwebsockets.h" ] || die "include/libwebsockets.h is missing"
    mkdir -p "$dir/lib"
    ln -sfn "$ROOT/include" "$dir/include"
    for so in libsecurestreams.so libsecurestreams.so.0 libwebsockets.so libwebsockets.so.22; do
        ln -sfn "$libs/libsecurestreams.so" "$dir/lib/$so"
    done
    for so in libsecurestreams.a libwebsockets.a; do ln -sfn "$libs/libsecurestreams.a" "$dir/lib/$so"; done
}

# release_prefix: builds the release library and prints the prefix made of it.
release_prefix() {
    # beside a Rust library cargo would not optimise across crates
    (cd "$ROOT" && cargo rustc --release --locked -p securestreams --lib --crate-type cdylib,staticlib >&2) || return
    link_prefix "$TARGET/prefix-release" "$TARGET/release"
    printf '%s\n' "$TARGET/prefix-release"
}

# Python for the conformance fixtures: the system's if it has the modules, else a virtual environment in target/.
fixture_python() {
    local py mods='import h2, websockets.asyncio.client'
    for py in python3 /usr/bin/python3 "$TARGET/venv/bin/python3"; do
        if "$py" -c "$mods" 2>/dev/null; then printf '%s\n' "$py"; return; fi
    done
    if (install_packages python3 python3-h2 python3-websockets) >&2 && /usr/bin/python3 -c "$mods" 2>/dev/null; then
        printf '%s\n' /usr/bin/python3
        return
    fi
    say "making a virtual environment with h2 and websockets" >&2
    if python3 -m venv "$TARGET/venv" >&2 && "$TARGET/venv/bin/pip" -q install h2 websockets >&2; then
        printf '%s\n' "$TARGET/venv/bin/python3"
        return
    fi
    # the scenarios that need the modules are then skipped by name
    printf '%s\n' python3
}

# Node with the module ws, an independent peer. Tests that want it say so where it is missing.
fixture_node() {
    NODE_PATH=${NODE_PATH:+$NODE_PATH:}/usr/share/nodejs node -e "require('ws')" 2>/dev/null ||
        (install_packages nodejs node-ws) || say "no Node with the module ws: what is tested with it is skipped"
}
