#!/usr/bin/perl
# Children of httpd are killed in the middle of 2,000 requests: every request that was answered has
# its record in History, exactly once.
use lib 't/lib';
use Crm::Test;
use Crm::Load;

my ($workers, $each) = (8, 250);

# Calls until its number of requests is through; a connection that dies takes its request with it.
sub work {
    my ($server, $number, $tell) = @_;
    my $client = Crm::Client->new(port => $server->{port});
    for my $turn (1 .. $each) {
        my $id = "kill-$number-$turn";
        my $answer = eval {
            $client->send_bytes($client->message(GET => '/api/auth/test/', headers => {'X-Request-Id' => $id}));
            $client->read_answer('GET');
        };
        $client->close if !$answer;
        $tell->({id => $id, status => $answer ? $answer->{status} : 0});
    }
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $load = Crm::Load->start($workers, sub { work($server, @_) });
    my (%answered, %status, $told);
    while (my $one = $load->next) {
        $answered{$one->{id}} = 1 if $one->{status};
        $status{$one->{status}}++;
        if (++$told % 400 == 0) {
            my @children = $server->children;
            kill KILL => $children[rand @children];
        }
    }
    is($told, $workers * $each, 'all requests were tried');
    is_deeply([grep { $_ != 200 && $_ != 0 } keys %status], [], 'every answer is right') or diag(explain \%status);
    cmp_ok($status{200} // 0, '>', $workers * $each / 2, 'most were answered');

    my $database = $server->{databases};
    my %found;
    Crm::Process::wait_until(30, sub {
        %found = map { @$_ } $database->sql($database->main_name,
            "SELECT request_id, COUNT(*) FROM history WHERE request_id LIKE 'kill-%' GROUP BY request_id");
        return !grep { !$found{$_} } keys %answered;
    });
    is_deeply([grep { !$found{$_} } sort keys %answered], [], 'every answered request is in History');
    is_deeply([grep { $found{$_} != 1 } sort keys %found], [], 'and none twice');
    my ($rolled) = $database->sql($database->main_name, "SELECT (SELECT COUNT(*) FROM history), "
        . "(SELECT SUM(requests) FROM history_rollup WHERE user_id = 0 AND period = 'a')");
    is($rolled->[1], $rolled->[0], 'the roll-ups count each record once');
}, may_die => 1, config => "StartServers 3\nServerLimit 4\nThreadsPerChild 16\nMaxRequestWorkers 64");
done_testing;
