#!/usr/bin/perl
# With CrmTokenCache, a token that was just looked up is known without a query; but whatever ends it or
# changes what it stands for counts at once, in every child, also across a graceful restart.
use lib 't/lib';
use Crm::Test;

my $true = JSON::PP::true;

# The statuses (or what PICK takes from the answers) that fresh connections get: all children answer.
sub answers {
    my ($server, $token, $pick) = @_;
    $pick //= sub { $_[0]{status} };
    my %seen;
    for (1 .. 24) {
        my $client = Crm::Client->new(port => $server->{port});
        $seen{$pick->($client->request(GET => '/api/auth/profile/', token => $token))}++;
        $client->close;
    }
    return join ' ', sort keys %seen;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my $user = $server->add_user($acme, 'ben');
    my $name = sub { $_[0]{json}{first_name} };

    is(answers($server, $acme->{token}), 200, 'a token is good in all children');
    $server->tenant_sql('acme', "UPDATE account SET first_name = 'Sql' WHERE username = 'acme-admin'");
    like(answers($server, $acme->{token}, $name), qr/Ada/, 'what was looked up is not looked up again');
    $server->call(PATCH => '/api/auth/profile/update/', {token => $acme->{token}, body => {first_name => 'Eve'}}, 200);
    is(answers($server, $acme->{token}, $name), 'Eve', 'a change of the account counts at once');

    is(answers($server, $user->{token}), 200, 'the user is in');
    my $second = $server->login('ben', $user->{password});
    is(answers($server, $second), 200, 'twice');
    $server->call(POST => '/api/auth/logout/', {token => $second}, 200);
    is(answers($server, $second), 401, 'logout ends a token at once');
    is(answers($server, $user->{token}), 200, 'and no other');

    $second = $server->login('ben', $user->{password});
    is(answers($server, $second), 200, 'in again');
    $server->call(POST => '/api/auth/password/change/', {token => $user->{token}, body => {
        old_password => $user->{password}, new_password => 'a new password'}}, 200);
    is(answers($server, $second), 401, 'a new password ends the other tokens at once');

    $server->restart;
    Crm::Process::wait_until(20, sub { (() = $server->log_text =~ /resuming normal operations/g) > 1 });
    is(answers($server, $user->{token}), 200, 'good after a graceful restart');
    $server->call(PATCH => "/api/auth/tenant/users/$user->{id}/", {token => $acme->{token},
        body => {is_active => JSON::PP::false}}, 200);
    is(answers($server, $user->{token}), 401, 'a disabled account is out at once');

    my $root = $server->superuser;
    is(answers($server, $acme->{token}), 200, 'the admin is in');
    $server->call(PATCH => "/api/auth/tenants/$acme->{tenant}/", {token => $root->{token},
        body => {is_active => JSON::PP::false}}, 200);
    is(answers($server, $acme->{token}), 401, 'a deactivated tenant is out at once');
    $server->call(PATCH => "/api/auth/tenants/$acme->{tenant}/", {token => $root->{token},
        body => {is_active => $true}}, 200);
    is(answers($server, $acme->{token}), 200, 'and back at once');
}, settings => {CrmTokenCache => '60s'}, config => "StartServers 3\nServerLimit 6\nThreadsPerChild 4\n"
    . "MaxRequestWorkers 12\nMinSpareThreads 4\nMaxSpareThreads 12");
done_testing;
