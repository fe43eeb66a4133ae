#!/usr/bin/perl
# Mail servers that refuse, come back, hang, and close the connection; TLS and passwords.
use lib 't/lib';
use Crm::Test;
use Crm::Mail;

my $forgot = '/api/auth/password/forgot/';
my @from = (CrmMailFrom => 'crm@example.com');
my $one_child = "StartServers 1\nServerLimit 1\nThreadsPerChild 8\nMaxRequestWorkers 8";

sub outbox {
    my ($server) = @_;
    return $server->main_sql("SELECT state, attempts FROM outbox WHERE kind = 'password_reset' ORDER BY id");
}

# Waits until the mail that was asked for last is in STATE after ATTEMPTS; what the outbox has of it.
sub wait_state {
    my ($server, $state, $attempts) = @_;
    my @rows;
    Crm::Process::wait_until(20, sub {
        @rows = outbox($server);
        return @rows == $server->{asked} && $rows[-1][0] eq $state && $rows[-1][1] >= $attempts;
    });
    return @rows == $server->{asked} ? $rows[-1] : [@rows . " mails of $server->{asked}", 0];
}

# Has what waits tried now.
sub try_now {
    my ($server) = @_;
    $server->main_sql("UPDATE outbox SET next_attempt_at = '2020-01-01 00:00:00.000000' WHERE state = 'queued'");
    return;
}

# An account of its own for every row, as an account gets five codes an hour.
my $number = 0;

sub ask {
    my ($server, $acme) = @_;
    my $name = 'user' . ++$number;
    $server->add_user($acme, $name);
    $server->{asked}++;
    $server->call(POST => $forgot, {body => {email => "$name\@acme.example"}}, 200, undef, "$server->{database}: $name");
    return;
}

# What the server does at first, and what becomes of the mail.
my @later = ('CONNECT 421', 'CONNECT drop', 'CONNECT hang', 'EHLO drop', 'MAIL 451', 'RCPT 451', 'RCPT drop', 'DATA 451',
    'DATA drop', 'DOT 451');
my @never = ('MAIL 550', 'RCPT 550', 'DATA 554', 'DOT 552');
my @unsure = ('DOT drop', 'DOT hang');

sub misbehave {
    my ($server, $acme, $mail) = @_;
    my $count = 0;
    for my $behaviour (@later) {
        $mail->behave($behaviour);
        ask($server, $acme);
        is_deeply(wait_state($server, 'queued', 1), ['queued', 1], "$behaviour: it will be tried again");
        $mail->behave('');
        try_now($server);
        is_deeply(wait_state($server, 'sent', 2), ['sent', 2], "$behaviour: and is sent then");
        is(scalar(() = $mail->wait_for(++$count)), $count, 'once');
    }
    for my $behaviour (@never) {
        $mail->behave($behaviour);
        ask($server, $acme);
        is_deeply(wait_state($server, 'refused', 1), ['refused', 1], "$behaviour: it is not sent");
    }
    for my $behaviour (@unsure) {
        my $told = () = $server->log_text =~ /may or may not/g;
        $mail->behave($behaviour);
        ask($server, $acme);
        is_deeply(wait_state($server, 'uncertain', 1), ['uncertain', 1], "$behaviour: nobody can tell");
        is(scalar(() = $mail->letters), ++$count, 'it was delivered here');
        is(scalar(() = $server->log_text =~ /may or may not/g), $told + 1, 'the log says which');
    }
    $mail->behave('');
    return $count;
}

sub too_late {
    my ($server, $acme, $mail, $count) = @_;
    $mail->behave('RCPT 451');
    ask($server, $acme);
    wait_state($server, 'queued', 1);
    $mail->behave('');
    $server->main_sql("UPDATE outbox SET expires_at = '2020-01-01 00:00:00.000000' WHERE state = 'queued'");
    try_now($server);
    is_deeply(wait_state($server, 'expired', 1), ['expired', 1], 'what is too old is not sent');
    # a sender that died: in front of the final dot, and behind it
    for my $row (['claimed', 'sent', 2], ['sending', 'uncertain', 1]) {
        my ($state, $then, $attempts) = @$row;
        $mail->behave('RCPT 451');
        ask($server, $acme);
        wait_state($server, 'queued', 1);
        $mail->behave('');
        $server->main_sql("UPDATE outbox SET state = '$state', next_attempt_at = '2020-01-01 00:00:00.000000' "
            . "WHERE state = 'queued'");
        is_deeply(wait_state($server, $then, $attempts), [$then, $attempts], "$state and left: $then");
        $count++ if $then eq 'sent';
    }
    is(scalar(() = $mail->letters), $count, 'no letter too many');
    is(($server->main_sql("SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL"))[0][0], 0, 'no text is left');
    return;
}

# A server of each database, with a mail server of its own; CODE gets both and a tenant.
sub with_mail {
    my ($kind, $name, $option, $words, $code) = @_;
    subtest "$kind: $name" => sub {
        my $mail = Crm::Mail->new(%$option);
        my $auth = "$mail->{folder}/auth";
        open my $file, '>', $auth or die $!;
        print $file "crm:pass:word\n";
        close $file;
        chmod 0600, $auth;
        $words =~ s/AUTH/auth-file=$auth/;
        $words =~ s/CA/"ca-file=" . $mail->certificate/e;
        my $server = Crm::Server->new(database => $kind, config => $one_child,
            settings => {@from, CrmMailServer => $mail->url . " $words"})->start;
        $code->($server, $server->register('Acme'), $mail);
        unlike($server->log_text, qr/pass:word/, 'the log has no password');
        $server->stop;
    };
    return;
}

# A letter goes its way, with (1) or without TLS, by USER; or not at all, for REASON.
sub goes {
    my ($tls, $user) = @_;
    return sub {
        my ($server, $acme, $mail) = @_;
        ask($server, $acme);
        my ($letter) = $mail->wait_for(1);
        is_deeply([@{$letter // {}}{qw(tls user)}], [$tls, $user], 'the letter came as it should');
    };
}

sub stays {
    my ($reason) = @_;
    return sub {
        my ($server, $acme, $mail) = @_;
        ask($server, $acme);
        is_deeply(wait_state($server, 'queued', 1), ['queued', 1], 'the letter waits');
        like($server->log_text, qr/mails wait for smtp.*$reason/, 'the log says why');
        is(scalar(() = $mail->letters), 0, 'nothing was sent');
    };
}

for my $kind (Crm::Database::kinds()) {
    with_mail($kind, 'failures', {}, 'timeout=1s', sub { too_late(@_, misbehave(@_)) });
}
my ($kind) = Crm::Database::kinds();
my %login = (auth => 'crm:pass:word');
with_mail($kind, @$_) for
    ['any TLS', {tls => 'starttls'}, '', goes(1, undef)],
    ['TLS that is not to be used', {tls => 'starttls'}, 'starttls=off', goes(0, undef)],
    ['TLS of a known authority', {tls => 'starttls', %login}, 'starttls=required CA AUTH', goes(1, 'crm')],
    ['TLS because of the password', {tls => 'starttls', %login}, 'CA AUTH', goes(1, 'crm')],
    ['TLS of an unknown authority', {tls => 'starttls'}, 'starttls=required', stays('certificate')],
    ['TLS that is missing', {}, 'starttls=required', stays('SSL')],
    ['TLS from the start', {tls => 'smtps', %login}, 'CA AUTH', goes(1, 'crm')],
    ['TLS from the start, of an unknown authority', {tls => 'smtps'}, '', stays('certificate')],
    ['a wrong password', {auth => 'crm:other'}, 'starttls=off AUTH', stays('535')];
done_testing;
