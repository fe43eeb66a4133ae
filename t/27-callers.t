#!/usr/bin/perl
# Who calls: httpd's Require where the API asks nobody, accounts whose tenant is not taken for named,
# and root, who reads his key before he becomes the databases' owner.
use lib 't/lib';
use Crm::Test;

my $test = '/api/auth/test/';
on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %login = (username => $acme->{username}, password => $acme->{password});
    my $beta = $server->register('Beta');
    my $root = $server->superuser;
    $server->rows(
        [GET => $test, {}, 401],
        [GET => $test, {token => $acme->{token}}, 200, {message => 'API is working!'}],
        [GET => $test, {token => "$acme->{token}x"}, 401],
        [GET => '/api/auth/profile/', {token => "$acme->{token}x"}, 401, {detail => 'Invalid token.'}],
        [GET => $test, {token => $acme->{token}, headers => {'X-Tenant' => 'beta'}}, 401],
        [GET => $test, {token => $beta->{token}, headers => {'X-Tenant' => 'beta'}}, 200],
        [GET => $test, {token => $root->{token}, headers => {'X-Tenant' => 'beta'}}, 200],
        [POST => '/api/auth/login/', {token => "$acme->{token}x", body => \%login}, 200],
        [POST => '/api/auth/login/', {token => $beta->{token}, headers => {'X-Tenant' => 'acme'}, body => \%login}, 200],
    );
}, modules => ['authz_user'], config => <<"END");
<Location $test>
Require valid-user
</Location>
<Location /api/auth/profile/>
Require valid-user
</Location>
END

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my $root = $server->superuser;
    my ($record) = $server->wait_history($root->{token}, 'search=login', 1);
    my @named = (token => $acme->{token}, headers => {'X-Tenant' => 'acme'});
    my $unnamed = {detail => 'A tenant must be named.'};
    $server->rows(
        map({ my $path = "/api/auth/history/$_";
            [GET => $path, {token => $acme->{token}}, 400, $unnamed] } '', 'statistics/', "$record->{id}/"),
        [GET => "/api/auth/history/$record->{id}/", {@named}, 404],
        [GET => '/api/auth/history/?search=root', {@named}, 200, {count => 0}],
        [GET => '/api/auth/tenant/users/', {token => $acme->{token}}, 400, $unnamed],
        [GET => '/api/auth/profile/', {token => $acme->{token}}, 200, {username => $acme->{username}}],
    );
}, settings => {CrmTenantFrom => 'header'});

SKIP: {
    skip 'only root has files that he cannot read as another', 1 if $>;
    my $server = Crm::Server->new(database => 'sqlite3');
    $server->crmctl_ok('migrate');
    chown 0, 0, "$server->{folder}/secret.key";
    my ($status, $out, $err) = $server->crmctl('tenant', 'create', 'Acme');
    is($status, 0, "root's own key serves crmctl") or diag($out, $err);
}
done_testing;
