#!/usr/bin/perl
# What is over is removed: by the server in the background, by crmctl at once; statistics stay.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

# Records of which some were deleted long ago: what goes and what stays, by name.
sub make_records {
    my ($server, %as) = @_;
    my $number = 0;
    my $make = sub {
        my ($plural, %body) = @_;
        return $server->call(POST => "/api/$plural/", {%as, body => \%body}, 201)->{json}{id};
    };
    my $customer = sub { $make->('customers', name => "c$_[0]", email => "c$_[0]\@x.example", phone => '1') };
    my $lead = sub { my ($name, @more) = @_; $make->('leads', name => $name, email => "$name\@x.example", phone => '1', status => 'new',
        source => 'web', @more) };
    my %id = (alone => $customer->('alone'), held => $customer->('held'), young => $customer->('young'),
        living => $customer->('living'), whose => $customer->('whose'));
    $id{gone} = $lead->('gone', customer => $id{whose});
    $id{holds} = $lead->('holds', customer => $id{held});
    $id{parts} = [map { $make->("leads/$id{gone}/call-summaries", summary => $_) } qw(one two)];
    $id{part} = $make->("leads/$id{holds}/call-summaries", summary => 'other');
    $server->call(DELETE => "/api/leads/$id{gone}/call-summaries/$id{parts}[0]/", {%as}, 200);
    $server->call(DELETE => "/api/leads/$id{holds}/call-summaries/$id{part}/", {%as}, 200);
    $server->call(DELETE => "/api/leads/$id{gone}/", {%as}, 200);
    $server->call(DELETE => "/api/customers/$id{$_}/", {%as}, 200) for qw(alone held whose young);
    return %id;
}

sub hex_of { return "X'" . ($_[0] =~ tr/-//dr) . "'" }

sub ago { return Crm::Database::time_text(time - $_[0] * 86400) }

for my $kind (Crm::Database::kinds()) {
    my $server = Crm::Server->new(database => $kind, settings => {CrmHistoryKeep => '90d', CrmRecordGrace => '30d'});
    $server->start;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    $server->request(GET => '/api/customers/', \%as) for 1 .. 3;
    $server->wait_history($acme->{token}, 'search=/api/customers/', 3);
    my $before = $server->request(GET => '/api/auth/history/statistics/', \%as)->{json}{total_requests};
    cmp_ok($before, '>=', 3, "$kind: there is History");
    my %id = make_records($server, %as);
    $server->stop;
    my $all = join ',', map { hex_of($_) } map { ref $_ ? @$_ : $_ } @id{qw(gone parts part alone held whose)};
    $server->tenant_sql('acme', "UPDATE $_ SET deleted_at = '" . ago(31) . "' WHERE deleted_at IS NOT NULL AND id IN ($all)")
        for qw(customer `lead` call_summary);
    $server->tenant_sql('acme', "UPDATE customer SET deleted_at = '" . ago(29) . "' WHERE id = " . hex_of($id{young}));

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

    my @again = (token => $token);
    my $there = sub { my ($table, @ids) = @_; ($server->tenant_sql('acme', "SELECT COUNT(*) FROM $table WHERE id IN ("
        . join(',', map { hex_of($_) } @ids) . ')'))[0][0] };
    ok(Crm::Process::wait_until(60, sub { !$there->('customer', @id{qw(alone whose)}) }), "$kind: records deleted long ago are removed");
    is($there->('`lead`', $id{gone}) + $there->('call_summary', @{$id{parts}}, $id{part}), 0,
        "$kind: what was part of them too, in the order that references want");
    is($there->('customer', @id{qw(held young living)}), 3, "$kind: not what others refer to, nor what is young enough or there");
    is_deeply([$server->tenant_sql('acme', "SELECT COUNT(*) FROM change_log WHERE record_id IN ("
        . join(',', map { hex_of($_) } @{$id{parts}}, @id{qw(part gone alone whose)}) . ')')], [[0]], "$kind: their change logs went with them");
    $server->call(POST => "/api/customers/$id{alone}/restore/", {@again}, 404);
    $server->call(POST => "/api/customers/$id{$_}/restore/", {@again}, 200) for qw(held young);
    is($server->call(GET => "/api/$_->[0]/?search=$_->[1]", {@again}, 200)->{json}{count}, $_->[2], "$kind: search finds $_->[2] $_->[0]")
        for ['customers', 'x.example', 3], ['leads', 'x.example', 1], ["leads/$id{holds}/call-summaries", 'other', 0];
    is_deeply([$server->tenant_sql('acme', 'SELECT entity, SUM(records) FROM record_count GROUP BY entity ORDER BY entity')],
        [['call_summary', 0], ['customer', 3], ['lead', 1]], "$kind: the counts are right");
    is_deeply([$server->tenant_sql('acme', 'SELECT COUNT(*) FROM call_summary_search')], [[0]], "$kind: nothing is left for search to find");

    my ($status, undef, $err) = $server->crmctl('history', 'prune', '--tenant', 'Acme');
    is($status, 1, "$kind: crmctl history prune asks first");
    (undef, undef, $err) = $server->crmctl('history', 'prune', '--tenant', 'Acme', '--before', 'long ago', '--yes');
    like($err, qr/--before "long ago" is no date/, 'a date that is none');
    my $day = substr ago(88), 0, 10;
    like($server->crmctl_ok('history', 'prune', '--tenant', 'Acme', '--before', $day, '--yes'), qr/^Acme: 1 record removed\n1 removed in all\.$/m,
        "$kind: and removes at once");
    is($old->(87), 0, "$kind: nothing is left");
    is_deeply(decode_json($server->crmctl_ok('history', 'prune', '--all', '--yes', '--json')),
        {removed => 0, databases => [{tenant => 'acme', removed => 0}, {tenant => undef, removed => 0}]}, "$kind: --json says of which");
    like($server->crmctl_ok('history', 'prune', '--all', '--yes'), qr/^0 removed in all\.$/m, "$kind: of all, as CrmHistoryKeep says");
    $server->stop;
}
done_testing;
