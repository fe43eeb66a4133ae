#!/usr/bin/perl
# crmctl user, crmctl token: what they change is what the API sees, at once.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my @of = ('--tenant', 'Acme');
    my $run = sub { return decode_json($server->crmctl_ok(@_, '--json')) };
    my $refused = sub {
        my ($pattern, @words) = @_;
        my ($status, $out, $err) = $server->crmctl(@words);
        is($status, 1, "refused: crmctl @words") or diag($out);
        like($err, $pattern, 'and it says why');
    };
    my $me = sub { return $server->request(GET => '/api/auth/profile/', {token => $_[0]}) };

    # made, listed
    my $bob = $run->('user', 'create', @of, '--username', 'bob', '--email', 'bob@acme.example', '--generate');
    is(length $bob->{password}, 20, 'a user is made with a password');
    my $list = $run->('user', 'list', @of);
    is_deeply([map { [$_->{username}, $_->{is_tenant_admin}, $_->{is_active}] } @$list],
        [['acme-admin', JSON::PP::true, JSON::PP::true], ['bob', JSON::PP::false, JSON::PP::true]], 'the users are listed');
    like($server->crmctl_ok('user', 'list', @of), qr/^\d+ +bob +bob\@acme\.example +user +active /m, 'also as a table');
    is($server->crmctl_ok('user', 'list', @of, '--quiet'), '', '--quiet prints nothing');
    $refused->(qr/already exists in this tenant/, 'user', 'create', @of, '--username', 'BOB', '--email', 'x@y.example', '--generate');
    $refused->(qr/Tenant "Nowhere" not found/, 'user', 'list', '--tenant', 'Nowhere');
    $refused->(qr/There is no account "eve" in tenant Acme/, 'user', 'passwd', 'eve', @of, '--generate');

    # sessions, by name or e-mail address
    my ($first, $second) = map { $server->login('bob', $bob->{password}) } 1, 2;
    my $sessions = $run->('user', 'sessions', 'BOB@acme.example', @of);
    is(scalar @$sessions, 2, 'two sessions');
    is_deeply([map { $_->{username} } @{$run->('token', 'list', @of)}], ['bob', 'bob', 'acme-admin'], 'the tenant\'s tokens, newest first');
    is($run->('token', 'revoke', $sessions->[1]{token}, @of)->{revoked}, 1, 'the older one is revoked');
    is($me->($first)->{status}, 401, 'it is over');
    is($me->($second)->{status}, 200, 'the other is not');
    $refused->(qr/There is no token 0{16}/, 'token', 'revoke', '0' x 16, @of);
    $refused->(qr/"abc" names no token/, 'token', 'revoke', 'abc', @of);
    $refused->(qr/Name one of/, 'token', 'revoke', @of);
    $refused->(qr/Name one of/, 'token', 'revoke', '--all', '--user', 'bob', @of);
    is($run->('token', 'revoke', '--user', 'bob', @of)->{revoked}, 1, 'all of one user');
    is($me->($second)->{status}, 401, 'are over');
    is($me->($acme->{token})->{status}, 200, 'nobody else\'s');

    # password
    my $third = $server->login('bob', $bob->{password});
    my $new = $run->('user', 'passwd', 'bob', @of, '--generate')->{password};
    is($me->($third)->{status}, 401, 'a new password ends the sessions');
    $server->call(POST => '/api/auth/login/', {body => {username => 'bob', password => $bob->{password}}}, 400);
    my $token = $server->login('bob', $new);
    my ($status, undef, $err) = $server->crmctl({input => "short\n"}, 'user', 'passwd', 'bob', @of, '--password-stdin');
    is($status, 1, 'a short one is refused');
    like($err, qr/at least 8/, 'and it says why');
    is($me->($token)->{status}, 200, 'and changes nothing');

    # what he may do, whether he may log in
    is($me->($token)->{json}{is_tenant_admin}, JSON::PP::false, 'he is no admin');
    $run->('user', 'promote', 'bob', @of);
    is($me->($token)->{json}{is_tenant_admin}, JSON::PP::true, 'promoted, he is');
    $run->('user', 'demote', 'acme-admin', @of);
    $refused->(qr/The last admin of a tenant cannot be disabled or demoted/, 'user', $_, 'bob', @of) for qw(demote disable);
    $run->('user', 'disable', 'acme-admin', @of);
    is($me->($acme->{token})->{status}, 401, 'who is disabled is logged out');
    like($server->crmctl_ok('user', 'list', @of), qr/^\d+ +acme-admin .* disabled /m, 'and listed so');
    like($server->crmctl_ok('user', 'enable', 'acme-admin', @of), qr/\AUser acme-admin: enabled\.\n\z/, 'enabled again');
    is($run->('token', 'revoke', '--all', @of)->{revoked}, 1, 'all tokens');
    is($me->($token)->{status}, 401, 'are over');

    # the platform's own
    $server->crmctl_ok('createsuperuser', '--username', 'root', '--email', 'root@platform.example', '--generate');
    is_deeply([map { [$_->{username}, $_->{is_superuser}] } @{$run->('user', 'list')}], [['root', JSON::PP::true]],
        'without --tenant: superusers');
    my $root = $run->('user', 'passwd', 'root', '--generate')->{password};
    my $super = $server->login('root', $root);
    is(scalar @{$run->('token', 'list')}, 1, 'their tokens');
    $run->('user', 'disable', 'root');
    is($me->($super)->{status}, 401, 'they can be disabled, too');
});
done_testing;
