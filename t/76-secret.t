#!/usr/bin/perl
# crmctl secret: another secret key, while nobody is logged out and nothing that was given becomes invalid.
use lib 't/lib';
use Crm::Test;

sub slurp { open my $file, '<', $_[0] or die "$_[0]: $!"; local $/; return <$file> }

# The children of a graceful restart have begun when one answers that was not there before.
sub reload {
    my ($server) = @_;
    my %before = map { $_ => 1 } $server->children;
    $server->restart;
    Crm::Process::wait_until(30, sub { !grep { $before{$_} } $server->children }) or die 'no graceful restart';
    $server->client->close;
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    my %customer = (name => 'C', phone => '1', is_active => JSON::PP::true);
    $server->request(POST => '/api/customers/', {%as, body => {%customer, email => "c$_\@example.com"}}) for 1 .. 5;
    my $page = $server->request(GET => '/api/customers/?cursor=&page_size=2', \%as)->{json};
    (my $next = $page->{next}) =~ s{^http://[^/]*}{};
    my %once = (%as, headers => {'Idempotency-Key' => 'k1'}, body => {%customer, email => 'once@example.com'});
    my $made = $server->request(POST => '/api/customers/', {%once});
    is($made->{status}, 201, 'a record is made with an Idempotency-Key');
    my $file = "$server->{folder}/secret.key";
    my $first = slurp($file);

    my $all_is_valid = sub {
        my ($when) = @_;
        is($server->request(GET => '/api/auth/profile/', \%as)->{status}, 200, "$when: nobody is logged out");
        ok($server->login('acme-admin', 'acme password'), "$when: a login finds its tenant");
        is($server->request(GET => $next, \%as)->{status}, 200, "$when: a cursor goes on");
        my $again = $server->request(POST => '/api/customers/', {%once});
        is("$again->{status} $again->{json}{id}", "201 $made->{json}{id}", "$when: a call is not done twice");
    };
    my $out = $server->crmctl_ok('secret', 'rotate');
    like($out, qr/^2 accounts can log in by the new key\.$|^1 accounts/m, 'the logins are entered');
    like($out, qr/reload httpd there.*crmctl secret rotate --finish/s, 'and it says what to do next');
    my ($new, $old) = split /\n/, slurp($file);
    is("$old\n", $first =~ s/\n*\z/\n/r, 'the file has the key before');
    isnt($new, $old, 'and another one');
    is((stat $file)[2] & 0777, 0600, 'nobody else can read it');
    $all_is_valid->('before the reload');
    my $late = $server->register('Late');
    reload($server);
    $all_is_valid->('after the reload');
    ok($server->login('late-admin', 'late password'), 'who came in between is found');
    my $globex = $server->register('Globex');

    my ($status, undef, $err) = $server->crmctl('secret', 'rotate');
    is($status, 1, 'a second change has to wait');
    like($err, qr/holds two keys/, 'and it says why');
    ($status, undef, $err) = $server->crmctl('secret', 'rotate', '--finish');
    is($status, 1, 'the end, too');
    like($err, qr/changed 0 hours ago.*--now/, 'and it says so');
    is($server->request(POST => '/api/customers/', {%as, headers => {'Idempotency-Key' => 'k2'}, body => {%customer, email => 'k2@example.com'}})
        ->{status}, 201, 'something is made with the new key');
    $server->crmctl_ok('secret', 'rotate', '--finish', '--now');
    is(slurp($file), "$new\n", 'the new key is alone');
    reload($server);
    ok($server->login($_->[0], $_->[1]), "$_->[0] logs in by the new key")
        for ['acme-admin', 'acme password'], ['late-admin', 'late password'], ['globex-admin', 'globex password'];
    is($server->request(GET => $next, \%as)->{status}, 404, 'what the old key had signed is over');
    is($server->request(POST => '/api/customers/', {%as, headers => {'Idempotency-Key' => 'k2'}, body => {%customer, email => 'k2@example.com'}})
        ->{headers}{'idempotent-replayed'}, 'true', 'what the new one has kept is not');
    my ($entries) = $server->main_sql('SELECT COUNT(*) FROM login');
    is($entries->[0], 6, 'each account has its two entries, and none of the old key');
    ($status, undef, $err) = $server->crmctl('secret', 'rotate', '--finish');
    like($err, qr/nothing to finish/, 'then there is nothing to finish');

    is((Crm::Process::run(Crm::Process::crmctl(), 'secret', 'create', "$server->{folder}/new.key"))[0], 0, 'a key is made');
    like(slurp("$server->{folder}/new.key"), qr/\A[0-9a-f]{64}\n\z/, 'as it should be');
    is((Crm::Process::run(Crm::Process::crmctl(), 'secret', 'create', "$server->{folder}/new.key"))[0], 1, 'never over another');
}, config => "StartServers 1\nServerLimit 4\nThreadsPerChild 8\nMaxRequestWorkers 32");
done_testing;
