#!/usr/bin/perl
# HTTP itself: methods, redirects, media types, conditions, fields, problem details, CORS, bodies as
# they come, HTTP/2, and the error pages that httpd makes below the prefix.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my $profile = '/api/auth/profile/';
my $update = '/api/auth/profile/update/';
my $test = '/api/auth/test/';
my $login = '/api/auth/login/';

my $config = <<'END';
<IfModule http2_module>
Protocols h2c http/1.1
</IfModule>
LimitRequestFieldSize 8190
<Location /api/denied/>
    Require ip 192.0.2.1
</Location>
<Location /api/auth/login/>
    CrmCorsOrigin https://app.example.com https://other.example.com
    CrmCorsMethods GET POST
    CrmCorsHeaders Authorization Content-Type
    CrmCorsCredentials on
    CrmCorsMaxAge 90s
</Location>
<Location /api/auth/test/>
    CrmCorsOrigin *
</Location>
<Location /api/auth/register/>
    LimitRequestBody 1000
</Location>
<Location /api/auth/tenant/users/create/>
    CrmBodyLimit 1k
</Location>
<Location /api/auth/password/change/>
    CrmDebug on
</Location>
END

sub methods {
    my ($server, $acme) = @_;
    my @me = (token => $acme->{token});
    my @none = (404, {detail => 'Not found.'});
    $server->rows(
        [GET => '/api/', {}, @none], [GET => '/api/nothing/', {}, @none], [POST => '/api/nothing/', {@me, body => {}}, @none],
        [GET => '/api/auth/', {}, @none], [DELETE => '/api/auth/profile/x/', {@me}, @none],
        [GET => '/api/auth/tenants/none/', {@me}, @none], [GET => '/api/auth/tenant/users/0/', {@me}, @none],
        [GET => '/api/auth/tenant/users/x/', {@me}, @none], [GET => '/api/auth/profile/?tenant=', {@me}, 200],
        [OPTIONS => '/api/nothing/', {}, @none], [HEAD => '/api/nothing/', {}, 404],
    );
    for my $row ([PUT => $test, 'GET'], [POST => $profile, 'GET'], [GET => $login, 'POST'], [HEAD => $login, 'POST'],
        [GET => $update, 'PATCH, PUT'], [DELETE => $update, 'PATCH, PUT'], [BREW => $test, 'GET'],
        [PUT => '/api/auth/tenants/', 'GET, POST'], [PUT => "/api/auth/tenant/users/$acme->{id}/", 'DELETE, GET, PATCH'],
        [TRACE => $test, undef], [PROPFIND => $profile, 'GET'], [get => $test, 'GET']) {
        my ($method, $path, $allow) = @$row;
        my $answer = $server->call($method, $path, {@me, $method =~ /^P/ ? (body => {}) : ()}, 405,
            $method eq 'HEAD' ? undef : {detail => "Method \"$method\" not allowed."});
        my @allowed = sort grep { !/^(?:HEAD|OPTIONS)$/ } split /, */, $answer->{headers}{allow} // '';
        is(join(', ', @allowed), $allow, "$server->{database}: $method $path: Allow") if $allow;
    }
    for my $row ([$test, 'GET'], [$login, 'POST'], [$update, 'PATCH, PUT'], ["/api/auth/tenants/$acme->{tenant}/",
        'DELETE, GET, PATCH']) {
        my $answer = $server->call(OPTIONS => $row->[0], {}, 200);
        my %allowed = map { $_ => 1 } split /, */, $answer->{headers}{allow} // '';
        ok(delete $allowed{OPTIONS}, "$server->{database}: OPTIONS $row->[0] allows itself");
        is(!!delete $allowed{HEAD}, !!$allowed{GET}, "$server->{database}: OPTIONS $row->[0]: HEAD where GET is");
        is(join(', ', sort keys %allowed), $row->[1], "$server->{database}: OPTIONS $row->[0]");
    }
    for my $path ($test, $profile, '/api/auth/tenant/users/', "/api/auth/tenants/$acme->{tenant}/") {
        my $get = $server->request(GET => $path, {@me});
        my $head = $server->call(HEAD => $path, {@me}, 200);
        is($head->{headers}{$_}, $get->{headers}{$_}, "$server->{database}: HEAD $path: $_")
            for 'content-type', 'content-length', 'etag';
        is($get->{headers}{'content-length'}, length $get->{body}, "$server->{database}: GET $path: its length");
    }
    $server->call(HEAD => $profile, {}, 401);
    is($server->request(GET => $profile)->{headers}{'www-authenticate'}, 'Token', "$server->{database}: WWW-Authenticate");
    return;
}

sub redirects {
    my ($server, $acme) = @_;
    my @me = (token => $acme->{token});
    for my $row ([GET => '/api/auth/test', 301, $test], [HEAD => '/api/auth/test', 301, $test],
        [GET => '/api/auth/test?a=b&c=%20d', 301, "$test?a=b&c=%20d"], [POST => '/api/auth/login', 308, $login],
        [POST => '/api/auth/login?tenant=x%26y', 308, "$login?tenant=x%26y"], [PATCH => '/api/auth/profile/update', 308, $update],
        [DELETE => "/api/auth/tenants/$acme->{tenant}", 308, "/api/auth/tenants/$acme->{tenant}/"]) {
        my ($method, $path, $status, $target) = @$row;
        my $answer = $server->call($method, $path, {@me, $method =~ /^P/ ? (body => {}) : ()}, $status);
        my $location = $answer->{headers}{location} // '';
        $location =~ s{^http://localhost:$server->{port}}{};
        is($location, $target, "$server->{database}: $method $path goes to $target");
    }
    my $answer = $server->request(GET => '/api/auth/test', {host => "evil.example\@x"});
    unlike($answer->{headers}{location} // '', qr{^//|^https?://[^/]*\@}, "$server->{database}: a Host is no way elsewhere");
    $server->rows(
        [GET => '/api/nothing', {}, 404], [GET => '/api', {}, 404], [GET => '/apiauth/test/', {}, 404],
        [GET => '/', {}, 404], [POST => '/api/nothing', {body => {}}, 404],
    );
    return;
}

sub media_types {
    my ($server, $acme) = @_;
    my @me = (token => $acme->{token});
    for my $accept ('application/json', '*/*', 'application/*', 'text/html, */*;q=0.1', 'text/html,application/json;q=0.5',
        'application/json; indent=4', 'APPLICATION/JSON', 'application/problem+json', '', undef) {
        $server->call(GET => $profile, {@me, headers => {Accept => $accept}}, 200, {username => 'acme-admin'},
            "$server->{database}: Accept: " . ($accept // 'none'));
    }
    for my $accept ('text/html', 'application/xml', 'image/*', 'application/json;q=0', 'text/html, application/xml;q=0.9',
        '*/*;q=0') {
        $server->call(GET => $profile, {@me, headers => {Accept => $accept}}, 406,
            {detail => 'Could not satisfy the request Accept header.'}, "$server->{database}: Accept: $accept: 406");
    }
    $server->rows(
        [POST => $login, {body => '<a/>', headers => {'Content-Type' => 'text/xml; charset=utf-8'}}, 415,
            {detail => qr{^Unsupported media type "text/xml}}],
        [GET => $profile, {@me, body => 'ignored', headers => {'Content-Type' => 'text/xml'}}, 200],
        [GET => "$test?x=" . 'x' x 9000, {}, 414, {detail => qr/./}],
        [GET => $test, {headers => {'X-Long' => 'x' x 9000}}, 400, {detail => qr/./}],
    );
    like($server->request(GET => $profile, {@me})->{headers}{'content-type'}, qr{^application/json$},
        "$server->{database}: answers are application/json");
    return;
}

sub problems {
    my ($server, $acme) = @_;
    my %option = (headers => {Accept => 'application/problem+json, application/json;q=0.5'});
    for my $row (
        [[GET => '/api/nothing/', {%option}], 404, {title => 'Not Found', detail => 'Not found.'}],
        [[GET => $profile, {%option}], 401, {title => 'Unauthorized', detail => qr/^Authentication credentials/}],
        [[GET => '/api/auth/tenants/', {%option, token => $acme->{token}}], 403, {title => 'Forbidden'}],
        [[PUT => $test, {%option, body => {}}], 405, {title => 'Method Not Allowed'}],
        [[POST => $login, {%option, body => '{'}], 400, {title => 'Bad Request', detail => qr/^JSON parse error/}],
        [[POST => $login, {%option, body => {username => []}}], 400, {title => 'Bad Request', errors => {
            username => ['Not a valid string.'], password => ['This field is required.']}}],
        [[POST => $login, {headers => {%{$option{headers}}, 'Content-Type' => 'a/b'}, body => 'x'}], 415, {detail => qr/"a\/b"/}],
        [[GET => '/api/denied/', {%option}], 403, {title => 'Forbidden'}],
        [[GET => '/api/auth/%00/', {%option}], 404, {title => 'Not Found'}]) {
        my ($call, $status, $content) = @$row;
        my $answer = $server->call(@$call, $status, {type => qr/./, status => $status, detail => qr/./, %$content},
            "$server->{database}: $call->[0] $call->[1]: $status as problem details");
        like($answer->{headers}{'content-type'}, qr{^application/problem\+json}, "$server->{database}: and its type");
    }
    return;
}

sub request_ids {
    my ($server, $acme) = @_;
    my %seen;
    for my $row ((map { [$_, 1] } 'abc', 'A-b_c.9', '0191c1b2-0000-7000-8000-000000000001', 'x' x 64),
        (map { [$_, 0] } '', 'a b', 'a"b', 'a<b>', "a\tb", 'x' x 300, "\xc3\xbc", 'a,b', 'a;b', undef)) {
        my ($id, $taken) = @$row;
        for my $path ($test, '/api/nothing/', '/api/denied/', '/api/auth/test', $profile) {
            my $given = $server->request(GET => $path, {headers => {'X-Request-Id' => $id}})->{headers}{'x-request-id'} // '';
            my $name = "$server->{database}: GET $path with X-Request-Id " . substr $id // 'none', 0, 40;
            utf8::decode($name);
            if ($taken) {
                is($given, $id, "$name: taken");
            } else {
                ok($given =~ /^[\w-]{8,64}$/ && !$seen{$given}++, "$name: made") or diag($given);
            }
        }
    }
    $server->call(GET => '/api/auth/request-id/', {token => $acme->{token}, headers => {'X-Request-Id' => 'find-me.1'}}, 404);
    my ($record) = $server->wait_history($acme->{token}, 'search=request-id', 1);
    my $whole = $server->call(GET => "/api/auth/history/$record->{id}/", {token => $acme->{token}}, 200, {request_id => 'find-me.1'});
    $server->call(GET => "/api/auth/history/$record->{id}/", {token => $acme->{token}, headers => {
        'If-None-Match' => $whole->{headers}{etag}}}, 304);
    return;
}

# Conditions on single records, and fields=.
sub conditions {
    my ($server, $acme) = @_;
    my @me = (token => $acme->{token});
    my $user = $server->add_user($acme, 'ulla');
    for my $row (["/api/auth/tenant/users/$user->{id}/", 'first_name'], ["/api/auth/tenants/$acme->{tenant}/", 'name']) {
        my ($path, $field) = @$row;
        my $first = $server->call(GET => $path, {@me}, 200);
        my $tag = $first->{headers}{etag} // '';
        like($tag, qr/^"\d+-[\w-]+"$/, "$server->{database}: GET $path has a tag");
        for my $match ($tag, "W/$tag", '*', "\"other\", $tag", "\"a,b\",W/$tag ,\"c\"") {
            my $answer = $server->call(GET => $path, {@me, headers => {'If-None-Match' => $match}}, 304, undef,
                "$server->{database}: GET $path, If-None-Match: $match");
            is($answer->{headers}{etag}, $tag, "$server->{database}: with its tag");
            is($answer->{body}, '', "$server->{database}: without a body");
        }
        for my $match ('"other"', 'W/"1-x"', substr($tag, 1, -1), '""') {
            $server->call(GET => $path, {@me, headers => {'If-None-Match' => $match}}, 200, undef,
                "$server->{database}: GET $path, If-None-Match: $match");
        }
        $server->call(HEAD => $path, {@me, headers => {'If-None-Match' => $tag}}, 304);
        for my $match ('"0-x"', '"99999-x"', "W/$tag", '"', 'x', '""') {
            $server->call(PATCH => $path, {@me, headers => {'If-Match' => $match}, body => {$field => 'Lost'}}, 412,
                {detail => qr/./}, "$server->{database}: PATCH $path, If-Match: $match");
        }
        my $second = $server->call(PATCH => $path, {@me, headers => {'If-Match' => "\"0-x\", $tag"}, body => {
            $field => "New $field"}}, 200, {$field => "New $field"});
        isnt($second->{headers}{etag}, $tag, "$server->{database}: PATCH $path: another tag");
        is($server->request(GET => $path, {@me})->{headers}{etag}, $second->{headers}{etag},
            "$server->{database}: the one that GET has");
        $server->call(PATCH => $path, {@me, headers => {'If-Match' => $tag}, body => {$field => 'Lost'}}, 412);
        $server->call(PATCH => $path, {@me, headers => {'If-Match' => '*'}, body => {$field => 'Any'}}, 200, {$field => 'Any'});
        my $part = $server->call(GET => "$path?fields=id,$field", {@me}, 200);
        is_deeply([sort keys %{$part->{json}}], [sort 'id', $field], "$server->{database}: GET $path?fields=id,$field");
        my $third = $server->call(PATCH => $path, {@me, headers => {'If-Match' => $part->{headers}{etag}},
            body => {$field => 'Acme'}}, 200, {$field => 'Acme'}, "$server->{database}: the tag of some fields is of the same version");
        $server->call(GET => $path, {@me, headers => {'If-None-Match' => $part->{headers}{etag}}}, 200);
    }
    my $path = "/api/auth/tenant/users/$user->{id}/";
    $server->rows(
        [DELETE => $path, {@me, headers => {'If-Match' => '"0-x"'}}, 412],
        [PATCH => $update, {@me, headers => {'If-Match' => '"0-x"'}, body => {first_name => 'Lost'}}, 412],
        [GET => "$path?fields=", {@me}, 200],
        [GET => "$path?fields=password", {@me}, 400, {fields => [qr/./]}],
        [GET => "$path?fields=id,nothing", {@me}, 400, {fields => [qr/./]}],
        [GET => "$profile?fields=tenant", {@me}, 200, {tenant => {name => 'Acme'}}],
        [DELETE => $path, {@me, headers => {'If-Match' => $server->request(GET => $path, {@me})->{headers}{etag}}}, 200,
            {message => 'User disabled'}],
    );
    my $list = $server->call(GET => '/api/auth/tenant/users/?fields=username', {@me}, 200);
    is_deeply([map { sort keys %$_ } @{$list->{json}{results}}], [('username') x @{$list->{json}{results}}],
        "$server->{database}: fields= of a list");
    $server->call(GET => '/api/auth/tenant/users/?fields=username', {@me, headers => {
        'If-None-Match' => $list->{headers}{etag}}}, 304);
    my $tag = $server->request(GET => $profile, {@me})->{headers}{etag};
    ok($tag, "$server->{database}: the profile has a tag");
    $server->call(GET => $profile, {@me, headers => {'If-None-Match' => $tag}}, 304);
    return;
}

sub cors {
    my ($server, $acme) = @_;
    my $header = sub {
        my ($answer) = @_;
        return {map { s/^access-control-//r => $answer->{headers}{$_} } grep { /^access-control-/ } keys %{$answer->{headers}}};
    };
    my $ask = sub {
        my ($method, $path, $origin, %more) = @_;
        return $server->request($method, $path, {headers => {Origin => $origin, %more}, $method eq 'POST' ? (body => '{}') : ()});
    };
    my %preflight = ('Access-Control-Request-Method' => 'POST', 'Access-Control-Request-Headers' => 'authorization');
    my $is = sub {
        my ($answer, $expected, $name) = @_;
        my $got = $header->($answer);
        my @wrong = map { "$_: $got->{$_}" } grep { !exists $expected->{$_} } keys %$got;
        push @wrong, map { "$_: " . ($got->{$_} // 'none') } grep { ($got->{$_} // '') !~ /^$expected->{$_}$/ } keys %$expected;
        ok(!@wrong, "$server->{database}: CORS: $name") or diag(@wrong);
    };
    my $app = 'https://app.example.com';
    $is->($ask->(GET => $profile, $app), {}, 'nothing where it is not configured');
    my $answer = $ask->(OPTIONS => $profile, $app, %preflight);
    $is->($answer, {}, 'no preflight where it is not configured');
    is($answer->{status}, 200, "$server->{database}: but OPTIONS");

    my %allowed = ('allow-origin' => quotemeta $app, 'allow-credentials' => 'true');
    $answer = $ask->(OPTIONS => $login, $app, %preflight);
    like($answer->{status}, qr/^20[04]$/, "$server->{database}: CORS: a preflight needs no token");
    $is->($answer, {%allowed, 'allow-methods' => 'GET, POST', 'allow-headers' => qr/(?i)Authorization, Content-Type/, 'max-age' => 90},
        'what a preflight says');
    like($answer->{headers}{vary} // '', qr/\bOrigin\b/i, "$server->{database}: CORS: Vary");
    $answer = $ask->(POST => $login, $app);
    is($answer->{status}, 400, "$server->{database}: CORS: the request itself");
    my %exposed = ('expose-headers' => qr/.*/);
    my $with_exposed = sub { my $got = $header->($_[0]); return ({%{$_[1]}, exists $got->{'expose-headers'} ? %exposed : ()}) };
    $is->($answer, $with_exposed->($answer, \%allowed), 'what the answer says');
    like($answer->{headers}{vary} // '', qr/\bOrigin\b/i, "$server->{database}: CORS: Vary there, too");
    $answer = $ask->(POST => $login, 'https://other.example.com');
    is($answer->{headers}{'access-control-allow-origin'}, 'https://other.example.com', "$server->{database}: CORS: the second");
    for my $origin ('https://evil.example', 'http://app.example.com', 'https://app.example.com.evil.example', 'null',
        'https://app.example.com:444', 'https://app.example.co', "$app, https://evil.example", '*', '') {
        $answer = $ask->(POST => $login, $origin);
        $is->($answer, {}, "$origin is nobody's");
        like($answer->{headers}{vary} // '', qr/\bOrigin\b/i, "$server->{database}: CORS: Vary for $origin");
        $is->($ask->(OPTIONS => $login, $origin, %preflight), {}, "no preflight for $origin");
    }
    $answer = $ask->(GET => $test, 'https://any.example');
    $is->($answer, $with_exposed->($answer, {'allow-origin' => '\*'}), 'any origin, without credentials');
    $answer = $ask->(GET => "$login", $app);
    is($answer->{status}, 405, "$server->{database}: CORS: an error");
    is($answer->{headers}{'access-control-allow-origin'}, $app, "$server->{database}: CORS: can be read, too");
    return;
}

# Bodies as they come over the wire.
sub bodies {
    my ($server, $acme) = @_;
    my @head = ('Host: localhost', "Authorization: Token $acme->{token}", 'Content-Type: application/json');
    my $raw = sub {
        my ($lines, $body, %option) = @_;
        return $server->raw(join("\r\n", @$lines, @head, 'Connection: close', '', '') . $body, %option) // {status => 0};
    };
    my $is = sub {
        my ($answer, $status, $content, $name) = @_;
        my @wrong = $answer->{status} == $status ? () : "status $answer->{status}";
        push @wrong, Crm::Server::difference($answer->{json}, $content, 'body') if $content;
        ok(!@wrong, "$server->{database}: $name") or diag(@wrong, $answer->{body} // '');
    };
    my $chunked = ["PATCH $update HTTP/1.1", 'Transfer-Encoding: chunked'];
    my $chunks = sub { return join '', (map { sprintf "%x\r\n%s\r\n", length $_, $_ } @_), "0\r\n" };
    $is->($raw->($chunked, $chunks->('{"first', '_name"', ': "Chunky"}') . "\r\n"), 200, {first_name => 'Chunky'}, 'chunks');
    $is->($raw->($chunked, $chunks->(split //, '{"first_name": "Bytes"}') . "\r\n"), 200, {first_name => 'Bytes'}, 'of one byte');
    $is->($raw->($chunked, $chunks->('{"first_name": "T"}') . "X-Trailer: x\r\n\r\n"), 200, {first_name => 'T'}, 'with a trailer');
    $is->($raw->($chunked, "5;a=\"b\"\r\n{\"fir\r\n" . $chunks->('st_name": "Ext"}') . "\r\n"), 200, {first_name => 'Ext'},
        'with an extension');
    $is->($raw->($chunked, "zz\r\n{}\r\n0\r\n\r\n"), 400, {detail => qr/./}, 'a chunk without a size');
    $is->($raw->($chunked, "5\r\n{\"fir", half_close => 1), 400, {detail => qr/./}, 'chunks that end early');
    $is->($raw->(["PATCH $update HTTP/1.1", 'Content-Length: x'], '{}'), 400, {detail => qr/./}, 'a length that is none');
    $is->($raw->(["PATCH $update HTTP/1.1", 'Content-Length: -1'], '{}'), 400, {detail => qr/./}, 'a negative length');
    $is->($raw->(["PATCH $update HTTP/1.1", 'Content-Length: 21'], '{"first_name": "Len"}'), 200, {first_name => 'Len'}, 'a length');
    my $answer = $raw->(["PATCH $update HTTP/1.1", 'Expect: 100-continue', 'Content-Length: 22'], '{"first_name": "Cont"}');
    $is->($answer, 200, {first_name => 'Cont'}, 'Expect: 100-continue');
    cmp_ok($answer->{interim}, '<=', 1, "$server->{database}: with at most one 100");
    # a client that waits for the 100 before it sends
    my $client = Crm::Client->new(port => $server->{port}, timeout => 10);
    $client->send_bytes(join "\r\n", "PATCH $update HTTP/1.1", @head, 'Expect: 100-continue', 'Content-Length: 22', '', '');
    like(eval { $client->{buffer} //= ''; $client->take_line } // '', qr{^HTTP/1.1 100 }, "$server->{database}: the 100 comes first");
    eval { $client->take_line };
    $client->send_bytes('{"first_name": "Wait"}');
    $is->(eval { $client->read_answer('PATCH') } // {status => 0}, 200, {first_name => 'Wait'}, 'and then the answer');
    $client->close;
    $is->($raw->(["PATCH $update HTTP/1.1", 'Expect: a miracle', 'Content-Length: 2'], '{}'), 417, {detail => qr/./},
        'another expectation');

    my $big = '{"username": "' . 'x' x 3_000_000 . '"}';
    my @large = (413, {detail => qr/./});
    $server->rows(
        [POST => $login, {body => $big}, @large],
        [POST => '/api/auth/tenant/users/create/', {token => $acme->{token}, body => '{"username": "' . 'x' x 1024 . '"}'}, @large],
        [POST => '/api/auth/tenant/users/create/', {token => $acme->{token}, body => '{"username": "' . 'x' x 900 . '"}'}, 400],
        [POST => '/api/auth/register/', {body => '{"username": "' . 'x' x 1024 . '"}'}, @large],
    );
    $is->($raw->(["POST /api/auth/tenant/users/create/ HTTP/1.1", 'Transfer-Encoding: chunked'],
        $chunks->(('{"username": "', ('x' x 100) x 11)) . "\r\n"), @large, 'a body over the limit in chunks');
    $is->($raw->(["POST /api/auth/register/ HTTP/1.1", 'Transfer-Encoding: chunked'],
        $chunks->(('{"username": "', ('x' x 100) x 11)) . "\r\n"), @large, "a body over httpd's own limit in chunks");
    $is->($raw->(["POST $login HTTP/1.1", 'Content-Length: 9000000000000'], '{}', half_close => 1), @large, 'a length beyond all limits');

    # clients that go away in the middle
    for my $turn (1 .. 20) {
        my $gone = Crm::Client->new(port => $server->{port});
        $gone->send_bytes(join("\r\n", "PATCH $update HTTP/1.1", @head, 'Content-Length: 1000', '', '') . '{"first_name": "Gone');
        $gone->close;
        $gone->send_bytes("GET $profile HTTP/1.1\r\n" . join("\r\n", @head, '', ''));
        $gone->close;
    }
    $server->call(GET => $profile, {token => $acme->{token}}, 200, {first_name => 'Wait'}, "$server->{database}: clients that go away");
    # several requests at once on one connection
    my $line = Crm::Client->new(port => $server->{port});
    $line->send_bytes(join '', map { "GET $_ HTTP/1.1\r\nHost: localhost\r\n\r\n" } $test, '/api/nothing/', $test);
    is(join(' ', map { $line->read_answer('GET')->{status} } 1 .. 3), '200 404 200', "$server->{database}: pipelined requests");
    return;
}

# What httpd itself refuses below the prefix is told as the API tells it.
sub httpd_errors {
    my ($server, $acme) = @_;
    $server->rows(
        [GET => '/api/denied/', {}, 403, {detail => qr/./}], [POST => '/api/denied/x/', {body => {}}, 403, {detail => qr/./}],
        [GET => '/api/auth/%2f/', {}, 404, {detail => qr/./}], [GET => '/api/auth/%00/', {}, 404, {detail => qr/./}],
        [GET => '/api/auth/%zz/', {}, 400, {detail => qr/./}], [GET => '/api/auth/%/', {}, 400, {detail => qr/./}],
        [GET => '/api/auth/%ff/', {}, 400, {detail => qr/./}], [GET => '/api/auth/%c3%28/', {}, 400, {detail => qr/./}],
        [GET => "/api/auth/\xff/", {}, 400, {detail => qr/./}], [GET => '/api/auth/%ed%a0%80/', {}, 400, {detail => qr/./}],
        [GET => '/api/auth/%c3%bc/', {}, 404, {detail => qr/./}],
        [GET => "$test?a=%ff", {}, 400, {detail => qr/./}], [GET => "$test?%ff=a", {}, 400, {detail => qr/./}],
        [GET => "$test?a=%c0%80", {}, 400, {detail => qr/./}], [GET => "$test?a=%00", {}, 400, {detail => qr/./}],
        [GET => "$test?a=%zz", {}, 400, {detail => qr/./}], [GET => "$test?a=%c3%bc&&=&b", {}, 200],
        [GET => $test, {headers => {'X-Tenant' => "\xff"}}, 400, {detail => qr/./}],
        [GET => '/api/auth/agent/', {token => $acme->{token}, headers => {'User-Agent' => "M\xfcller/1.0"}}, 404],
    );
    my $json = sub {
        my ($name, $status, $lines) = @_;
        my $answer = $server->raw(join "\r\n", @$lines, 'Connection: close', '', '') // {status => 0, headers => {}};
        ok($answer->{status} == $status && ($answer->{headers}{'content-type'} // '') =~ /json/ && $answer->{json}{detail},
            "$server->{database}: $name: $status as JSON") or diag(explain $answer);
    };
    $json->('no Host', 400, ["GET $test HTTP/1.1"]);
    $json->('two Hosts', 400, ["GET $test HTTP/1.1", 'Host: a', 'Host: b']);
    $json->('a Host that is none', 400, ["GET $test HTTP/1.1", 'Host: a b']);
    $json->('a header that is none', 400, ["GET $test HTTP/1.1", 'Host: localhost', 'nonsense']);
    $json->('two lengths', 400, ["POST $login HTTP/1.1", 'Host: localhost', 'Content-Length: 1', 'Content-Length: 2']);
    is($server->raw("GET $test HTTP/1.0\r\n\r\n")->{status}, 200, "$server->{database}: HTTP/1.0");
    my $elsewhere = $server->call(GET => '/elsewhere', {}, 404);
    unlike($elsewhere->{headers}{'content-type'}, qr/json/, "$server->{database}: elsewhere httpd's pages are its own");
    my ($record) = $server->wait_history($acme->{token}, 'search=agent', 1);
    my $whole = $server->request(GET => "/api/auth/history/$record->{id}/", {token => $acme->{token}});
    is($whole->{json}{user_agent}, "M\x{fffd}ller/1.0", "$server->{database}: a User-Agent of another encoding is kept as far as it goes");
    return;
}

sub http2 {
    my ($server, $acme) = @_;
    my $curl = sub {
        my ($path, @option) = @_;
        my $out = Crm::Process::output('curl', '-s', '--http2-prior-knowledge', '-w', "\n%{http_code} %{http_version}",
            @option, "http://localhost:$server->{port}$path");
        return $out =~ /^(.*)\n(\d+) (\S+)$/s;
    };
    my @token = ('-H', "Authorization: Token $acme->{token}");
    my ($body, $status, $version) = $curl->($profile, @token);
    is("$status $version", '200 2', "$server->{database}: HTTP/2");
    like($body, qr/"acme-admin"/, "$server->{database}: HTTP/2: the profile");
    ($body, $status) = $curl->($update, @token, '-X', 'PATCH', '-H', 'Content-Type: application/json', '-d',
        '{"first_name": "Zwei"}');
    is($status, 200, "$server->{database}: HTTP/2: a body");
    like($body, qr/"Zwei"/, "$server->{database}: HTTP/2: and what came of it");
    ($body, $status) = $curl->($login, '-F', 'username=acme-admin', '-F', "password=$acme->{password}");
    is($status, 200, "$server->{database}: HTTP/2: multipart");
    ($body, $status) = $curl->('/api/denied/');
    is($status, 403, "$server->{database}: HTTP/2: an error of httpd");
    like($body, qr/^\{"detail"/, "$server->{database}: HTTP/2: as JSON");
    ($body, $status) = $curl->('/api/auth/test');
    is($status, 301, "$server->{database}: HTTP/2: a redirect");
    return;
}

# Causes are told where CrmDebug is on, and nowhere else.
sub debug {
    my ($server, $acme) = @_;
    my @me = (token => $acme->{token});
    $server->tenant_sql('acme', 'ALTER TABLE account RENAME TO hidden');
    my %change = (old_password => 'x', new_password => 'a new password');
    my $silent = $server->call(GET => $profile, {@me}, 500, {detail => 'A server error occurred.'});
    unlike($silent->{body}, qr/account|table|SELECT/i, "$server->{database}: CrmDebug off: no cause");
    my $telling = $server->call(POST => '/api/auth/password/change/', {@me, body => \%change}, 500);
    like($telling->{body}, qr/account/, "$server->{database}: CrmDebug on: the cause");
    $server->tenant_sql('acme', 'ALTER TABLE hidden RENAME TO account');
    $server->call(GET => $profile, {@me}, 200);
    like($server->log_text, qr/account.*\b[\w-]{8,}/, "$server->{database}: the error log has it in any case");
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    methods($server, $acme);
    redirects($server, $acme);
    media_types($server, $acme);
    problems($server, $acme);
    request_ids($server, $acme);
    conditions($server, $acme);
    cors($server, $acme);
    bodies($server, $acme);
    httpd_errors($server, $acme);
    http2($server, $acme);
    debug($server, $acme);
}, config => $config, modules => ['authz_host', 'http2']);
done_testing;
