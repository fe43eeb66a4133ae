#!/usr/bin/perl
# A tenant is saved, and comes back with every row: on the same kind of database and on the other one, as
# itself and beside itself, also when the process was killed. What is damaged is refused.
use lib 't/lib';
use Crm::Test;
use Crm::Fill;
use Crm::Load;
use Crm::Tables;
use JSON::PP;
use POSIX qw(WNOHANG);
use Time::HiRes qw(time usleep);

use constant CUSTOMERS => 6_000;

sub digests {
    my ($server, $slug, @skip) = @_;
    return Crm::Tables::digests($server->{databases}, $server->{databases}->tenant_name($slug), @skip);
}

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!";
    local $/;
    return <$file>;
}

sub spew {
    my ($path, $bytes) = @_;
    open my $file, '>:raw', $path or die "$path: $!";
    print $file $bytes;
    close $file or die $!;
    return $path;
}

# A tenant with something in every kind of table.
sub furnish {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my @token = (token => $acme->{token});
    my $schemas = $server->request(GET => '/api/schema/', {@token})->{json}{components}{schemas};
    Crm::Fill::records($server, $acme->{slug}, $schemas->{Customer}, CUSTOMERS);
    $server->rows(
        [POST => '/api/auth/tenant/users/create/', {@token, body => {username => 'bob', email => 'bob@acme.example',
            password => 'password of bob', first_name => 'Bob', last_name => 'Ünal'}}, 201],
        [POST => '/api/categories/', {@token, body => {name => 'Alle 😀', description => "a\nb\t\"c\\"}}, 201],
        [POST => '/api/products/', {@token, headers => {'Idempotency-Key' => 'one'},
            body => {name => 'Nail', sku => 'n1', price => '12.34', currency => 'EUR'}}, 201],
        [POST => '/api/leads/', {@token, body => {name => 'Léa', email => 'lea@x.example', phone => '1', status => 'new',
            source => 'web', customer_name => 'Léa', customer_email => 'lea@x.example'}}, 201]);
    my $category = $server->request(GET => '/api/categories/', {@token})->{json}{results}[0];
    $server->call(POST => '/api/categories/', {@token, body => {name => 'Inner', parent => $category->{id}}}, 201);
    $server->call(POST => '/api/leads/call-summaries/by-customer/' . $server->request(GET => '/api/customers/?email=lea@x.example',
        {@token})->{json}{results}[0]{id} . '/', {@token, body => {summary => 'Spoke', call_outcome => 'follow_up'}}, 201);
    $server->wait_history($acme->{token}, 'method=POST', 4);
    return $acme;
}

my %saved;    # by kind: the file, and what was in it
my @servers = map { Crm::Server->new(database => $_)->start } Crm::Database::kinds();
for my $server (@servers) {
    my $kind = $server->{database};
    my $folder = "$server->{folder}/data";    # which the server's account may write, as root's need not
    my $acme = furnish($server);
    my $file = "$server->{folder}/acme.crm.zip";
    my $count = $server->request(GET => '/api/customers/', {token => $acme->{token}})->{json}{count};
    $server->stop;                            # nothing else writes: digests and backup see the same

    my $before = digests($server, 'acme');
    my $answer = decode_json($server->crmctl_ok('tenant', 'backup', 'Acme', $file, '--json'));
    cmp_ok($answer->{rows}, '>', 2 * CUSTOMERS, "$kind: a backup of a stopped server");
    is(sprintf('%04o', 07777 & (stat $file)[2]), '0600', "$kind: for its owner alone");
    is_deeply([glob "$file.*"], [], "$kind: nothing is left beside it");
    $saved{$kind} = {file => $file, before => $before, acme => $acme, count => $count};
    my ($status, $listing, $err) = Crm::Process::run('unzip', '-tq', $file);
    SKIP: {
        skip 'unzip is missing', 1 if $status == 127;
        is($status, 0, "$kind: other programs read it") or diag($listing, $err);
    }

    # beside the living one
    my $copy = decode_json($server->crmctl_ok('tenant', 'restore', $file, '--as', 'Acme before', '--json'));
    is($copy->{slug}, 'acme_before', "$kind: restored beside it");
    my @own = qw(tenant token idempotency_key);
    my ($there, $again) = (digests($server, 'acme', @own), digests($server, 'acme_before', @own));
    cmp_ok(scalar keys %$there, '>', 20, "$kind: there are tables to compare");
    is_deeply($again, $there, "$kind: every table has the same rows");
    is_deeply([map { $_->[0] } $server->tenant_sql('acme_before', 'SELECT COUNT(*) FROM token')], [0],
        "$kind: and the copy no tokens");
    ($status, undef, $err) = $server->crmctl('tenant', 'restore', $file);
    is($status, 1, "$kind: not over the living one");
    like($err, qr/Tenant "Acme" is there: restore beside it with --as NAME/, "$kind: which it says");
    ($status, undef, $err) = $server->crmctl('tenant', 'restore', $file, '--as', 'acme BEFORE');
    like($err, qr/already exists/, "$kind: nor by a taken name");

    # what is damaged
    my $bytes = slurp($file);
    my @damages = (
        ['cut off', substr $bytes, 0, length($bytes) - 30], ['cut in half', substr $bytes, 0, length($bytes) / 2],
        ['empty', ''], ['no archive', 'x' x 5000],
        map { my $at = $_; my $copy = $bytes; substr($copy, $at, 1) ^= "\x55"; ["byte $at", $copy] }
            map { int((0.05 + 0.15 * $_) * length $bytes) } 0 .. 5);
    for my $damage (@damages) {
        ($status, undef, $err) = $server->crmctl('tenant', 'restore', spew("$folder/bad.zip", $damage->[1]), '--as', 'Bad');
        is($status, 1, "$kind: $damage->[0]: refused");
        like($err, qr/bad\.zip is no whole backup: /, "$kind: $damage->[0]: with words") or diag($err);
    }
    is_deeply([sort map { $_->{slug} } @{decode_json($server->crmctl_ok('tenant', 'list', '--json'))}],
        [qw(acme acme_before)], "$kind: and no tenant was begun");

    # a clone
    $copy = decode_json($server->crmctl_ok('tenant', 'clone', 'acme', 'Training', '--json'));
    $again = digests($server, $copy->{slug}, @own, 'account');
    delete $there->{account};
    is_deeply($again, $there, "$kind: a clone has the same rows");
    is_deeply([$server->tenant_sql('training', 'SELECT DISTINCT password FROM account')], [['!']], "$kind: but no passwords");
    $server->crmctl_ok('tenant', 'clone', 'acme', 'Bare', '--without-people');
    is_deeply([map { $server->tenant_sql('bare', "SELECT COUNT(*) FROM $_") } qw(account history token account_group)],
        [([0]) x 4], "$kind: or no people and no History");
    is_deeply([$server->tenant_sql('bare', 'SELECT COUNT(created_by) FROM category')], [[0]], "$kind: nobody is named");

    # while others write: a moment of all tables together
    $server->start;
    my $load = Crm::Load->start(3, sub {
        my ($number, $tell) = @_;
        my $client = Crm::Client->new(port => $server->{port});
        for my $turn (1 .. 150) {
            my $got = $client->request(POST => '/api/branches/', token => $acme->{token}, body => {name => "w$number-$turn"});
            $tell->({status => $got->{status}});
        }
    });
    $load->next for 1 .. 20;
    $server->crmctl_ok('tenant', 'backup', 'acme', "$folder/busy.zip");
    is_deeply([grep { $_->{status} != 201 } $load->rest], [], "$kind: writes go on");
    $server->crmctl_ok('tenant', 'restore', "$folder/busy.zip", '--as', 'Busy');
    my ($branches, $logged, $counted) = map { ($server->tenant_sql('busy', $_))[0][0] } 'SELECT COUNT(*) FROM branch',
        "SELECT COUNT(*) FROM change_log WHERE entity = 'branch'", "SELECT SUM(records) FROM record_count WHERE entity = 'branch'";
    cmp_ok($branches, '>=', 20, "$kind: the backup has what was there");
    is_deeply([$logged, $counted], [$branches, $branches], "$kind: at one moment");

    # killed as soon as its tenant is begun, and ever later
    my ($killed, $started) = (0, time);
    $server->crmctl_ok('tenant', 'restore', $file, '--as', 'Timed');
    my $whole = time - $started;
    for my $turn (0 .. 4) {
        my $pid = fork // die $!;
        if (!$pid) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>', '/dev/null';
            exec Crm::Process::crmctl(), 'tenant', 'restore', $file, '--as', 'Killed', '--config', $server->conf,
                '--httpd', Crm::Process::httpd() or POSIX::_exit(127);
        }
        my $ended;
        Crm::Process::wait_until(30, sub { ($ended = waitpid($pid, WNOHANG) == $pid)
                || ($server->main_sql("SELECT COUNT(*) FROM tenant WHERE state = 'creating'"))[0][0] });
        usleep(1e6 * $whole * 0.15 * $turn);
        if (!$ended) {
            kill KILL => $pid;
            waitpid $pid, 0;
            $killed++ if $? & 127;
        }
        my @there = grep { $_->{name} eq 'Killed' } @{decode_json($server->crmctl_ok('tenant', 'list', '--json'))};
        if (@there) {
            is_deeply(digests($server, 'killed', @own), digests($server, 'timed', @own), "$kind: there as a whole");
            last;
        }
        $server->call(POST => '/api/auth/login/', {headers => {'X-Tenant' => 'Killed'}, body => {username => 'bob',
            password => 'password of bob'}}, 400, qr/not found/, "$kind: killed: no tenant");
    }
    cmp_ok($killed, '>=', 1, "$kind: killed $killed times");
    $server->crmctl('tenant', 'restore', $file, '--as', 'Killed');
    is_deeply(digests($server, 'killed', @own), digests($server, 'timed', @own), "$kind: restored all the same");
}

# from each kind to each, as itself
for my $from (sort keys %saved) {
    for my $kind (Crm::Database::kinds()) {
        my $saved = $saved{$from};
        my $server = Crm::Server->new(database => $kind);
        $server->crmctl_ok('migrate');
        my $tenant = decode_json($server->crmctl_ok('tenant', 'restore', $saved->{file}, '--json'));
        is_deeply(digests($server, 'acme', 'tenant'), {map { $_ => $saved->{before}{$_} } grep { $_ ne 'tenant' }
            keys %{$saved->{before}}}, "$from to $kind: every table has the same rows");
        is($tenant->{id}, $saved->{acme}{tenant}, "$from to $kind: it is the same tenant");
        $server->start;
        $server->call(GET => '/api/customers/?page_size=1', {token => $saved->{acme}{token}}, 200,
            {count => $saved->{count}}, "$from to $kind: the old token works");
        $server->login('bob', 'password of bob');
        $server->call(POST => '/api/categories/', {token => $saved->{acme}{token}, body => {name => 'New'}}, 201);
        $server->stop;
    }
}
$_->stop for @servers;
done_testing;
