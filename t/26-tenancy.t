#!/usr/bin/perl
# How a request finds its tenant: by virtual host, subdomain, header, query and account; their order;
# what virtual hosts do not share; names in any script; two who register one name at once.
use lib 't/lib';
use Crm::Test;
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use Time::Piece ();

my $profile = '/api/auth/profile/';
my $login = '/api/auth/login/';
my $users = '/api/auth/tenant/users/';
my $config = <<'END';
<VirtualHost *>
    ServerName www.crm.test
    CrmTenantDomain crm.test
    ServerAlias *.crm.test localhost
</VirtualHost>
<VirtualHost *>
    ServerName acme.example
    CrmTenant Acme
    CrmRegistration off
    CrmBodyLimit 1k
    CrmPageSize 1 2
    CrmTokenIdle 1h
    CrmTokenLifetime 2h
    <Location /api/auth/test/>
        CrmCorsOrigin https://app.acme.example
    </Location>
</VirtualHost>
<VirtualHost *>
    ServerName globex.example
    CrmTenant globex
    CrmPrefix /crm/v1/
    CrmHistory off
    CrmLoginLimit account=5 address=100000
</VirtualHost>
<VirtualHost *>
    ServerName reverse.example
    ServerAlias *.reverse.example
    CrmTenantFrom query header
</VirtualHost>
<VirtualHost *>
    ServerName account.example
    CrmTenantFrom account
</VirtualHost>
<VirtualHost *>
    ServerName header.example
    CrmTenantFrom header
</VirtualHost>
<VirtualHost *>
    ServerName off.example
    CrmEngine off
</VirtualHost>
END
sub named { my ($name) = @_; return (404, {detail => "Tenant \"$name\" not found or not active"}) }

# Each source finds the tenant, and refuses another's token.
sub sources {
    my ($server, $acme, $globex, $root) = @_;
    my %source = (
        'virtual host' => sub { return {host => "$_[0].example"} },
        subdomain => sub { return {host => "$_[0].crm.test"} },
        header => sub { return {headers => {'X-Tenant' => $_[0]}} },
        query => sub { return {query => "?tenant=$_[0]"} },
    );
    for my $source (sort keys %source) {
        for my $mine ($acme, $globex) {
            my $other = $mine == $acme ? $globex : $acme;
            my $option = $source{$source}->($mine->{slug});
            my $prefix = ($option->{host} // '') eq 'globex.example' ? '/crm/v1' : '/api';
            my $call = sub {
                my ($method, $path, $more, @rest) = @_;
                $path =~ s{^/api}{$prefix};
                return $server->call($method, $path . ($option->{query} // ''), {%$option, %$more}, @rest[0, 1],
                    "$server->{database}: $mine->{slug} by $source: " . $rest[2]);
            };
            $call->(GET => $profile, {token => $mine->{token}}, 200, {tenant => {id => $mine->{tenant}}}, 'its token');
            $call->(GET => $profile, {token => $other->{token}}, 403, {detail => qr/./}, "another's token");
            $call->(GET => $users, {token => $root}, 200, {results => [{username => $mine->{username}}]}, 'a superuser');
            $call->(GET => $profile, {}, 401, undef, 'nobody');
            $call->(POST => $login, {body => {username => $mine->{username}, password => $mine->{password}}}, 200,
                {user => {tenant => {id => $mine->{tenant}}}}, 'login');
            $call->(POST => $login, {body => {username => $other->{username}, password => $other->{password}}}, 400,
                {non_field_errors => [qr/^Unable to log in/]}, "another's login");
        }
    }
    $server->call(GET => $profile, {token => $_->{token}}, 200, {tenant => {id => $_->{tenant}}}, "$server->{database}: $_->{slug} by account")
        for $acme, $globex;
    return;
}

sub names {
    my ($server, $acme, $root) = @_;
    my @me = (token => $acme->{token});
    my $gmbh = $server->register('Blue Sky GmbH');
    my %other = (token => $gmbh->{token});
    $server->rows(
        # by name or slug, without regard to case, white space around, accents
        map({ [GET => $profile, {@me, headers => {'X-Tenant' => $_}}, 200] } 'Acme', 'acme', 'ACME', '  acme  ', "\xc3\x81cme"),
        map({ [GET => $profile, {%other, headers => {'X-Tenant' => $_}}, 200] } 'blue_sky_gmbh', 'Blue Sky GmbH', 'BLUE SKY GMBH'),
        [GET => "$profile?tenant=Blue+Sky+GmbH", {%other}, 200], [GET => "$profile?tenant=blue%20sky%20gmbh", {%other}, 200],
        # a host name has no "_"
        [GET => $profile, {%other, host => 'blue-sky-gmbh.crm.test'}, 200], [GET => $profile, {%other, host => 'blue_sky_gmbh.crm.test'}, 200],
        [GET => $profile, {%other, host => 'BLUE-SKY-GMBH.CRM.TEST:8080'}, 200], [GET => $profile, {@me, host => 'blue-sky-gmbh.crm.test'}, 403],
        # the domain itself and its server name are nobody's
        [GET => $profile, {@me, host => 'crm.test'}, 200], [GET => $profile, {@me, host => 'notcrm.test'}, 200],
        [GET => $profile, {@me, host => 'nobody.crm.test'}, named('nobody')],
        # a name that is empty is none
        [GET => $profile, {@me, headers => {'X-Tenant' => ''}}, 200], [GET => "$profile?tenant=", {@me}, 200],
        [GET => "$profile?tenant=%20", {@me}, 200],
        # unknown
        [GET => $profile, {@me, headers => {'X-Tenant' => 'nobody'}}, named('nobody')], [GET => "$profile?tenant=x%22y", {@me}, named('x"y')],
        [GET => $profile, {token => $root, headers => {'X-Tenant' => 'nobody'}}, named('nobody')],
        [GET => $profile, {headers => {'X-Tenant' => 'nobody'}}, 404], [GET => "$profile?tenant=" . 'x' x 5000, {@me}, 404],
        [POST => $login, {body => {username => 'x', password => 'x'}, headers => {'X-Tenant' => 'nobody'}}, 400,
            {non_field_errors => ['Tenant "nobody" not found or not active']}],
        [POST => "$login?tenant=nobody", {body => {username => 'x', password => 'x'}}, 400, {non_field_errors => [qr/"nobody"/]}],
        # two names for one tenant are one, two tenants are a mistake
        [GET => "$profile?tenant=acme", {@me, host => 'acme.crm.test', headers => {'X-Tenant' => 'Acme'}}, 200],
        [GET => "$profile?tenant=blue_sky_gmbh", {@me, headers => {'X-Tenant' => 'acme'}}, 400, {detail => qr/./}],
        [GET => $profile, {@me, host => 'acme.crm.test', headers => {'X-Tenant' => 'Blue Sky GmbH'}}, 400, {detail => qr/./}],
        [GET => "$users?tenant=blue_sky_gmbh", {token => $root, host => 'acme.crm.test'}, 400, {detail => qr/./}],
        [GET => "$profile?tenant=blue_sky_gmbh", {@me, host => 'acme.example'}, 400, {detail => qr/./}],
        [GET => "$profile?tenant=acme&tenant=nobody", {@me}, 404],
        [POST => "$login?tenant=acme", {body => {username => 'x', password => 'x'}, headers => {'X-Tenant' => 'Blue Sky GmbH'}}, 400],
    );
    return;
}

# Which sources count, and in which order.
sub order {
    my ($server, $acme, $globex, $root) = @_;
    my @me = (token => $acme->{token});
    my @globex = (headers => {'X-Tenant' => 'globex'});
    $server->rows(
        # only the account: header, query and host name nothing
        [GET => "$profile?tenant=globex", {@me, host => 'account.example', @globex}, 200, {username => 'acme-admin'}],
        [GET => $users, {token => $root, host => 'account.example', @globex}, 400, {detail => 'A tenant must be named.'}],
        [POST => $login, {host => 'account.example', @globex, body => {username => 'acme-admin', password => $acme->{password}}}, 200],
        # only the header
        [GET => "$profile?tenant=globex", {@me, host => 'header.example', headers => {'X-Tenant' => 'acme'}}, 200],
        [GET => $profile, {@me, host => 'header.example', @globex}, 403],
        # query and header, not the account
        [GET => "$profile?tenant=acme", {@me, host => 'reverse.example'}, 200], [GET => $profile, {@me, host => 'reverse.example', @globex}, 403],
        [GET => "$profile?tenant=acme", {@me, host => 'reverse.example', @globex}, 400, {detail => qr/./}],
        [GET => $profile, {@me, host => 'acme.reverse.example'}, 200],
        [GET => $profile, {@me, host => 'off.example'}, 404],
    );
    my $elsewhere = $server->request(GET => '/api/auth/test/', {host => 'off.example'});
    is($elsewhere->{status}, 404, "$server->{database}: CrmEngine off");
    is($elsewhere->{headers}{'x-request-id'}, undef, "$server->{database}: it is not ours");
    return;
}

# Virtual hosts with different directives.
sub virtual_hosts {
    my ($server, $acme, $globex) = @_;
    my @acme = (host => 'acme.example');
    my @globex = (host => 'globex.example');
    my %company = (username => 'x', email => 'x@x.example', password => 'x password', first_name => 'X', last_name => 'Y', tenant_name => 'X');
    my $big = {username => 'x' x 1100, password => 'x'};
    $server->rows(
        [POST => '/api/auth/register/', {@acme, body => \%company}, 403],
        [POST => $login, {@acme, body => $big}, 413], [POST => '/crm/v1/auth/login/', {@globex, body => $big}, 400],
        [GET => '/api/auth/test/', {@globex}, 404], [GET => '/crm/v1/auth/test/', {@globex}, 200], [GET => '/crm/v1/auth/test/', {@acme}, 404],
        [GET => '/crm/v1/auth/test', {@globex}, 301],
    );
    $server->add_user($acme, "u$_") for 1 .. 3;
    $server->rows(
        [GET => $users, {@acme, token => $acme->{token}}, 200, {count => 4, results => [{}]}],
        [GET => "$users?page_size=50", {@acme, token => $acme->{token}}, 200, {count => 4, results => [{}, {}]}],
        [GET => $users, {token => $acme->{token}}, 200, {count => 4, results => [({}) x 4], next => undef}],
        [GET => "$users?page_size=1", {@acme, token => $acme->{token}}, 200, {next => qr{^http://acme\.example(?::\d+)?/api/}}],
        [GET => '/crm/v1/auth/tenant/users/?page_size=1', {@globex, token => $globex->{token}}, 200, {next => undef}],
    );
    my $origin = {Origin => 'https://app.acme.example'};
    is($server->request(GET => '/api/auth/test/', {@acme, headers => $origin})->{headers}{'access-control-allow-origin'},
        $origin->{Origin}, "$server->{database}: CORS there");
    is($server->request(GET => '/api/auth/test/', {headers => $origin})->{headers}{'access-control-allow-origin'}, undef,
        "$server->{database}: and not here");
    # a token lives as long as the virtual host that issued it says, and idles as the one that is asked says
    my $token = $server->login('acme-admin', $acme->{password}, @acme);
    my $hash = sha256_hex($token);
    my ($row) = $server->tenant_sql('acme', "SELECT created_at, expires_at FROM token WHERE token_hash = X'$hash'");
    my ($made, $ends) = map { Time::Piece->strptime(substr($_, 0, 19), '%Y-%m-%d %H:%M:%S')->epoch } @$row;
    is($ends - $made, 7200, "$server->{database}: CrmTokenLifetime there");
    my $before = Crm::Database::time_text(time - 7200);
    $server->tenant_sql('acme', "UPDATE token SET last_used_at = '$before'");
    $server->call(GET => $profile, {@acme, token => $acme->{token}}, 401, undef, "$server->{database}: CrmTokenIdle there");
    $server->call(GET => $profile, {token => $acme->{token}}, 200, undef, "$server->{database}: and here");
    $server->call(GET => $profile, {@acme, token => $acme->{token}}, 200, undef, "$server->{database}: used again, it counts there too");
    # limits
    my @wrong = (POST => '/crm/v1/auth/login/', {@globex, body => {username => 'globex-admin', password => 'wrong'}});
    $server->call(@wrong, 400) for 1 .. 5;
    $server->call(@wrong, 429);
    $server->call(POST => $login, {body => {username => 'globex-admin', password => $globex->{password}}}, 200, undef,
        "$server->{database}: CrmLoginLimit there, not here");
    # History
    $server->request(GET => '/crm/v1/auth/profile/', {@globex, token => $globex->{token}});
    $server->request(GET => $profile, {token => $globex->{token}});
    my @seen = $server->wait_history($globex->{token}, 'search=profile&ordering=-created_at', 1);
    is(scalar(grep { $_->{endpoint} =~ m{^/crm/v1/} } @seen), 0, "$server->{database}: CrmHistory off there");
    return;
}

# Names in any script; what is derived from them.
sub scripts {
    my ($server, $root) = @_;
    # 48 characters, or as many as there is room for in a database's name of 64
    my $most = 64 - length "$server->{databases}{prefix}_tenant_";
    my @rows = (['Müller & Söhne', 'muller_sohne'], ['Österreich AG', 'osterreich_ag'], ['株式会社テスト', qr/^[a-z0-9_]+$/],
        ['Газпром', 'gazprom'], ['Ελλάδα', qr/^[a-z0-9_]+$/], ['شركة', qr/^[a-z0-9_]+$/], ["\x{1f600}", qr/^t_[0-9a-f]{8}$/],
        ["\x{1f601}", qr/^t_[0-9a-f]{8}$/], ['---', qr/^t_[0-9a-f]{8}$/], ['x', 'x'], ['y' x 100, 'y' x $most], ['y' x 99, 'y' x ($most - 2) . '_2'],
        ['A-B', 'a_b'], ['A B', 'a_b_2'], ['a_b', 'a_b_3'], ['A.B.', 'a_b_4'], ['main', 'main'], ['mysql', 'mysql'],
        ["'; DROP TABLE tenant; --", 'drop_table_tenant'], ['../../etc/passwd', 'etc_passwd'], ['%s%n', 's_n'], ['{slug}', 'slug'],
        ['a"b`c\\d', 'a_b_c_d'], ['<script>', 'script'], ["e\x{301}" x 50, 'e' x $most], ["\x{1f600}" x 100, qr/^t_[0-9a-f]{8}$/],
        ['ﬁ', 'fi'], ['ß', 'ss'], ['  spaces around  ', 'spaces_around'], ["zero\x{200b}width", qr/^zero_?width$/]);
    my %databases;
    for my $row (@rows) {
        my ($name, $slug) = @$row;
        my $answer = $server->call(POST => '/api/auth/tenants/', {token => $root, body => {name => $name}}, 201,
            {name => $name =~ s/^ +| +$//gr, is_active => JSON::PP::true});
        my $database = $answer->{json}{database_name} // '';
        ok(!$databases{$database}++, "$server->{database}: a database of its own: $database");
        my ($got) = $database =~ /tenant_(.*?)(?:\.db)?$/;
        ref $slug ? like($got, $slug, "$server->{database}: slug of $name") : is($got, $slug, "$server->{database}: slug of $name");
        $server->call(GET => "$users?tenant=" . Crm::Client::escape($name), {token => $root}, 200, {count => 0},
            "$server->{database}: found by the name $name");
        $server->call(GET => "$users?tenant=$got", {token => $root}, 200, undef, "$server->{database}: found by the slug $got");
    }
    for my $row (['', 'blank'], ['   ', 'blank'], ["\x{3000}\t", 'blank'], ['z' x 101, 'no more than 100'], ["\x{1f600}" x 101, 'no more than 100'],
        ["MULLER & SO\x{308}HNE", 'already exists'], ['Ss', 'already exists'], ['ＧАЗПРОМ' =~ tr/Ｇ/Г/r, 'already exists'], ['Fi', 'already exists']) {
        $server->call(POST => '/api/auth/tenants/', {token => $root, body => {name => $row->[0]}}, 400, {name => [qr/$row->[1]/]});
    }
    # nobody takes another's slug by choosing it as his name
    my $answer = $server->call(POST => '/api/auth/tenants/', {token => $root, body => {name => 'muller_sohne'}}, 201);
    like($answer->{json}{database_name}, qr/tenant_muller_sohne_2/, "$server->{database}: a name that is another's slug");
    $server->call(PATCH => "/api/auth/tenants/$answer->{json}{id}/", {token => $root, body => {name => 'Renamed'}}, 200,
        {name => 'Renamed', database_name => $answer->{json}{database_name}});
    $server->call(GET => "$users?tenant=renamed", {token => $root}, 200);
    $server->call(GET => "$users?tenant=muller_sohne_2", {token => $root}, 200);
    $server->call(PATCH => "/api/auth/tenants/$answer->{json}{id}/", {token => $root, body => {name => 'A B'}}, 400, {name => [qr/already/]});
    # nor is a slug given that somebody is found by already
    $server->call(PATCH => "/api/auth/tenants/$answer->{json}{id}/", {token => $root, body => {name => 'wanted_slug'}}, 200);
    $answer = $server->call(POST => '/api/auth/tenants/', {token => $root, body => {name => 'Wanted Slug'}}, 201);
    like($answer->{json}{database_name}, qr/tenant_wanted_slug_2/, "$server->{database}: a slug that is another's name");
    return;
}

# COUNT processes register the name at once: the statuses of all, sorted.
sub race {
    my ($server, $count, $body) = @_;
    my @pipes = map {
        my $number = $_;
        pipe my $read, my $write or die $!;
        my $pid = fork // die $!;
        if (!$pid) {
            close $read;
            my $client = Crm::Client->new(port => $server->{port});
            my $answer = eval { $client->request(POST => '/api/auth/register/', body => $body->($number)) };
            print $write $answer ? "$answer->{status} $answer->{body}" : "0 $@";
            close $write;
            POSIX::_exit(0);
        }
        [$pid, $read];
    } 1 .. $count;
    return sort map {
        my ($pid, $read) = @$_;
        my $text = do { local $/; readline $read };
        waitpid $pid, 0;
        my ($status) = $text =~ /^(\d+)/;
        diag($text) if $status !~ /^(?:201|400)$/;
        $status;
    } @pipes;
}

sub races {
    my ($server) = @_;
    for my $turn (1 .. 3) {
        my @got = race($server, 6, sub {
            return {username => "r$_[0]", email => "r$_[0]\@race.example", password => 'race password', first_name => 'R', last_name => 'R',
                tenant_name => $_[0] % 2 ? "Race $turn" : "RACE $turn"};
        });
        is_deeply(\@got, [201, (400) x 5], "$server->{database}: six register one name at once");
        my ($rows) = $server->main_sql("SELECT COUNT(*) FROM tenant WHERE name_key = 'race $turn'");
        is($rows->[0], 1, "$server->{database}: one tenant of it");
    }
    my @got = race($server, 6, sub {
        return {username => "r$_[0]", email => "r$_[0]\@race.example", password => 'race password', first_name => 'R', last_name => 'R',
            tenant_name => 'Slug' . ('-', '+', '!', '*', '.', '/')[$_[0] - 1] . 'race'};
    });
    is_deeply(\@got, [(201) x 6], "$server->{database}: six names of one slug at once");
    my ($rows) = $server->main_sql("SELECT COUNT(*), COUNT(DISTINCT database_name) FROM tenant WHERE slug LIKE 'slug_race%'");
    is_deeply($rows, [6, 6], "$server->{database}: six databases");
    my ($left) = $server->main_sql("SELECT COUNT(*) FROM tenant WHERE state <> 'ready'");
    is($left->[0], 0, "$server->{database}: nothing is left half made");
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my ($acme, $globex) = map { $server->register($_) } 'Acme', 'Globex';
    my $root = $server->superuser->{token};
    sources($server, $acme, $globex, $root);
    names($server, $acme, $root);
    order($server, $acme, $globex, $root);
    virtual_hosts($server, $acme, $globex);
    scripts($server, $root);
    races($server);
}, config => $config);
done_testing;
