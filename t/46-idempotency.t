#!/usr/bin/perl
# Idempotency-Key: a POST sent twice is done once; at the same time, after a restart, in a batch.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use JSON::PP;

sub key { return (headers => {'Idempotency-Key' => $_[0]}) }

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    my %body = (name => 'Once', email => 'once@example.com', phone => '1');
    my $count = sub { $server->request(GET => '/api/customers/?page_size=1', {%as})->{json}{count} };

    my $first = $server->call(POST => '/api/customers/', {%as, key('a'), body => {%body}}, 201);
    my $again = $server->call(POST => '/api/customers/', {%as, key('a'), body => {%body}}, 201);
    is($again->{body}, $first->{body}, 'the same answer');
    is($again->{headers}{etag}, $first->{headers}{etag}, 'with the same tag');
    is($again->{headers}{'idempotent-replayed'}, 'true', 'which says so');
    is($count->(), 1, 'done once');
    $server->call(POST => '/api/customers/', {%as, key('a'), body => {%body, phone => '2'}}, 422, {detail => qr/another/});
    $server->call(POST => '/api/customers/', {%as, key('b'), body => {%body}}, 400, {email => [qr/unique/]});
    $server->call(POST => '/api/customers/', {%as, key('b'), body => {%body, email => 'b@example.com'}}, 201);
    $server->call(POST => '/api/customers/', {%as, key($_), body => {%body}}, 400, {detail => qr/Idempotency-Key/})
        for 'x' x 256, "\xc3\xa9", 'a b';

    # another call, another account: another key
    my $id = $first->{json}{id};
    $server->call(POST => "/api/customers/$id/restore/", {%as, key('a')}, 200, {id => $id});
    my $other = $server->register('Globex');
    $server->call(POST => '/api/customers/', {token => $other->{token}, key('a'), body => {%body}}, 201);

    # a restart forgets nothing
    $server->stop;
    $server->start;
    $server->call(POST => '/api/customers/', {%as, key('a'), body => {%body}}, 201, {id => $id});

    # what is over may be used anew
    my $yesterday = Crm::Database::time_text(time - 86401);
    $server->tenant_sql('acme', "UPDATE idempotency_key SET created_at = '$yesterday'");
    $server->call(POST => '/api/customers/', {%as, key('a'), body => {%body, email => 'new@example.com'}}, 201);

    # begun and not finished: whoever sends it again is told so
    $server->tenant_sql('acme', 'UPDATE idempotency_key SET status = NULL');
    my $taken = $server->call(POST => '/api/customers/', {%as, key('a'), body => {%body, email => 'new@example.com'}}, 409);
    ok($taken->{headers}{'retry-after'}, 'and when to come back');

    # eight at once
    my $before = $count->();
    my @statuses = Crm::Load->at_once(8, sub {
        my $client = Crm::Client->new(port => $server->{port});
        return $client->request(POST => '/api/customers/', %as, key('c'), body => {%body, email => 'c@example.com'})->{status};
    });
    is_deeply([grep { $_ != 201 && $_ != 409 } @statuses], [], "each is answered alike or told to come back: @statuses");
    ok((grep { $_ == 201 } @statuses), 'one at least is done');
    is($count->(), $before + 1, 'once');

    # a batch whose operations fail alone
    my %operations = (atomic => JSON::PP::false, operations => [
        {method => 'POST', body => {%body, email => 'd@example.com'}}, {method => 'POST', body => {%body}},
        {method => 'POST', body => {%body, email => 'e@example.com'}}]);
    for (1, 2) {
        $server->call(POST => '/api/customers/batch/', {%as, key('batch'), body => {%operations}}, 207,
            {results => [{status => 201}, {status => 400}, {status => 201}]});
    }
    is($count->(), $before + 3, 'what failed is not there, what went well is there once');

    # work that is no single transaction: a user
    my %user = (username => 'ida', email => 'ida@acme.example', password => 'ida password', first_name => 'I',
        last_name => 'D');
    $server->call(POST => '/api/auth/tenant/users/create/', {%as, key('u'), body => {%user}}, 201, {username => 'ida'})
        for 1, 2;
});
done_testing;
