#!/usr/bin/perl
# 100,000 rows imported and exported, in each format: the process grows by at most 32 MiB, and what
# was exported, imported again, changes nothing.
use lib 't/lib';
use Crm::Test;
use Crm::Sheet;

plan skip_all => 'memory is not measured under sanitizers' if $ENV{CRM_PRELOAD};
my ($rows, $most) = (100_000, 32 * 1024);

# The most memory (KiB) that the only child ever had.
sub peak {
    my ($server) = @_;
    my ($child) = $server->children;
    open my $file, '<', "/proc/$child/status" or die "child $child: $!";
    my ($peak) = join('', <$file>) =~ /^VmHWM:\s+(\d+)/m or die 'no VmHWM';
    return $peak;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    $server->client->{timeout} = 1800;
    my $step = sub {
        my ($what, $method, $path, $option, $expected) = @_;
        my $before = peak($server);
        my $answer = $server->call($method, $path, {%as, %$option}, 200, $expected, "$server->{database}: $what");
        my $grown = peak($server) - $before;
        cmp_ok($grown, '<=', $most, "$server->{database}: $what: the child grew by $grown KiB");
        return $answer->{body};
    };
    # each way once, so that what is loaded and kept at the first time is there
    my @header = ('name', 'email', 'phone', 'company', 'city', 'address');
    $server->request(POST => '/api/customers/import/?dry_run=1', {%as, file => Crm::Sheet::xlsx(\@header, ['A', 'a@example.com'])});
    $server->request(GET => "/api/customers/export/?format=$_", \%as) for 'csv', 'xlsx', 'json';

    my $file = Crm::Sheet::csv(\@header, map { ["Customer $_", "c$_\@example.com", "+49 $_", 'Company ' . $_ % 999, 'City ' . $_ % 99,
        "Street $_"] } 1 .. $rows);
    $step->('import of CSV', POST => '/api/customers/import/', {file => $file}, {processed => $rows, created => $rows, error_count => 0});
    my %exported = map { $_ => $step->("export of $_", GET => "/api/customers/export/?format=$_", {}) } 'csv', 'xlsx', 'json';
    is(($exported{csv} =~ tr/\n//), $rows + 1, 'the CSV is whole');
    is((() = $exported{json} =~ /^\{"id":/mg), $rows, 'the JSON is whole');
    $step->('import of XLSX', POST => '/api/customers/import/', {file => $exported{xlsx}}, {processed => $rows, created => 0,
        updated => 0, skipped => $rows});
    $step->('import of what is wrong', POST => '/api/customers/import/?errors=csv', {file => $exported{csv} =~ s/\@example/example/gr},
        qr/Enter a valid email address/);
}, config => "StartServers 1\nServerLimit 1\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\nMaxSpareThreads 4\nTimeout 1800");
done_testing;
