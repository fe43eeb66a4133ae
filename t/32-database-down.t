#!/usr/bin/perl
# The database server is stopped under load and started again: meanwhile every call is answered 503
# with Retry-After, afterwards 200 without a restart of httpd, and the History of the time between is
# there.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use Time::HiRes qw(sleep time);

plan skip_all => 'needs MariaDB' if !grep { $_ eq 'mysql' } Crm::Database::kinds();

my $folder = File::Temp::tempdir('crm-mariadb-XXXXXX', TMPDIR => 1);
chmod 0755, $folder;
local $ENV{CRM_TEST_MYSQL} = Crm::Database::start_server($folder) . '{}';
END { Crm::Database::stop_server($folder) if $folder; Crm::Process::remove_folder($folder) if $folder }

my $server = Crm::Server->new(database => 'mysql', settings => {CrmPool => 'max=8 per-database=8 wait=1s'})->start;
my $tenant = $server->register('Acme');

# Calls until STOP exists; tells the status, the time it took, and the request's id.
sub work {
    my ($number, $tell) = @_;
    my $client = Crm::Client->new(port => $server->{port});
    for (my $turn = 1; !-e "$folder/stop"; $turn++) {
        my $id = "down-$number-$turn";
        my $began = time;
        my $answer = $client->request(GET => '/api/auth/profile/', token => $tenant->{token},
            headers => {'X-Request-Id' => $id});
        $tell->({id => $id, status => $answer->{status}, took => time - $began,
            retry => $answer->{headers}{'retry-after'}, type => $answer->{headers}{'content-type'}});
        sleep 0.02;
    }
    return;
}

sub ok_until {
    my ($seconds) = @_;
    return Crm::Process::wait_until($seconds, sub {
        return $server->request(GET => '/api/auth/profile/', {token => $tenant->{token}})->{status} == 200;
    });
}

my $load = Crm::Load->start(12, \&work);
sleep 1;
Crm::Database::stop_server($folder);
my $down = $server->request(GET => '/api/auth/profile/', {token => $tenant->{token}});
is($down->{status}, 503, 'without the database: 503');
ok($down->{headers}{'retry-after'}, 'with Retry-After');
like($down->{body}, qr/^\{"detail":/, 'and a JSON body');
is($server->request(GET => '/api/auth/test/')->{status}, 200, 'what needs no database is answered');
sleep 9;
Crm::Database::start_server($folder);
my $began = time;
ok(ok_until(10), 'healed without a restart') and diag(sprintf 'healed %.2f s after the start', time - $began);
sleep 1;
open my $stop, '>', "$folder/stop" or die $!;
my @told = $load->rest;

my %by_status;
push @{$by_status{$_->{status}}}, $_ for @told;
is_deeply([sort keys %by_status], [200, 503], 'no other answer than 200 and 503')
    or diag(explain {map { $_ => scalar @{$by_status{$_}} } keys %by_status});
is(scalar(grep { !$_->{retry} } @{$by_status{503}}), 0, 'every 503 has Retry-After');
is(scalar(grep { $_->{took} > 10 } @told), 0, 'no thread was stuck');

my %wanted = map { $_->{id} => 1 } @told;
my %found;
my $database = $server->{databases};
Crm::Process::wait_until(30, sub {
    for my $name ($database->main_name, $database->tenant_name('acme')) {
        $found{$_->[0]}{$name} = $_->[1] for $database->sql($name,
            "SELECT request_id, COUNT(*) FROM history WHERE request_id LIKE 'down-%' GROUP BY request_id");
    }
    return !grep { !$found{$_} } keys %wanted;
});
is_deeply([grep { !$found{$_} } sort keys %wanted], [], 'the History of the time between is there');
is_deeply([grep { keys %{$found{$_}} > 1 || grep { $_ != 1 } values %{$found{$_}} } sort keys %found], [],
    'each record once');
undef $server;
done_testing;
