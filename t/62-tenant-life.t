#!/usr/bin/perl
# What an operator does with a tenant: suspend, resume, rename, delete, undelete, purge; all of it as files
# that need no mod_crm; and what the server removes by itself when its time is over.
use lib 't/lib';
use Crm::Test;
use Digest::SHA 'sha256_hex';
use JSON::PP;

sub state { return decode_json($_[0]->crmctl_ok('tenant', 'show', $_[1], '--json'))->{state} }

sub refused {
    my ($server, $pattern, @words) = @_;
    my ($status, $out, $err) = $server->crmctl(@words);
    is($status, 1, "$server->{database}: crmctl @words: refused");
    like($err, $pattern, "$server->{database}: crmctl @words: with words") or diag($out);
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my @token = (token => $acme->{token});
    my $profile = sub { $server->call(GET => '/api/auth/profile/', {@token}, @_) };
    my $login = sub {
        my ($name, $status) = @_;
        $server->call(POST => '/api/auth/login/', {headers => $name ? {'X-Tenant' => $name} : {},
            body => {username => $acme->{username}, password => $acme->{password}}}, $status, undef,
            'login at ' . ($name || 'no name') . ": $status");
    };

    # suspend, resume
    like($server->crmctl_ok('tenant', 'show', 'acme'), qr/^name +Acme\nslug +acme\n.*^state +active\n/ms, 'show');
    like($server->crmctl_ok('tenant', 'suspend', 'acme'), qr/^Tenant Acme suspended: /, 'suspend');
    $profile->(401);
    $login->('', 400);
    is(state($server, 'Acme'), 'suspended', 'it is shown');
    $server->crmctl_ok('tenant', 'resume', 'acme');
    $profile->(200);
    $login->('', 200);
    refused($server, qr/Tenant "nobody" not found/, 'tenant', 'suspend', 'nobody');

    # rename
    like($server->crmctl_ok('tenant', 'rename', 'acme', 'Zeta Ltd'),
        qr/^Tenant Zeta Ltd has that name now; "acme" is taken for it until 20/, 'rename');
    $profile->(200, {tenant => {name => 'Zeta Ltd'}});
    $login->($_, 200) for 'zeta ltd', 'ACME', 'acme';
    $server->crmctl_ok('tenant', 'rename', 'Zeta Ltd', 'Omega');
    $login->($_, 200) for 'Omega', 'Zeta Ltd';
    $server->call(POST => '/api/auth/register/', {body => {username => 'x', email => 'x@x.example', password => 'password',
        tenant_name => 'zeta LTD', first_name => 'X', last_name => 'Y'}}, 400, {tenant_name => [qr/had that name/]},
        'an old name is nobody else\'s');
    $server->crmctl_ok('tenant', 'create', 'Other');
    refused($server, qr/had that name not long ago/, 'tenant', 'rename', 'other', 'Zeta Ltd');
    refused($server, qr/already exists/, 'tenant', 'rename', 'other', 'omega');
    $server->main_sql("UPDATE tenant_alias SET expires_at = '2020-01-01 00:00:00.000000' WHERE name_key = 'zeta ltd'");
    $login->('Zeta Ltd', 400);
    $server->crmctl_ok('tenant', 'rename', 'other', 'Zeta Ltd');
    $server->crmctl_ok('tenant', 'rename', 'Omega', 'Acme');
    $login->('Acme', 200);

    # export
    $server->call(POST => '/api/products/', {@token, body => {name => 'Nail "9"', sku => 'n1', price => '12.30',
        currency => 'EUR', description => "=1+1\nü"}}, 201);
    my $file = "$server->{folder}/acme.zip";
    my ($rows) = $server->crmctl_ok('tenant', 'export', 'acme', $file) =~ /^Tenant Acme: (\d+) rows exported to/;
    cmp_ok($rows, '>', 20, 'export');
    my %entry = map { $_ => Crm::Process::output('unzip', '-p', $file, $_) }
        split /\n/, Crm::Process::output('unzip', '-Z1', $file);
    my %sum = map { reverse /^([0-9a-f]{64})  (.+)$/ } split /\n/, $entry{SHA256SUMS};
    is_deeply([sort keys %sum], [sort grep { $_ ne 'SHA256SUMS' } keys %entry], 'every file has its checksum');
    is_deeply([grep { sha256_hex($entry{$_}) ne $sum{$_} } sort keys %sum], [], 'the right one');
    my $manifest = decode_json($entry{'manifest.json'});
    my %lines = map { $_->{name} => scalar(() = $entry{$_->{files}[0]} =~ /\n/g) } @{$manifest->{tables}};
    is_deeply(\%lines, {map { $_->{name} => $_->{rows} } @{$manifest->{tables}}}, 'and the rows that the manifest says');
    my $product = decode_json($entry{'product.jsonl'});
    my $shown = $server->request(GET => '/api/products/', {@token})->{json}{results}[0];
    is_deeply({map { $_ => $product->{$_} } qw(id name sku price currency created_at is_active description)},
        {map { $_ => $shown->{$_} } qw(id name sku price currency created_at is_active description)},
        'a record is written as the API shows it');
    like($entry{'product.csv'}, qr/^id,name,sku,price.*\r\n$shown->{id},"Nail ""9""",n1,12\.30,EUR,/, 'in CSV too');
    my $all = join '', values %entry;
    unlike($all, qr{\$argon2|\Q$acme->{token}\E|token_hash|token_key}, 'no passwords, no tokens');
    like($entry{'account.jsonl'}, qr/"username":"acme-admin"/, 'but who there is');

    # delete, undelete, purge
    my ($status, undef, $err) = Crm::Process::run('setsid', Crm::Process::crmctl(), 'tenant', 'delete', 'acme', '--config',
        $server->conf, '--httpd', Crm::Process::httpd());
    is($status, 1, 'without --yes and a terminal nothing is deleted');
    like($err, qr{no terminal to ask on: give --yes}, 'which is said');
    is(state($server, 'acme'), 'active', 'and true');
    refused($server, qr/"Acme" is not deleted/, 'tenant', 'purge', 'acme', '--yes');
    refused($server, qr/"Acme" is not deleted/, 'tenant', 'undelete', 'acme');
    like($server->crmctl_ok('tenant', 'delete', 'acme', '--yes'), qr/deleted: it can be undeleted until 20/, 'delete');
    $profile->(401);
    $login->('', 400);
    $login->('acme', 400);
    is(state($server, 'acme'), 'deleted', 'it is shown');
    refused($server, qr/is deleted: undelete it first/, 'tenant', 'resume', 'acme');
    my @root = (token => superuser($server));
    $server->call(PATCH => "/api/auth/tenants/$acme->{tenant}/", {@root, body => {is_active => JSON::PP::true}}, 400,
        {is_active => [qr/undelete it first/]});
    $server->crmctl_ok('tenant', 'undelete', 'acme');
    $profile->(200);
    $login->('', 200);
    my $backup = "$server->{folder}/acme.crm.zip";
    $server->crmctl_ok('tenant', 'backup', 'acme', $backup);
    $server->crmctl_ok('tenant', 'delete', 'acme', '--yes');
    refused($server, qr/"Acme" is there/, 'tenant', 'restore', $backup);
    like($server->crmctl_ok('tenant', 'purge', 'acme', '--yes'), qr/^Tenant Acme purged\./, 'purge');
    ok(!database_is_there($server, 'acme'), 'its database is gone');
    is_deeply([$server->main_sql('SELECT COUNT(*) FROM login l JOIN tenant t ON t.id = l.tenant_id')], [[0]],
        'and who logged in there');
    $profile->(401);
    refused($server, qr/Tenant "acme" not found/, 'tenant', 'show', 'acme');
    $server->crmctl_ok('tenant', 'restore', $backup);
    $profile->(200, {tenant => {name => 'Acme', id => $acme->{tenant}}});
    $login->('', 200);

    # the server itself: what was deleted long enough ago
    $server->crmctl_ok('tenant', 'delete', $_, '--yes') for 'acme', 'Zeta Ltd';
    $server->main_sql("UPDATE tenant SET deleted_at = '2020-01-01 00:00:00.000000' WHERE slug = 'acme'");
    $server->stop;
    $server->start;
    ok(Crm::Process::wait_until(20, sub { !database_is_there($server, 'acme') }), 'the server purges by itself');
    ok(Crm::Process::wait_until(5, sub { $server->log_text =~ /purged tenant Acme/ }), 'and says so');
    is(state($server, 'other'), 'deleted', 'but not before the time is over');
}, config => 'StartServers 1');

sub superuser {
    my ($server) = @_;
    my $made = decode_json($server->crmctl_ok('createsuperuser', '--username', 'root', '--email', 'root@p.example',
        '--generate', '--json'));
    return $server->login('root', $made->{password});
}

sub database_is_there {
    my ($server, $slug) = @_;
    my $databases = $server->{databases};
    my $name = $databases->tenant_name($slug);
    return -e $name if !$databases->is_mysql;
    my ($row) = $databases->sql(undef, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '$name'");
    return $row->[0];
}
done_testing;
