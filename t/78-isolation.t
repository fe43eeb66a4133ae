#!/usr/bin/perl
# CrmTenantIsolation user: each tenant's database has a database user of its own, with rights on nothing
# else, through all of a tenant's life and while the secret key is changed; crmctl tenant verify proves it.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use JSON::PP;
use Time::HiRes qw(usleep);

my %kinds = map { $_ => 1 } Crm::Database::kinds();
my $small = "StartServers 1\nServerLimit 4\nThreadsPerChild 8\nMaxRequestWorkers 8\n"
    . "MinSpareThreads 1\nCrmPool max=4 per-database=4 wait=20s";

# The account that docs/many-tenants.md asks for, and no other right: (settings, its name).
sub limited {
    my ($server) = @_;
    my $databases = $server->{databases};
    (my $name = $databases->{prefix}) =~ s/^crm_t/lim_/;
    $databases->sql(undef, "CREATE USER '$name'\@'%' IDENTIFIED BY 'lim'; "
            . "GRANT ALL PRIVILEGES ON `" . ($databases->{prefix} =~ s/_/\\_/gr) . "\\_%`.* TO '$name'\@'%' WITH GRANT OPTION; "
            . "GRANT CREATE USER ON *.* TO '$name'\@'%'");
    my $as = sub { '"' . ($_[0] =~ s{//[^\@]*\@}{//$name:lim\@}r) . '"' };
    return ($name, CrmMainDatabase => $as->($databases->main_url), CrmTenantDatabase => $as->($databases->tenant_url),
        CrmDatabaseServer => 'elsewhere ' . $as->($databases->url('elsewhere_{slug}')));
}

# {database => user} of all tenants' users of the test; every one of them must have rights.
sub users {
    my ($server) = @_;
    my $databases = $server->{databases};
    my %of = map { ($_->[0] =~ s/\\//gr) => $_->[1] } grep { $_->[0] =~ s/\\+//gr =~ /^\Q$databases->{prefix}\E_/ }
        $databases->sql(undef, "SELECT db, user FROM mysql.db WHERE user REGEXP '^crm_[0-9a-f]{24}\$'");
    # one that another test is just making has none for a moment
    my @bare;
    Crm::Process::wait_until(10, sub {
        @bare = $databases->sql(undef, "SELECT u.user FROM mysql.user u WHERE u.user REGEXP '^crm_[0-9a-f]{24}\$' "
            . 'AND NOT EXISTS (SELECT 1 FROM mysql.db d WHERE d.user = u.user)');
        return !@bare;
    });
    is_deeply(\@bare, [], 'no user without rights');
    return \%of;
}

# The names of tenants' databases that have a user, without what they all begin with.
sub served {
    my ($server) = @_;
    my $of = users($server);
    return [sort map { s/^\Q$server->{databases}{prefix}\E_//r } keys %$of];
}

sub grants { my ($server, $user) = @_; return map { $_->[0] } $server->{databases}->sql(undef, "SHOW GRANTS FOR '$user'\@'%'") }

sub customer {
    my ($server, $tenant, $name) = @_;
    return $server->request(POST => '/api/customers/', {token => $tenant->{token},
        body => {name => $name, email => lc "$name\@x.example", phone => '1'}});
}

sub names {
    my ($server, $tenant) = @_;
    return [sort map { $_->{name} } @{$server->request(GET => '/api/customers/', {token => $tenant->{token}})->{json}{results}}];
}

sub verify {
    my ($server, $status, @words) = @_;
    my ($got, $out, $err) = $server->crmctl('tenant', 'verify', @words);
    is($got, $status, "crmctl tenant verify @words: $status") or diag($out, $err);
    return $out . $err;
}

# The children of a graceful restart have begun when one answers that was not there before.
sub reload {
    my ($server) = @_;
    my %before = map { $_ => 1 } $server->children;
    $server->restart;
    Crm::Process::wait_until(30, sub { !grep { $before{$_} } $server->children }) or die 'no graceful restart';
    $server->client->close;
    return;
}

# ---- SQLite: files

subtest sqlite3 => sub {
    my $server = Crm::Server->new(database => 'sqlite3')->start;
    $server->register('Acme');
    my ($folder, $file) = ($server->{databases}{folder}, $server->{databases}->tenant_name('acme'));
    chmod 0750, $folder or die $!;
    like(verify($server, 0), qr/^acme: ok, its file is out of reach for other users of this machine\n1 tenant, /,
        'a folder that others cannot enter');
    chmod 0755, $folder or die $!;
    chmod 0644, $file or die $!;
    like(verify($server, 1), qr/acme: every user of this machine can reach \Q$file\E: run chmod o= on its folder/,
        'a file that all can read');
    chmod 0600, $file or die $!;
    verify($server, 0, 'acme');
    $server->{settings}{CrmTenantIsolation} = 'user';
    $server->write_config;
    my ($status, $said) = $server->check_config;
    isnt($status, 0, 'SQLite has no users');
    like($said, qr/httpd\.conf:\d+: CrmTenantIsolation: "user" needs a CrmTenantDatabase of MariaDB or MySQL/, 'which -t says');
    $server->stop;
} if $kinds{sqlite3};

if (!$kinds{mysql}) {
    done_testing;
    exit;
}

# ---- MariaDB

subtest 'switching it on' => sub {
    my $server = Crm::Server->new(database => 'mysql', config => $small);
    my ($name, %settings) = limited($server);
    $server->{settings} = {%settings};
    $server->write_config;
    $server->start;
    my $acme = $server->register('Acme');
    like(verify($server, 1), qr/CrmTenantIsolation is none: the databases of all tenants are reached as one user $name, /,
        'without it nothing is pretended');
    is_deeply(served($server), [], 'there are no users');
    $server->{settings}{CrmTenantIsolation} = 'user';
    $server->write_config;
    reload($server);
    my $answer = $server->request(GET => '/api/auth/profile/', {token => $acme->{token}});
    is($answer->{status}, 503, 'without its user a tenant is not served');
    like($server->log_text, qr/Access denied for user 'crm_[0-9a-f]{24}'.*crmctl tenant verify --repair/,
        'and the log names the command that mends it');
    my ($status, $out) = $server->crmctl('check');
    like($out, qr/^isolation +FAIL 1 of 1 .*crmctl tenant verify --repair/m, 'so does crmctl check');
    like(verify($server, 0, '--repair'), qr/^acme: repaired, the user crm_[0-9a-f]{24} has rights on \w+_acme alone/, 'it is made');
    $server->call(GET => '/api/auth/profile/', {token => $acme->{token}}, 200, undef, 'and the tenant served');
    like($server->crmctl_ok('check'), qr/^rights +ok .*users.*^isolation +ok /ms, 'crmctl check is content');
    is_deeply(served($server), ['tenant_acme'], 'what check makes it removes');
    $server->{databases}->sql(undef, "REVOKE CREATE USER ON *.* FROM '$name'\@'%'");
    ($status, $out) = $server->crmctl('check');
    like($out, qr/^rights +FAIL .*GRANT CREATE USER ON \*\.\* TO/m, 'and says what to grant');
    reload($server);    # what is granted globally counts from the next connection on
    is($server->request(POST => '/api/auth/register/', {body => {username => 'b', email => 'b@b.example',
        password => 'b password', tenant_name => 'Beta', first_name => 'B', last_name => 'B'}})->{status}, 500,
        'a tenant that can have no user is not made');
    is_deeply([$server->main_sql("SELECT slug FROM tenant WHERE state <> 'creating'")], [['acme']], 'nor there');
    $server->{databases}->sql(undef, "GRANT CREATE USER ON *.* TO '$name'\@'%'");
    reload($server);
    ok(Crm::Process::wait_until(30, sub { ($server->main_sql('SELECT COUNT(*) FROM tenant'))[0][0] == 1 }),
        'what was left of it is removed once it can be');
    $server->register('Beta');
    $server->crmctl_ok('tenant', $_, 'acme', '--yes') for 'delete', 'purge';
    $server->crmctl_ok('tenant', $_, 'beta', '--yes') for 'delete', 'purge';
    is_deeply(served($server), [], 'no user outlives its tenant');
    $server->stop;
    $server->{databases}->sql(undef, "DROP USER '$name'\@'%'");
};

subtest 'life' => sub {
    my $server = Crm::Server->new(database => 'mysql', config => $small);
    my $databases = $server->{databases};
    my ($name, %settings) = limited($server);
    $server->{settings} = {%settings, CrmTenantIsolation => 'user'};
    $server->write_config;
    $server->start;
    my %tenant = map { lc $_ => $server->register($_) } map { "Tenant$_" } 1 .. 6;
    my @slugs = sort keys %tenant;
    is_deeply(served($server), [map { "tenant_$_" } @slugs], 'each tenant has its user');

    # more tenants than connections: they are turned from one to the next
    for my $turn (1 .. 3) {
        is(customer($server, $tenant{$_}, "C$turn-$_")->{status}, 201, "$_ writes, turn $turn") for @slugs;
    }
    for my $slug (@slugs) {
        is_deeply(names($server, $tenant{$slug}), [map { "C$_-$slug" } 1 .. 3], "$slug sees its own customers alone");
        is_deeply([$server->tenant_sql($slug, 'SELECT name FROM customer ORDER BY name')], [map { ["C$_-$slug"] } 1 .. 3],
            'and so its database holds them');
    }
    my %seen;
    my $load = Crm::Load->start(8, sub {
        my ($number, $tell) = @_;
        my $client = Crm::Client->new(port => $server->{port});
        my %count;
        for my $turn (1 .. 40) {
            my $slug = $slugs[rand @slugs];
            my $got = $client->request(GET => '/api/customers/', token => $tenant{$slug}{token});
            my @foreign = grep { $_->{name} !~ /-$slug$/ } @{$got->{json}{results} // []};
            $count{"$got->{status} " . @foreign}++;
        }
        $tell->(\%count);
    });
    for my $told ($load->rest) { $seen{$_} += $told->{$_} for keys %$told }
    is_deeply(\%seen, {'200 0' => 320}, 'eight clients at random: every answer is the right tenant\'s');
    my @connected = map { $_->[0] } $databases->sql(undef,
        "SELECT DISTINCT user FROM information_schema.processlist WHERE db LIKE '$databases->{prefix}\\_tenant\\_%'");
    is_deeply([grep { !/^crm_[0-9a-f]{24}$/ } @connected], [], 'requests work as the tenants\' users');
    ok(scalar @connected, 'of which some are connected');

    # all that requests do
    my %first = (token => $tenant{tenant1}{token});
    my $import = $server->call(POST => '/api/customers/import/', {%first, file => "name,email,phone\nI1,i1\@x.example,1\nI2,i2\@x.example,2\n"}, 200);
    my $id = (grep { $_->{name} eq 'I1' } @{$server->request(GET => '/api/customers/?search=i1', \%first)->{json}{results}})[0]{id};
    $server->call(PATCH => "/api/customers/$id/", {%first, body => {company => 'new'}}, 200);
    $server->call(DELETE => "/api/customers/$id/", {%first}, 200);
    $server->call(POST => '/api/products/', {%first, headers => {'Idempotency-Key' => 'k'}, body => {name => 'P', sku => 'p',
        price => '1.00', currency => 'EUR'}}, 201) for 1, 2;
    my @records = $server->wait_history($tenant{tenant1}{token}, 'method=DELETE', 1);
    ok(scalar @records, 'History is stored');
    ok($server->login('tenant1-admin', 'tenant1 password'), 'people log in');

    # what a user may do, by hand
    my %of = %{users($server)};
    my $user = $of{$databases->tenant_name('tenant1')};
    (my $escaped = $databases->tenant_name('tenant1')) =~ s/_/\\\\_/g;
    my ($none, @rights) = grants($server, $user);
    like($none, qr/^GRANT USAGE ON \*\.\* TO `$user`/, 'no right on the whole server');
    is_deeply(\@rights, ["GRANT SELECT, INSERT, UPDATE, DELETE ON `$escaped`.* TO `$user`\@`%`"], 'four on the database');
    $databases->sql(undef, "ALTER USER '$user'\@'%' IDENTIFIED BY 'by hand'");
    my @client = map { s/^--user=.*/--user=$user/r =~ s/^--password=.*/--password=by hand/r } Crm::Database::mysql_client(Crm::Database::server_url());
    my $by_hand = sub { my ($status, $out, $err) = Crm::Process::run(@client, '-BN', '-e', @_); return "$status $out$err" };
    is($by_hand->('SELECT slug FROM tenant', $databases->tenant_name('tenant1')), "0 tenant1\n", 'by hand it sees its own row');
    like($by_hand->('SELECT slug FROM `' . $_ . '`.tenant'), qr/^1 .*SELECT command denied/s, "and not $_")
        for $databases->tenant_name('tenant2'), $databases->main_name;
    like($by_hand->($_, $databases->tenant_name('tenant1')), qr/^1 .*denied/s, "nor may it: $_")
        for 'DROP TABLE customer', 'CREATE TABLE x (id INT)', 'CREATE DATABASE ' . $databases->tenant_name('x'),
        'CREATE TRIGGER x BEFORE INSERT ON customer FOR EACH ROW SET @a = 1', "CREATE USER x", 'TRUNCATE customer';

    # verify
    like(verify($server, 1), qr/^tenant2: ok, the user crm_\w+ has rights on \w+_tenant2 alone.*tenant1: $user: .*Access denied.*1 of 6 tenants/s,
        'another password is found');
    like(verify($server, 0, '--repair', 'tenant1'), qr/^tenant1: repaired, /, 'and mended');
    verify($server, 0);
    $databases->sql(undef, "GRANT SELECT ON `" . $databases->tenant_name('tenant2') . "`.* TO '$user'\@'%'");
    my ($found) = @{decode_json((($server->crmctl('tenant', 'verify', 'tenant1', '--json'))[1]))};
    is($found->{ok}, JSON::PP::false, 'a right too many is found');
    is(join("\n", @{$found->{faults}}), join("\n", 'it has a right too many: GRANT SELECT ON `' . $databases->tenant_name('tenant2') . '`.* TO `' . $user . '`@`%`.',
        'it sees the database ' . $databases->tenant_name('tenant2') . '.',
        'it can read ' . $databases->tenant_name('tenant2') . '.tenant.'), 'in each of its forms');
    $databases->sql(undef, "DROP USER '$of{$databases->tenant_name('tenant3')}'\@'%'");
    like(verify($server, 1), qr/tenant1: $user: it has a right too many.*2 of 6 tenants did not pass/s, 'so is a missing user');
    my $again = verify($server, 0, '--repair');
    is(() = $again =~ /repaired/g, 2, 'both are mended');
    $databases->sql(undef, "REVOKE DELETE ON `$escaped`.* FROM '$user'\@'%'" =~ s/\\\\/\\/gr);
    like(verify($server, 1, 'tenant1'), qr/it lacks the rights SELECT, INSERT, UPDATE, DELETE/, 'a right too few');
    verify($server, 0, '--repair', 'tenant1');
    $databases->sql(undef, "CREATE ROLE $databases->{prefix}; GRANT SELECT ON `" . $databases->tenant_name('tenant2')
        . "`.* TO $databases->{prefix}; GRANT $databases->{prefix} TO '$user'\@'%'");
    like(verify($server, 1, 'tenant1'), qr/it has a right too many: GRANT `$databases->{prefix}`(?:\@`%`)? TO `$user`\@`%`\./,
        'a right that a role has');
    verify($server, 0, '--repair', 'tenant1');
    $databases->sql(undef, "DROP ROLE $databases->{prefix}");
    if (($databases->sql(undef, 'SELECT VERSION()'))[0][0] =~ /MariaDB/) {    # MySQL has no PUBLIC
        $databases->sql(undef, "GRANT SELECT ON `" . $databases->tenant_name('tenant2') . "`.* TO PUBLIC");
        like(verify($server, 1, '--repair', 'tenant1'), qr/it has a right too many: GRANT SELECT ON \S+ TO PUBLIC\./, 'and that all have');
        $databases->sql(undef, "REVOKE SELECT ON `" . $databases->tenant_name('tenant2') . "`.* FROM PUBLIC");
    }
    verify($server, 0);
    unlike($server->log_text . $again, qr/Crm1-|IDENTIFIED/, 'no password is told');

    # what an operator does
    $server->crmctl_ok('tenant', 'clone', 'tenant1', 'Twin');
    my $all = "`" . ($databases->{prefix} =~ s/_/\\_/gr) . '\_%`.*';
    $databases->sql(undef, "REVOKE TRIGGER ON $all FROM '$name'\@'%'");
    my ($status, undef, $said) = $server->crmctl('tenant', 'move', 'tenant2', '--to', 'elsewhere');
    is($status, 1, 'no move without triggers');
    like($said, qr/refuses a trigger, which a move needs: its account must have the right TRIGGER/, 'and what is missing is said');
    $databases->sql(undef, "GRANT TRIGGER ON $all TO '$name'\@'%'");
    $server->crmctl_ok('tenant', 'move', 'tenant2', '--to', 'elsewhere');
    is_deeply(names($server, $tenant{tenant2}), [map { "C$_-tenant2" } 1 .. 3], 'a tenant that was moved is served');
    is_deeply(served($server), ['elsewhere_tenant2', map({ "tenant_tenant$_" } 1, 3 .. 6), 'tenant_twin'],
        'a clone has its user, one that was moved has it there');
    $server->crmctl_ok('tenant', 'move', 'tenant2', '--to', 'default');
    my $backup = "$server->{folder}/tenant3.zip";
    $server->crmctl_ok('tenant', 'backup', 'tenant3', $backup);
    $server->crmctl_ok('tenant', $_, 'tenant3', '--yes') for 'delete', 'purge';
    is_deeply(served($server), [map({ "tenant_tenant$_" } 1, 2, 4 .. 6), 'tenant_twin'], 'none after a purge');
    $server->crmctl_ok('tenant', 'restore', $backup);
    is_deeply(names($server, $tenant{tenant3}), [map { "C$_-tenant3" } 1 .. 3], 'a restored one is served');
    $databases->lose_tenant('tenant4');
    $server->crmctl_ok('fix_tenant_auth', 'tenant4');
    $server->crmctl_ok('setup_tenant_tables', '--all-tenants');
    $server->crmctl_ok('recreate_tenant_db', 'tenant5', '--yes');
    is_deeply(served($server), [map({ "tenant_tenant$_" } 1 .. 6), 'tenant_twin'], 'repaired ones have theirs');
    verify($server, 0);
    $server->stop;
    $databases->sql(undef, "DROP USER '$name'\@'%'");
    $databases->sql(undef, "DROP USER '$_'\@'%'") for values %{users($server)};
};

subtest 'another secret key' => sub {
    my $server = Crm::Server->new(database => 'mysql', config => $small);
    my $databases = $server->{databases};
    my ($name, %settings) = limited($server);
    $server->{settings} = {%settings, CrmTenantIsolation => 'user'};
    $server->write_config;
    $server->start;
    my %tenant = map { lc $_ => $server->register($_) } map { "Tenant$_" } 1 .. 6;
    my @slugs = sort keys %tenant;
    my $hashes = sub { return join ' ', map { @$_ } $databases->sql(undef,
        "SELECT CONCAT_WS(' ', user, authentication_string) FROM mysql.user WHERE user REGEXP '^crm_[0-9a-f]{24}\$' ORDER BY user") };
    my $before = $hashes->();
    my $stop = "$server->{folder}/stop";
    my $load = Crm::Load->start(4, sub {
        my ($number, $tell) = @_;
        my (%count, $turn);
        until (-e $stop) {
            my $slug = $slugs[rand @slugs];
            # a connection of its own: it is not cut off by a graceful restart
            my $client = Crm::Client->new(port => $server->{port});
            my $got = ++$turn % 3 ? $client->request(GET => '/api/customers/', token => $tenant{$slug}{token})
                : $client->request(POST => '/api/customers/', token => $tenant{$slug}{token},
                    body => {name => "w$number-$turn", email => "w$number-$turn\@$slug.example", phone => '1'});
            $count{$got->{status}}++;
            $client->close;
        }
        $tell->(\%count);
    });
    usleep 300_000;
    $server->crmctl_ok('secret', 'rotate');
    isnt($hashes->(), $before, 'every user has another password');
    usleep 300_000;
    my $late = $server->register('Late');    # by a server that knows the key before alone
    reload($server);
    my $later = $server->register('Later');
    verify($server, 0);
    usleep 300_000;
    $server->crmctl_ok('secret', 'rotate', '--finish', '--now');
    my $after = $hashes->();
    usleep 300_000;
    reload($server);
    usleep 300_000;
    open my $file, '>', $stop or die $!;
    close $file;
    my %seen;
    for my $told ($load->rest) { $seen{$_} += $told->{$_} for keys %$told }
    diag(join ', ', map { "$_: $seen{$_}" } sort keys %seen);
    is_deeply([sort keys %seen], [200, 201], 'not one request failed');
    verify($server, 0);
    is($hashes->(), $after, 'the new password is alone');
    is(names($server, $_)->[0] // 'none', 'none', 'who registered meanwhile is served') for $late, $later;
    $server->stop;
    $databases->sql(undef, "DROP USER '$_'\@'%'") for $name, values %{users($server)};
};
done_testing;
