#!/usr/bin/perl
# crmctl check: a site that is right, and what it says of one that is not.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

for my $kind (Crm::Database::kinds()) {
    my $check = sub {
        my ($server) = @_;
        my ($status, $out) = $server->crmctl('check', '--json');
        my %row = map { $_->{check} => $_ } @{decode_json($out)};
        return ($status, \%row);
    };
    my $server = Crm::Server->new(database => $kind, settings => {CrmPool => 'max=8'});
    my ($status, $row) = $check->($server);
    is($status, 1, "$kind: without a main database the check fails");
    like($row->{schema}{message}, qr/crmctl migrate makes it/, 'and says what makes it');

    $server->start;
    $server->register('Acme');
    ($status, $row) = $check->($server);
    is($status, 0, "$kind: all is right") or diag(explain($row));
    is_deeply([grep { !$row->{$_}{ok} } sort keys %$row], [], 'each line');
    like($row->{tenants}{message}, qr/\A1, of which 0 are inactive\z/, 'tenants are counted');
    like($row->{versions}{message}, qr/\A\Q$kind\E \d+\.\d+/, 'the database server\'s version');
    like($row->{connections}{message}, $kind eq 'mysql' ? qr/at most \d+ of \d+/ : qr/files/, 'connections');
    like($server->crmctl_ok('check'), qr/^rights +ok +databases of tenants can be made and dropped$/m, 'as text');
    is($server->crmctl_ok('check', '--quiet'), '', '--quiet: nothing but errors');

    # what is wrong is said, and the rest is looked at all the same
    $server->tenant_sql('acme', 'DELETE FROM schema_migration WHERE version > 3');
    $server->{settings}{CrmPool} = 'max=1000' if $kind eq 'mysql';
    $server->write_config;
    ($status, $row) = $check->($server);
    is($status, 1, "$kind: what is wrong fails");
    is_deeply([grep { !$row->{$_}{ok} } sort keys %$row],
        [$kind eq 'mysql' ? 'connections' : (), 'tenants'], 'just that');
    like($row->{tenants}{message}, qr/1 of 1 tenants are not at schema version \d+, the first is Acme \(schema version 3\): crmctl migrate/, 'a tenant');
    like($row->{connections}{message}, qr/raise max_connections, or lower CrmPool max/, 'too many connections') if $kind eq 'mysql';
    $server->stop;
}
done_testing;
