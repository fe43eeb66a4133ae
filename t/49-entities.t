#!/usr/bin/perl
# Every call on every entity of the registry: one row each. A new entity is one more row.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my $true = JSON::PP::true;

# path: below /api/. label: in messages. unique: a unique field. good: a valid body; shown: what of it is
# shown otherwise. change: a PATCH. bad: a body that is refused, with message.
my @entities = (
    {path => 'customers', label => 'Customer', unique => 'email',
        good => {name => 'Ann', email => 'ann@example.com', phone => '1'}, shown => {lead_status => 'NOT_CONTACTED'},
        change => {city => 'Bonn'}, bad => {email => 'ann'}, message => {email => ['Enter a valid email address.']}},
    {path => 'leads', label => 'Lead',
        good => {name => 'Ann', email => 'ann@example.com', phone => '1', status => 'new', source => 'web'},
        shown => {call_summaries => [], customer_details => undef}, change => {status => 'open'},
        bad => {status => 'won'}, message => {status => ['"won" is not a valid choice.']}},
    {path => 'leads/{leads}/call-summaries', label => 'Call summary',
        good => {summary => 'Was not at home', call_outcome => 'not_contacted'},
        shown => {call_outcome_display => 'Not Contacted', created_by_username => 'acme-admin'},
        change => {call_time => '2026-11-26T10:00:00Z'}, bad => {call_time => 'noon'},
        message => {call_time => [qr/^Datetime has wrong format/]}},
    {path => 'branches', label => 'Branch', unique => 'code',
        good => {name => 'North', code => 'N', manager_email => 'n@example.com'}, shown => {is_active => $true},
        change => {notes => 'moved'}, bad => {manager_email => 'n'}, message => {manager_email => [qr/valid email/]}},
    {path => 'categories', label => 'Category', unique => 'code',
        good => {name => 'Tools', code => 'T'}, shown => {children_count => 0, parent_name => undef},
        change => {description => 'Hammers'}, bad => {parent => 'x'}, message => {parent => ['Must be a valid UUID.']}},
    {path => 'products', label => 'Product', unique => 'sku',
        good => {name => 'Lamp', sku => 'L-1', price => '12.30'}, shown => {currency => 'EUR', category_name => undef},
        change => {price => '9.90'}, bad => {price => 'cheap'}, message => {price => ['A valid number is required.']}},
);

sub run {
    my ($server, $as, $entity, $path) = @_;
    my ($good, $unique) = @$entity{qw(good unique)};
    my $call = sub { $server->call($_[0], "/api/$path/$_[1]", {%$as, defined $_[4] ? (body => $_[4]) : ()}, @_[2, 3]) };

    my $made = $call->(POST => '', 201, {%$good, %{$entity->{shown}}}, $good)->{json};
    my $id = $made->{id};
    is_deeply($call->(GET => "$id/", 200)->{json}, $made, "$path: shown as it was made");
    $call->(GET => '', 200, {count => 1, results => [{id => $id}]});
    $call->(POST => '', 400, $entity->{message}, {%$good, %{$entity->{bad}}});
    $call->(PATCH => "$id/", 400, $entity->{message}, $entity->{bad});
    $call->(PATCH => "$id/", 200, {%$good, %{$entity->{change}}}, $entity->{change});
    $call->(PUT => "$id/", 200, {%$good}, $good);
    if ($unique) {
        $call->(POST => '', 400, {$unique => ['This field must be unique.']}, $good);
        my %rest = %$good;
        delete $rest{$unique};
        $call->(PUT => "by/$unique/$good->{$unique}/", 200, {id => $id}, \%rest);
        $call->(PUT => "by/$unique/2$good->{$unique}/", 201, {$unique => "2$good->{$unique}"}, \%rest);
    } else {
        $call->(POST => '', 201, {%$good}, $good);
    }
    my $batch = $call->(POST => 'batch/', 200, {results => [{status => 200}]},
        {operations => [{method => 'PATCH', id => $id, body => $entity->{change}}]});
    $call->(DELETE => "$id/", 200, {message => "$entity->{label} soft-deleted"});
    $call->(GET => "$id/", 404);
    $call->(GET => '', 200, {count => 1});
    $call->(POST => "$id/restore/", 200, {%$good, %{$entity->{change}}});
    $call->(GET => '?search=' . Crm::Client::escape($good->{name} // $good->{summary}), 200, {count => 2});
    my $log = $call->(GET => "$id/history/", 200)->{json}{results};
    is($log->[-1]{action}, 'created', "$path: its change log begins with its creation");
    ok((grep { $_->{action} eq 'deleted' } @$log), "$path: and has its deletion");
    return $id;
}

my $routes = JSON::PP->new->utf8->decode(Crm::Process::output(Crm::Process::crmctl(), 'routes', '--json'));
my %listed = map { $_->{path} =~ s/\{\w+\}/{uuid}/r => 1 } @entities;
my @lists = map { $_->{pattern} =~ m{^((?!auth/).*)/batch/$} ? $1 : () } @$routes;
is_deeply([sort keys %listed], [sort @lists], 'every entity has its row');

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %ids;
    for my $entity (@entities) {
        (my $path = $entity->{path}) =~ s/\{(\w+)\}/$ids{$1}/;
        $ids{$entity->{path}} = run($server, {token => $acme->{token}}, $entity, $path);
    }
});
done_testing;
