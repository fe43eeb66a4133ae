#!/usr/bin/perl
# Each example in conf/ is a configuration that starts and does what it says: only paths, addresses
# and databases are replaced by a test's own.
use lib 't/lib';
use Crm::Test;

chdir $Crm::Process::source or die $!;

# A certificate for *.crm.example.com, below FOLDER.
sub make_certificate {
    my ($folder) = @_;
    Crm::Process::output('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', 2, '-subj',
        '/CN=*.crm.example.com', '-keyout', "$folder/privkey.pem", '-out', "$folder/fullchain.pem");
    return;
}

# The text of an example with this test's paths; what stands in no example is an error.
sub adapted {
    my ($example, $server, %port) = @_;
    open my $file, '<', "conf/$example" or die "$example: $!";
    my $text = do { local $/; <$file> };
    my $databases = $server->{databases};
    my $modules = Crm::Process::apxs('LIBEXECDIR');
    my %replace = (
        qr{/usr/lib/apache2/modules/mod_crm\.so} => Crm::Process::module(),
        qr{/usr/lib/apache2/modules} => $modules,
        qr{mysql://\S+/crm_main\S*} => $databases->main_url,
        qr{mysql://\S+/crm_tenant_\{slug\}\S*} => $databases->tenant_url,
        qr{/etc/mod_crm/secret\.key} => "$server->{folder}/secret.key",
        qr{/var/spool/mod_crm} => "$server->{folder}/spool",
        qr{/etc/ssl/crm} => $server->{folder},
    );
    # the first pattern would be hidden by the second
    for my $pattern (sort { length $b <=> length $a } keys %replace) {
        $text =~ s/$pattern/$replace{$pattern}/g;
    }
    $text =~ s/^(\s*(?:Listen|<VirtualHost) \S*?)\b$_\b/$1$port{$_}/mg for sort keys %port;
    my $migrations = Crm::Process::migrations();
    $text =~ s/^(\s*CrmEngine on)$/$1\n    CrmMigrations "$migrations"\n    CrmPasswordHash memory=1M passes=1/mg;
    return $text;
}

# A server with EXAMPLE as its configuration, prepared, not started.
sub server_with {
    my ($example, $kind, %port) = @_;
    my $server = Crm::Server->new(database => $kind, plain => 1);
    make_certificate($server->{folder}) if $example =~ /subdomains/;
    $server->{config} = adapted($example, $server, 80 => $server->{port}, %port);
    $server->write_config;
    my ($status, $said) = $server->check_config;
    is($status, 0, "$kind: $example: httpd -t") or diag($said);
    $server->crmctl_ok('migrate');
    return $server;
}

my %account = (username => 'anna', email => 'anna@acme.example', password => 'a long password', first_name => 'Anna',
    last_name => 'Acme', tenant_name => 'acme');
my %other = (%account, username => 'gus', email => 'gus@globex.example', tenant_name => 'globex');

my %check = (
    'crm-one.conf' => sub {
        my ($server) = @_;
        $server->call(POST => '/api/auth/register/', {body => \%account}, 201);
        $server->call(GET => '/swagger.json', {}, 200);
        $server->call(GET => '/healthz', {}, 200, qr/^ok$/);
        $server->call(GET => '/readyz', {}, 200, {ready => JSON::PP::true});
        $server->call(GET => '/metrics', {}, 200, qr/^crm_requests_total\{route="auth\/register",method="POST",code="2xx"\} 1$/m);
    },
    'crm-vhosts.conf' => sub {
        my ($server) = @_;
        my @door = (host => 'crm.example.com');
        my $acme = $server->call(POST => '/api/auth/register/', {@door, body => \%account}, 201)->{json};
        my $globex = $server->call(POST => '/api/auth/register/', {@door, body => \%other}, 201)->{json};
        $server->call(GET => '/api/auth/profile/', {host => 'crm.acme.example', token => $acme->{token}}, 200,
            {username => 'anna'});
        $server->call(GET => '/api/auth/profile/', {host => 'crm.acme.example', token => $globex->{token}}, 403);
        $server->call(GET => '/api/auth/profile/', {host => 'crm.globex.example', token => $globex->{token}}, 200,
            {username => 'gus'});
        $server->call(POST => '/api/auth/register/', {host => 'crm.acme.example', body => {%other, tenant_name => 'x'}},
            403);
        my $cors = $server->call(GET => '/api/auth/test/', {host => 'crm.globex.example',
            headers => {Origin => 'https://app.globex.example'}}, 200);
        is($cors->{headers}{'access-control-allow-origin'}, 'https://app.globex.example', 'CORS where it is configured');
        $cors = $server->call(GET => '/api/auth/test/', {host => 'crm.acme.example',
            headers => {Origin => 'https://app.globex.example'}}, 200);
        is($cors->{headers}{'access-control-allow-origin'}, undef, 'and nowhere else');
    },
    'crm-subdomains.conf' => sub {
        my ($server, $port) = @_;
        my $curl = sub {
            my ($host, $path, @more) = @_;
            return Crm::Process::output('curl', '-s', '--cacert', "$server->{folder}/fullchain.pem", '--resolve',
                "$host:$port:127.0.0.1", @more, "https://$host:$port$path");
        };
        my $made = JSON::PP::decode_json($curl->('www.crm.example.com', '/api/auth/register/', '--http2', '-H',
            'X-Tenant;', '-H', 'Content-Type: application/json', '-d', JSON::PP::encode_json(\%account)));
        ok($made->{token}, 'register over HTTP/2 and TLS') or diag(explain $made);
        my @token = ('-H', 'Authorization: Token ' . ($made->{token} // ''));
        like($curl->('acme.crm.example.com', '/api/auth/profile/', @token), qr/"anna"/, "the tenant's subdomain");
        like($curl->('acme.crm.example.com', '/api/auth/test/', '--http2', '-o', '/dev/null', '-w', '%{http_version}'),
            qr/^2$/, 'HTTP/2');
        like($curl->('nobody.crm.example.com', '/api/auth/profile/', @token), qr/not found or not active/,
            'a subdomain that is no tenant');
    },
    'crm-proxy.conf' => sub {
        my ($server) = @_;
        my $made = $server->call(POST => '/api/auth/register/', {body => \%account,
            headers => {'X-Forwarded-For' => '203.0.113.7'}}, 201)->{json};
        my ($record) = $server->wait_history($made->{token}, 'search=register', 1);
        is($record->{ip_address}, '203.0.113.7', 'History has the client\'s address');
        $server->call(GET => '/api/auth/tenant/users/?page_size=1', {token => $made->{token}}, 200, {count => 1});
    },
);

for my $kind (Crm::Database::kinds()) {
    for my $path (glob 'conf/*.conf') {
        my ($example) = $path =~ m{([^/]+)$};
        my $check = delete $check{$example} // $check{"$example done"};
        ok($check, "$example has a check") or next;
        $check{"$example done"} = $check;
        my $port = Crm::Process::free_port();
        my $server = server_with($example, $kind, 443 => $port, 8081 => $port);
        $server->start;
        $server->client->{port} = $port if $example =~ /proxy/;
        $check->($server, $port);
        $server->stop;
    }
}
is_deeply([grep { !/ done$/ } keys %check], [], 'every check has its example');
done_testing;
