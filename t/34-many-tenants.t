#!/usr/bin/perl
# 200 tenants, 16 clients, 20 connections: every answer is 200 and of the right tenant, and the
# database server never sees more than 20 connections of the child.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use List::Util qw(shuffle);

plan skip_all => 'needs MariaDB' if !grep { $_ eq 'mysql' } Crm::Database::kinds();

# A server of its own: nobody else's connections are counted.
my $folder = File::Temp::tempdir('crm-mariadb-XXXXXX', TMPDIR => 1);
chmod 0755, $folder;
local $ENV{CRM_TEST_MYSQL} = Crm::Database::start_server($folder) . '{}';
my ($user) = $ENV{CRM_TEST_MYSQL} =~ m{//(\w+)};
END { Crm::Database::stop_server($folder) if $folder; Crm::Process::remove_folder($folder) if $folder }

my ($tenants, $clients, $cap, $rounds) = (200, 16, 20, 5);

# One child, so that what the database server sees is one pool.
my $server = Crm::Server->new(database => 'mysql', settings => {CrmPool => "max=$cap per-database=4 wait=20s"},
    config => "StartServers 1\nServerLimit 1\nThreadsPerChild 32\nMaxRequestWorkers 32\nMinSpareThreads 1\n"
        . "MaxSpareThreads 32")->start;
my @made = map { $server->register("Tenant $_") } 1 .. $tenants;
is(scalar(@made), $tenants, "$tenants tenants registered");

# Who counts is another user: his own connections, which the server may still end, are not the child's.
$server->{databases}->sql(undef, "CREATE USER watcher IDENTIFIED BY 'watcher'; GRANT PROCESS ON *.* TO watcher");
my $watcher = $ENV{CRM_TEST_MYSQL} =~ s{//[^\@]*}{//watcher:watcher}r;

my $load = Crm::Load->start($clients, sub {
    my ($number, $tell) = @_;
    my $client = Crm::Client->new(port => $server->{port});
    for my $round (1 .. $rounds) {
        for my $tenant (shuffle @made) {
            my $answer = $client->request(GET => '/api/auth/tenant/users/', token => $tenant->{token});
            my $right = $answer->{status} == 200 && $answer->{json}{count} == 1
                && $answer->{json}{results}[0]{username} eq $tenant->{username}
                && $answer->{json}{results}[0]{tenant}{name} eq $tenant->{tenant_name};
            $tell->({status => $answer->{status}, $right ? () : (wrong => "$tenant->{tenant_name}: $answer->{body}")});
        }
    }
});
my ($most, $told, %status, @wrong) = (0, 0);
while (my $one = $load->next) {
    $status{$one->{status} // "died: $one->{died}"}++;
    push @wrong, $one->{wrong} if $one->{wrong};
    next if $told++ % 100;
    local $ENV{CRM_TEST_MYSQL} = $watcher;
    my ($row) = $server->{databases}->sql(undef,
        "SELECT COUNT(*) FROM information_schema.processlist WHERE user = '$user'");
    $most = $row->[0] if $row->[0] > $most;
}
is_deeply(\%status, {200 => $clients * $tenants * $rounds}, 'only 200s') or diag(explain \%status);
is_deeply([@wrong[0 .. ($#wrong > 4 ? 4 : $#wrong)]], [], "no byte of a wrong tenant");
cmp_ok($most, '<=', $cap, "never more than $cap connections");
cmp_ok($most, '>', 1, "and more than one ($most)");
undef $server;
done_testing;
