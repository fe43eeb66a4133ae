#!/usr/bin/perl
# crmctl runserver: from nothing to a site that answers, twice.
use lib 't/lib';
use Crm::Client;
use Crm::Test;
use File::Temp;
use POSIX ();

my $folder = File::Temp::tempdir('crm-test-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $folder;
my $port = Crm::Process::free_port();
open my $include, '>', "$folder/include.conf" or die $!;
print $include 'CrmMigrations ', Crm::Process::migrations(), "\nCrmMailTemplates ", Crm::Process::templates(),
    "\nCrmPasswordHash memory=1M passes=1 at-once=4\n";
close $include;
my @options = ('--dir', "$folder/site", '--include', "$folder/include.conf", '--module', Crm::Process::module(),
    '--httpd', Crm::Process::httpd());

# Runs it, CODE with a client of it, and ends it as Control-C does.
sub serve {
    my ($code) = @_;
    my $pid = fork // die $!;
    if (!$pid) {
        open STDOUT, '>', "$folder/out";
        open STDERR, '>', "$folder/err";
        $ENV{LD_PRELOAD} = $ENV{CRM_PRELOAD} if $ENV{CRM_PRELOAD};
        exec Crm::Process::crmctl(), 'runserver', "127.0.0.1:$port", @options or POSIX::_exit(127);
    }
    my $client = Crm::Client->new(port => $port);
    my $answers = Crm::Process::wait_until(60, sub {
        waitpid($pid, POSIX::WNOHANG()) == $pid and return 0;
        return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
    });
    ok($answers, 'it listens') or diag(map { open my $file, '<', "$folder/$_"; <$file> } qw(out err));
    $code->($client);
    kill INT => $pid;
    ok(Crm::Process::wait_until(30, sub { waitpid($pid, POSIX::WNOHANG()) == $pid }), 'and ends');
    return;
}

my %ada = (username => 'ada', email => 'ada@example.com', password => 'a long password', tenant_name => 'Acme', first_name => 'A',
    last_name => 'B');
serve(sub {
    my ($client) = @_;
    is($client->request(POST => '/api/auth/register/', body => \%ada)->{status}, 201, 'a tenant registers');
});
open my $out, '<', "$folder/out" or die $!;
my $said = do { local $/; <$out> };
like($said, qr{http://127\.0\.0\.1:$port/api/.*crmctl createsuperuser --config \Q$folder\E/site/httpd\.conf}s, 'it says where, and what next');
my @made = Crm::Process::run(Crm::Process::crmctl(), 'createsuperuser', '--config', "$folder/site/httpd.conf", '--httpd', Crm::Process::httpd(),
    '--username', 'root', '--email', 'root@example.com', '--generate', '--quiet');
is($made[0], 0, 'what it says works') or diag($made[2]);
serve(sub {
    my ($client) = @_;
    is($client->request(POST => '/api/auth/login/', body => {username => 'ada', password => $ada{password}})->{status}, 200,
        'the data are there at the next start');
});

for my $row ([['nowhere:x'], qr/"nowhere:x" is no ADDRESS:PORT/], [['8000', '--module', '/nowhere.so'], qr{The module /nowhere\.so cannot be read}]) {
    my ($status, undef, $err) = Crm::Process::run(Crm::Process::crmctl(), 'runserver', @{$row->[0]}, '--httpd', Crm::Process::httpd());
    is($status, 1, "refused: runserver @{$row->[0]}");
    like($err, $row->[1], 'and it says why');
}
done_testing;
