#!/usr/bin/perl
# What a list counts stays exact while many write; and how many statements a page takes, whatever its size.
use lib 't/lib';
use Crm::Load;
use Crm::Test;
use JSON::PP;

my $customers = '/api/customers/';

# Creates, deletes and restores; tells how many records it left.
sub write_some {
    my ($server, $token, $number, $tell) = @_;
    my $client = Crm::Client->new(port => $server->{port});
    my ($left, @ids) = (0);
    for my $i (1 .. 25) {
        my $made = $client->request(POST => $customers, token => $token,
            body => {name => "Writer $number", email => "w$number-$i\@example.com", phone => '1'});
        $left += $made->{status} == 201;
        push @ids, $made->{json}{id};
        my $id = $ids[$i * 7 % @ids];
        $left -= $client->request(DELETE => "$customers$id/", token => $token)->{status} == 200;
        next if $i % 3;
        my $there = $client->request(GET => "$customers$id/", token => $token)->{status} == 200;
        $left += $client->request(POST => "$customers$id/restore/", token => $token)->{status} == 200 && !$there;
    }
    $tell->({left => $left});
    return;
}

sub writers {
    my ($server, $token) = @_;
    my $load = Crm::Load->start(8, sub { write_some($server, $token, @_) });
    my @told = $load->rest;
    my $left = 0;
    $left += $_->{left} // 0 for @told;
    is(scalar(grep { exists $_->{left} } @told), 8, "$server->{database}: eight clients wrote");
    my ($there) = $server->tenant_sql('acme', 'SELECT COUNT(*) FROM customer WHERE deleted_at IS NULL');
    is($there->[0], $left, "$server->{database}: what they were told is so");
    $server->call(GET => "$customers?page_size=1", {token => $token}, 200, {count => $left});
    $server->call(GET => "$customers?page_size=1&search=writer", {token => $token}, 200, {count => $left});
    my ($slots) = $server->tenant_sql('acme', "SELECT COUNT(*) FROM record_count WHERE entity = 'customer'");
    cmp_ok($slots->[0], '>', 1, "$server->{database}: they counted in $slots->[0] places, each by itself")
        if $server->{database} eq 'mysql';
    return;
}

# The statements that a request of PATH runs on records.
sub statements {
    my ($server, $token, $path) = @_;
    my $before = -s $server->log_file;
    $server->call(GET => $path, {token => $token}, 200);
    open my $log, '<', $server->log_file or die $!;
    seek $log, $before, 0;
    return grep { /\[crm:trace4\].*tenant_acme.*: SELECT.*\b(?:FROM|JOIN) [`(]*(?:customer|lead|call_summary|record_count)/ } <$log>;
}

sub pages {
    my ($server, $token) = @_;
    my @leads = map { +{name => "Lead $_", email => "l$_\@example.com", phone => '1', status => 'new', source => 'web',
        customer_email => "c$_\@example.com"} } 1 .. 120;
    my $made = $server->call(POST => '/api/leads/batch/', {token => $token, body => \@leads}, 200)->{json}{results};
    $server->call(POST => "/api/leads/$_->{body}{id}/call-summaries/", {token => $token, body => {summary => 'x'}}, 201)
        for @$made[0 .. 9];
    for my $row (['/api/leads/?', 3], ['/api/leads/?count=none&', 2], ['/api/leads/?fields=id,name&', 2],
        ['/api/leads/?fields=id,call_summaries&', 3], ['/api/leads/?cursor=&', 2], ['/api/customers/?', 2]) {
        my ($path, $count) = @$row;
        my @counts = map { scalar statements($server, $token, "${path}page_size=$_") } 1, 10, 100;
        is("@counts", "$count $count $count", "$server->{database}: $path takes $count statements, whatever its size");
    }
    my $last = '/api/leads/?page_size=10&search=' . Crm::Client::escape('lead 110');
    is(scalar statements($server, $token, $last), 2, "$server->{database}: a page that is the last one needs not count");
    return;
}

# The page that a client has is not sent again, until something in it is changed.
sub tags {
    my ($server, $token) = @_;
    my $path = '/api/leads/?page_size=5&ordering=name';
    my $page = $server->call(GET => $path, {token => $token}, 200);
    my %have = (token => $token, headers => {'If-None-Match' => $page->{headers}{etag}});
    is($server->call(GET => $path, \%have, 304)->{body}, '', "$server->{database}: an unchanged page has no body");
    $server->call(PATCH => "/api/customers/$page->{json}{results}[0]{customer}/", {token => $token, body => {city => 'Ulm'}}, 200);
    $server->call(GET => $path, \%have, 200, {results => [{customer_details => {city => 'Ulm'}}, ({}) x 4]});
    $server->rows(
        [GET => '/api/leads/?colour=red', {token => $token}, 400, {colour => ['Unknown filter.']}],
        [GET => '/api/leads/?ordering=colour', {token => $token}, 400, {ordering => [qr/not a valid choice/]}],
        [GET => '/api/leads/?ordering=notes', {token => $token}, 400, {ordering => [qr/not a valid choice/]}],
        [GET => '/api/leads/?status__gt=new', {token => $token}, 400, {'status__gt' => ['Unknown filter.']}],
        [GET => '/api/leads/?count=many', {token => $token}, 400, {count => [qr/not a valid choice/]}],
        [GET => '/api/leads/?count=estimate&page_size=2', {token => $token}, 200, {count => 120}],
        [GET => '/api/leads/?count=none&page_size=2', {token => $token}, 200, {count => undef, next => qr/count=none/}],
    );
    return;
}

# The number of History's records is that of its tallies, and of its rows.
sub history {
    my ($server, $acme) = @_;
    my $ulla = $server->add_user($acme, 'ulla');
    $server->call(GET => '/api/auth/profile/', {token => $ulla->{token}}, 200) for 1 .. 5;
    $server->call(GET => '/api/nothing/', {token => $ulla->{token}}, 404);
    $server->wait_history($acme->{token}, "user=$ulla->{id}&response_status=404", 1);
    my %user = (token => $ulla->{token});
    for my $row (['', $acme, ''], ['method=GET', $acme, "method = 'GET'"], ['method__in=POST,PATCH', $acme, "method IN ('POST', 'PATCH')"],
        ['response_status=404', $acme, 'response_status = 404'], ['response_status__gte=400', $acme, 'response_status >= 400'],
        ["user=$ulla->{id}", $acme, "user_id = $ulla->{id}"], ["user=$ulla->{id}&method=GET&response_status__lt=300", $acme,
        "user_id = $ulla->{id} AND method = 'GET' AND response_status < 300"], ['method__contains=ET', $acme, "method LIKE '%ET%'"],
        ['method=BREW', $acme, "method = 'BREW'"], ['', $ulla, "user_id = $ulla->{id}"], ['method=GET', $ulla,
        "user_id = $ulla->{id} AND method = 'GET'"], ['search=profile', $ulla, "user_id = $ulla->{id} AND endpoint LIKE '%profile%'"]) {
        my ($query, $who, $condition) = @$row;
        # what was done until now; the call itself is recorded later
        my $of = $who == $ulla ? 'user' : 'tenant';
        is_settled($server, "/api/auth/history/?page_size=1&$query", $who->{token}, $condition || '1 = 1', "$of: $query");
    }
    return;
}

# The count and the rows agree once nothing is under way.
sub is_settled {
    my ($server, $path, $token, $condition, $name) = @_;
    my ($count, $rows);
    my $same = Crm::Process::wait_until(15, sub {
        ($rows) = map { $_->[0] } $server->tenant_sql('acme', "SELECT COUNT(*) FROM history WHERE $condition");
        $count = $server->request(GET => $path, {token => $token})->{json}{count};
        my ($after) = map { $_->[0] } $server->tenant_sql('acme', "SELECT COUNT(*) FROM history WHERE $condition");
        return $rows == $after && $count == $rows;
    });
    ok($same, "$server->{database}: History's count, $name") or diag("count $count, rows $rows");
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    writers($server, $acme->{token});
    pages($server, $acme->{token});
    tags($server, $acme->{token});
    history($server, $acme);
}, config => 'LogLevel crm:trace4');
done_testing;
