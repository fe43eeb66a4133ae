# setup.bash - sourced by quickstart and check: messages, packages, the build.
# Wants: $project, the source tree's folder.
# shellcheck disable=SC2034,SC2154 # variables are shared with those who source this

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# fail WHAT [LOG [ADVICE]]: what failed, where it is written, what to do.
fail() {
    say "$1"
    if [ -n "${2:-}" ] && [ -s "${2:-}" ]; then
        printf '  from %s:\n' "$2" >&2
        { grep -E 'error:|undefined reference|^E: ' "$2" | tail -n 8; tail -n 10 "$2"; } |
            cut -c1-300 | sed 's/^/    /' >&2
    fi
    if [ -n "${3:-}" ]; then printf '  %s\n' "$3" >&2; fi
    exit 1
}

build_packages=(
    gcc libc6-dev make autoconf automake libtool pkg-config git curl perl procps
    apache2-bin apache2-dev libaprutil1-dbd-mysql libaprutil1-dbd-sqlite3
    libjansson-dev uuid-dev libsodium-dev libicu-dev libssl-dev libcurl4-openssl-dev
    libzip-dev zlib1g-dev libexpat1-dev libxlsxwriter-dev libsqlite3-dev libmariadb-dev
)
database_packages=(mariadb-server-core mariadb-client-core)
check_packages=(libcmocka-dev clang libclang-rt-14-dev clang-format universal-ctags shellcheck valgrind sqlite3
    chromium fonts-dejavu-core python3-prometheus-client unzip)

# What has the commands, whoever packaged them.
is_npm() { command -v node >/dev/null && command -v npm >/dev/null; }
is_npm || build_packages+=(nodejs npm)

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q ' installed$'; }

# need_packages LOG PACKAGE...: installs those that are missing. None of them starts a service.
need_packages() {
    local log=$1 package as_root=() missing=()
    shift
    if ! command -v dpkg-query >/dev/null; then
        say "this is no Debian: what is missing, configure will say"
        return
    fi
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            fail "packages are missing and there is no sudo" "" "As root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing ${#missing[@]} packages (log: $log)"
    : >>"$log" || fail "the log $log cannot be written"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update >>"$log" 2>&1 ||
        fail "apt-get update failed" "$log" "Is the network there? With all packages at hand: --no-install."
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends install "${missing[@]}" >>"$log" 2>&1 ||
        fail "apt-get install failed" "$log" "Try: apt-get install ${missing[*]}"
}

# make_configure LOG: configure, when there is none or it is out of date.
make_configure() {
    local log=$1
    [ -w "$project" ] || fail "the folder $project is not yours to write" "" \
        "Build as its owner, or clone into a folder of your own."
    [ ! -e "$project/config.status" ] || fail "the source tree was configured in place" "" \
        "Run make distclean first: this builds in $project/build."
    (
        flock 9
        if [ ! -x "$project/configure" ] || [ ! -f "$project/build-aux/ltmain.sh" ] ||
            [ -n "$(find "$project/configure.ac" "$project/Makefile.am" "$project"/mod_crm/*/Makefile.inc \
                "$project"/t/unit/*/Makefile.inc "$project"/t/fuzz/Makefile.inc -newer "$project/Makefile.in" 2>/dev/null)" ]; then
            cd "$project" && autoreconf -fi
        fi
    ) 9>"$project/build/.configure.lock" >>"$log" 2>&1 || fail "autoreconf failed" "$log"
}

# build FOLDER LOG CONFIGURE-OPTION...: configures when the options are new, and makes all.
build() {
    local folder=$1 log=$2 options
    shift 2
    options="CC=${CC:-} $*"
    mkdir -p "$folder"
    if [ ! -f "$folder/Makefile" ] || [ "$(cat "$folder/.options" 2>/dev/null)" != "$options" ]; then
        (cd "$folder" && "$project/configure" "$@") >>"$log" 2>&1 ||
            fail "configure failed" "$log" "Install what it names."
        printf '%s\n' "$options" >"$folder/.options"
    fi
    CRM_NPM_FOLDER=$project/build/npm make -C "$folder" -j2 >>"$log" 2>&1 || fail "make failed" "$log"
}

# A port of ADDRESS that is free now.
free_port() {
    perl -MIO::Socket::IP -e '
        my $socket = IO::Socket::IP->new(LocalHost => $ARGV[0], LocalPort => $ARGV[1], Listen => 1, ReuseAddr => 1)
            or exit 1;
        print $socket->sockport' "$1" "${2:-0}" 2>/dev/null
}

# LENGTH random characters of A-Z a-z 0-9.
random_text() {
    perl -e '
        open my $random, "<:raw", "/dev/urandom" or die;
        my @set = ("A".."Z", "a".."z", 0..9);
        my $text = "";
        while (length $text < $ARGV[0]) {
            read $random, my $byte, 1;
            $text .= $set[ord($byte) % 62] if ord($byte) < 248;
        }
        print $text' "$1"
}

# Can USER reach FOLDER?
can_search() {
    [ "$(id -u)" = 0 ] || { [ -x "$2" ]; return; }
    setpriv --reuid="$1" --regid="$1" --clear-groups test -x "$2"
}

# Ends process PID, if its command line holds MARK, within SECONDS. 1: it still runs.
end_process() {
    local pid=$1 mark=$2 seconds=$3 tries
    is_process "$pid" "$mark" || return 0
    kill -TERM "$pid" || return 1
    for ((tries = seconds * 10; tries > 0; tries--)); do
        is_process "$pid" "$mark" || return 0
        sleep 0.1
    done
    return 1
}

is_process() {
    # it may end between any two of these
    [ -n "$1" ] && [ -r "/proc/$1/cmdline" ] && { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null | grep -qF -- "$2"
}
