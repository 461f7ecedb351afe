# Sourced by the other scripts: installing what Debian has.

need_root() { [ "$(id -u)" = 0 ] || fail "root is needed to $*"; }

# Packages that hold the given programs, as PROGRAM:PACKAGE.
install_missing() {
    local each packages=()
    for each in "$@"; do
        command -v "${each%%:*}" >/dev/null || packages+=("${each##*:}")
    done
    [ ${#packages[@]} = 0 ] && return
    need_root "install ${packages[*]}"
    command -v apt-get >/dev/null || fail "install ${packages[*]} first: there is no apt-get here"
    say "installing ${packages[*]}"
    apt-get update -qq || say "some package lists could not be fetched"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}
