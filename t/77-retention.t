#!/usr/bin/perl
# What is over is removed: by the server in the background, by crmctl at once; statistics stay.
use lib 't/lib';
use Crm::Test;

sub ago { return Crm::Database::time_text(time - $_[0] * 86400) }

for my $kind (Crm::Database::kinds()) {
    my $server = Crm::Server->new(database => $kind, settings => {CrmHistoryKeep => '90d'});
    $server->start;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    $server->request(GET => '/api/customers/', \%as) for 1 .. 3;
    $server->wait_history($acme->{token}, 'search=/api/customers/', 3);
    my $before = $server->request(GET => '/api/auth/history/statistics/', \%as)->{json}{total_requests};
    cmp_ok($before, '>=', 3, "$kind: there is History");
    $server->stop;

    # 1,200 copies of a record of long ago, one that is just young enough; a token that is over
    my $columns = 'user_id, username, username_key, method, endpoint, endpoint_key, response_status, execution_time, updated_at';
    my $id = $kind eq 'mysql' ? 'UNHEX(REPLACE(UUID(), "-", ""))' : 'randomblob(16)';
    my $numbers = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)';
    my $copy = sub {
        my ($count, $time) = @_;
        my $select = "SELECT $id, '$time', $columns FROM (SELECT * FROM history LIMIT 1) h, (SELECT i FROM n WHERE i <= $count) m";
        $server->tenant_sql('acme', $kind eq 'mysql' ? "INSERT INTO history (id, created_at, $columns) $numbers $select"
            : "$numbers INSERT INTO history (id, created_at, $columns) $select");
    };
    $copy->(900, ago(100));
    $copy->(300, ago(91));
    $copy->(1, ago(89));
    $server->tenant_sql('acme', "UPDATE token SET expires_at = '" . ago(1) . "'");
    my $count = sub { return ($server->tenant_sql('acme', "SELECT COUNT(*) FROM $_[0]"))[0][0] };
    my $old = sub { return ($server->tenant_sql('acme', "SELECT COUNT(*) FROM history WHERE created_at < '" . ago($_[0]) . "'"))[0][0] };
    is($old->(90), 1200, "$kind: records of long ago");

    $server->start;
    ok(Crm::Process::wait_until(60, sub { $old->(90) == 0 && $count->('token') == 0 }), "$kind: the server removes them, and the token");
    is($old->(88), 1, "$kind: what is young enough stays");
    my $token = $server->login('acme-admin', 'acme password');
    is($server->request(GET => '/api/auth/history/statistics/', {token => $token})->{json}{total_requests} >= $before, 1, "$kind: statistics stay");

    my ($status, undef, $err) = $server->crmctl('history', 'prune', '--tenant', 'Acme');
    is($status, 1, "$kind: crmctl history prune asks first");
    (undef, undef, $err) = $server->crmctl('history', 'prune', '--tenant', 'Acme', '--before', 'long ago', '--yes');
    like($err, qr/--before "long ago" is no date/, 'a date that is none');
    my $day = substr ago(88), 0, 10;
    like($server->crmctl_ok('history', 'prune', '--tenant', 'Acme', '--before', $day, '--yes'), qr/^Acme: 1 record removed\n1 removed in all\.$/m,
        "$kind: and removes at once");
    is($old->(87), 0, "$kind: nothing is left");
    like($server->crmctl_ok('history', 'prune', '--all', '--yes'), qr/^0 removed in all\.$/m, "$kind: of all, as CrmHistoryKeep says");
    $server->stop;
}
done_testing;
