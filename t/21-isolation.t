#!/usr/bin/perl
# Two tenants attack each other: ids, tokens, names, SQL, paths. Nothing of one is ever seen by the other.
use lib 't/lib';
use Crm::Test;
use MIME::Base64 qw(encode_base64url decode_base64url);

my %settings = (CrmTenantDomain => 'crm.test', CrmLoginLimit => 'account=100000 address=100000');

# The other's records by their ids.
sub attack_ids {
    my ($server, $acme, $globex) = @_;
    my @acme = (token => $acme->{token});
    my $gus = $server->add_user($globex, 'gus');
    my $last = $server->add_user($globex, 'last');    # its id is none of Acme's
    my ($record) = $server->wait_history($globex->{token}, 'search=create', 1);
    my $zero = '00000000-0000-0000-0000-000000000000';
    my @gone = (404, {detail => 'Not found.'});
    my @forbidden = (403, {detail => 'You do not have permission to perform this action.'});
    my %rename = (first_name => 'Eve');

    $server->rows(
        [GET => "/api/auth/tenant/users/$last->{id}/", {@acme}, @gone],
        [PATCH => "/api/auth/tenant/users/$last->{id}/", {@acme, body => \%rename}, @gone],
        [DELETE => "/api/auth/tenant/users/$last->{id}/", {@acme}, @gone],
        [GET => "/api/auth/tenant/users/$globex->{id}/", {@acme}, 200, {username => 'acme-admin'}],
        [GET => '/api/auth/tenant/users/', {@acme}, 200, {count => 2, results => [{username => 'anna'},
            {username => 'acme-admin'}]}],
        [GET => '/api/auth/tenant/users/?search=gus', {@acme}, 200, {count => 0}],
        [GET => '/api/auth/tenant/users/?username__in=gus,last,globex-admin', {@acme}, 200, {count => 0}],
        [GET => "/api/auth/history/$record->{id}/", {token => $globex->{token}}, 200, {id => $record->{id}}],
        [GET => "/api/auth/history/$record->{id}/", {@acme}, @gone],
        [GET => "/api/auth/history/$record->{id}/", {token => $server->superuser->{token}}, @gone],
        [GET => '/api/auth/history/?search=globex', {@acme}, 200, {count => 0}],
        [GET => "/api/auth/tenants/$globex->{tenant}/", {@acme}, @forbidden],
        [PATCH => "/api/auth/tenants/$globex->{tenant}/", {@acme, body => {name => 'Taken'}}, @forbidden],
        [DELETE => "/api/auth/tenants/$globex->{tenant}/", {@acme}, @forbidden],
        [DELETE => "/api/auth/tenants/$acme->{tenant}/", {@acme}, @forbidden],
        [GET => "/api/auth/tenants/$zero/", {@acme}, @forbidden],
        [GET => "/api/auth/tenants/$zero/", {token => $server->superuser->{token}}, @gone],
        [GET => '/api/auth/tenants/', {@acme}, @forbidden],
        [POST => '/api/auth/tenants/', {@acme, body => {name => 'Mine'}}, @forbidden],
        [GET => '/api/auth/profile/', {token => $gus->{token}}, 200, {username => 'gus', first_name => 'Ulla'}],
    );
    return;
}

# A user sees his own History, not the admin's beside him.
sub attack_colleague {
    my ($server, $acme, $anna) = @_;
    my ($admins) = $server->wait_history($acme->{token}, "user=$acme->{id}", 1);
    my ($own) = $server->wait_history($anna->{token}, '', 1);
    $server->rows(
        [GET => "/api/auth/history/$own->{id}/", {token => $anna->{token}}, 200, {user => {username => 'anna'}}],
        [GET => "/api/auth/history/$admins->{id}/", {token => $anna->{token}}, 404, {detail => 'Not found.'}],
        [GET => "/api/auth/history/?user=$acme->{id}", {token => $anna->{token}}, 200, {count => 0}],
        [GET => '/api/auth/tenant/users/', {token => $anna->{token}}, 403],
        [PATCH => '/api/auth/profile/update/', {token => $anna->{token}, body => {id => $acme->{id},
            is_tenant_admin => JSON::PP::true, is_superuser => JSON::PP::true}}, 200,
            {id => $anna->{id}, is_tenant_admin => JSON::PP::false, is_superuser => JSON::PP::false}],
    );
    my $seen = $server->request(GET => '/api/auth/history/?page_size=100', {token => $anna->{token}});
    is_deeply([grep { ($_->{user_username} // '') ne 'anna' } @{$seen->{json}{results}}], [],
        "$server->{database}: a user's History has nobody else in it");
    return;
}

# One's own token with the other's name, wherever a name may stand.
sub attack_names {
    my ($server, $acme) = @_;
    my @acme = (token => $acme->{token});
    my $path = '/api/auth/profile/';
    for my $name ('Globex', 'globex', 'GLOBEX', ' globex ', 'globéx') {
        (my $query = Crm::Client::escape($name)) =~ s/%20/+/g;
        utf8::encode(my $header = $name);
        $server->rows(
            [GET => $path, {@acme, headers => {'X-Tenant' => $header}}, 403, {detail => qr/./}],
            [GET => "$path?tenant=$query", {@acme}, 403, {detail => qr/./}],
        );
    }
    $server->rows(
        [GET => $path, {@acme, host => 'globex.crm.test'}, 403, {detail => qr/./}],
        [GET => $path, {@acme, host => 'GLOBEX.CRM.TEST:80'}, 403, {detail => qr/./}],
        [GET => $path, {@acme, host => 'globex.crm.test.'}, 403, {detail => qr/./}],
        [PATCH => '/api/auth/profile/update/', {@acme, headers => {'X-Tenant' => 'globex'}, body => {first_name => 'E'}},
            403],
        [POST => '/api/auth/logout/', {@acme, headers => {'X-Tenant' => 'globex'}, body => {all => JSON::PP::true}}, 403],
        [POST => '/api/auth/tenant/users/create/', {@acme, headers => {'X-Tenant' => 'globex'}, body => {
            username => 'eve', email => 'eve@evil.example', password => 'evil password', first_name => 'E',
            last_name => 'E'}}, 403],
        [GET => $path, {@acme, host => 'acme.crm.test', headers => {'X-Tenant' => 'Acme'}}, 200, {username => 'acme-admin'}],
        [GET => "$path?tenant=ACME", {@acme}, 200, {username => 'acme-admin'}],
    );
    return;
}

# What is no token of anybody.
sub attack_tokens {
    my ($server, $acme, $globex) = @_;
    my ($mine, $other) = map { decode_base64url(substr $_->{token}, 4) } $acme, $globex;
    is(length $mine, 40, "$server->{database}: a token is 40 bytes");
    isnt(substr($mine, 0, 8), substr($other, 0, 8), "$server->{database}: each tenant's has a key of its own");
    my $token = $acme->{token};
    (my $swapped = $token) =~ tr/a-zA-Z/A-Za-z/;
    my $end = substr $token, -1;
    my @other_ends = grep { $_ ne $end } 'A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_';
    my @wrong = map { [Authorization => "Token $_"] } (
        'crm_' . encode_base64url(substr($other, 0, 8) . substr $mine, 8),
        'crm_' . encode_base64url("\0" x 8 . substr $mine, 8),
        'crm_' . encode_base64url("\xff" x 8 . substr $mine, 8),
        'crm_' . encode_base64url(substr($mine, 0, 39) . chr(ord(substr $mine, 39) ^ 1)),
        'crm_' . encode_base64url(substr($mine, 0, 8) . "\0" x 32),
        (map { substr($token, 0, -1) . $_ } @other_ends), substr($token, 0, -1), "${token}A", "${token}==",
        substr($token, 4), "CRM_" . substr($token, 4), "crm-" . substr($token, 4), $swapped, "crm_", "crm_$token",
        "\"$token\"", "'$token'", "' OR '1'='1", '%', 'null', '0' x 40, 'g' x 40, 'a' x 39, 'a' x 41, 'A' x 4000,
        "$token,$globex->{token}", "$token;");
    for my $row (@wrong, [Authorization => "Token $token $globex->{token}"], [Authorization => 'Token'],
        [Authorization => 'Bearer'], [Authorization => 'Bearer '], [Authorization => "Token  \t "]) {
        (my $shown = $row->[1]) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
        $server->call(GET => '/api/auth/profile/', {headers => {@$row}}, 401, {detail => qr/^Invalid token/},
            "$server->{database}: " . substr($shown, 0, 80) . ' is refused');
    }
    for my $header ("Basic $token", $token, "Digest $token", "Token$token") {
        $server->call(GET => '/api/auth/profile/', {headers => {Authorization => $header}}, 401, {detail =>
            'Authentication credentials were not provided.'}, "$server->{database}: " . substr($header, 0, 12) . ' is none');
    }
    for my $header ("Token $token", "Bearer $token", "token $token", "BEARER   $token") {
        $server->call(GET => '/api/auth/profile/', {headers => {Authorization => $header}}, 200,
            {username => 'acme-admin'}, "$server->{database}: " . substr($header, 0, 8) . ' is one');
    }
    my @two = ("GET /api/auth/profile/ HTTP/1.1", 'Host: localhost', "Authorization: Token $token",
        "Authorization: Token $globex->{token}", 'Connection: close', '', '');
    my $answer = $server->raw(join "\r\n", @two);
    is($answer->{status}, 401, "$server->{database}: two tokens are none");
    $server->rows(
        [GET => "/api/auth/profile/?token=$token", {}, 401],
        [GET => '/api/auth/profile/', {headers => {Authorization => "Token \xff$token"}}, 400, {detail => qr/UTF-8/}],
    );
    return;
}

# A superuser is who is one in the main database, whatever a tenant's own database says.
sub attack_from_inside {
    my ($server, $acme) = @_;
    $server->tenant_sql('acme', 'UPDATE account SET is_superuser = 1');
    $server->rows(
        [GET => '/api/auth/profile/', {token => $acme->{token}}, 200, {is_superuser => JSON::PP::false}],
        [GET => '/api/auth/tenants/', {token => $acme->{token}}, 403],
        [GET => '/api/auth/tenant/users/', {token => $acme->{token}, headers => {'X-Tenant' => 'globex'}}, 403],
    );
    return;
}

# Text that means something to SQL or LIKE means itself.
sub attack_sql {
    my ($server, $acme) = @_;
    my @acme = (token => $acme->{token});
    my $users = '/api/auth/tenant/users/';
    my %count = ('%' => 0, '_' => 0, '|' => 0, '\\' => 0, "'" => 0, '"' => 0, '%%' => 0, "' OR '1'='1" => 0, "') --" => 0,
        '"; DROP TABLE account; --' => 0, '?' => 0, 'an%a' => 0, 'an_a' => 0, "\x{ff05}" => 0, 'anna' => 1, 'a' => 2, '' => 2);
    for my $text (sort keys %count) {
        my $value = Crm::Client::escape($text);
        $server->call(GET => "$users?search=$value", {@acme}, 200, {count => $count{$text}});
        $server->call(GET => "$users?username__contains=$value", {@acme}, 200, {count => $count{$text}});
        $server->call(GET => "$users?username=$value", {@acme}, 200, {count => 0}) if !$count{$text};
    }
    for my $text ("1 OR 1=1", "1'", '1;', '0x1', '1e0', "1\x{0661}", '99999999999999999999') {
        my $value = Crm::Client::escape($text);
        $server->call(GET => "$users?id=$value", {@acme}, 400, {id => [qr/./]});
        $server->call(GET => "$users$value/", {@acme}, 404);
    }
    for my $text ('id;DROP TABLE account', 'password', '-password', 'id DESC', '(SELECT 1)', 'username_key', 'id--', '1') {
        $server->call(GET => "$users?ordering=" . Crm::Client::escape($text), {@acme}, 400, {ordering => [qr/./]});
    }
    for my $name ("' OR '1'='1", 'acme%', '%', '_cme', 'acme"', "acme'--", '../globex', 'crm_tenant_globex', '{slug}',
        'acme;', 'acme/../globex', '*') {
        $server->call(GET => '/api/auth/profile/', {@acme, headers => {'X-Tenant' => $name}}, 404,
            {detail => "Tenant \"$name\" not found or not active"});
        $server->call(POST => '/api/auth/login/', {body => {username => $name, password => "' OR '1'='1"}}, 400,
            {non_field_errors => [qr/^Unable to log in/]});
    }
    $server->call(GET => $users, {@acme}, 200, {count => 2}, "$server->{database}: all tables are still there");
    return;
}

# Ways of writing a path give no way around.
sub attack_paths {
    my ($server, $acme, $globex) = @_;
    my $tenant = "/api/auth/tenants/$globex->{tenant}";
    my @paths = ("$tenant/../$globex->{tenant}/", "$tenant/.%2e/$globex->{tenant}/", '/api/auth/tenants/./',
        '/api/auth/profile/../tenants/', '/api/auth/%74enants/', '//api//auth//tenants//', '/api/auth/tenants/%00',
        '/api/auth/tenants%2f', '/api/auth/tenants/%2e%2e%2f', "/api/auth/tenants/$acme->{tenant}%2f..%2f$globex->{tenant}/",
        '/api/auth/tenants/;x/', '/api/auth/tenants/%20', '/api/auth/tenants\\', '/api/AUTH/tenants/', '/api/auth/tenants/?',
        "/api/auth/tenants/{$globex->{tenant}}/", "/api/auth/tenants/$globex->{tenant}%0d%0aX: y/", '/api/auth/tenants/.',
        "/api/auth/tenants/urn:uuid:$globex->{tenant}/", '/api/auth/tenants/%c0%ae%c0%ae/', '/api/../api/auth/tenants/');
    for my $path (@paths) {
        my $answer = $server->request(GET => $path, {token => $acme->{token}});
        ok($answer->{status} =~ /^(?:30[18]|400|403|404)$/, "$server->{database}: GET $path is refused")
            or diag($answer->{status});
        unlike($answer->{body}, qr/"database_name"|Globex/, "$server->{database}: GET $path tells nothing");
        $answer = $server->request(GET => $path);
        ok($answer->{status} =~ /^(?:30[18]|400|401|404)$/, "$server->{database}: GET $path by nobody is refused")
            or diag($answer->{status});
    }
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my ($acme, $globex) = map { $server->register($_) } 'Acme', 'Globex';
    my $anna = $server->add_user($acme, 'anna');
    attack_ids($server, $acme, $globex);
    attack_colleague($server, $acme, $anna);
    attack_names($server, $acme);
    attack_tokens($server, $acme, $globex);
    attack_sql($server, $acme);
    attack_paths($server, $acme, $globex);
    attack_from_inside($server, $acme);
    $server->call(GET => '/api/auth/profile/', {token => $globex->{token}}, 200, {username => 'globex-admin',
        first_name => 'Ada', tenant => {name => 'Globex', is_active => JSON::PP::true}});
}, settings => \%settings);
done_testing;
