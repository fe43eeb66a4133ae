#!/usr/bin/perl
# httpd's own access control by our accounts: a static folder, a WebDAV folder, a proxied application;
# negation; the login cookie and its CSRF token; what -t says of wrong lines.
use lib 't/lib';
use Crm::Test;
use File::Temp;

my $content = File::Temp->newdir('crm-content-XXXXXX', TMPDIR => 1);
chmod 0755, "$content";
Crm::Process::own_folder("$content/$_") for qw(static dav locks application);
for my $file (qw(static/index.html application/index.html)) {
    open my $out, '>', "$content/$file" or die $!;
    print $out "this is $file\n";
    close $out;
}
my $backend = Crm::Process::free_port();

# One location a kind of requirement, all showing the same folder.
my %require = (
    user => 'Require crm-user',
    typed => "AuthType Crm\nRequire crm-user",
    super => 'Require crm-superuser',
    admin => 'Require crm-tenant-admin',
    acme => 'Require crm-tenant "ACME Works" other',
    view => 'Require crm-permission leads.view_lead',
    either => 'Require crm-permission leads.delete_lead customer.view_customer',
    sales => 'Require crm-group "Sales Team"',
    any => "<RequireAny>\nRequire crm-group \"sales team\"\nRequire crm-superuser\n</RequireAny>",
    not => "<RequireAll>\nRequire crm-user\nRequire not crm-tenant acme_works\n</RequireAll>",
    notgroup => "<RequireAll>\nRequire crm-user\nRequire not crm-group Blocked\n</RequireAll>",
);
my $locations = join '', map { "Alias /$_/ \"$content/static/\"\n<Location /$_/>\n$require{$_}\n</Location>\n" }
    sort keys %require;
my $config = <<"END";
DirectoryIndex index.html
$locations
DavLockDB "$content/locks/db"
Alias /dav "$content/dav"
<Location /dav>
Dav on
DirectoryIndex disabled
Require crm-permission leads.view_lead
<LimitExcept GET HEAD OPTIONS PROPFIND>
Require crm-permission leads.change_lead
</LimitExcept>
</Location>
<Location /application/>
ProxyPass "http://127.0.0.1:$backend/"
RequestHeader set X-Crm-User "expr=%{REMOTE_USER}"
Require crm-tenant acme_works
</Location>
<VirtualHost 127.0.0.1:$backend>
CrmEngine off
DocumentRoot "$content/application"
Header set X-Seen-User "expr=%{req:X-Crm-User}"
<Location />
Require all granted
</Location>
</VirtualHost>
END
my @modules = qw(authz_user alias dir dav dav_fs dav_lock proxy proxy_http headers);
my %arguments = (modules => \@modules, listen => ["127.0.0.1:$backend"], config => $config,
    settings => {CrmLoginCookie => 'crm_session secure=off'});

# The answers of each location to TOKEN are as EXPECTED says.
sub check_locations {
    my ($server, $who, $token, %expected) = @_;
    for my $name (sort keys %require) {
        my $answer = $server->call(GET => "/$name/", {defined $token ? (token => $token) : ()}, $expected{$name},
            undef, "$server->{database}: $who: /$name/: $expected{$name}");
        is($answer->{headers}{'www-authenticate'}, $expected{$name} == 401 ? 'Token' : undef,
            "$who: /$name/: WWW-Authenticate");
    }
    return;
}

sub all_of { my ($status, %other) = @_; return ((map { $_ => $status } keys %require), %other) }

sub make_group {
    my ($server, $admin, $name, $user, @codenames) = @_;
    my $permissions = $server->request(GET => '/api/auth/permissions/?page_size=100', {token => $admin->{token}});
    my %id = map { $_->{codename} => $_->{id} } @{$permissions->{json}{results}};
    my $group = $server->call(POST => '/api/auth/groups/', {token => $admin->{token},
        body => {name => $name, permissions => [@id{@codenames}]}}, 201)->{json};
    $server->call(POST => "/api/auth/users/$user->{id}/set-groups-permissions/",
        {token => $admin->{token}, body => {group_ids => [$group->{id}]}}, 200);
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme Works');
    my $beta = $server->register('Beta');
    my $root = $server->superuser;
    my ($sally, $bob, $eve) = map { $server->add_user($acme, $_) } qw(sally bob eve);
    make_group($server, $acme, 'Sales team', $sally, qw(view_lead change_lead));
    make_group($server, $acme, 'Blocked', $bob, 'view_customer');

    subtest 'a static folder' => sub {
        check_locations($server, 'nobody', undef, all_of(401));
        check_locations($server, 'a wrong token', "$acme->{token}x", all_of(401));
        check_locations($server, 'a member of sales', $sally->{token},
            all_of(200, super => 403, admin => 403, either => 403, not => 403));
        check_locations($server, 'one who is blocked', $bob->{token},
            all_of(403, user => 200, typed => 200, acme => 200, either => 200));
        check_locations($server, 'one of the default group', $eve->{token},
            all_of(200, super => 403, admin => 403, sales => 403, any => 403, not => 403));
        check_locations($server, 'the admin', $acme->{token},
            all_of(200, super => 403, sales => 403, any => 403, not => 403));
        check_locations($server, "another tenant's admin", $beta->{token},
            all_of(200, super => 403, acme => 403, sales => 403, any => 403));
        check_locations($server, 'a superuser', $root->{token}, all_of(200, acme => 403, sales => 403));
        $server->call(GET => '/acme/?tenant=Acme%20Works', {token => $root->{token}}, 200, qr/static/);
        $server->call(GET => '/user/?tenant=beta', {token => $sally->{token}}, 401);
        $server->call(POST => '/api/auth/logout/', {token => $eve->{token}}, 200);
        $server->call(GET => '/user/', {token => $eve->{token}}, 401);
    };

    subtest 'a WebDAV folder' => sub {
        my @read = (headers => {Depth => 1});
        $server->rows(
            [PROPFIND => '/dav/', {@read}, 401],
            [PROPFIND => '/dav/', {token => $bob->{token}, @read}, 403],
            [PROPFIND => '/dav/', {token => $sally->{token}, @read}, 207, qr/multistatus/],
            [PUT => '/dav/a.txt', {body => 'text'}, 401],
            [PUT => '/dav/a.txt', {token => $bob->{token}, body => 'text'}, 403],
            [PUT => '/dav/a.txt', {token => $sally->{token}, body => 'text'}, 201],
            [GET => '/dav/a.txt', {token => $sally->{token}}, 200, qr/^text$/],
            [MKCOL => '/dav/folder', {token => $sally->{token}}, 201],
            [MOVE => '/dav/a.txt', {token => $sally->{token},
                headers => {Destination => $server->url . '/dav/folder/b.txt'}}, 201],
            [GET => '/dav/folder/b.txt', {token => $acme->{token}}, 200, qr/^text$/],
            [DELETE => '/dav/folder/', {token => $bob->{token}}, 403],
            [DELETE => '/dav/folder/', {token => $sally->{token}}, 204],
        );
    };

    subtest 'a proxied application' => sub {
        $server->call(GET => '/application/', {}, 401);
        $server->call(GET => '/application/', {token => $beta->{token}}, 403);
        my $answer = $server->call(GET => '/application/', {token => $sally->{token}}, 200, qr/application/);
        is($answer->{headers}{'x-seen-user'}, 'sally', 'the application is told who it is');
    };

    subtest 'the login cookie' => sub {
        $server->call(GET => '/api/schema/?format=json', {}, 200, {components => {securitySchemes => {Cookie =>
            {type => 'apiKey', in => 'cookie', name => 'crm_session'}}}});
        my %login = (username => $sally->{username}, password => $sally->{password});
        my $plain = $server->call(POST => '/api/auth/login/', {body => \%login}, 200, {token => qr/^crm_/});
        is($plain->{headers}{'set-cookie'}, undef, 'no cookie unless asked for');
        my $answer = $server->call(POST => '/api/auth/login/', {body => {%login, cookie => JSON::PP::true}}, 200,
            {token => '', csrf_token => qr/^[\w-]{32}$/});
        my %cookie = (body => {%login, cookie => JSON::PP::true});
        $server->rows(
            [POST => '/api/auth/login/', {%cookie, headers => {Origin => 'https://evil.example'}}, 403, {detail => qr/^CSRF Failed/}],
            [POST => '/api/auth/login/', {%cookie, headers => {'Sec-Fetch-Site' => 'cross-site'}}, 403],
            [POST => '/api/auth/login/', {%cookie, headers => {Origin => $server->url}}, 200],
            [POST => '/api/auth/login/', {body => \%login, headers => {Origin => 'https://evil.example'}}, 200],
        );
        my $set = $answer->{headers}{'set-cookie'};
        my $csrf = $answer->{json}{csrf_token};
        my ($token) = $set =~ /\bcrm_session=(crm_[\w-]{54}); Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax/;
        ok($token, 'the cookie, hidden from scripts') or diag($set);
        like($set, qr/\bcsrftoken=\Q$csrf\E; Path=\/; Max-Age=2592000; SameSite=Lax$/, 'and its CSRF token, not hidden');
        my %as = (headers => {Cookie => "a=b; crm_session=$token; csrftoken=$csrf"});
        my %with = (headers => {%{$as{headers}}, 'X-CSRFToken' => $csrf});
        my %wrong = (headers => {%{$as{headers}}, 'X-CSRFToken' => $csrf =~ tr/A-Za-z/B-ZAb-za/r});
        my $name = {body => {first_name => 'Sal'}};
        $server->rows(
            [GET => '/api/auth/profile/', {%as}, 200, {username => 'sally'}],
            [GET => '/api/auth/profile/', {headers => {Cookie => 'crm_session=' . $token =~ s/...$/abc/r}}, 401],
            [GET => '/api/auth/profile/', {headers => {Cookie => 'crm_session=x'}}, 401, {detail => 'Invalid token.'}],
            [GET => '/api/auth/profile/', {headers => {Cookie => 'crm_session='}}, 401],
            [GET => '/api/auth/profile/', {%as, token => "$token-"}, 401],
            [PATCH => '/api/auth/profile/update/', {%as, %$name}, 403, {detail => 'CSRF Failed: CSRF token missing.'}],
            [PATCH => '/api/auth/profile/update/', {%wrong, %$name}, 403, {detail => qr/^CSRF Failed: .* incorrect\.$/}],
            [PATCH => '/api/auth/profile/update/', {%with, %$name}, 200, {first_name => 'Sal'}],
            [PATCH => '/api/auth/profile/update/', {token => $plain->{json}{token}, %$name}, 200],
            [GET => '/sales/', {%as}, 200],
            [GET => '/super/', {%as}, 403],
            [PUT => '/dav/c.txt', {%as, body => 'c'}, 403],
            [PUT => '/dav/c.txt', {%wrong, body => 'c'}, 403],
            [PUT => '/dav/c.txt', {%with, body => 'c'}, 201],
            [DELETE => '/dav/c.txt', {%with}, 204],
            [POST => '/api/auth/logout/', {%as}, 403],
        );
        like($server->request(GET => '/sales/', {%as})->{headers}{'cache-control'} // '', qr/\bprivate\b/, 'nothing for caches');
        my $out = $server->call(POST => '/api/auth/logout/', {%with}, 200);
        like($out->{headers}{'set-cookie'}, qr/\bcrm_session=; .*Max-Age=0.*\bcsrftoken=; .*Max-Age=0/,
            'logout removes the cookies');
        $server->call(GET => '/api/auth/profile/', {%as}, 401);
        $server->call(GET => '/sales/', {%as}, 401);
        my ($record) = $server->wait_history($sally->{token}, 'search=login&response_status=200', 5);
        my $whole = $server->call(GET => "/api/auth/history/$record->{id}/", {token => $sally->{token}}, 200);
        unlike($whole->{body}, qr/\Q$csrf\E|\Q$token\E/, 'History has neither');
    };
}, %arguments);

my $server = Crm::Server->new(database => 'sqlite3', modules => ['authz_user']);
for my $wrong (
    ['Require crm-user anna', qr/Require crm-user takes no arguments: .*Require user NAME/],
    ['Require crm-superuser x', qr/takes no arguments/],
    ['Require crm-tenant', qr/Require crm-tenant needs arguments: NAME/],
    ['Require crm-group ""', qr/Require crm-group: "" must be a name/],
    ['Require crm-permission leads.view_leed', qr/"leads.view_leed" is no permission: there are .*leads\.view_lead/],
    ['Require crm-permission', qr/needs arguments/],
) {
    my ($line, $said) = @$wrong;
    $server->{config} = "<Location /x>\n$line\n</Location>";
    $server->write_config;
    my ($status, $text) = $server->check_config;
    isnt($status, 0, "$line: refused");
    like($text, $said, 'and why');
}
for my $wrong (
    ['csrftoken', qr/"csrftoken": must be/], ['a;b', qr/must be "off" or a cookie's name/],
    ['__Host-x path=/a', qr/contradicts path=/], ['__Secure-x secure=off', qr/secure=off contradicts/],
    ['x samesite=none secure=off', qr/contradicts samesite=none/], ['x samesite=some', qr/"some": must be/],
    ['x path=a', qr/"a": must be a path/], ['x domain=a;b', qr/host name/], ['x size=1', qr/size/],
) {
    $server->{config} = "CrmLoginCookie \"" . join('" "', split / /, $wrong->[0]) . '"';
    $server->write_config;
    my ($status, $text) = $server->check_config;
    isnt($status, 0, "CrmLoginCookie $wrong->[0]: refused");
    like($text, $wrong->[1], 'and why');
}

# Where the engine is off, nobody is let in by mistake; where cookies are off, none is set or taken.
$server = Crm::Server->new(database => 'sqlite3', modules => ['alias'], settings => {CrmLoginCookie => 'off'},
    listen => ["127.0.0.1:$backend"], config => <<"END")->start;
<Location /api/>
Require all granted
</Location>
<VirtualHost 127.0.0.1:$backend>
CrmEngine off
<Location />
<RequireAll>
Require not crm-user
Require all granted
</RequireAll>
</Location>
</VirtualHost>
END
my $acme = $server->register('Acme');
my %login = (username => $acme->{username}, password => $acme->{password});
$server->call(POST => '/api/auth/login/', {body => {%login, cookie => JSON::PP::true}}, 400, {cookie => [qr/off/]});
$server->call(GET => '/api/auth/profile/', {headers => {Cookie => "crm_session=$acme->{token}"}}, 401);
is(Crm::Client->new(port => $backend)->request(GET => '/')->{status}, 500, 'a requirement that cannot be answered is none');
like($server->log_text, qr/Require crm-user cannot be answered: CrmEngine is off/, 'and the log says why');
$server->stop;
done_testing;
