#!/usr/bin/perl
# Children of httpd are killed in the middle of writes: no half record, no acknowledged write that is
# lost, no record without its change log, no count that is off.
use lib 't/lib';
use Crm::Test;
use Crm::Load;

use constant {WRITERS => 6, CALLS => 120, MOMENTS => 25, IN_A_BATCH => 12};

# The bodies of call TURN of a writer: one, or a batch of which all must be there or none.
sub bodies {
    my ($number, $turn) = @_;
    return map { +{name => "w$number-$turn", email => "w$number-$turn-$_\@example.com", phone => '1'} }
        1 .. ($turn % 3 ? 1 : IN_A_BATCH);
}

# Writes without asking back; tells which call was begun and which was acknowledged. A call with a key
# is sent again until it is answered.
sub work {
    my ($server, $token, $number, $tell) = @_;
    my $client = Crm::Client->new(port => $server->{port});
    for my $turn (1 .. CALLS) {
        my @bodies = bodies($number, $turn);
        my $path = '/api/customers/' . (@bodies > 1 ? 'batch/' : '');
        my %key = $turn % 2 ? () : ('Idempotency-Key' => "w$number-$turn");
        my $answer;
        for my $attempt (1 .. (%key ? 50 : 1)) {
            $answer = eval {
                $client->send_bytes($client->message(POST => $path, token => $token, headers => {%key},
                    body => @bodies > 1 ? \@bodies : $bodies[0]));
                $client->read_answer('POST');
            };
            $client->close if !$answer;
            last if $answer && $answer->{status} < 400;
            select undef, undef, undef, 0.1 if %key;
        }
        $tell->({call => "w$number-$turn", records => scalar @bodies, keyed => %key ? 1 : 0,
            status => $answer ? $answer->{status} : 0});
    }
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my $load = Crm::Load->start(WRITERS, sub { work($server, $acme->{token}, @_) });
    my ($told, $killed, %calls) = (0, 0);
    while (my $one = $load->next) {
        die "a writer died: $one->{died}" if $one->{died};
        $calls{$one->{call}} = $one;
        if (++$told % int(WRITERS * CALLS / MOMENTS) == 0) {
            my @children = $server->children;
            $killed += kill KILL => $children[rand @children] if @children;
        }
    }
    note("killed $killed times");
    is($told, WRITERS * CALLS, 'all calls were made');
    cmp_ok($killed, '>=', MOMENTS - 2, 'and children killed meanwhile');
    my %statuses = map { $_->{status} => 1 } values %calls;
    is_deeply([grep { !/^(?:0|20[01])$/ } keys %statuses], [], 'answered right, or not at all') or diag(explain \%statuses);

    my %there = map { @$_ } $server->tenant_sql('acme', 'SELECT name, COUNT(*) FROM customer GROUP BY name');
    my @lost = grep { $calls{$_}{status} && ($there{$_} // 0) != $calls{$_}{records} } sort keys %calls;
    is_deeply(\@lost, [], 'what was acknowledged is there');
    my @half = grep { $there{$_} != $calls{$_}{records} } sort keys %there;
    is_deeply(\@half, [], 'no batch is there by half');
    my @unkeyed = grep { $calls{$_}{keyed} && !$calls{$_}{status} } sort keys %calls;
    is_deeply(\@unkeyed, [], 'what had a key was sent until it was done');

    my %sql = (
        'a record without its change log' => 'SELECT COUNT(*) FROM customer r WHERE NOT EXISTS (SELECT 1 FROM change_log c '
            . 'WHERE c.record_id = r.id)',
        'a change log without its record' => 'SELECT COUNT(*) FROM change_log c WHERE NOT EXISTS (SELECT 1 FROM customer r '
            . 'WHERE r.id = c.record_id)',
        'a record that search does not find' => 'SELECT COUNT(*) FROM customer r WHERE NOT EXISTS (SELECT 1 FROM '
            . 'customer_search s WHERE s.id = r.id AND s.created_at = r.created_at)',
        'a record that is not counted' => "SELECT (SELECT COUNT(*) FROM customer) - (SELECT SUM(records) FROM record_count)",
        'an entry by halves' => 'SELECT COUNT(*) FROM customer WHERE version <> 1',
    );
    for my $what (sort keys %sql) {
        my ($row) = $server->tenant_sql('acme', $sql{$what});
        is($row->[0], 0, "there is no $what");
    }
}, may_die => 1, config => "StartServers 3\nServerLimit 4\nThreadsPerChild 16\nMaxRequestWorkers 64");
done_testing;
