#!/usr/bin/perl
# crmctl history: what was recorded, whole or line by line, and what comes while it is followed.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    $server->request(GET => "/api/customers/?search=n$_", {%as}) for 1 .. 3;
    $server->request(POST => '/api/customers/', {%as, body => {name => ''}});
    my @of = ('--tenant', 'acme');
    my $tail = sub { return split /\n/, $server->crmctl_ok('history', 'tail', @of, @_) };
    ok(Crm::Process::wait_until(30, sub { 4 <= grep { m{/api/customers/} } $tail->() }), 'the newest are shown');

    my @lines = $tail->();
    like($lines[-1], qr{\A\d{4}-\d\d-\d\dT\S+Z 400 +\d+\.\d ms  POST   /api/customers/  acme-admin}, 'time, status, duration, method, path, who');
    is(scalar $tail->('--lines', 2), 2, '--lines');
    is_deeply([@{decode_json(($tail->('--json'))[-1])}{qw(method endpoint response_status)}], ['POST', '/api/customers/', 400],
        '--json: the same as JSON');
    like(join("\n", $tail->('--query', 'response_status__gte=400')), qr/\A\S+ 400 [^\n]*\z/, '--query filters as the API does');
    my ($status, undef, $err) = $server->crmctl('history', 'tail', @of, '--query', 'nothing=1');
    like($err, qr/nothing: Unknown filter/, 'an unknown filter is refused');
    (undef, undef, $err) = $server->crmctl('history', 'tail', @of, '--lines', '0');
    like($err, qr/--lines "0": 1 to 1000/, 'and so are no lines');

    my ($code, $out, $count) = $server->crmctl('history', 'export', @of);
    my @records = map { decode_json($_) } split /\n/, $out;
    is($code, 0, 'export');
    like($count, qr/\Acrmctl: \Q@{[scalar @records]}\E records\.\n\z/, 'counts its lines on standard error');
    is_deeply([map { $_->{created_at} } @records], [sort map { $_->{created_at} } @records], 'oldest first');
    my ($made) = grep { $_->{method} eq 'POST' && $_->{endpoint} eq '/api/customers/' } @records;
    ok(exists $made->{response_data} && exists $made->{user_agent}, 'each whole');

    # what comes while it is followed
    my $pid = open my $follow, '-|', Crm::Process::crmctl(), 'history', 'tail', @of, '--follow', '--lines', '1', '--config', $server->conf,
        '--httpd', Crm::Process::httpd();
    die $! if !$pid;
    my $first = <$follow>;
    ok(defined $first, 'followed from the newest on');
    $server->request(GET => '/api/leads/', {%as, headers => {'User-Agent' => 'follow'}});
    my $seen;
    while (defined(my $line = <$follow>)) { last if $seen = $line =~ m{ GET +/api/leads/ } }
    ok($seen, 'and what comes is shown');
    kill TERM => $pid;
    close $follow;
});
done_testing;
