# site.bash - sourced by quickstart: a site's folder, its servers, its first data.
# Wants what quickstart read from its options; all else of a site is in $dir/site.json.
# shellcheck disable=SC2154 # variables of quickstart

# ---- the folder

# Where the site lives: as told, else ./site. Root's httpd has children that are www-data and must
# reach it: where that cannot be, ./site becomes a link to a folder below /var/lib.
choose_dir() {
    dir_option=''
    if [ -n "$dir" ]; then
        dir_option=" --dir $dir"
        dir=$(readlink -m "$dir")
        return
    fi
    dir=$(readlink -m "$project/site")
    if [ ! -e "$dir" ] && [ "$action" = start ] && [ "$(id -u)" = 0 ] &&
        ! can_search "$(httpd_user)" "$project"; then
        dir=/var/lib/mod_crm-$(cksum <<<"$project" | cut -d' ' -f1)
        say "$(httpd_user) may not search $project: the site goes to $dir, ./site is a link to it"
        ln -s "$dir" "$project/site"
    fi
}

httpd_user() {
    if [ "$(id -u)" != 0 ]; then id -un; elif id www-data >/dev/null 2>&1; then echo www-data; else echo nobody; fi
}

check_dir() {
    local unfit='[^A-Za-z0-9_./@:+,=~-]'
    mkdir -p "$dir" 2>/dev/null || true
    [ -w "$dir" ] || fail "the folder $dir cannot be made or written" "" \
        "Choose another: ./quickstart --dir DIR"
    [[ ! $dir =~ $unfit ]] ||
        fail "the folder's name $dir has characters that httpd or a database URL cannot take" "" \
            "Choose another: ./quickstart --dir DIR"
    can_search "$(httpd_user)" "$dir" ||
        fail "httpd's children run as $(httpd_user), who may not search $dir" "" \
            "Choose a folder below one that all may search: ./quickstart --dir /srv/mod_crm"
    local was
    was=$(site database)
    database=${database:-${was:-sqlite3}}
    [ "${was:-$database}" = "$database" ] ||
        fail "the site in $dir is on $was" "" "Choose another folder for $database: --dir DIR"
}

# site KEY: a value of site.json; nothing when there is none.
site() {
    [ -s "$dir/site.json" ] || return 0
    perl -MJSON::PP -e '
        local $/;
        open my $file, "<", $ARGV[0] or exit 1;
        my $value = decode_json(<$file>)->{$ARGV[1]};
        print $value if defined $value' "$dir/site.json" "$1"
}

# remember KEY VALUE...: writes them to site.json, whole or not at all.
remember() {
    perl -MJSON::PP -e '
        my ($path, %new) = @ARGV;
        my $site = {};
        if (open my $old, "<", $path) { local $/; $site = decode_json(<$old>); }
        for (keys %new) { $site->{$_} = /pid$/ && length $new{$_} ? $new{$_} + 0 : $new{$_} }
        umask 077;
        open my $file, ">", "$path.new" or die "$path.new: $!";
        print $file JSON::PP->new->pretty->canonical->encode($site) or die;
        close $file or die "$path.new: $!";
        rename "$path.new", $path or die "$path: $!"' "$dir/site.json" "$@"
}

# ---- the software: a copy of its own, so that later builds do not touch a running site

build_and_install() {
    local new=$dir/software.new
    (
        flock 8
        make_configure "$build_log"
        build "$project/build/quickstart" "$build_log" --prefix=/usr --with-moduledir=/usr/modules \
            --without-cmocka
        rm -rf "$new"
        make -C "$project/build/quickstart" install DESTDIR="$new" >>"$build_log" 2>&1 ||
            fail "make install failed" "$build_log"
    ) 8>"$project/build/.quickstart.lock"
    rm -rf "$dir/software.old"
    [ ! -e "$dir/software" ] || mv "$dir/software" "$dir/software.old"
    mv "$new" "$dir/software"
    rm -rf "$dir/software.old"
    software=$dir/software/usr
    local missing=$software/share/mod_crm/docs/swagger/missing.txt
    [ ! -f "$missing" ] || {
        say "the documentation pages lack their packages; the next ./quickstart tries again"
        sed 's/^/    /' "$missing" >&2
    }
}

# What is decided once: accounts and passwords. Written before anything uses them.
remember_site() {
    [ -n "$(site superuser)" ] || remember superuser admin superuser_password "$(random_text 20)" \
        tenant demo tenant_admin demo-admin tenant_admin_password "$(random_text 20)" \
        tenant_token "" database "$database" log "$dir/log/error.log"
}

# ---- databases

start_database() {
    local base name=crm
    if [ "$database" = sqlite3 ]; then
        own_folder "$dir/data"
        main_url=sqlite://$dir/data/crm_main.db
        tenant_url="sqlite://$dir/data/crm_tenant_{slug}.db"
    else
        if [ -z "$database_url" ] && [ ! -d "$dir/mariadb" ]; then
            database_url=$(site database_url)
            database_url=${database_url%_main}
        fi
        if [ -n "$database_url" ]; then
            base=$database_url
        else
            say "starting MariaDB (log: $dir/mariadb/mariadb.log)"
            base=$("$project/scripts/mariadb" start "$dir/mariadb" -- --max-connections=600) || exit 1
        fi
        [[ $base =~ ^([^/]+//[^/]+)/?(.*)$ ]]
        name=${BASH_REMATCH[2]:-crm}
        main_url=${BASH_REMATCH[1]}/${name}_main
        tenant_url="${BASH_REMATCH[1]}/${name}_tenant_{slug}"
    fi
    remember database_url "$main_url"
}

# A folder that httpd's children may write.
own_folder() {
    mkdir -p "$1"
    chmod 700 "$1"
    [ "$(id -u)" != 0 ] || chown "$(httpd_user):" "$1"
}

# ---- httpd

write_config() {
    local modules host=$bind module
    modules=$(apxs -q LIBEXECDIR)
    [[ $bind != *:* ]] || host="[$bind]"
    if [ ! -s "$dir/secret.key" ]; then
        (umask 077 && od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$dir/secret.key")
    fi
    [ "$(id -u)" != 0 ] || chown "$(httpd_user)" "$dir/secret.key"
    own_folder "$dir/spool"
    mkdir -p "$dir/log" "$dir/run"
    (
        umask 077
        {
            echo "# Written by quickstart at each start; --config FILE adds to it."
            echo "ServerRoot \"$dir\""
            echo "ServerName localhost"
            echo "Listen $host:$port"
            echo "PidFile \"$dir/run/httpd.pid\""
            echo "DefaultRuntimeDir \"$dir/run\""
            echo "ErrorLog \"$dir/log/error.log\""
            [ "$(id -u)" != 0 ] || printf 'User %s\nGroup %s\n' "$(httpd_user)" "$(id -gn "$(httpd_user)")"
            for module in mpm_event authn_core authz_core authz_host; do
                echo "<IfModule !${module}_module>"
                echo "    LoadModule ${module}_module \"$modules/mod_$module.so\""
                echo "</IfModule>"
            done
            cat <<CONF
LoadModule crm_module "$software/modules/mod_crm.so"
LogFormat "%h %{CRM_TENANT}e %{CRM_USER}e %t \"%r\" %>s %b" crm
CustomLog "$dir/log/access.log" crm
<Directory "/">
    Require all denied
</Directory>
<Location "/">
    Require all granted
</Location>
<Location "/healthz">
    SetHandler crm-healthz
</Location>
<Location "/readyz">
    SetHandler crm-readyz
</Location>
<Location "/metrics">
    SetHandler crm-metrics
    Require local
</Location>

CrmEngine on
CrmMainDatabase "$main_url"
CrmTenantDatabase "$tenant_url"
CrmMigrations "$software/share/mod_crm/sql"
CrmMailTemplates "$software/share/mod_crm/templates"
CrmDocs "$software/share/mod_crm/docs"
CrmSecretKeyFile "$dir/secret.key"
CrmHistorySpool "$dir/spool"
CrmJobFiles "$dir/jobs"
CrmTokenCache 5s
CrmTenantDomain localhost
CONF
            if [ -n "$database_url" ]; then
                echo "# 16 children, with so many connections each, fit the 151 that servers allow by default"
                echo "CrmPool max=8"
            fi
            [ -z "$config" ] || echo "Include \"$config\""
        } >"$dir/httpd.conf"
    )
}

crmctl() { "$software/bin/crmctl" "$@" --config "$dir/httpd.conf" --httpd "$httpd"; }

choose_port() {
    local wanted=$port was
    was=$(site url)
    was=${was##*:}
    if [ -n "$wanted" ] && [ "$wanted" != 0 ]; then
        free_port "$bind" "$wanted" >/dev/null || fail "port $wanted of $bind is taken" "" \
            "Choose another, or --port 0 for any that is free."
    elif [ -n "$was" ] && free_port "$bind" "$was" >/dev/null; then
        port=$was
    elif [ -z "$wanted" ] && [ -z "$was" ] && free_port "$bind" 8080 >/dev/null; then
        port=8080
    else
        port=$(free_port "$bind") || fail "nothing can listen on $bind" "" "Choose another: --bind ADDRESS"
    fi
}

# Starts httpd. When another program took the port in between, another port is tried.
start_httpd() {
    local asked=$port try address=$bind log=$dir/log/error.log
    httpd=$(apxs -q SBINDIR)/$(apxs -q PROGNAME)
    case $bind in
    0.0.0.0) address=127.0.0.1 ;;
    ::) address='[::1]' ;;
    *:*) address="[$bind]" ;;
    esac
    for try in 1 2 3 4 5; do
        port=$asked
        choose_port
        write_config
        if [ "$try" = 1 ]; then
            say "preparing the databases"
            crmctl migrate >>"$dir/log/setup.log" 2>&1 ||
                fail "the databases could not be prepared" "$dir/log/setup.log" "Is the database there?"
        fi
        remember url "http://$address:$port"
        if launch_httpd; then return; fi
        if [ -n "$asked" ] && [ "$asked" != 0 ]; then break; fi
        tail -n 5 "$dir/log/start.log" "$log" 2>/dev/null | grep -q 'in use' || break
    done
    cat "$dir/log/start.log" >>"$log"
    fail "httpd does not start" "$log"
}

# Starts httpd and waits until it is this one that answers: its pid file is there once it has the port.
launch_httpd() {
    local tries
    rm -f "$dir/run/httpd.pid"
    setsid "$httpd" -f "$dir/httpd.conf" -DFOREGROUND >"$dir/log/start.log" 2>&1 </dev/null &
    httpd_pid=$!
    remember httpd_pid "$httpd_pid"
    for ((tries = 300; tries > 0; tries--)); do
        kill -0 "$httpd_pid" 2>/dev/null || return 1
        if [ "$(cat "$dir/run/httpd.pid" 2>/dev/null)" = "$httpd_pid" ] &&
            curl -s -o /dev/null --max-time 5 "$(site url)/api/auth/test/"; then
            return 0
        fi
        sleep 0.1
    done
    end_process "$httpd_pid" "$dir/httpd.conf" 30 || true
    return 1
}

is_running() { is_process "$(site httpd_pid)" "$dir/httpd.conf"; }

# Waits for the foreground's httpd; its end ends quickstart.
wait_site() {
    while is_running; do
        wait "$httpd_pid" || true
    done
    fail "httpd ended" "$dir/log/error.log"
}

stop_all() {
    end_process "$(site httpd_pid)" "$dir/httpd.conf" 30 ||
        fail "httpd does not end" "$dir/log/error.log" "Is it another user's? Its process is $(site httpd_pid)."
    [ ! -d "$dir/mariadb" ] || "$project/scripts/mariadb" stop "$dir/mariadb"
}

stop_site() {
    [ -s "$dir/site.json" ] || fail "there is no site in $dir"
    [ -r "$dir/site.json" ] || fail "the site in $dir is another user's"
    if is_running; then say "stopping the site in $dir; its data stay"; else say "the site in $dir does not run"; fi
    stop_all
}

# ---- first data, by the API that everybody uses

# call METHOD PATH TOKEN JSON: the answer's body; 1 when the status is not 2xx.
call() {
    local status
    status=$(curl -s -o "$dir/run/answer" -w '%{http_code}' -X "$1" "$(site url)/api/$2" \
        -H 'Content-Type: application/json' ${3:+-H "Authorization: Token $3"} ${4:+--data-binary @-} \
        <<<"${4:-}") || true
    cat "$dir/run/answer" 2>/dev/null
    rm -f "$dir/run/answer"
    [[ $status == 2* ]]
}

# The value of the JSON on standard input at KEY.
json_value() { perl -MJSON::PP -e 'local $/; print decode_json(<STDIN>)->{$ARGV[0]}' "$1"; }

login() { call POST auth/login/ '' "{\"username\": \"$1\", \"password\": \"$2\"}"; }

# The first start makes the accounts; later ones fetch a new token, for the last one may have ended.
fill_site() {
    local answer admin password
    admin=$(site tenant_admin) password=$(site tenant_admin_password)
    if [ ! -e "$dir/filled" ]; then
        make_superuser
        make_tenant "$admin" "$password"
        touch "$dir/filled"
    elif answer=$(login "$admin" "$password"); then
        remember tenant_token "$(json_value token <<<"$answer")"
    else
        say "the password of $admin is no longer the one in $dir/site.json"
    fi
}

# A start that was cut off may have made it.
make_superuser() {
    if login "$(site superuser)" "$(site superuser_password)" >/dev/null; then return; fi
    site superuser_password | crmctl createsuperuser --username "$(site superuser)" \
        --email admin@example.com --password-stdin >>"$dir/log/setup.log" 2>&1 ||
        fail "the superuser could not be created" "$dir/log/setup.log"
}

make_tenant() {
    local admin=$1 password=$2 answer
    if ! answer=$(login "$admin" "$password"); then
        answer=$(call POST auth/register/ '' "{\"username\": \"$admin\", \"password\": \"$password\",
            \"email\": \"demo-admin@example.com\", \"first_name\": \"Dana\", \"last_name\": \"Demo\",
            \"tenant_name\": \"$(site tenant)\"}") ||
            fail "the demo tenant could not be registered: $answer" "$dir/log/error.log"
    fi
    remember tenant_token "$(json_value token <<<"$answer")"
    fill_tenant "$(site tenant_token)"
}

# The demo tenant's people, and calls that its History shows.
fill_tenant() {
    local token=$1 row first last answer
    while IFS='|' read -r row first last; do
        answer=$(call POST auth/tenant/users/create/ "$token" "{\"username\": \"$row\",
            \"email\": \"$row@example.com\", \"password\": \"$(random_text 20)\",
            \"first_name\": \"$first\", \"last_name\": \"$last\"}") ||
            [[ $answer == *'already exists'* ]] ||
            fail "the demo tenant's data could not be made: $answer" "$dir/log/error.log"
    done <<<"$(printf '%s\n' 'ines|Inês|Almeida' 'juergen|Jürgen|Groß' 'mei|美|陈' 'omar|عمر|Haddad')"
    fill_records "$token"
    for row in auth/profile/ auth/tenant/users/ auth/tenant/users/?search=gro%C3%9F leads/ auth/history/; do
        call GET "$row" "$token" >/dev/null || fail "GET /api/$row failed" "$dir/log/error.log"
    done
    call GET auth/nothing-here/ "$token" >/dev/null || true
}

# The demo tenant's records: what is there already stays as it is.
fill_records() {
    local token=$1 answer
    answer=$(call POST categories/batch/ "$token" '[{"name": "Lamps", "code": "LAMPS"},
        {"name": "Chairs", "code": "CHAIRS", "description": "To sit on"}]') || [[ $answer == *unique* ]] ||
        fail "the demo tenant's categories could not be made: $answer" "$dir/log/error.log"
    answer=$(call POST products/batch/ "$token" '[
        {"name": "Desk lamp", "sku": "L-100", "price": "49.90"},
        {"name": "Floor lamp", "sku": "L-200", "price": "129.00"},
        {"name": "Office chair", "sku": "C-100", "price": "299.00", "description": "Turns"}]') ||
        [[ $answer == *unique* ]] ||
        fail "the demo tenant's products could not be made: $answer" "$dir/log/error.log"
    answer=$(call POST branches/batch/ "$token" '[
        {"name": "Berlin", "code": "BER", "city": "Berlin", "country": "Germany", "manager_name": "Jürgen Groß"},
        {"name": "Lisboa", "code": "LIS", "city": "Lisboa", "country": "Portugal", "manager_name": "Inês Almeida"}]') ||
        [[ $answer == *unique* ]] ||
        fail "the demo tenant's branches could not be made: $answer" "$dir/log/error.log"
    answer=$(call GET 'leads/?page_size=1' "$token") && [ "$(json_value count <<<"$answer")" = 0 ] || return 0
    "$project/scripts/sample-leads" 50 "$dir/leads.xlsx" || fail "no file of leads could be made"
    answer=$(curl -sS --noproxy '*' -f -H "Authorization: Token $token" -F "file=@$dir/leads.xlsx" \
        "$(site url)/api/leads/import/" 2>&1) ||
        fail "the demo tenant's leads could not be imported: $answer" "$dir/log/error.log"
    rm -f "$dir/leads.xlsx"
}

print_site() {
    local url
    url=$(site url)
    cat <<TEXT

mod_crm runs at $url/api/ on $(site database).

  superuser     $(site superuser)  $(site superuser_password)
  demo tenant   $(site tenant)  (also at http://$(site tenant).localhost:${url##*:}/api/)
  its admin     $(site tenant_admin)  $(site tenant_admin_password)
  its calls     $url/swagger/ and $url/redoc/
  error log     $(site log)
  all of this   $dir/site.json

Try:

  curl -H 'Authorization: Token $(site tenant_token)' $url/api/leads/

Stop it with ./quickstart stop$dir_option
TEXT
}
