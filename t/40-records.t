#!/usr/bin/perl
# Records, call by call: created, listed, shown, changed, deleted, restored; their change log.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $uuid = qr/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my $globex = $server->register('Globex');
    my %as = (token => $acme->{token});

    # ---- a customer, from his first day to his return
    $server->call(GET => '/api/customers/', {}, 401);
    $server->call(GET => '/api/customers/', {%as}, 200, {count => 0, next => undef, previous => undef, results => []});
    $server->call(POST => '/api/customers/', {%as, body => {}}, 400, {name => ['This field is required.'],
        email => ['This field is required.'], phone => ['This field is required.']});
    my $made = $server->call(POST => '/api/customers/', {%as, body => {name => '  Zoë Ångström ', email => 'Zoe@Example.com',
        phone => '+46 8 123', company => 'ACME', city => 'Malmö', id => 'mine', created_at => '2001-01-01T00:00:00Z'}},
        201, {id => $uuid, name => 'Zoë Ångström', email => 'Zoe@Example.com', company => 'ACME', address => undef,
        is_active => $true, is_lead_created => $false, last_call_time => undef, lead_status => 'NOT_CONTACTED',
        created_by => $acme->{id}, created_at => qr/^20[2-9]/});
    my $place = $made->{headers}{location};
    $made = $made->{json};
    my $one = "/api/customers/$made->{id}/";
    is($place, $server->url . $one, 'what was made says where it is');
    $server->call(POST => '/api/customers/', {%as, body => {name => 'Other', email => 'zoe@example.COM', phone => '1'}},
        400, {email => ['This field must be unique.']});
    my $shown = $server->call(GET => $one, {%as}, 200, {name => 'Zoë Ångström'});
    like($shown->{headers}{etag}, qr/^"1-[0-9a-f]+"$/, 'a record has a version in its tag');
    is_deeply($shown->{json}, $made, 'a record is shown as it was answered when it was made');
    $server->call(GET => $one, {%as, headers => {'If-None-Match' => $shown->{headers}{etag}}}, 304);
    $server->call(GET => $one, {token => $globex->{token}}, 404, {detail => 'Not found.'});
    $server->call(GET => '/api/customers/?search=angstr&fields=id', {%as}, 200, {results => [{id => $made->{id}}]});
    $server->call(GET => '/api/customers/?city=MALMO&name__contains=zoe', {%as}, 200, {count => 1});
    $server->call(GET => '/api/customers/?search=angstr+nobody', {%as}, 200, {count => 0});
    $server->call(GET => '/api/customers/?shoe_size=44', {%as}, 400, {shoe_size => ['Unknown filter.']});

    my $old = $shown->{headers}{etag};
    my $changed = $server->call(PATCH => $one, {%as, body => {phone => '2', company => undef}, headers =>
        {'If-Match' => $old}}, 200, {phone => '2', company => undef, name => 'Zoë Ångström'});
    like($changed->{headers}{etag}, qr/^"2-/, 'a change makes a new version');
    $server->call(PATCH => $one, {%as, body => {phone => '3'}, headers => {'If-Match' => $old}}, 412);
    $server->call(PATCH => $one, {%as, body => '{"phone": "2"}', headers => {'Content-Type' =>
        'application/merge-patch+json'}}, 200);
    like($server->call(GET => $one, {%as}, 200)->{headers}{etag}, qr/^"2-/, 'a change of nothing makes none');
    $server->call(PUT => $one, {%as, body => {name => 'Zoe'}}, 400,
        {email => ['This field is required.'], phone => ['This field is required.']});
    $server->call(PUT => $one, {%as, body => {name => 'Zoe', email => 'zoe@example.com', phone => '2'}}, 200,
        {name => 'Zoe', city => 'Malmö'});
    $server->call(PATCH => $one, {%as, body => {name => undef, is_active => 'perhaps'}}, 400,
        {name => ['This field may not be null.'], is_active => ['Must be a valid boolean.']});

    $server->call(DELETE => $one, {%as, headers => {'If-Match' => $old}}, 412);
    $server->call(DELETE => $one, {%as}, 200, {message => 'Customer soft-deleted'});
    $server->call($_->[0] => $one, {%as, body => $_->[1]}, 404, {detail => 'Not found.'})
        for [GET => undef], [PATCH => {phone => '1'}], [DELETE => undef];
    $server->call(GET => '/api/customers/', {%as}, 200, {count => 0});
    $server->call(GET => '/api/customers/?search=zoe', {%as}, 200, {count => 0});
    my $heir = $server->call(POST => '/api/customers/', {%as, body => {name => 'Heir', email => 'zoe@example.com',
        phone => '1'}}, 201)->{json};
    $server->call(POST => "${one}restore/", {%as}, 400, {email => ['This field must be unique.']});
    $server->call(DELETE => "/api/customers/$heir->{id}/", {%as}, 200);
    $server->call(POST => "${one}restore/", {%as}, 200, {name => 'Zoe'});
    $server->call(POST => "${one}restore/", {%as}, 200, {name => 'Zoe'});
    $server->call(GET => '/api/customers/?search=zoe', {%as}, 200, {count => 1});
    my $log = $server->call(GET => "${one}history/", {%as}, 200, {count => 5, results => [
        {action => 'updated', notes => 'Restored.'},
        {action => 'deleted'},
        {action => 'updated', changes => {name => {old => 'Zoë Ångström', new => 'Zoe'}}},
        {action => 'updated', field_name => undef, changes => {phone => {old => '+46 8 123', new => '2'},
            company => {old => 'ACME', new => undef}}},
        {action => 'created', changes => {name => {old => undef, new => 'Zoë Ångström'}}, changed_by => $acme->{id},
            changed_by_username => 'acme-admin', changed_by_email => $acme->{email}},
    ]});

    # ---- leads and their customers
    my %lead = (name => 'Lead', email => 'l@example.com', phone => '5', status => 'new', source => 'web');
    $server->call(POST => '/api/leads/', {%as, body => {%lead, status => 'gone', customer => 'x'}}, 400,
        {status => ['"gone" is not a valid choice.'], customer => ['Must be a valid UUID.']});
    my $nobody = '01890000-0000-7000-8000-000000000000';
    $server->call(POST => '/api/leads/', {%as, body => {%lead, customer => $nobody}}, 400,
        {customer => ["Invalid pk \"$nobody\" - object does not exist."]});
    $server->call(POST => '/api/leads/', {%as, body => {%lead}}, 201, {customer => undef, customer_details => undef,
        call_summaries => [], status => 'new'});
    my $linked = $server->call(POST => '/api/leads/', {%as, body => {%lead, customer_email => 'ZOE@example.com'}}, 201,
        {customer => $made->{id}, customer_details => {id => $made->{id}, name => 'Zoe'}})->{json};
    ok(!exists $linked->{customer_email}, 'what is only written is not shown');
    my $new = $server->call(POST => '/api/leads/', {%as, body => {%lead, customer_email => 'new@example.com',
        customer_name => 'Newman'}}, 201, {customer => $uuid, customer_details => {name => 'Newman', email =>
        'new@example.com', phone => '5'}})->{json};
    $server->call(GET => "/api/customers/$new->{customer}/", {%as}, 200, {lead_status => 'NEW', is_lead_created => $true});
    $server->call(GET => "/api/leads/?customer=$made->{id}", {%as}, 200, {count => 1, results => [{id => $linked->{id}}]});
    $server->call(GET => '/api/leads/?search=newman', {%as}, 200, {count => 1, results => [{id => $new->{id}}]});
    $server->call(GET => '/api/leads/?status__in=new,open&ordering=-status,name', {%as}, 200, {count => 3});
    my $lead = "/api/leads/$linked->{id}/";
    $server->call(PATCH => "${lead}status/", {%as, body => {status => 'interested', name => 'ignored'}}, 200,
        {status => 'interested', name => 'Lead'});
    $server->call(PATCH => "${lead}status/", {%as, body => {}}, 400, {status => ['This field is required.']});
    $server->call(GET => "${lead}history/", {%as}, 200, {results => [{action => 'status_changed', field_name => 'status',
        old_value => 'new', new_value => 'interested', changes => {status => {old => 'new', new => 'interested'}}},
        {action => 'created'}]});
    $server->call(PATCH => $one, {%as, body => {is_active => $false}}, 200, {is_active => $false});
    $server->call(GET => '/api/customers/?is_active=false', {%as}, 200, {count => 1});
    $server->call(POST => '/api/leads/', {%as, body => {%lead, customer => $made->{id}}}, 400,
        {customer => ["Invalid pk \"$made->{id}\" - object does not exist."]});
    $server->call(PATCH => $lead, {%as, body => {notes => 'still his'}}, 200, {customer => $made->{id}});
    $server->call(PATCH => $one, {%as, body => {is_active => $true}}, 200);

    # ---- calls of a lead
    my $calls = "${lead}call-summaries/";
    $server->call(GET => "/api/leads/$nobody/call-summaries/", {%as}, 404);
    $server->call(POST => "/api/leads/$nobody/call-summaries/", {%as, body => {summary => 'x'}}, 404);
    my $call = $server->call(POST => $calls, {%as, body => {summary => 'Über alles gesprochen', call_time =>
        '2026-01-02T03:04:05Z', call_outcome => 'follow_up'}}, 201, {lead => $linked->{id}, call_outcome_display =>
        'Follow Up', created_by_username => 'acme-admin'})->{json};
    $server->call(POST => $calls, {%as, body => {summary => 'later', call_time => undef}}, 201, {call_time => undef,
        call_outcome => undef, call_outcome_display => undef});
    $server->call(GET => $lead, {%as}, 200, {status => 'follow_up', call_summaries => [{summary => 'later'},
        {id => $call->{id}}]});
    $server->call(GET => '/api/leads/?fields=id,call_summaries&customer=' . $made->{id}, {%as}, 200,
        {results => [{call_summaries => [{summary => 'later'}, {id => $call->{id}}]}]});
    $server->call(GET => $one, {%as}, 200, {lead_status => 'ATTEMPTED_TO_CONTACT', last_call_time => '2026-01-02T03:04:05Z'});
    $server->call(GET => "$calls?search=uber", {%as}, 200, {count => 1, results => [{id => $call->{id}}]});
    $server->call(GET => $calls, {%as}, 200, {count => 2});
    $server->call(GET => "/api/leads/$new->{id}/call-summaries/$call->{id}/", {%as}, 404);
    $server->call(PATCH => "$calls$call->{id}/", {%as, body => {call_outcome => 'sent_info'}}, 200,
        {call_outcome_display => 'Sent Info'});
    $server->call(POST => "/api/leads/call-summaries/by-customer/$made->{id}/", {%as, body => {summary => 'again'}}, 201,
        {lead => $linked->{id}});
    my $alone = $server->call(POST => '/api/customers/', {%as, body => {name => 'Alone Again', email => 'alone@example.com',
        phone => '9'}}, 201)->{json};
    $server->call(POST => "/api/leads/call-summaries/by-customer/$alone->{id}/", {%as, body => {call_outcome =>
        'not_contacted'}}, 201, {lead => $uuid});
    $server->call(GET => "/api/leads/?customer=$alone->{id}", {%as}, 200, {count => 1, results => [{name => 'Alone Again'}]});
    $server->call(POST => "/api/leads/call-summaries/by-customer/$nobody/", {%as, body => {summary => 'x'}}, 404);

    # ---- by lead status
    $server->call(GET => "/api/customers/$made->{id}/by-lead-status/", {%as}, 200, {id => $made->{id}, properties =>
        {phone => '2', firstname => 'Zoe', lastname => '', email => 'zoe@example.com', hs_lead_status =>
        'ATTEMPTED_TO_CONTACT'}, company => {name => undef}, is_lead_created => $true});
    $server->call(GET => '/api/customers/by-lead-status/', {%as}, 200, {count => 3, results => [
        {properties => {firstname => 'Alone', lastname => 'Again'}}, {id => $new->{customer}}, {id => $made->{id}}]});

    # ---- categories lie in each other, never in a circle
    my $top = $server->call(POST => '/api/categories/', {%as, body => {name => 'Top', code => 'T'}}, 201,
        {parent => undef, parent_name => undef, children_count => 0})->{json};
    my $sub = $server->call(POST => '/api/categories/', {%as, body => {name => 'Sub', parent => $top->{id}}}, 201,
        {parent => $top->{id}, parent_name => 'Top'})->{json};
    $server->call(GET => "/api/categories/$top->{id}/", {%as}, 200, {children_count => 1});
    $server->call(PATCH => "/api/categories/$top->{id}/", {%as, body => {parent => $_}}, 400, {parent => [qr/lie in/]})
        for $sub->{id}, $top->{id};
    $server->call(POST => '/api/categories/', {%as, body => {name => 'Twin', code => 't'}}, 400, {code => [qr/unique/]});
    $server->call(POST => '/api/categories/', {%as, body => {name => $_, code => ''}}, 201) for 'A', 'B';
    $server->call(POST => '/api/branches/', {%as, body => {name => 'North', code => 'N'}}, 201, {manager_name => undef});

    # ---- by a unique value
    $server->call(PUT => '/api/customers/by/email/put@example.com/', {%as, body => {name => 'Put', phone => '1'}}, 201,
        {email => 'put@example.com'});
    $server->call(PUT => '/api/customers/by/email/PUT@example.com/', {%as, body => {name => 'Put 2', phone => '1'}}, 200,
        {name => 'Put 2', email => 'put@example.com'});
    $server->call(PUT => '/api/customers/by/email/put@example.com/', {%as, body => {phone => '1'}}, 400,
        {name => ['This field is required.']});
    $server->call(GET => '/api/customers/?email=put@example.com', {%as}, 200, {count => 1});

    # ---- many at once
    my @two = map { +{name => "B$_", email => "b$_\@example.com", phone => '1'} } 1, 2;
    my $batch = $server->call(POST => '/api/customers/batch/', {%as, body => \@two}, 200, {results => [{status => 201,
        body => {name => 'B1'}}, {status => 201}]})->{json};
    $server->call(POST => '/api/customers/batch/', {%as, body => [{name => 'B3', email => 'b3@example.com', phone => '1'},
        $two[0]]}, 400, {results => [{status => 424}, {status => 400, body => {email => ['This field must be unique.']}}]});
    $server->call(GET => '/api/customers/?name=B3', {%as}, 200, {count => 0});
    my $id = $batch->{results}[0]{body}{id};
    $server->call(POST => '/api/customers/batch/', {%as, body => {atomic => $false, operations => [
        {method => 'PATCH', id => $id, body => {name => 'B1 changed'}}, {method => 'POST', body => $two[1]},
        {method => 'DELETE', id => $id}, {method => 'DELETE', id => $id}, {method => 'GET'}]}}, 207, {results => [
        {status => 200, body => {name => 'B1 changed'}}, {status => 400}, {status => 200, body =>
        {message => 'Customer soft-deleted'}}, {status => 404}, {status => 400, body => {method => [qr/./]}}]});
    $server->call(POST => '/api/customers/batch/', {%as, body => {operations => 7}}, 400, {operations => [qr/./]});
    $server->call(POST => '/api/customers/batch/', {%as, body => [(\%lead) x 1001]}, 400, {non_field_errors => [qr/1000/]});

    # ---- the number of records is kept with them
    my $count = $server->request(GET => '/api/customers/?page_size=1', {%as})->{json}{count};
    my ($row) = $server->tenant_sql('acme', 'SELECT COUNT(*) FROM customer WHERE deleted_at IS NULL');
    is($count, $row->[0],
        "$server->{database}: the count is that of the records that are there");
});
done_testing;
