#!/usr/bin/perl
# Some hundred odd bodies, generated as rows: never a 5xx, always JSON, the right status and message.
use lib 't/lib';
use Crm::Test;

my $json = 'application/json';
my $form = 'application/x-www-form-urlencoded';
my $parts = 'multipart/form-data; boundary=xyz';
my $counter = 0;

# The calls that take a body: method, path, who calls, fields with their greatest length and what is
# sent when nothing is to be wrong.
my %text = (username => 150, email => 254, first_name => 150, last_name => 150);
my @endpoints = (
    {name => 'register', call => [POST => '/api/auth/register/'], status => 201,
        fields => {%text, password => 4096, tenant_name => 100}},
    {name => 'login', call => [POST => '/api/auth/login/'], status => 400, fields => {username => undef, password => undef}},
    {name => 'create', call => [POST => '/api/auth/tenant/users/create/'], who => 'admin', status => 201,
        fields => {%text, password => 4096}},
    {name => 'update', call => [PATCH => '/api/auth/profile/update/'], who => 'user', status => 200, partial => 1,
        fields => \%text},
    {name => 'replace', call => [PUT => '/api/auth/profile/update/'], who => 'user', status => 200, fields => \%text},
);

sub good {
    my ($endpoint) = @_;
    my $number = ++$counter;
    my %value = (username => "name$number", email => "name$number\@odd.example", password => "password $number",
        first_name => 'Odd', last_name => 'Body', tenant_name => "Odd $number");
    return map { $_ => $value{$_} } keys %{$endpoint->{fields}};
}

# ---- bodies that cannot be read: [what, content type, bytes, status, what the answer holds]

sub syntax { return [$_[0], $json, $_[1], 400, {detail => qr/^JSON parse error - .+: line \d+ column \d+ \(char \d+\)$/}] }
sub no_object {
    my ($text, $type) = @_;
    return ["JSON $text", $json, $text, 400, {non_field_errors => ["Invalid data. Expected a dictionary, but got $type."]}];
}

sub parts {
    return join '', (map { "--xyz\r\n$_\r\n" } @_), "--xyz--\r\n";
}

sub part { my ($name, $value) = @_; return "Content-Disposition: form-data; name=\"$name\"\r\n\r\n$value" }

my @unreadable = (
    syntax('nothing but a space', ' '), syntax('an open brace', '{'), syntax('a closing brace', '}'),
    syntax('a bare word', 'hello'), syntax('single quotes', "{'username': 'x'}"), syntax('a trailing comma', '{"a": 1,}'),
    syntax('a missing colon', '{"a" 1}'), syntax('a missing value', '{"a":}'), syntax('a missing comma', '{"a": 1 "b": 2}'),
    syntax('a name without quotes', '{a: 1}'), syntax('a comment', '{/* */"a": 1}'), syntax('NaN', '{"a": NaN}'),
    syntax('Infinity', '{"a": -Infinity}'), syntax('a hexadecimal number', '{"a": 0x10}'), syntax('a leading zero', '{"a": 01}'),
    syntax('a leading plus', '{"a": +1}'), syntax('a bare point', '{"a": .5}'), syntax('a point at the end', '{"a": 1.}'),
    syntax('True', '{"a": True}'), syntax('undefined', '{"a": undefined}'), syntax('an open string', '{"a": "b'),
    syntax('a line feed in a string', "{\"a\": \"b\nc\"}"), syntax('a tab in a string', "{\"a\": \"b\tc\"}"),
    syntax('an unknown escape', '{"a": "\\x41"}'), syntax('half an escape', '{"a": "\\u12"}'),
    syntax('half a surrogate pair', '{"a": "\\ud800"}'), syntax('a wrong surrogate pair', '{"a": "\\ud800\\u0041"}'),
    syntax('a NUL byte', "{\"a\": \"b\0c\"}"), syntax('a NUL escape', '{"username": "b\\u0000c"}'),
    syntax('a NUL escape in a name', '{"b\\u0000c": 1}'), syntax('only a NUL', "\0"), syntax('two values', '{} {}'),
    syntax('something behind', '{"a": 1}]'), syntax('a duplicate name', '{"username": "a", "username": "b"}'),
    syntax('a duplicate name deeper', '{"a": {"b": 1, "b": 1}}'), syntax('a duplicate name by escape', '{"a": 1, "\\u0061": 1}'),
    syntax('UTF-8 that ends early', "{\"a\": \"\xc3\"}"), syntax('a byte that is no UTF-8', "{\"a\": \"\xff\"}"),
    syntax('an overlong form', "{\"a\": \"\xc0\xaf\"}"), syntax('a surrogate in UTF-8', "{\"a\": \"\xed\xa0\x80\"}"),
    syntax('more than Unicode has', "{\"a\": \"\xf4\x90\x80\x80\"}"), syntax('Latin-1', "{\"a\": \"M\xfcller\"}"),
    syntax('UTF-16', "\xff\xfe{\0}\0"), syntax('a byte order mark', "\xef\xbb\xbf{}"),
    syntax('an integer that does not fit', '{"a": 9223372036854775808}'),
    syntax('a negative one', '{"a": -9223372036854775809}'), syntax('one of 5000 digits', '{"a": ' . '9' x 5000 . '}'),
    syntax('a number that does not fit', '{"a": 1e999}'), syntax('nested 33 deep', '[' x 33 . ']' x 33),
    syntax('objects nested 33 deep', '{"a":' x 33 . '1' . '}' x 33), syntax('nested 100000 deep', '[' x 100000),
    syntax('braces never closed', '{"a":' x 50000), syntax('a gzip header', "\x1f\x8b\x08\0\0\0\0\0"),
    no_object('[]', 'list'), no_object('[{}]', 'list'), no_object('"text"', 'str'), no_object('1', 'int'),
    no_object('1.5', 'float'), no_object('true', 'bool'), no_object('[' x 32 . ']' x 32, 'list'),

    ['XML', 'text/xml', '<a/>', 415, {detail => 'Unsupported media type "text/xml" in request.'}],
    ['plain text', 'text/plain', '{}', 415, {detail => 'Unsupported media type "text/plain" in request.'}],
    ['JSON by another name', 'application/vnd.api+json', '{}', 415, {detail => qr/^Unsupported media type/}],
    ['a longer type', 'application/jsonx', '{}', 415, {detail => qr/^Unsupported media type/}],
    ['any type', '*/*', '{}', 415, {detail => qr/^Unsupported media type/}],
    ['a type that is none', ';;;', '{}', 415, {detail => qr/^Unsupported media type/}],
    ['bytes', 'application/octet-stream', "\0\1\2", 415, {detail => qr/^Unsupported media type/}],
    ['multipart/mixed', 'multipart/mixed; boundary=xyz', parts(), 415, {detail => qr/^Unsupported media type/}],
    ['no type', undef, '{"username": "x"}', 415, {detail => qr/^Unsupported media type/}],

    ['a form that is no UTF-8', $form, 'username=%ff', 400, {detail => qr/./}],
    ['a form with bytes that are none', $form, "username=\xff", 400, {detail => qr/./}],
    ['a form with a NUL', $form, 'username=a%00b', 400, qr/./],
    (map { ["a form with $_", $form, "username=$_", 400, {detail => qr/./}] } '%', '%4', '%zz', '%u0041'),
    ['a form of 1001 fields', $form, join('&', map { "f$_=$_" } 1 .. 1001), 400, {detail => qr/./}],
    ['a form with a NUL in a name', $form, 'a%00b=1', 400, qr/./],

    ['multipart without a boundary', 'multipart/form-data', parts(part(a => 1)), 400, {detail => qr/^Multipart form parse error - /}],
    ['an empty boundary', 'multipart/form-data; boundary=', parts(part(a => 1)), 400, {detail => qr/^Multipart form parse error - /}],
    ['a boundary of 300', 'multipart/form-data; boundary=' . 'b' x 300, '--' . 'b' x 300 . "--\r\n", 400,
        {detail => qr/^Multipart form parse error - /}],
    ['multipart cut in a value', $parts, "--xyz\r\n" . part(username => 'abc'), 400, {detail => qr/^Multipart form parse error - /}],
    ['multipart cut in a header', $parts, "--xyz\r\nContent-Dispos", 400, {detail => qr/^Multipart form parse error - /}],
    ['multipart with another boundary', $parts, "--abc\r\n" . part(username => 'abc') . "\r\n--abc--\r\n", 400,
        {detail => qr/^Multipart form parse error - /}],
    ['multipart that is JSON', $parts, '{}', 400, {detail => qr/^Multipart form parse error - /}],
    ['multipart with a value that is no UTF-8', $parts, parts(part(username => "\xff")), 400, {detail => qr/./}],
    ['multipart with a NUL', $parts, parts(part(username => "a\0b")), 400, qr/./],
    (map { [$_->[0], $parts, parts($_->[1]), 400, {detail => qr/^Multipart form parse error - /}] }
        ['a part without a name', "Content-Disposition: form-data\r\n\r\nx"], ['a part without headers', "\r\nx"],
        ['a part without a disposition', "Content-Type: text/plain\r\n\r\nx"],
        ['a file with a NUL in its name', "Content-Disposition: form-data; name=\"f\"; filename=\"a\0b\"\r\n\r\nx"]),
    ['multipart with a header of 100 KB', $parts, parts('X: ' . 'x' x 100000 . "\r\n" . part(username => 'a')), 400,
        {detail => qr/^Multipart form parse error - /}],
);

# ---- bodies that can be read and have no field of ours: [what, content type, bytes]

my @strange = (
    ['nothing', $json, ''], ['an empty object', $json, '{}'], ['fields nobody knows', $json, '{"__proto__": {"a": 1}, "": []}'],
    ['nested 32 deep', $json, '{"a":' x 31 . '[]' . '}' x 31], ['white space around', $json, "\r\n\t {} \n"],
    ['a number at its bound', $json, '{"a": 9223372036854775807, "b": -9223372036854775808, "c": 1e308, "d": 1e-999}'],
    ['a charset', 'application/json; charset=utf-8', '{}'], ['a type in capitals', 'APPLICATION/JSON', '{}'],
    ['a parameter', 'application/json;q=1;a="b;c"', '{}'], ['an empty form', $form, ''], ['only separators', $form, '&&=&=x&'],
    ['a form of 1000 fields', $form, join '&', map { "f$_=$_" } 1 .. 1000], ['a name of 100 KB', $form, 'x' x 100000],
    ['no value', $form, 'a'], ['an empty multipart', $parts, parts()],
    ['text around the parts', $parts, "preamble\r\n" . parts(part(a => 1)) . 'epilogue'],
    ['a boundary in quotes', 'multipart/form-data; boundary="xyz"', parts(part(a => 1))],
    ['other parts', $parts, parts(part(a => 1), part(b => '')), 'a'],
    ['500 parts', $parts, parts(map { part("f$_" => $_) } 1 .. 500)],
    ['a file where a field should be', $parts,
        parts("Content-Disposition: form-data; name=\"username\"; filename=\"../../etc/passwd\"\r\n\r\nroot")],
    ['a file of bytes', $parts, parts("Content-Disposition: form-data; name=\"f\"; filename=\"\xff\"\r\n\r\n\xff\0\xff")],
);

# ---- fields that are wrong: [value, message]

sub wrong_values {
    my ($field, $max) = @_;
    my @wrong = ([[], 'Not a valid string.'], [{}, 'Not a valid string.'], [[1, ['a']], 'Not a valid string.'],
        [JSON::PP::true, 'Not a valid string.'], [JSON::PP::false, 'Not a valid string.'], [undef, 'This field may not be null.'],
        ['', 'This field may not be blank.']);
    push @wrong, [" \t\r\n\x{3000}\x{a0}", 'This field may not be blank.'] if $field ne 'password';
    push @wrong, [('x' x ($max + 1)) . ($field eq 'email' ? '@e.example' : ''),
        "Ensure this field has no more than $max characters."], ["\x{1f600}" x ($max + 1),
        "Ensure this field has no more than $max characters."] if $max;
    push @wrong, map { [$_, 'Enter a valid email address.'] } 'nobody', '@e.example', 'a@', 'a b@e.example', 'a@e..example',
        'a@-e.example', 'a@e', "a\@e.example\r\nBcc: b\@e.example", 'a@b@e.example', 1 if $field eq 'email';
    push @wrong, map { [$_, 'Ensure this field has at least 8 characters.'] } 'short', '1234567', 1234567, ' ' x 7,
        "\x{1f600}" x 7 if $field eq 'password' && $max;
    return @wrong;
}

sub shown {
    my ($value) = @_;
    my $text = JSON::PP->new->canonical->allow_nonref->ascii->encode($value);
    return length $text > 40 ? substr($text, 0, 40) . '...' : $text;
}

# One call; the answer is JSON whatever it is.
sub send_body {
    my ($server, $endpoint, $what, $type, $body, $status, $content) = @_;
    my %option = (body => $body, token => $endpoint->{token}, headers => {'Content-Type' => $type});
    my $name = "$server->{database}: $endpoint->{name}: $what: $status";
    my $answer = $server->call(@{$endpoint->{call}}, \%option, $status, $content, $name);
    my $is_json = ($answer->{headers}{'content-type'} // '') =~ m{^application/json} && ref $answer->{json} eq 'HASH'
        && $answer->{headers}{'x-request-id'};
    ok($is_json, "$name, as JSON") if !$is_json;
    return $answer;
}

sub send_wrong_field {
    my ($server, $endpoint, $field, $value, $message) = @_;
    my $body = JSON::PP->new->utf8->encode({good($endpoint), $field => $value});
    my $answer = send_body($server, $endpoint, "$field: " . shown($value), $json, $body, 400);
    my $errors = $answer->{json} // {};
    ok(join(',', sort keys %$errors) eq $field && ref $errors->{$field} eq 'ARRAY' && grep({ $_ eq $message } @{$errors->{$field}}),
        "$server->{database}: $endpoint->{name}: $field: $message") or diag($answer->{body});
    return;
}

sub test_endpoint {
    my ($server, $endpoint) = @_;
    my @fields = sort keys %{$endpoint->{fields}};
    send_body($server, $endpoint, @$_) for @unreadable;
    my %required = map { $_ => ['This field is required.'] } @fields;
    for my $row (@strange) {
        send_body($server, $endpoint, @$row[0 .. 2], $endpoint->{partial} ? (200, {}) : (400, \%required));
    }
    for my $field (@fields) {
        send_wrong_field($server, $endpoint, $field, @$_) for wrong_values($field, $endpoint->{fields}{$field});
    }
    my %wrong = map { $_ => [] } @fields;
    send_body($server, $endpoint, 'all fields wrong', $json, JSON::PP->new->encode(\%wrong), 400,
        {map { $_ => ['Not a valid string.'] } @fields});
    # the same, right: by all three types, and cut
    my %good = good($endpoint);
    my $whole = JSON::PP->new->utf8->encode(\%good);
    send_body($server, $endpoint, 'JSON that is right', $json, $whole, $endpoint->{status});
    %good = good($endpoint);
    send_body($server, $endpoint, 'a form that is right', $form,
        join('&', map { "$_=" . Crm::Client::escape($good{$_}) =~ s/%20/+/gr } sort keys %good), $endpoint->{status});
    %good = good($endpoint);
    send_body($server, $endpoint, 'multipart that is right', $parts, parts(map { part($_ => $good{$_}) } sort keys %good),
        $endpoint->{status});
    my $head = join "\r\n", "$endpoint->{call}[0] $endpoint->{call}[1] HTTP/1.1", 'Host: localhost', "Content-Type: $json",
        $endpoint->{token} ? "Authorization: Token $endpoint->{token}" : (), 'Connection: close';
    for my $size (0, 1, length($whole) - 1) {
        my $answer = $server->raw("$head\r\nContent-Length: " . length($whole) . "\r\n\r\n" . substr($whole, 0, $size),
            half_close => 1);
        ok(!$answer || $answer->{status} == 400, "$server->{database}: $endpoint->{name}: cut after $size bytes");
    }
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my $user = $server->add_user($acme, 'ulla');
    my %token = (admin => $acme->{token}, user => $user->{token});
    test_endpoint($server, {%$_, token => $_->{who} && $token{$_->{who}}}) for @endpoints;

    # what clients send that is odd and right
    my $me = [PATCH => '/api/auth/profile/update/'];
    my %option = (token => $user->{token});
    $server->rows(
        [@$me, {%option, body => '{"first_name": "  \\u00a0M\\u00fcller \\ud83d\\ude00  "}'}, 200, {first_name => "Müller \x{1f600}"}],
        [@$me, {%option, body => '{"first_name": 5, "last_name": 1.50}'}, 200, {first_name => '5', last_name => '1.5'}],
        [@$me, {%option, body => 'first_name=a&first_name=b+c%2B', headers => {'Content-Type' => $form}}, 200,
            {first_name => 'b c+'}],
        [@$me, {%option, body => parts(part(first_name => "a\r\n--xy"), part(last_name => "x\r\n")),
            headers => {'Content-Type' => $parts}}, 200, {first_name => "a\r\n--xy", last_name => 'x'}],
        [@$me, {%option, body => {first_name => 'x' x 150, last_name => "\x{1f600}" x 150}}, 200, {last_name => "\x{1f600}" x 150}],
    );
    $server->call(GET => '/api/auth/test/', {}, 200, {message => 'API is working!'}, "$server->{database}: it is well");
}, settings => {CrmLoginLimit => 'account=100000 address=100000', CrmPool => 'max=40'});
done_testing;
