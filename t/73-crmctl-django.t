#!/usr/bin/perl
# The Django product's commands, by their old names and arguments, on a site with three tenants.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

on_each_database(sub {
    my ($server) = @_;
    my $is_mysql = $server->{database} eq 'mysql';
    my %token = map { $_ => $server->register($_)->{token} } qw(Acme Bolt Cord);
    my $run = sub { return decode_json($server->crmctl_ok(@_, '--json')) };
    my $tenants = $run->('tenant', 'list');
    my %id = map { $_->{name} => $_->{id} } @$tenants;
    my %database = map { $_->{name} => $_->{database_name} } @$tenants;
    my $lead = sub {
        return $server->request(POST => '/api/leads/', {token => $token{$_[0]}, body => {name => 'L', email => 'l@example.com',
            phone => '1', status => 'new', source => 'web', customer_email => 'c@example.com'}})->{status};
    };
    is($lead->($_), 201, "$_ works") for sort keys %token;
    my $drop = sub { $server->tenant_sql(@_) };

    # what was dropped by hand is made again, what is there stays
    my @nothing = map { {tenant => $_, applied => 0, made => [], left => []} } sort keys %token;
    is_deeply([map { my $row = $_; +{map { $_ => $row->{$_} } qw(tenant applied made left)} } @{$run->('setup_tenant_tables', '--all-tenants')}],
        \@nothing, 'three tenants in which nothing is missing');
    $drop->('acme', 'DROP TABLE token');
    is($server->request(GET => '/api/auth/profile/', {token => $token{Acme}})->{status}, 500, 'without its table of tokens a tenant is lost');
    is_deeply($run->('create_token_table', 'Acme')->[0]{made}, [map { "$_ was missing, and is there again" } 'table token'],
        'create_token_table makes it') if $is_mysql;
    $server->crmctl_ok('create_token_table', 'Acme') if !$is_mysql;
    $token{Acme} = $server->login('acme-admin', 'acme password');
    is($lead->('Acme'), 201, 'and the tenant works');

    my $index = $is_mysql ? 'DROP INDEX newest ON `lead`' : 'DROP INDEX lead_newest';
    $drop->('bolt', $index);
    like($run->('migrate_leads', '--tenant-name', 'Bolt')->[0]{made}[0], qr/\Aindex \w+ of lead was missing/, 'migrate_leads makes an index');
    $drop->('bolt', $index);
    my ($of_bolt) = grep { $_->{tenant} eq 'Bolt' } @{$run->('migrate_leads', '--all-tenants')};
    is(scalar @{$of_bolt->{made}}, 1, 'also among all tenants');

    $drop->('cord', 'DROP TABLE idempotency_key');
    is(scalar @{$run->('setup_tenant_tables', '--tenant-id', $id{Cord})->[0]{made}}, $is_mysql ? 1 : 2, 'setup_tenant_tables by id')
        or diag(explain($run->('setup_tenant_tables', '--tenant-id', $id{Cord})));
    $drop->('cord', 'ALTER TABLE account DROP COLUMN language');
    my $answer = $run->('setup_tenant_tables', '--database-name', $database{Cord});
    is_deeply($answer->[0]{made}, ['column language of account was missing, and is there again'], 'by database');
    if ($is_mysql) {
        $drop->('cord', 'ALTER TABLE account MODIFY first_name VARCHAR(20) NOT NULL');
        my ($status, $out) = $server->crmctl('setup_tenant_tables', '--database-name', $database{Cord}, '--json');
        is($status, 1, 'what differs fails');
        like(decode_json($out)->[0]{left}[0], qr/\Acolumn first_name of account: It is ".*varchar\(20\).*" and should be ".*varchar\(150\)/,
            'and is told, not changed');
        $drop->('cord', 'ALTER TABLE account MODIFY first_name VARCHAR(150) NOT NULL');
        my ($key) = $drop->('cord', q{SELECT constraint_name FROM information_schema.referential_constraints
            WHERE constraint_schema = DATABASE() AND table_name = 'lead'});
        $drop->('cord', "ALTER TABLE `lead` DROP FOREIGN KEY `$key->[0]`");
        my ($cord) = grep { $_->{tenant} eq 'Cord' } @{$run->('setup_tenant_tables', '--fix-foreign-keys')};
        is_deeply($cord->{made}, ['foreign key `customer` of lead was missing, and is there again'], '--fix-foreign-keys');
    } else {
        is(scalar @{$run->('setup_tenant_tables', '--fix-foreign-keys')}, 3, '--fix-foreign-keys looks at all');
    }
    is($lead->('Cord'), 201, 'the tenant works');
    for my $words (['setup_tenant_tables'], ['setup_tenant_tables', '--all-tenants', '--tenant-id', $id{Cord}], ['migrate_leads']) {
        my ($status, undef, $err) = $server->crmctl(@$words);
        is($status, 1, "crmctl @$words is refused");
        like($err, qr/Give /, 'with what to give');
    }
    my (undef, undef, $unknown) = $server->crmctl('setup_tenant_tables', '--database-name', 'crm_nowhere');
    like($unknown, qr/No tenant has the database crm_nowhere/, 'an unknown database');

    # logins and permissions
    $server->main_sql('DELETE FROM login');
    is($server->request(POST => '/api/auth/login/', {body => {username => 'bolt-admin', password => 'bolt password'}})->{status}, 400,
        'without the directory nobody is found');
    $server->crmctl_ok('migrate_users_to_tenant', 'Bolt');
    ok($server->login('bolt-admin', 'bolt password'), 'migrate_users_to_tenant enters its users');
    $server->crmctl_ok('fix_tenant_auth', 'Bolt', '--all');
    ok($server->login('cord-admin', 'cord password'), 'fix_tenant_auth --all those of all');
    $server->crmctl_ok('migrate_authtoken_to_tenant', 'Cord');

    # a tenant that is not there yet; one whose database is gone
    my (undef, undef, $err) = $server->crmctl('migrate_tenant', 'Dune');
    like($err, qr/Tenant "Dune" not found/, 'migrate_tenant of an unknown tenant');
    is($run->('migrate_tenant', 'Dune', '--create')->[0]{tenant}, 'Dune', '--create makes it');
    is(scalar @{$run->('tenant', 'list')}, 4, 'and it is there');
    $server->{databases}->lose_tenant('dune');
    ok($run->('migrate_tenant', 'Dune')->[0]{created}, 'a database that is gone is made again');

    # a superuser in a tenant; a tenant that begins anew
    my $root = $run->('createsuperuser', '--username', 'root', '--email', 'root@platform.example', '--generate')->{password};
    $server->crmctl_ok('copy_user_to_tenant', 'root', 'Dune');
    my $copied = $server->request(POST => '/api/auth/login/', {body => {username => 'root', password => $root}, headers => {'X-Tenant' => 'dune'}});
    is($copied->{status}, 200, 'copy_user_to_tenant: the password is the same') or diag($copied->{body});
    my ($status, undef, $asks) = $server->crmctl('recreate_tenant_db', 'Acme');
    is($status, 1, 'recreate_tenant_db asks first');
    is($lead->('Acme'), 201, 'and does nothing');
    $server->crmctl_ok('recreate_tenant_db', 'Acme', '--yes');
    is($server->request(GET => '/api/leads/', {token => $token{Acme}})->{status}, 401, 'then nobody is logged in');
    my $new = $run->('user', 'create', '--tenant', 'Acme', '--username', 'anna', '--email', 'anna@acme.example', '--admin', '--generate');
    my $list = $server->request(GET => '/api/leads/', {token => $server->login('anna', $new->{password})});
    is($list->{json}{count}, 0, 'nothing is there');
    is_deeply([map { $_->{id} } grep { $_->{name} eq 'Acme' } @{$run->('tenant', 'list')}], [$id{Acme}], 'but the tenant, with its id');
});
done_testing;
