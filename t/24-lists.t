#!/usr/bin/perl
# Lists of accounts, tenants and History: pages, cursors, counts, filters, search, order, fields.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my $users = '/api/auth/tenant/users/';
my $tenants = '/api/auth/tenants/';
my $history = '/api/auth/history/';

# username, first name, last name; in the order in which they are made. The admin comes before them.
my @people = (['anton', 'Anton', 'Zuse'], ['Berta', 'Berta', 'Müller'], ["ce\x{301}cile", 'Cécile', 'MULLER'],
    ['dora', 'Dora', 'Ångström'], ['emil', 'Émil', 'Angstrom'], ['friedrich', 'Friedrich', 'von der Straße'],
    ['gül', 'Gül', 'Öztürk'], ['_hans', 'Hans', '100%'], ['ida', 'Ida', 'O\'Hara'], ['jo', 'Иван', 'Петров'],
    ['kim', '김', '철수'], ['lee', "\x{1f600}", 'Smile']);

# The values of FIELD in the results of a list.
sub column {
    my ($answer, $field) = @_;
    return map { $_->{$field} // 'null' } @{$answer->{json}{results} // []};
}

# Rows: query, names that it gives, in order.
sub check_names {
    my ($server, $token, $path, $field, @rows) = @_;
    for my $row (@rows) {
        my ($query, @names) = @$row;
        my $escaped = join '&', map { join '=', map { Crm::Client::escape($_) =~ s/%2C/,/gr } split /=/, $_, 2 } split /&/, $query;
        my $answer = $server->request(GET => "$path?$escaped", {token => $token});
        is_deeply([$answer->{status}, column($answer, $field)], [200, @names], "$server->{database}: $path?$query")
            or diag($answer->{body});
    }
    return;
}

# Rows: query, field whose message there is.
sub check_refused {
    my ($server, $token, $path, @rows) = @_;
    for my $row (@rows) {
        $server->call(GET => "$path?$row->[0]", {token => $token}, 400, {$row->[1] => [qr/./]});
    }
    return;
}

# Follows `next` (or `previous`) from PATH to the end: the values of FIELD, page by page.
sub follow {
    my ($server, $token, $path, $field, $link) = @_;
    my @pages;
    while ($path && @pages < 50) {
        my $answer = $server->request(GET => $path, {token => $token});
        push @pages, [column($answer, $field)];
        ($path = $answer->{json}{$link} // '') =~ s{^http://localhost:$server->{port}}{};
    }
    return @pages;
}

sub pages {
    my ($server, $token) = @_;
    my @me = {token => $token};
    my $url = "http://localhost:$server->{port}$users";
    my $all = 1 + @people;
    my @invalid = (404, {detail => 'Invalid page.'});
    $server->rows(
        [GET => $users, @me, 200, {count => $all, next => undef, previous => undef, results => [({}) x $all]}],
        [GET => "$users?page_size=5", @me, 200, {count => $all, next => "$url?page_size=5&page=2", previous => undef,
            results => [({}) x 5]}],
        [GET => "$users?page_size=5&page=2&search=a&ordering=id", @me, 200, {previous => qr{^\Q$url\E\?(?=.*page_size=5)(?=.*search=a)(?=.*ordering=id)}}],
        [GET => "$users?page=3&page_size=5", @me, 200, {count => $all, next => undef, results => [({}) x ($all - 10)]}],
        [GET => "$users?page=4&page_size=5", @me, @invalid], [GET => "$users?page=0", @me, @invalid],
        [GET => "$users?page=-1", @me, @invalid], [GET => "$users?page=x", @me, @invalid],
        [GET => "$users?page=1.5", @me, @invalid], [GET => "$users?page=99999999999999999999", @me, @invalid],
        [GET => "$users?page=2", @me, @invalid], [GET => "$users?page=", @me, 200, {count => $all}],
        [GET => "$users?page=1&search=nobody", @me, 200, {count => 0, next => undef, previous => undef, results => []}],
        [GET => "$users?page_size=0", @me, 200, {count => $all}], [GET => "$users?page_size=x", @me, 200, {count => $all}],
        [GET => "$users?page_size=1000000", @me, 200, {count => $all, results => [({}) x $all]}],
        [GET => "$users?page_size=-5", @me, 200, {count => $all}],
        [GET => "$users?count=exact&page_size=2", @me, 200, {count => $all}],
        [GET => "$users?count=estimate&page_size=2", @me, 200, {count => $all}],
        [GET => "$users?count=none&page_size=2", @me, 200, {count => undef, next => qr/count=none/}],
        [GET => "$users?count=many", @me, 400, {count => [qr/./]}],
        [GET => "$users?page=2&page_size=5&tenant=acme", @me, 200, {previous => qr/tenant=acme/}],
        [GET => "$users?page_size=1&page=2&page=3", @me, 200, {next => qr/page=4/}],
        [GET => "$users?search=%C3%A9&page_size=1", @me, 200, {next => qr/search=%C3%A9/i}],
    );
    my $first = $server->request(GET => "$users?page_size=5&page=2", {token => $token});
    unlike($first->{json}{previous}, qr/[?&]page=[02-9]/, "$server->{database}: the first page's link");
    for my $size (1, 4, 5, $all) {
        my @seen = map { @$_ } follow($server, $token, "$users?page_size=$size&ordering=id", 'username', 'next');
        is_deeply(\@seen, ['acme-admin', map { $_->[0] } @people], "$server->{database}: all pages of $size");
    }
    return;
}

sub cursors {
    my ($server, $token) = @_;
    for my $order ('id', '-id', 'last_name', '-last_name,first_name', 'is_tenant_admin,-username', '-date_joined', '') {
        my $query = $order ? "ordering=$order&" : '';
        my $whole = $server->request(GET => "$users?${query}page_size=100", {token => $token});
        for my $size (1, 4, 100) {
            my @pages = follow($server, $token, "$users?${query}page_size=$size&cursor=", 'username', 'next');
            is_deeply([map { @$_ } @pages], [column($whole, 'username')],
                "$server->{database}: by cursor, $size at a time, ordering=$order");
        }
    }
    my $answer = $server->request(GET => "$users?cursor=&page_size=3&ordering=id&search=a", {token => $token});
    ok(!exists $answer->{json}{count}, "$server->{database}: by cursor there is no count");
    is($answer->{json}{previous}, undef, "$server->{database}: nothing before the first page");
    like($answer->{json}{next}, qr/cursor=[\w.~%-]+/, "$server->{database}: a cursor to go on");
    like($answer->{json}{next}, qr/search=a/, "$server->{database}: with the other parameters");
    # forth and back again
    my ($path) = $answer->{json}{next} =~ m{//[^/]*(/.*)};
    my $second = $server->request(GET => $path, {token => $token});
    ($path) = $second->{json}{previous} =~ m{//[^/]*(/.*)};
    is_deeply([column($server->request(GET => $path, {token => $token}), 'username')], [column($answer, 'username')],
        "$server->{database}: back to the first page");
    # a new record does not shift pages; a cursor counts for its list and order only
    my ($cursor) = $answer->{json}{next} =~ /cursor=([^&]*)/;
    my @invalid = (404, {detail => 'Invalid cursor'});
    $server->call(GET => $_, {token => $token}, @invalid) for "$users?cursor=x", "$users?cursor=${cursor}A",
        "$users?cursor=$cursor&ordering=-id", "$users?cursor=%27", "$users?cursor=" . 'A' x 3000, "$history?cursor=$cursor";
    return;
}

sub users {
    my ($server, $token, $admin) = @_;
    my @by_id = ('acme-admin', map { $_->[0] } @people);
    check_names($server, $token, $users, 'username',
        ['', reverse @by_id], ['ordering=id', @by_id], ['ordering=-id', reverse @by_id],
        ['ordering=id&search=mull', 'Berta', "ce\x{301}cile"], ['ordering=id&search=MÜLLER', 'Berta', "ce\x{301}cile"],
        ['ordering=id&search=müll berta', 'Berta'], ['ordering=id&search=berta,MULLER', 'Berta'], ['search=berta zuse'],
        ['ordering=id&search=angstrom', 'dora', 'emil'], ['search=STRASSE', 'friedrich'], ['search=ozturk', 'gül'],
        ['search=100%', '_hans'], ['search=%', '_hans'], ['search=_', '_hans'], ['search=петр', 'jo'], ['search=ПЕТР', 'jo'],
        ['search=철', 'kim'], ["search=\x{1f600}", 'lee'], ['search=o\'h', 'ida'], ['search=cécile', "ce\x{301}cile"],
        ['search=acme.example&page_size=1&ordering=id', 'acme-admin'],
        ['username=BERTA', 'Berta'], ["username=CÉCILE", "ce\x{301}cile"], ['username=ber'], ['username__contains=ER', 'Berta'],
        ['last_name=muller&ordering=-id', "ce\x{301}cile", 'Berta'], ['username__in=dora,EMIL,nobody&ordering=id', 'dora', 'emil'],
        ['is_tenant_admin=true', 'acme-admin'], ['is_tenant_admin=0&ordering=id', @by_id[1 .. $#by_id]],
        ["id=$admin->{id}", 'acme-admin'], ["id__gt=$admin->{id}&ordering=id&page_size=2", @by_id[1, 2]],
        ["id__lte=$admin->{id}", 'acme-admin'], ["id__in=$admin->{id},999999", 'acme-admin'],
        ['date_joined__lt=2020-01-01'], ['date_joined__gte=2020-01-01T00:00:00Z&ordering=id', @by_id],
        ['email=ANTON@acme.example', 'anton'], ['email__contains=anton', 'anton'], ['username__isnull=true'],
        ['username=anton&last_name=zuse', 'anton'], ['username=anton&last_name=x'], ['username=&ordering=id', @by_id],
        ['ordering=last_name,id', '_hans', 'dora', 'emil', 'acme-admin', 'Berta', "ce\x{301}cile", 'ida', 'gül', 'lee', 'friedrich',
            'anton', 'jo', 'kim'],
        ['ordering=-last_name,-id&page_size=3', 'kim', 'jo', 'anton'], ['ordering=first_name&page_size=1&search=m', 'acme-admin'],
        ['is_active=true&ordering=id&page_size=2', @by_id[0, 1]], ['is_active=false']);
    check_refused($server, $token, $users, map({ [$_ . '=1', $_] } 'nothing', 'password', 'username_key', 'tenant_id',
        'username__gte', 'username__', '__in', 'id__contains', 'id__x', 'Username', 'a.b', 'is_tenant_admin__in'),
        ['ordering=nothing', 'ordering'], ['ordering=password', 'ordering'], ['ordering=id,nothing', 'ordering'],
        ['ordering=--id', 'ordering'], ['id=x', 'id'], ['id__in=1,x', 'id__in'], ['is_active=perhaps', 'is_active'],
        ['date_joined__gte=yesterday', 'date_joined__gte'], ['username__isnull=perhaps', 'username__isnull'],
        ['fields=nothing', 'fields'], ['search=' . join('+', 1 .. 17), 'search'], ['id__in=' . join(',', 1 .. 101), 'id__in']);
    my $several = $server->call(GET => "$users?nothing=1&id=x&ordering=no", {token => $token}, 400);
    is_deeply([sort keys %{$several->{json}}], ['id', 'nothing', 'ordering'], "$server->{database}: every fault is told at once");
    my $fields = $server->call(GET => "$users?fields=id,username&page_size=1&page=2", {token => $token}, 200, {next => qr/fields=id/});
    is_deeply([sort keys %{$fields->{json}{results}[0]}], ['id', 'username'], "$server->{database}: fields=");
    my $one = $server->request(GET => "$users?page_size=1", {token => $token})->{json}{results}[0];
    is_deeply([sort keys %$one], [sort qw(id username email first_name last_name tenant is_tenant_admin is_superuser date_joined)],
        "$server->{database}: the user object");
    like($one->{date_joined}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/, "$server->{database}: times are ISO 8601");
    return;
}

sub tenants {
    my ($server) = @_;
    my $root = $server->superuser->{token};
    $server->call(POST => $tenants, {token => $root, body => {name => $_}}, 201, {name => $_, is_active => JSON::PP::true})
        for 'Zebra', 'Äpfel', 'Birnen & Co', 'Café';
    check_names($server, $root, $tenants, 'name',
        ['', 'Café', 'Birnen & Co', 'Äpfel', 'Zebra', 'Acme'], ['ordering=name', 'Acme', 'Äpfel', 'Birnen & Co', 'Café', 'Zebra'],
        ['ordering=-created_at&page_size=2', 'Café', 'Birnen & Co'], ['search=apfel', 'Äpfel'], ['search=tenant_cafe', 'Café'],
        ['search=birnen co', 'Birnen & Co'], ['name=CAFE', 'Café'], ['is_active=false'], ['name__contains=b&ordering=name', 'Birnen & Co', 'Zebra'],
        ['created_at__gt=2999-01-01']);
    check_refused($server, $root, $tenants, ['slug=acme', 'slug'], ['ordering=slug', 'ordering'], ['id=x', 'id'], ['x=1', 'x']);
    my @seen = map { @$_ } follow($server, $root, "$tenants?page_size=2&ordering=name&cursor=", 'name', 'next');
    is_deeply(\@seen, ['Acme', 'Äpfel', 'Birnen & Co', 'Café', 'Zebra'], "$server->{database}: tenants by cursor");
    my $one = $server->request(GET => "$tenants?name=acme", {token => $root})->{json}{results}[0];
    is_deeply([sort keys %$one], [sort qw(id name database_name created_at updated_at is_active)], "$server->{database}: the tenant object");
    $server->call(GET => "$tenants?id=$one->{id}", {token => $root}, 200, {count => 1});
    $server->call(DELETE => "$tenants$one->{id}/", {token => $root}, 200, {message => 'Tenant soft-deleted'});
    $server->call(GET => "$tenants?is_active=false", {token => $root}, 200, {count => 1, results => [{name => 'Acme'}]});
    $server->call(PATCH => "$tenants$one->{id}/", {token => $root, body => {is_active => JSON::PP::true}}, 200);
    return;
}

sub history {
    my ($server, $acme) = @_;
    my $ulla = $server->add_user($acme, 'ulla');
    my @calls = (['profile/', 200], ['profile/', 200], ['nothing/', 404], ["tenants/$acme->{tenant}/", 403]);
    $server->request(GET => "/api/auth/$_->[0]", {token => $ulla->{token}}) for @calls;
    $server->request(POST => '/api/auth/password/change/', {token => $ulla->{token}, body => {}});
    my @seen = $server->wait_history($acme->{token}, "user=$ulla->{id}&search=auth/&method=POST", 1);
    my $own = "user=$ulla->{id}";
    check_names($server, $acme->{token}, $history, 'endpoint',
        ["$own&ordering=created_at&method=GET", map { "/api/auth/$_->[0]" } @calls],
        ["$own&page_size=1", '/api/auth/password/change/'], ["$own&response_status=404", '/api/auth/nothing/'],
        ["$own&response_status__gte=400&ordering=response_status", '/api/auth/password/change/', "/api/auth/$calls[3][0]", '/api/auth/nothing/'],
        ["$own&search=PROFILE", ('/api/auth/profile/') x 2], ["search=ulla TENANTS/", "/api/auth/$calls[3][0]"], ["$own&method=DELETE"],
        ["$own&created_at__lte=2020-01-01"], ["$own&created_at__gte=2999-01-01T00:00:00Z"]);
    for my $order ('created_at', 'execution_time', 'response_status') {
        my @up = column($server->request(GET => "$history?$own&ordering=$order", {token => $acme->{token}}), $order);
        my @sorted = $order eq 'created_at' ? sort @up : sort { $a <=> $b } @up;
        is_deeply(\@up, \@sorted, "$server->{database}: History by $order");
        my @down = column($server->request(GET => "$history?$own&ordering=-$order", {token => $acme->{token}}), $order);
        is_deeply(\@down, [reverse @sorted], "$server->{database}: and the other way");
    }
    check_refused($server, $acme->{token}, $history, ['x=1', 'x'], ['ordering=user_agent', 'ordering'], ['response_status=x',
        'response_status'], ['user=x', 'user'], ['created_at__gte=x', 'created_at__gte'], ['request_data=1', 'request_data']);
    my @pages = follow($server, $ulla->{token}, "$history?method=GET&search=auth/&page_size=2&ordering=created_at&cursor=", 'endpoint', 'next');
    is_deeply($pages[0], ['/api/auth/profile/', '/api/auth/profile/'], "$server->{database}: History by cursor");
    my ($one) = @seen;
    is_deeply([sort keys %$one], [sort qw(id user_username tenant_name method endpoint response_status ip_address execution_time
        error_message created_at)], "$server->{database}: a line of History");
    is("$one->{user_username} $one->{tenant_name} $one->{ip_address}", 'ulla Acme 127.0.0.1', "$server->{database}: and what is in it");
    my $whole = $server->call(GET => "$history$one->{id}/", {token => $acme->{token}}, 200, {user => {username => 'ulla'},
        tenant => {name => 'Acme'}, response_status => 400, user_agent => undef, request_id => qr/./, updated_at => qr/Z$/});
    is_deeply([sort keys %{$whole->{json}}], [sort qw(id user tenant method endpoint request_data response_status response_data
        ip_address user_agent execution_time error_message request_id created_at updated_at)], "$server->{database}: a whole record");
    $server->call(GET => "$history?page_size=1", {token => $server->superuser->{token}, headers => {'X-Tenant' => 'acme'}}, 200,
        {results => [{tenant_name => 'Acme'}]});
    return;
}

sub statistics {
    my ($server, $acme) = @_;
    my $path = "${history}statistics/";
    my @me = {token => $acme->{token}};
    $server->request(GET => "$users$acme->{id}/", @me) for 1 .. 12;
    $server->wait_history($acme->{token}, "search=$users$acme->{id}/", 12);
    my $answer = $server->call(GET => $path, @me, 200, {total_requests => qr/^\d+$/, requests_by_method => qr/./, requests_by_status => qr/./,
        average_execution_time => qr/^[\d.e-]+$/, most_used_endpoints => qr/./, requests_today => qr/^\d+$/, requests_this_week => qr/^\d+$/,
        error_rate => qr/^[\d.e-]+$/, p50_execution_time => qr/^[\d.e-]+$/, p95_execution_time => qr/./, p99_execution_time => qr/./,
        requests_per_day => qr/./, active_users => qr/^\d+$/});
    my $all = $answer->{json};
    my $listed = $server->request(GET => $history, @me)->{json}{count};
    cmp_ok($all->{total_requests}, '>=', 20, "$server->{database}: statistics: the total");
    cmp_ok($listed, '>=', $all->{total_requests}, "$server->{database}: is that of the list, or a request behind");
    my $endpoints = $all->{most_used_endpoints};
    cmp_ok(scalar(grep { $_->{endpoint} =~ m{/\{\w+\}/$} } @$endpoints), '>', 0, "$server->{database}: endpoints are patterns");
    is_deeply([sort keys %{$endpoints->[0]}], ['count', 'endpoint', 'method', 'response_status'], "$server->{database}: of four fields");
    cmp_ok($all->{p50_execution_time}, '<=', $all->{p99_execution_time}, "$server->{database}: percentiles rise");
    is(scalar @{$all->{requests_per_day}}, 30, "$server->{database}: thirty days");
    $server->rows(
        [GET => "$path?status=404", @me, 200, {total_requests => qr/^[1-9]/, error_rate => 1}],
        [GET => "$path?from=2999-01-01", @me, 200, {total_requests => 0, most_used_endpoints => []}],
        [GET => "$path?to=2020-01-01", @me, 200, {total_requests => 0}],
        [GET => "$path?from=2020-01-01&to=2999-12-31", @me, 200, {total_requests => qr/^[1-9]/}],
        [GET => "$path?status=x", @me, 400, {status => [qr/./]}], [GET => "$path?from=x", @me, 400, {from => [qr/./]}],
        [GET => "$path?x=1", @me, 400, {x => [qr/./]}],
    );
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme', last_name => 'Min');
    for my $person (@people) {
        my ($username, $first_name, $last_name) = @$person;
        (my $mail = $username) =~ s/[^a-z]/x/gi;
        $server->call(POST => "${users}create/", {token => $acme->{token}, body => {username => $username, first_name => $first_name,
            last_name => $last_name, email => "$mail\@acme.example", password => 'a long password'}}, 201);
    }
    pages($server, $acme->{token});
    cursors($server, $acme->{token});
    users($server, $acme->{token}, $acme);
    tenants($server);
    history($server, $acme);
    statistics($server, $acme);
});
done_testing;
