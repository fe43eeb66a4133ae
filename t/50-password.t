#!/usr/bin/perl
# A forgotten password: a code comes by mail, and makes a new password; nobody learns who has an account.
use lib 't/lib';
use Crm::Test;
use Crm::Mail;

my $forgot = '/api/auth/password/forgot/';
my $reset = '/api/auth/password/reset/';
my %sent = (message => 'OTP has been sent.');
my %wrong = (otp => ['Invalid or expired OTP.']);
my $mail;

sub code_of { my ($letter) = @_; return ($letter->{text} =~ /^ +(\d{6})$/m)[0] // diag($letter->{text}) }

# Has a code mailed for EMAIL; the letter. Option: headers.
sub ask {
    my ($server, $email, %option) = @_;
    my $before = () = $mail->letters;
    $server->call(POST => $forgot, {%option, body => {email => $email}}, 200, \%sent);
    my @letters = $mail->wait_for($before + 1);
    is(scalar @letters, $before + 1, "$server->{database}: one letter to $email");
    return $letters[-1];
}

sub reset_row {
    my ($email, $code, $password) = @_;
    return {body => {email => $email, otp => $code, new_password => $password}};
}

sub no_orders_left {
    my ($server) = @_;
    Crm::Process::wait_until(15, sub {
        ($server->main_sql("SELECT COUNT(*) FROM outbox WHERE next_attempt_at IS NOT NULL"))[0][0] == 0
    }) or fail('the outbox is empty');
    return;
}

sub the_way {
    my ($server, $acme) = @_;
    my $token = $server->login('acme-admin', 'acme password');
    my $letter = ask($server, 'ADMIN@acme.example');
    is_deeply([@$letter{qw(from to)}], ['crm@example.com', ['admin@acme.example']], 'its envelope');
    my $header = $letter->{header};
    is($header->{from}, '"Exämple, CRM" <crm@example.com>' =~ s/"//gr, 'from whom');
    is($header->{to}, '"Ada Min" <admin@acme.example>', 'to whom');
    is($header->{subject}, 'Your code for a new password', 'what about');
    like($header->{date}, qr/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/, 'when');
    like($header->{'message-id'}, qr/^<[0-9a-f-]{36}\@example\.com>$/, 'which');
    is($header->{'auto-submitted'}, 'auto-generated', 'by a machine');
    like($letter->{text}, qr/account "acme-admin" at\nAcme\./, 'for which account');
    my $code = code_of($letter);
    my $guess = $code eq '000000' ? '111111' : '000000';
    $server->rows(
        [POST => $reset, reset_row('admin@acme.example', $guess, 'a new password'), 400, \%wrong],
        [POST => $reset, reset_row('admin@acme.example', $code, 'short'), 400, {new_password => [qr/at least 8/]}],
        [POST => $reset, reset_row('nobody@acme.example', $code, 'a new password'), 400, \%wrong],
        [POST => $reset, {body => {}}, 400, {map { ($_ => ['This field is required.']) } qw(email otp new_password)}],
        [GET => '/api/auth/profile/', {token => $token}, 200],
        [POST => $reset, reset_row('admin@acme.example', $code, 'a new password'), 200,
            {message => 'Password has been reset successfully'}],
        [POST => $reset, reset_row('admin@acme.example', $code, 'another password'), 400, \%wrong],
        [GET => '/api/auth/profile/', {token => $_}, 401],
        ) for $token;
    $server->call(GET => '/api/auth/profile/', {token => $acme->{token}}, 401);
    $server->call(POST => '/api/auth/login/', {body => {username => 'acme-admin', password => 'acme password'}}, 400);
    $acme->{token} = $server->login('acme-admin', 'a new password');
    my ($record) = $server->wait_history($acme->{token}, 'search=password/reset&response_status=200', 1);
    is($record->{user_username}, 'acme-admin', 'History knows whose password it was');
    my $whole = $server->request(GET => "/api/auth/history/$record->{id}/", {token => $acme->{token}});
    unlike($whole->{body}, qr/$code|a new password/, 'and neither code nor password');
    return;
}

sub five_tries {
    my ($server) = @_;
    my $code = code_of(ask($server, 'ulla@acme.example'));
    my @wrong = grep { $_ ne $code } map { sprintf '%06d', $_ } 1 .. 6;
    $server->call(POST => $reset, reset_row('ulla@acme.example', $_, 'a new password'), 400, \%wrong)
        for @wrong[0 .. 4];
    $server->call(POST => $reset, reset_row('ulla@acme.example', $code, 'a new password'), 400, \%wrong,
        'after five wrong ones the right one is wrong too');
    my $new = code_of(ask($server, 'ulla@acme.example'));
    $server->main_sql("UPDATE otp SET expires_at = '2020-01-01 00:00:00.000000'");
    $server->call(POST => $reset, reset_row('ulla@acme.example', $new, 'a new password'), 400, \%wrong, 'so is an old one');
    my ($old, $newest) = map { code_of(ask($server, 'ulla@acme.example')) } 1 .. 2;
    $server->call(POST => $reset, reset_row('ulla@acme.example', $old, 'a new password'), 400, \%wrong,
        'a newer code replaces the one before') if $old ne $newest;
    $server->call(POST => $reset, reset_row('ulla@acme.example', $newest, 'a new password'), 200);
    ask($server, 'ulla@acme.example');
    my $before = () = $mail->letters;
    $server->call(POST => $forgot, {body => {email => 'ulla@acme.example'}}, 200, \%sent, 'the sixth within an hour');
    no_orders_left($server);
    is(scalar(() = $mail->letters), $before, 'is not sent');
    return;
}

sub nobody {
    my ($server, $acme) = @_;
    my $before = () = $mail->letters;
    my $dora = $server->add_user($acme, 'dora');
    $server->request(DELETE => "/api/auth/tenant/users/$dora->{id}/", {token => $acme->{token}});
    my $closed = $server->register('Closed');
    $server->call(DELETE => "/api/auth/tenants/$closed->{tenant}/", {token => $server->superuser->{token}}, 200);
    $server->rows(
        map({ [POST => $forgot, {body => {email => $_}}, 200, \%sent, "$server->{database}: forgot by $_"] }
            'nobody@acme.example', 'dora@acme.example', $closed->{email}),
        [POST => $forgot, {body => {email => 'admin@acme.example'}, headers => {'X-Tenant' => 'Globex'}}, 200, \%sent],
        [POST => $forgot, {body => {email => 'no address'}}, 400, {email => ['Enter a valid email address.']}],
        [POST => $forgot, {body => {email => 'a@b.example'}, headers => {'X-Tenant' => 'none'}}, 400,
            {non_field_errors => [qr/not found or not active/]}],
    );
    no_orders_left($server);
    is(scalar(() = $mail->letters), $before, 'nobody gets a letter');
    return;
}

# One address in two tenants: a code each; and each code is for its own account.
sub two_tenants {
    my ($server, $acme, $globex) = @_;
    $server->request(POST => '/api/auth/tenant/users/create/', {token => $_->{token}, body => {username => 'both',
        email => 'both@both.example', password => 'a password of both', first_name => 'Bo', last_name => 'Th'}})
        for $acme, $globex;
    my $before = () = $mail->letters;
    $server->call(POST => $forgot, {body => {email => 'both@both.example'}}, 200, \%sent);
    my @letters = $mail->wait_for($before + 2);
    my %code = map { ($_->{text} =~ /at\n(\w+)\./)[0] => code_of($_) } @letters[$before .. $#letters];
    is_deeply([sort keys %code], ['Acme', 'Globex'], 'two accounts, two letters') or diag(explain \@letters);
    $server->call(POST => $reset, reset_row('both@both.example', $code{Globex}, 'only of globex'), 200);
    $server->login('both', 'only of globex', headers => {'X-Tenant' => 'globex'});
    $server->login('both', 'a password of both', headers => {'X-Tenant' => 'acme'});
    $server->call(POST => $reset, {%{reset_row('both@both.example', $code{Acme}, 'only of acme')},
        headers => {'X-Tenant' => 'globex'}}, 400, \%wrong, 'a code is of no use in another tenant');
    $server->call(POST => $reset, {%{reset_row('both@both.example', $code{Acme}, 'only of acme')},
        headers => {'X-Tenant' => 'acme'}}, 200);
    return;
}

sub languages {
    my ($server, $acme) = @_;
    my $bert = $server->add_user($acme, 'bert');
    my $german = 'Ihr Code für ein neues Passwort';
    is(ask($server, 'bert@acme.example', headers => {'Accept-Language' => 'fr, en;q=0.5, de-AT;q=0.8'})->{header}{subject},
        $german, 'the best language that there is a template in');
    $server->rows(
        [PATCH => '/api/auth/profile/update/', {token => $bert->{token}, body => {language => 'de'}}, 200],
        [PATCH => '/api/auth/profile/update/', {token => $bert->{token}, body => {language => '../'}}, 400,
            {language => ['"../" is not a valid choice.']}],
    );
    my $letter = ask($server, 'bert@acme.example', headers => {'Accept-Language' => 'en'});
    is($letter->{header}{subject}, $german, 'the language that the account has chosen');
    like($letter->{text}, qr/für das Konto „bert“/, 'all of it');
    $server->call(PATCH => '/api/auth/profile/update/', {token => $bert->{token}, body => {language => ''}}, 200);
    is(ask($server, 'bert@acme.example')->{header}{subject}, 'Your code for a new password', 'and none again');
    return;
}

# Texts with the code are nowhere to be read.
sub secrets {
    my ($server) = @_;
    no_orders_left($server);
    my $dump = join "\n", map { join ' ', @$_ } $server->main_sql('SELECT state, sealed, last_error FROM outbox');
    ok(!(grep { $_->[0] ne 'NULL' && $_->[0] ne '' } $server->main_sql('SELECT sealed FROM outbox')),
        'what was sent is removed') or diag($dump);
    my @codes = map { code_of($_) } $mail->letters;
    ok(!(grep { $server->log_text =~ /\b$_\b/ } @codes), 'no code is in the log');
    return;
}

$mail = Crm::Mail->new;
on_each_database(sub {
    my ($server) = @_;
    my ($acme, $globex) = map { $server->register($_) } qw(Acme Globex);
    $server->add_user($acme, 'ulla');
    the_way($server, $acme);
    five_tries($server);
    nobody($server, $acme);
    two_tenants($server, $acme, $globex);
    languages($server, $acme);
    secrets($server);
    my $root = $server->superuser;
    my $letter = ask($server, 'root@platform.example');
    $server->call(POST => $reset, reset_row('root@platform.example', code_of($letter), 'a new superuser'), 200);
    $server->call(GET => '/api/auth/profile/', {token => $root->{token}}, 401);
    # who asks too often from one address is told so, whomever he asks for
    $server->main_sql("UPDATE login_attempt SET failures = 1000, confirmed = 1000");
    my @answers = map { $server->request(POST => $forgot, {body => {email => $_}}) } 'nobody@acme.example', $acme->{email};
    is_deeply([map { $_->{status} } @answers], [429, 429], 'an address is limited');
    ok($answers[0]{headers}{'retry-after'}, 'and told until when');
}, settings => {CrmMailServer => $mail->url, CrmMailFrom => '"Exämple, CRM <crm@example.com>"'});

on_each_database(sub {
    my ($server) = @_;
    $server->register('Acme');
    $server->call(POST => $forgot, {body => {email => $_}}, 200, \%sent) for 'admin@acme.example', 'none@acme.example';
    ok(Crm::Process::wait_until(10, sub { $server->log_text =~ /no mail server/ }), 'the log says what is missing');
    is_deeply([$server->main_sql('SELECT COUNT(*) FROM outbox')], [[0]], 'nothing is queued');
    is(scalar(() = $server->log_text =~ /no mail server/g), 1, 'once');
}, config => "StartServers 1\nServerLimit 1\nThreadsPerChild 8\nMaxRequestWorkers 8");
done_testing;
