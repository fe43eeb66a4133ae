#!/usr/bin/perl
# The way of a company: it registers, logs in, calls the API, and finds its calls in History.
use lib 't/lib';
use Crm::Test;

on_each_database(sub {
    my ($server) = @_;
    $server->call(GET => '/api/auth/test/', {}, 200, {message => 'API is working!'});

    my %account = (username => 'anna', email => 'anna@acme.example', password => 'a long password',
        first_name => 'Anna', last_name => 'Acme', tenant_name => 'Acme GmbH');
    my $made = $server->call(POST => '/api/auth/register/', {body => \%account}, 201, {
        message => 'User registered successfully',
        token => qr/^crm_/,
        user => {username => 'anna', is_tenant_admin => JSON::PP::true, is_superuser => JSON::PP::false,
            tenant => {name => 'Acme GmbH', database_name => qr/tenant_acme_gmbh$/}},
    });
    $server->call(POST => '/api/auth/register/', {body => {%account, username => 'eve'}}, 400, {tenant_name => [qr/./]});
    $server->call(POST => '/api/auth/login/', {headers => {'X-Tenant' => 'acme_gmbh'},
        body => {username => 'anna', password => 'wrong'}}, 400, {non_field_errors => [qr/./]});
    my $login = $server->call(POST => '/api/auth/login/',
        {body => {username => 'anna', password => $account{password}}}, 200, {message => 'Login successful'});
    my $token = $login->{json}{token};

    $server->call(GET => '/api/auth/profile/', {}, 401, {detail => 'Authentication credentials were not provided.'});
    $server->call(GET => '/api/auth/profile/', {token => $token}, 200, {username => 'anna', first_name => 'Anna'});
    $server->call(POST => '/api/auth/tenant/users/create/', {token => $token, body => {username => 'ben',
        email => 'ben@acme.example', password => 'another password', first_name => 'Ben', last_name => 'Beta'}},
        201, {username => 'ben', is_tenant_admin => JSON::PP::false});
    $server->call(GET => '/api/auth/tenant/users/', {token => $token}, 200, {count => 2, results => [{}, {}]});

    my ($record) = $server->wait_history($token, 'search=profile&response_status=200', 1);
    is($record->{user_username}, 'anna', 'History knows who called');
    is($record->{endpoint}, '/api/auth/profile/', 'and what');
    my ($failed) = $server->wait_history($token, 'search=login&response_status=400', 1);
    ok($failed, 'the failed login is in the History of its tenant');
    my $whole = $server->call(GET => "/api/auth/history/$failed->{id}/", {token => $token}, 200);
    unlike($whole->{body}, qr/"wrong"/, 'without the password');

    $server->call(POST => '/api/auth/logout/', {token => $token}, 200, {message => 'Logout successful'});
    $server->call(GET => '/api/auth/profile/', {token => $token}, 401, {detail => 'Invalid token.'});
    $server->call(GET => '/api/auth/profile/', {token => $made->{json}{token}}, 200, {username => 'anna'});
});
done_testing;
