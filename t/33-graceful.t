#!/usr/bin/perl
# Graceful restarts under load: no request fails on a fresh connection; and 50 of them do not make the
# parent grow.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use List::Util qw(min);

# Resident memory of the parent, in KiB, as far as it is its own.
sub parent_memory {
    my ($server) = @_;
    open my $file, '<', "/proc/$server->{pid}/smaps_rollup" or die $!;
    my $sum = 0;
    while (<$file>) { $sum += $1 if /^(?:Private_Dirty|Private_Clean):\s+(\d+) kB/ }
    return $sum;
}

# Restarts, and waits until no child of before takes connections any more: the log has told of it.
sub restart {
    my ($server) = @_;
    my $told = () = $server->log_text =~ /resuming normal operations/g;
    $server->restart;
    Crm::Process::wait_until(20, sub { $told < (() = $server->log_text =~ /resuming normal operations/g) })
        or die "no restart:\n" . $server->log_text;
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $tenant = $server->register('Acme');
    my $stop = "$server->{folder}/stop";
    my $load = Crm::Load->start(4, sub {
        my ($number, $tell) = @_;
        while (!-e $stop) {
            my $client = Crm::Client->new(port => $server->{port});
            my $answer = eval { $client->request(GET => '/api/auth/profile/', token => $tenant->{token},
                headers => {Connection => 'close'}) };
            $tell->({status => $answer ? $answer->{status} : "none: $@"});
        }
    });
    my $count = $server->{database} eq 'mysql' ? 5 : 50;
    my @memory;
    for my $turn (1 .. $count) {
        restart($server);
        push @memory, parent_memory($server);
    }
    open my $file, '>', $stop or die $!;
    my %status;
    $status{$_->{status}}++ for $load->rest;
    is_deeply([keys %status], [200], "no request failed during $count restarts") or diag(explain \%status);
    cmp_ok($status{200}, '>', 2 * $count, 'under load');
    if ($count == 50) {
        my ($early, $late) = (min(@memory[10 .. 19]), min(@memory[40 .. 49]));
        cmp_ok($late - $early, '<', 256, 'the parent does not grow, KiB from the 20th to the 50th')
            or diag("@memory");
    }
    $server->call(GET => '/api/auth/profile/', {token => $tenant->{token}}, 200);
}, config => "StartServers 2\nServerLimit 8\nThreadsPerChild 8\nMaxRequestWorkers 16\nMinSpareThreads 8\nMaxSpareThreads 16");
done_testing;
