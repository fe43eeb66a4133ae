#!/usr/bin/perl
# The API's description of itself is what the server does: requests made from the description, right
# ones and wrong ones, and each answer held against it, both ways (t/contract/contract.mjs).
use lib 't/lib';
use Crm::Node;
use Crm::Test;
use JSON::PP;

# Where tenants can be moved to: other names beside those of the test.
sub elsewhere {
    my ($server) = @_;
    my $databases = $server->{databases};
    return $databases->is_mysql ? $databases->url('elsewhere_{slug}')
        : 'sqlite://' . Crm::Process::own_folder("$server->{folder}/other") . '/t_{slug}.db';
}

on_each_database(sub {
    my ($server) = @_;
    $server->{config} .= 'CrmDatabaseServer elsewhere "' . elsewhere($server) . "\"\nCrmJobFiles \"$server->{folder}/jobs\"\n";
    $server->stop;
    $server->write_config;
    $server->start;
    my $acme = $server->register('Acme');
    my $user = $server->add_user($acme, 'ulla');
    $server->call(POST => "/api/auth/users/$user->{id}/set-groups-permissions/", {token => $acme->{token},
        body => {group_ids => [], permission_ids => []}}, 200);
    my %token = (admin => $acme->{token}, user => $user->{token},
        superuser => $server->superuser->{token}, stranger => $server->register('Globex')->{token});
    $server->wait_history($token{admin}, '', 1);
    Crm::Node::tap('t/contract', 'contract.mjs', CRM_URL => $server->url, CRM_TOKENS => encode_json(\%token));
}, settings => {CrmBodyLimit => '128k', CrmImportLimit => '512k', CrmLoginLimit => 'account=10 address=1000000'}, config => <<'END');
KeepAliveTimeout 600
<If "%{HTTP:X-Closed} == '1'">
    CrmRegistration off
</If>
END
done_testing;
