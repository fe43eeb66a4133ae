#!/usr/bin/perl
# Calls that do more than their row of the route table says need the permission for each thing they do.
use lib 't/lib';
use Crm::Test;

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %admin = (token => $acme->{token});
    my $user = $server->add_user($acme, 'ulla');
    my %as = (token => $user->{token});
    my %ids = map { ("$_->{app_label}.$_->{codename}" => $_->{id}) }
        @{$server->request(GET => '/api/auth/permissions/?page_size=100', {%admin})->{json}{results}};
    my $grant = sub {
        $server->call(POST => "/api/auth/users/$user->{id}/set-groups-permissions/", {%admin, body => {group_ids => [],
            permission_ids => [map { $ids{$_} // die "no permission $_" } @_]}}, 200);
    };
    my @refused = (403, {detail => 'You do not have permission to perform this action.'});
    my %customer = (name => 'C', email => 'c@example.com', phone => '1');
    my %lead = (name => 'L', email => 'l@example.com', phone => '1', status => 'new', source => 'web');
    my $id = $server->call(POST => '/api/customers/', {%admin, body => {%customer}}, 201)->{json}{id};

    $grant->('customer.change_customer');
    $server->call(PUT => '/api/customers/by/email/c@example.com/', {%as, body => {%customer, name => 'D'}}, 200);
    $server->call(PUT => '/api/customers/by/email/new@example.com/', {%as, body => {name => 'N', phone => '1'}}, @refused);
    $server->call(GET => '/api/customers/', {%as}, @refused);

    $grant->('customer.view_customer', 'customer.add_customer');
    $server->call(POST => '/api/customers/batch/', {%as, body => [{%customer, email => 'd@example.com'}]}, 200);
    $server->call(POST => '/api/customers/batch/', {%as, body => {operations => [{method => 'POST', body => {%customer,
        email => 'e@example.com'}}, {method => 'DELETE', id => $id}]}}, @refused);
    $server->call(GET => '/api/customers/?email=e@example.com', {%as}, 200, {count => 0});

    $grant->('leads.add_lead');
    $server->call(POST => '/api/leads/', {%as, body => {%lead, customer_email => 'c@example.com'}}, 201);
    $server->call(POST => '/api/leads/', {%as, body => {%lead, customer_email => 'unknown@example.com'}}, @refused);
    $grant->('leads.add_lead', 'customer.add_customer');
    $server->call(POST => '/api/leads/', {%as, body => {%lead, customer_email => 'unknown@example.com'}}, 201);

    $grant->('leads.add_leadcallsummary');
    my $other = $server->call(GET => '/api/customers/?email=d@example.com', {%admin}, 200)->{json}{results}[0]{id};
    $server->call(POST => "/api/leads/call-summaries/by-customer/$id/", {%as, body => {summary => 'x'}}, 201);
    $server->call(POST => "/api/leads/call-summaries/by-customer/$other/", {%as, body => {summary => 'x'}}, @refused);
    $server->call(GET => "/api/leads/?customer=$other", {%admin}, 200, {count => 0});
});
done_testing;
