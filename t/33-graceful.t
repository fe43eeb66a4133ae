#!/usr/bin/perl
# Graceful restarts under load, with all that httpd can be told of accounts and monitoring: no request
# fails on a fresh connection; and 50 of them do not make the parent grow.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use File::Temp;
use List::Util qw(min);

my $content = File::Temp->newdir('crm-content-XXXXXX', TMPDIR => 1);
chmod 0755, "$content";
open my $page, '>', "$content/index.html" or die $!;
print $page "static\n";
close $page;
# mod_auth_basic's user: acme-admin, password "test"
open my $passwords, '>', "$content/passwords" or die $!;
print $passwords 'acme-admin:', Crm::Process::output('openssl', 'passwd', '-apr1', 'test');
close $passwords;

my $trusting = Crm::Process::free_port();
my $config = <<"END";
StartServers 2
ServerLimit 8
ThreadsPerChild 8
MaxRequestWorkers 16
MinSpareThreads 8
MaxSpareThreads 16
LogFormat "%{crm-tenant}n %{crm-user}n %{crm-db-time}n %{crm-pool-wait}n %>s" notes
CustomLog log/access.log notes
Alias /static/ "$content/"
<Location /static/>
<RequireAny>
Require crm-permission leads.view_lead
Require crm-group Nobody
</RequireAny>
</Location>
<Location /metrics>
SetHandler crm-metrics
</Location>
<Location /readyz>
SetHandler crm-readyz
</Location>
<Location /server-status>
SetHandler server-status
</Location>
<VirtualHost 127.0.0.1:$trusting>
CrmTenant acme
CrmTrustRemoteUser Basic create
<Location />
AuthType Basic
AuthName acme
AuthUserFile "$content/passwords"
Require crm-tenant acme
</Location>
</VirtualHost>
END

# Memory of the parent, in KiB, that is of no file, and how many pieces it shares with children.
sub parent_memory {
    my ($server) = @_;
    open my $file, '<', "/proc/$server->{pid}/smaps_rollup" or die $!;
    my $sum = 0;
    while (<$file>) { $sum += $1 if /^Anonymous:\s+(\d+) kB/ }
    return $sum;
}

sub shared_pieces {
    my ($server) = @_;
    open my $file, '<', "/proc/$server->{pid}/maps" or die $!;
    return scalar grep { /\brw-s\b/ } <$file>;
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

sub restart_under_load {
    my ($server) = @_;
    my $tenant = $server->register('Acme');
    my $set = $server->call(POST => '/api/auth/login/', {body => {username => $tenant->{username},
        password => $tenant->{password}, cookie => JSON::PP::true}}, 200)->{headers}{'set-cookie'};
    my ($cookie) = $set =~ /\b(crm_session=[\w-]+)/;
    my @calls = (
        ['/api/auth/profile/', token => $tenant->{token}],
        ['/static/index.html', headers => {Cookie => $cookie}],
        ['/metrics'], ['/readyz'], ['/server-status?auto'],
        ['/api/auth/profile/', port => $trusting, headers => {Authorization => 'Basic YWNtZS1hZG1pbjp0ZXN0'}],
        ['/api/leads/', token => $tenant->{token}],
        ['/api/auth/jobs/', token => $server->superuser->{token}],
    );
    my $stop = "$server->{folder}/stop";
    my $load = Crm::Load->start(4, sub {
        my ($number, $tell) = @_;
        for (my $turn = $number; !-e $stop; $turn++) {
            my ($path, %option) = @{$calls[$turn % @calls]};
            my $client = Crm::Client->new(port => delete $option{port} // $server->{port});
            my $answer = eval { $client->request(GET => $path, %option,
                headers => {Connection => 'close', %{$option{headers} // {}}}) };
            $tell->({path => $path, status => $answer ? $answer->{status} : "none: $@"});
        }
    });
    my $count = 50;
    my (@memory, @shared);
    for my $turn (1 .. $count) {
        restart($server);
        push @memory, parent_memory($server);
        push @shared, shared_pieces($server);
    }
    open my $file, '>', $stop or die $!;
    my (%status, %path);
    for my $told ($load->rest) {
        $status{$told->{status}}++;
        $path{$told->{path}}++;
    }
    is_deeply([keys %status], [200], "no request failed during $count restarts") or diag(explain \%status);
    cmp_ok($status{200}, '>', 2 * $count, 'under load');
    is(scalar keys %path, 7, 'of every kind');
    is($shared[-1], $shared[0], 'no piece of shared memory more');
    my ($early, $late) = (min(@memory[10 .. 19]), min(@memory[40 .. 49]));
    cmp_ok($late - $early, '<', 64, 'the parent does not grow, KiB from the 20th to the 50th') or diag("@memory");
    $server->call(GET => '/api/auth/profile/', {token => $tenant->{token}}, 200);
    return;
}

for my $kind (Crm::Database::kinds()) {
    subtest $kind => sub {
        my $server = Crm::Server->new(database => $kind, config => $config, listen => ["127.0.0.1:$trusting"],
            modules => [qw(alias authn_file auth_basic authz_user log_config status)],
            settings => {CrmLoginCookie => 'crm_session secure=off', CrmHistoryKeep => '90d', CrmRecordGrace => '90d',
                CrmTenantIsolation => $kind eq 'mysql' ? 'user' : undef});
        $server->{config} .= "CrmJobFiles \"$server->{folder}/jobs\"\n";
        $server->start;
        restart_under_load($server);
        $server->stop;
    };
}
done_testing;
