#!/usr/bin/perl
# Accounts and tokens: registration, users, profile, passwords, logins and their limits, what ends a
# token, and what the product before left behind.
use lib 't/lib';
use Crm::Test;
use Digest::SHA qw(sha256_hex);
use JSON::PP;

my $profile = '/api/auth/profile/';
my $update = '/api/auth/profile/update/';
my $login = '/api/auth/login/';
my $users = '/api/auth/tenant/users/';
my $change = '/api/auth/password/change/';
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my @invalid = (401, {detail => 'Invalid token.'});
my @wrong_login = (400, {non_field_errors => ['Unable to log in with provided credentials.']});

sub registration {
    my ($server) = @_;
    my $path = '/api/auth/register/';
    my %account = (username => 'anna', email => 'anna@acme.example', password => 'a long password', password_confirm => 'a long password',
        first_name => 'Anna', last_name => 'Acme', tenant_name => 'Acme GmbH');
    my $call = sub { my ($change, @rest) = @_; return $server->call(POST => $path, {body => {%account, %$change}}, @rest) };
    $server->call(POST => $path, {body => {}}, 400, {map { $_ => ['This field is required.'] } qw(username email password tenant_name
        first_name last_name)});
    $call->({password_confirm => 'another one'}, 400, qr/password_confirm|non_field_errors/);
    $call->({password => 'short'}, 400, {password => ['Ensure this field has at least 8 characters.']});
    $call->({email => 'nobody'}, 400, {email => ['Enter a valid email address.']});
    $server->call(POST => $login, {body => {username => 'anna', password => 'a long password'}}, @wrong_login);
    my $answer = $call->({username => '  anna ', is_superuser => $true, is_tenant_admin => $false, id => 77}, 201, {
        message => 'User registered successfully', token => qr/^crm_[\w-]{54}$/, user => {username => 'anna', email => 'anna@acme.example',
        first_name => 'Anna', last_name => 'Acme', is_tenant_admin => $true, is_superuser => $false, date_joined => qr/Z$/,
        tenant => {name => 'Acme GmbH', is_active => $true, created_at => qr/Z$/, updated_at => qr/Z$/, id => qr/^[0-9a-f-]{36}$/}}});
    is_deeply([sort keys %{$answer->{json}{user}}], [sort qw(id username email first_name last_name tenant is_tenant_admin is_superuser
        date_joined)], "$server->{database}: nothing else in it");
    like($answer->{json}{user}{tenant}{id}, qr/^.{14}7/, "$server->{database}: ids are UUIDs of version 7");
    like($answer->{headers}{'cache-control'} // '', qr/no-store/, "$server->{database}: who holds a token is not cached");
    my @taken = (400, {tenant_name => [qr/already exists/]});
    $call->({username => 'eve'}, @taken);
    $call->({username => 'eve', tenant_name => ' acme gmbh '}, @taken);
    $call->({username => 'eve', tenant_name => "\x{c1}cm\x{e9} GmbH"}, @taken);
    # the same person in another company is another account
    $call->({tenant_name => 'Other'}, 201, {user => {username => 'anna', id => 1}});
    my ($count) = $server->main_sql('SELECT COUNT(*) FROM tenant');
    is($count->[0], 2, "$server->{database}: refused registrations leave nothing");
    return $answer->{json}{token};
}

sub users {
    my ($server, $acme) = @_;
    my @me = (token => $acme->{token});
    my %account = (username => 'ben', email => 'ben@acme.example', password => 'another password', first_name => 'Ben', last_name => 'Beta');
    my $make = sub { my ($more, @rest) = @_; return $server->call(POST => "${users}create/", {@me, body => {%account, %$more}}, @rest) };
    my $ben = $make->({}, 201, {username => 'ben', is_tenant_admin => $false, is_superuser => $false, tenant => {name => 'Acme'}})->{json};
    my $name_taken = {username => ['A user with that username already exists in this tenant.']};
    my $mail_taken = {email => ['A user with that email already exists in this tenant.']};
    $make->({}, 400, {%$name_taken, %$mail_taken});
    $make->({username => 'BEN', email => 'x@acme.example'}, 400, $name_taken);
    $make->({username => "be\x{301}n", email => 'x@acme.example'}, 400, $name_taken);
    $make->({username => 'x', email => 'Ben@ACME.example'}, 400, $mail_taken);
    $make->({username => 'x', email => 'x@acme.example', password => 'short'}, 400, {password => [qr/at least 8/]});
    $make->({username => 'super', email => 'super@acme.example', is_superuser => $true}, 201, {is_superuser => $false});
    my $path = "$users$ben->{id}/";
    $server->rows(
        [GET => $path, {@me}, 200, {%$ben}],
        [PATCH => $path, {@me, body => {}}, 200, {username => 'ben'}],
        [PATCH => $path, {@me, body => {first_name => 'Benno', is_superuser => $true, id => 1}}, 200, {first_name => 'Benno',
            id => $ben->{id}, is_superuser => $false}],
        [PATCH => $path, {@me, body => {username => 'acme-ADMIN'}}, 400, $name_taken],
        [PATCH => $path, {@me, body => {email => $acme->{email}}}, 400, $mail_taken],
        [PATCH => $path, {@me, body => {username => 'BEN'}}, 200, {username => 'BEN'}],
        [POST => $login, {body => {username => 'ben', password => $account{password}}}, 200, {user => {username => 'BEN'}}],
        [PATCH => $path, {@me, body => {username => 'benno', email => 'benno@acme.example'}}, 200, {username => 'benno'}],
        [POST => $login, {body => {username => 'ben', password => $account{password}}}, @wrong_login],
        [POST => $login, {body => {username => 'BENNO@acme.example', password => $account{password}}}, 200],
        [POST => $login, {body => {username => "be\x{308}nno", password => $account{password}}}, 200],
    );
    # disabled: at once, and back again
    my $token = $server->login('benno', $account{password});
    $server->rows(
        [GET => $profile, {token => $token}, 200],
        [DELETE => $path, {@me}, 200, {message => 'User disabled'}],
        [GET => $profile, {token => $token}, @invalid],
        [POST => $login, {body => {username => 'benno', password => $account{password}}}, @wrong_login],
        [GET => $path, {@me}, 200, {username => 'benno'}], [DELETE => $path, {@me}, 200],
        [GET => "$users?is_active=false", {@me}, 200, {count => 1}],
        [POST => "${users}create/", {@me, body => {%account, username => 'benno'}}, 400, $name_taken],
        [PATCH => $path, {@me, body => {is_active => $true}}, 200],
        [GET => $profile, {token => $token}, @invalid],
        [POST => $login, {body => {username => 'benno', password => $account{password}}}, 200],
    );
    last_admin($server, $acme, $path, $account{password});
    return;
}

sub last_admin {
    my ($server, $acme, $path, $password) = @_;
    my @me = (token => $acme->{token});
    my $own = "$users$acme->{id}/";
    my @last = (400, {non_field_errors => ['The last admin of a tenant cannot be disabled or demoted.']});
    $server->rows(
        [DELETE => $own, {@me}, @last], [PATCH => $own, {@me, body => {is_active => $false}}, @last],
        [PATCH => $own, {@me, body => {is_tenant_admin => $false, first_name => 'Lost'}}, @last],
        [GET => $own, {@me}, 200, {is_tenant_admin => $true, first_name => 'Ada'}],
        [PATCH => $path, {@me, body => {is_tenant_admin => $true}}, 200, {is_tenant_admin => $true}],
    );
    my $second = $server->login('benno', $password);
    $server->rows(
        [GET => $users, {token => $second}, 200],
        [PATCH => $own, {token => $second, body => {is_tenant_admin => $false}}, 200, {is_tenant_admin => $false}],
        [GET => $users, {@me}, 403], [DELETE => $path, {token => $second}, @last],
        [PATCH => $own, {token => $second, body => {is_tenant_admin => $true}}, 200],
        [DELETE => $path, {@me}, 200], [GET => $users, {token => $second}, @invalid], [GET => $users, {@me}, 200],
    );
    return;
}

sub own_profile {
    my ($server, $acme) = @_;
    my $ulla = $server->add_user($acme, 'ulla');
    my @me = (token => $ulla->{token});
    my %all = (username => 'ulla', email => 'ulla@acme.example', first_name => 'Ulla', last_name => 'Neu');
    $server->rows(
        [PUT => $update, {@me, body => {%all}}, 200, {%all}],
        [PUT => $update, {@me, body => {username => 'ulla'}}, 400, {map { $_ => ['This field is required.'] } qw(email first_name last_name)}],
        [PATCH => $update, {@me, body => {last_name => 'Neuer'}}, 200, {%all, last_name => 'Neuer'}],
        [PATCH => $update, {@me, body => {is_superuser => $true, is_tenant_admin => $true, tenant => undef, id => 1, password => 'hacked password',
            is_active => $false, date_joined => '2000-01-01'}}, 200, {is_superuser => $false, is_tenant_admin => $false,
            id => $ulla->{id}, tenant => {name => 'Acme'}, date_joined => qr/^20[2-9]/}],
        [GET => $profile, {@me}, 200, {is_superuser => $false, last_name => 'Neuer'}],
        [GET => '/api/auth/tenants/', {@me}, 403],
        [PATCH => $update, {@me, body => {username => 'Acme-Admin'}}, 400, {username => ['A user with that username already exists in this tenant.']}],
        [PATCH => $update, {@me, body => {username => 'Acme-Admin', email => uc $acme->{email}}}, 400, {username => [qr/already/], email => [qr/already/]}],
        [PATCH => $update, {@me, body => {username => 'ULLA'}}, 200, {username => 'ULLA'}],
        [POST => $login, {body => {username => 'ulla', password => $ulla->{password}}}, 200],
        [PATCH => $update, {token => $server->superuser->{token}, body => {first_name => 'Root'}}, 200, {first_name => 'Root', tenant => undef}],
        [PATCH => $update, {token => $server->superuser->{token}, headers => {'X-Tenant' => 'acme'}, body => {last_name => 'Of All'}}, 200,
            {username => 'root', last_name => 'Of All', is_superuser => $true}],
    );
    return;
}

sub passwords {
    my ($server, $acme) = @_;
    my $paul = $server->add_user($acme, 'paul');
    my ($here, $there) = ($paul->{token}, $server->login('paul', $paul->{password}));
    my $call = sub { my ($old, $new, @rest) = @_; return $server->call(POST => $change, {token => $here, body => {old_password => $old,
        new_password => $new}}, @rest) };
    $call->('wrong', 'a new password', 400, {old_password => ['Wrong password.']});
    $call->($paul->{password}, 'short', 400, {new_password => ['Ensure this field has at least 8 characters.']});
    $server->call(POST => $change, {token => $here, body => {}}, 400, {old_password => ['This field is required.'],
        new_password => ['This field is required.']});
    $server->call(GET => $profile, {token => $there}, 200);
    $call->($paul->{password}, '  a new pässword ', 200, {message => qr/./});
    $server->rows(
        [GET => $profile, {token => $here}, 200], [GET => $profile, {token => $there}, @invalid],
        [POST => $login, {body => {username => 'paul', password => $paul->{password}}}, @wrong_login],
        [POST => $login, {body => {username => 'paul', password => 'a new pässword'}}, @wrong_login],
        [POST => $login, {body => {username => 'paul', password => '  a new pässword '}}, 200],
    );
    my ($row) = $server->tenant_sql('acme', "SELECT password FROM account WHERE username = 'paul'");
    like($row->[0], qr/^\$argon2id\$v=19\$m=1024,t=1,p=1\$/, "$server->{database}: argon2id, as CrmPasswordHash has it");
    return;
}

sub logouts {
    my ($server, $acme) = @_;
    my $lena = $server->add_user($acme, 'lena');
    my @token = ($lena->{token}, map { $server->login('lena', $lena->{password}) } 1 .. 3);
    my $out = '/api/auth/logout/';
    $server->rows(
        [POST => $out, {token => $token[0]}, 200, {message => 'Logout successful'}],
        [GET => $profile, {token => $token[0]}, @invalid], [POST => $out, {token => $token[0]}, @invalid],
        [GET => $profile, {token => $token[1]}, 200],
        [POST => $out, {token => $token[1], body => {all => $false}}, 200], [GET => $profile, {token => $token[1]}, @invalid],
        [GET => $profile, {token => $token[2]}, 200],
        [POST => $out, {token => $token[2], body => {all => 'x'}}, 400, {all => ['Must be a valid boolean.']}],
        [POST => $out, {token => $token[2], body => {all => $true}}, 200],
        [GET => $profile, {token => $token[2]}, @invalid], [GET => $profile, {token => $token[3]}, @invalid],
        [GET => $profile, {token => $acme->{token}}, 200],
    );
    return;
}

# Logins that several tenants know.
sub ambiguous {
    my ($server, $acme) = @_;
    my %made = map { $_ => $server->register($_, username => 'shared', email => 'shared@all.example', password => 'same password') }
        'One', 'Two', 'Three';
    $server->request(POST => $change, {token => $made{Three}{token}, body => {old_password => 'same password',
        new_password => 'third password'}});
    my %body = (username => 'shared', password => 'same password');
    my $ask = {non_field_errors => ['This login exists in several tenants: name the tenant.']};
    $server->rows(
        [POST => $login, {body => {%body, password => 'third password'}}, 200, {user => {tenant => {name => 'Three'}}}],
        [POST => $login, {body => \%body}, 400, $ask],
        [POST => $login, {body => {%body, username => 'Shared@All.example'}}, 400, $ask],
        [POST => $login, {body => \%body, headers => {'X-Tenant' => 'Two'}}, 200, {user => {tenant => {name => 'Two'}}}],
        [POST => "$login?tenant=one", {body => \%body}, 200, {user => {tenant => {name => 'One'}}}],
        [POST => "$login?tenant=three", {body => \%body}, @wrong_login],
        [POST => $login, {body => {%body, password => 'nobody has it'}}, @wrong_login],
        [POST => "$login?tenant=acme", {body => \%body}, @wrong_login],
        [POST => $login, {body => {username => $acme->{email}, password => $acme->{password}}}, 200, {user => {username => 'acme-admin'},
            message => 'Login successful', token => qr/^crm_/}],
    );
    return;
}

# Superusers: with and without a tenant.
sub superusers {
    my ($server, $acme) = @_;
    my $root = $server->superuser;
    my @me = (token => $root->{token});
    my @named = (@me, headers => {'X-Tenant' => 'Acme'});
    $server->rows(
        [GET => $profile, {@me}, 200, {username => 'root', tenant => undef, is_superuser => $true}],
        [GET => $users, {@me}, 400, {detail => 'A tenant must be named.'}],
        [GET => $users, {@named}, 200, {count => qr/^[1-9]/}],
        [GET => "$users?tenant=acme", {@me}, 200], [GET => "$users?tenant=none", {@me}, 404],
        [GET => $profile, {@named}, 200, {username => 'root', tenant => undef}],
        [POST => "${users}create/", {@named, body => {username => 'made', email => 'made@acme.example', password => 'by root himself',
            first_name => 'M', last_name => 'A'}}, 201, {tenant => {name => 'Acme'}}],
        [POST => $login, {body => {username => 'made', password => 'by root himself'}}, 200, {user => {is_superuser => $false}}],
        [POST => $login, {body => {username => 'root', password => $root->{password}}, headers => {'X-Tenant' => 'acme'}}, 200,
            {user => {username => 'root'}}],
        [POST => '/api/auth/tenants/', {@me, body => {name => 'Made', is_active => $true}}, 201, {name => 'Made', database_name => qr/tenant_made/}],
        [POST => '/api/auth/tenants/', {@me, body => {name => 'MADE'}}, 400, {name => [qr/already exists/]}],
        [POST => '/api/auth/tenants/', {@me, body => {}}, 400, {name => ['This field is required.']}],
        [GET => "$users?tenant=made", {@me}, 200, {count => 0}],
        [POST => "${users}create/?tenant=made", {@me, body => {username => 'first', email => 'first@made.example', is_tenant_admin => $true,
            password => 'by root himself', first_name => 'M', last_name => 'A'}}, 201, {is_tenant_admin => $false}],
        [PATCH => "${users}1/?tenant=made", {@me, body => {is_tenant_admin => $true}}, 200, {is_tenant_admin => $true}],
    );
    $server->rows(
        [GET => $users, {token => $server->login('first', 'by root himself')}, 200, {count => 1}],
    );
    return;
}

# A deactivated tenant's tokens end at once, and count again when it is activated.
sub deactivated {
    my ($server) = @_;
    my $gone = $server->register('Gone');
    my @root = (token => $server->superuser->{token});
    my $path = "/api/auth/tenants/$gone->{tenant}/";
    my @unknown = (404, {detail => 'Tenant "Gone" not found or not active'});
    $server->rows(
        [GET => $path, {token => $gone->{token}}, 200, {name => 'Gone'}],
        [PATCH => $path, {token => $gone->{token}, body => {is_active => $false}}, 200, {is_active => $true}],
        [DELETE => $path, {@root}, 200, {message => 'Tenant soft-deleted'}],
        [GET => $profile, {token => $gone->{token}}, @invalid],
        [GET => $users, {@root, headers => {'X-Tenant' => 'Gone'}}, @unknown],
        [POST => $login, {body => {username => $gone->{username}, password => $gone->{password}}}, @wrong_login],
        [POST => $login, {body => {username => $gone->{username}, password => $gone->{password}}, headers => {'X-Tenant' => 'Gone'}}, 400,
            {non_field_errors => ['Tenant "Gone" not found or not active']}],
        [GET => $path, {@root}, 200, {is_active => $false}],
        [POST => '/api/auth/register/', {body => {%$gone, tenant_name => 'gone', username => 'eve'}}, 400, {tenant_name => [qr/already/]}],
        [PATCH => $path, {@root, body => {is_active => $true, name => 'Back'}}, 200, {is_active => $true, name => 'Back'}],
        [POST => $login, {body => {username => $gone->{username}, password => $gone->{password}}, headers => {'X-Tenant' => 'Back'}}, 200],
        [GET => $profile, {token => $server->login($gone->{username}, $gone->{password})}, 200, {tenant => {name => 'Back'}}],
    );
    return;
}

# ---- planted rows: what time or the product before would have left

sub sql_time { return Crm::Database::time_text(time + shift) }

# A token as the database has it: TEXT of account ID, SECONDS from now until its end and since its use.
sub plant_token {
    my ($server, $slug, $id, $text, $ends, $used) = @_;
    $server->tenant_sql($slug, sprintf "INSERT INTO token (token_hash, account_id, created_at, expires_at, last_used_at) "
            . "VALUES (X'%s', %d, '%s', '%s', '%s')", sha256_hex($text), $id, sql_time($used), sql_time($ends), sql_time($used));
    return;
}

sub lifetimes {
    my ($server, $acme) = @_;
    my $day = 86400;
    my $hash = sha256_hex($acme->{token});
    my $set = sub {
        my ($column, $seconds) = @_;
        $server->tenant_sql('acme', sprintf "UPDATE token SET %s = '%s' WHERE token_hash = X'%s'", $column, sql_time($seconds), $hash);
    };
    my $used = sub { ($server->tenant_sql('acme', "SELECT last_used_at FROM token WHERE token_hash = X'$hash'"))[0][0] };
    my ($row) = $server->tenant_sql('acme', "SELECT created_at, expires_at FROM token WHERE token_hash = X'$hash'");
    like($row->[1], qr/^\d{4}-\d\d-\d\d /, "$server->{database}: only a token's hash is stored");
    my ($stored) = $server->tenant_sql('acme', 'SELECT COUNT(*) FROM token');
    cmp_ok($stored->[0], '>=', 1, "$server->{database}: and there is one");
    my @call = (GET => $profile, {token => $acme->{token}});
    my @rows = (['last_used_at', -6 * $day, 200], ['last_used_at', -8 * $day, 401], ['last_used_at', -50, 200], ['expires_at', -1, 401],
        ['expires_at', 30, 200], ['expires_at', 30 * $day, 200]);
    for my $row (@rows) {
        my ($column, $seconds, $status) = @$row;
        $set->($column, $seconds);
        $server->call(@call, $status, undef, "$server->{database}: $column $seconds s from now: $status");
    }
    # an account that is disabled in the database itself
    $server->tenant_sql('acme', "UPDATE account SET is_active = 0 WHERE id = $acme->{id}");
    $server->call(@call, @invalid);
    $server->tenant_sql('acme', "UPDATE account SET is_active = 1 WHERE id = $acme->{id}");
    $set->('last_used_at', -50);
    my $before = $used->();
    $server->call(@call, 200);
    is($used->(), $before, "$server->{database}: a use within a minute is not written");
    $set->('last_used_at', -70);
    $before = $used->();
    $server->call(@call, 200);
    isnt($used->(), $before, "$server->{database}: one after it is");
    return;
}

sub legacy {
    my ($server, $acme) = @_;
    my $max = $server->add_user($acme, 'max');
    # what Django's make_password('correct horse', 'saltsalt1234') gives with 1000 iterations
    my $django = 'pbkdf2_sha256$1000$saltsalt1234$' . django_hash('correct horse', 'saltsalt1234', 1000);
    $server->tenant_sql('acme', "UPDATE account SET password = '$django' WHERE id = $max->{id}");
    my $stored = sub { ($server->tenant_sql('acme', "SELECT password FROM account WHERE id = $max->{id}"))[0][0] };
    $server->call(POST => $login, {body => {username => 'max', password => 'wrong horse'}}, @wrong_login);
    is($stored->(), $django, "$server->{database}: a Django hash stays where the password is wrong");
    $server->call(POST => $login, {body => {username => 'max', password => 'correct horse'}}, 200, {user => {username => 'max'}});
    like($stored->(), qr/^\$argon2id\$/, "$server->{database}: and is replaced where it is right");
    $server->call(POST => $login, {body => {username => 'max', password => 'correct horse'}}, 200);
    for my $broken ('', '!', 'pbkdf2_sha256$x$y$z', 'md5$salt$00', '$argon2id$v=19$m=1024,t=1,p=1$x$y', 'pbkdf2_sha256$999999999$a$b') {
        $server->tenant_sql('acme', "UPDATE account SET password = '$broken' WHERE id = $max->{id}");
        $server->call(POST => $login, {body => {username => 'max', password => 'correct horse'}}, @wrong_login);
    }
    my $old = 'deadbeef' x 5;
    my ($tenant) = ($acme->{tenant} =~ s/-//gr);
    plant_token($server, 'acme', $acme->{id}, $old, 1000, -10);
    $server->call(GET => $profile, {token => $old}, @invalid);
    $server->main_sql(sprintf "INSERT INTO legacy_token (token_hash, tenant_id) VALUES (X'%s', X'%s')", sha256_hex($old), $tenant);
    $server->rows(
        [GET => $profile, {token => $old}, 200, {username => 'acme-admin'}],
        [GET => $profile, {headers => {Authorization => "Bearer $old"}}, 200],
        [GET => $profile, {token => $old, headers => {'X-Tenant' => 'back'}}, 403],
        [POST => '/api/auth/logout/', {token => $old}, 200], [GET => $profile, {token => $old}, @invalid],
    );
    my $expired = 'cafebabe' x 5;
    plant_token($server, 'acme', $acme->{id}, $expired, -1, -10);
    $server->main_sql(sprintf "INSERT INTO legacy_token (token_hash, tenant_id) VALUES (X'%s', X'%s')", sha256_hex($expired), $tenant);
    $server->call(GET => $profile, {token => $expired}, @invalid);
    return;
}

# PBKDF2 (RFC 8018) of one block, in base64.
sub django_hash {
    my ($password, $salt, $iterations) = @_;
    my $block = my $sum = Digest::SHA::hmac_sha256($salt . pack('N', 1), $password);
    for (2 .. $iterations) {
        $block = Digest::SHA::hmac_sha256($block, $password);
        $sum ^= $block;
    }
    require MIME::Base64;
    return MIME::Base64::encode_base64($sum, '');
}

# ---- limits, on a server of its own

sub limits {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my $kim = $server->add_user($acme, 'kim');
    my $lee = $server->add_user($acme, 'lee');
    my %wrong = (body => {username => 'kim', password => 'wrong'});
    my @throttled = (429, {detail => qr/^Request was throttled\. Expected available in \d+ seconds?\.$/});
    $server->call(POST => $login, {%wrong}, @wrong_login) for 1 .. 3;
    my $answer = $server->call(POST => $login, {%wrong}, @throttled);
    like($answer->{headers}{'retry-after'}, qr/^[1-9]\d*$/, "$server->{database}: Retry-After");
    cmp_ok($answer->{headers}{'retry-after'}, '<=', 300, "$server->{database}: of the window at most");
    my @right = (POST => $login, {body => {username => 'kim', password => $kim->{password}}});
    $server->rows(
        [@right, @throttled], [POST => $login, {body => {username => 'KIM@acme.example', password => 'x'}}, @throttled],
        [POST => $login, {%wrong, headers => {'X-Tenant' => 'acme'}}, @throttled],
        [POST => $change, {token => $kim->{token}, body => {old_password => 'wrong', new_password => 'a new password'}}, @throttled],
        [GET => $profile, {token => $kim->{token}}, 200],
        [POST => $login, {body => {username => 'lee', password => $lee->{password}}}, 200],
    );
    # who does not exist is locked as who does
    $server->call(POST => $login, {body => {username => 'nobody', password => 'x'}}, @wrong_login) for 1 .. 3;
    $server->call(POST => $login, {body => {username => 'nobody', password => 'x'}}, @throttled);
    # successes count for nothing
    $server->call(POST => $login, {body => {username => 'lee', password => $lee->{password}}}, 200) for 1 .. 5;
    # the window ends: failures of five minutes ago
    my $before = sql_time(-301);
    $server->main_sql("UPDATE login_attempt SET window_start = '$before'");
    $server->call(@right, 200, {user => {username => 'kim'}});
    # the address: 12 failures of whatever accounts
    $server->call(POST => $login, {body => {username => "nobody$_", password => 'x'}}, @wrong_login) for 1 .. 12;
    $answer = $server->call(POST => $login, {body => {username => 'nobody13', password => 'x'}}, @throttled);
    ok($answer->{headers}{'retry-after'}, "$server->{database}: Retry-After for an address");
    $server->call(@right, @throttled);
    $server->call(GET => $profile, {token => $kim->{token}}, 200);
    return;
}

on_each_database(sub {
    my ($server) = @_;
    registration($server);
    my $acme = $server->register('Acme');
    users($server, $acme);
    own_profile($server, $acme);
    passwords($server, $acme);
    logouts($server, $acme);
    superusers($server, $acme);
    ambiguous($server, $acme);
    deactivated($server);
    legacy($server, $acme);
    lifetimes($server, $acme);
}, settings => {CrmLoginLimit => 'account=100000 address=100000'});

on_each_database(\&limits, settings => {CrmLoginLimit => 'account=3 address=12 window=5m'});

on_each_database(sub {
    my ($server) = @_;
    my %body = (username => 'a', email => 'a@b.example', password => 'a password', first_name => 'A', last_name => 'B', tenant_name => 'C');
    $server->call(POST => '/api/auth/register/', {body => \%body}, 403, {detail => qr/./});
    $server->call(POST => '/api/auth/register/', {body => {}}, 403);
    $server->call(POST => '/api/auth/tenants/', {token => $server->superuser->{token}, body => {name => 'C'}}, 201);
}, settings => {CrmRegistration => 'off'});
done_testing;
