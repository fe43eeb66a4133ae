#!/usr/bin/perl
# crmctl demo: a tenant whose records are there, as the API shows them.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

on_each_database(sub {
    my ($server) = @_;
    my $demo = decode_json($server->crmctl_ok('demo', 'Try me', '--size', '30', '--json'));
    is($demo->{username}, 'try_me-admin', 'an admin is made');
    my %as = (token => $server->login($demo->{username}, $demo->{password}));
    my %count = map { $_ => $server->request(GET => "/api/$_/", {%as})->{json}{count} } qw(leads customers branches categories products);
    is_deeply(\%count, {leads => 30, customers => 10, branches => 3, categories => 5, products => 7}, 'records of every kind');
    my $leads = $server->request(GET => '/api/leads/?page_size=100', {%as})->{json}{results};
    is(scalar(grep { $_->{customer_details} } @$leads), 10, 'one in three leads has a customer');
    my $calls = grep { @{$_->{call_summaries}} } @$leads;
    cmp_ok($calls, '>', 15, 'most were called');
    is($demo->{records}, 30 + 10 + 3 + 5 + 7 + scalar(map { @{$_->{call_summaries}} } @$leads), 'it says how many there are');
    my $history = $server->request(GET => "/api/leads/$leads->[0]{id}/history/", {%as})->{json}{results};
    is($history->[-1]{changed_by_username}, 'try_me-admin', 'each has its change log');
    my ($status, undef, $err) = $server->crmctl('demo', 'Try me');
    is($status, 1, 'a name that is taken is refused');
    like($err, qr/already exists/, 'and it says so');
    (undef, undef, $err) = $server->crmctl('demo', '--size', 'many');
    like($err, qr/--size "many": 1 to 100000/, 'a size that is none');
});
done_testing;
