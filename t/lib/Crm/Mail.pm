# Crm::Mail - a mail server on 127.0.0.1 that keeps what it gets, and misbehaves as it is told.
#
#     my $mail = Crm::Mail->new;
#     my ($letter) = $mail->wait_for(1);      # {from, to, header => {subject, ...}, text, tls, user}
#     $mail->behave('RCPT 451');              # from the next connection on
#
# Options: auth ("user:password", then needed), tls ("starttls" or "smtps", then with a certificate of
# its own below {folder}, made by openssl; without IO::Socket::SSL in Perl's core, openssl does the TLS).
package Crm::Mail;
use strict;
use warnings;
use Encode ();
use File::Temp;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64 ();
use MIME::QuotedPrint ();
use POSIX ();
use Time::HiRes ();
use Crm::Process;

sub new {
    my ($class, %self) = @_;
    my $self = bless {tls => '', owner => $$, %self}, $class;
    $self->{folder} = File::Temp::tempdir('crm-mail-XXXXXX', TMPDIR => 1);
    chmod 0755, $self->{folder};
    mkdir "$self->{folder}/new";
    $self->make_certificate if $self->{tls};
    $self->behave('');
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 64, ReuseAddr => 1)
        or die $!;
    $self->{port} = $listener->sockport;
    $self->{pid} = fork // die $!;
    if (!$self->{pid}) {
        POSIX::setsid();
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        $SIG{CHLD} = 'IGNORE';
        $self->accept_all($listener);
        POSIX::_exit(0);
    }
    return $self;
}

sub url { my ($self) = @_; return ($self->{tls} eq 'smtps' ? 'smtps' : 'smtp') . "://localhost:$self->{port}" }
sub certificate { return "$_[0]{folder}/cert.pem" }

sub make_certificate {
    my ($self) = @_;
    Crm::Process::output('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', 2, '-subj',
        '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', "$self->{folder}/key.pem", '-out',
        $self->certificate);
    chmod 0644, $self->certificate;
    return;
}

# What the server does from the next connection on, comma-separated: "STEP CODE" answers with CODE,
# "STEP drop" closes the connection, "STEP hang" never answers, "STEP N ms" waits so long first. STEP is
# CONNECT, EHLO, MAIL, RCPT, DATA or DOT (after it has got it all).
sub behave {
    my ($self, $text) = @_;
    open my $file, '>', "$self->{folder}/behaviour.new" or die $!;
    print $file $text;
    close $file or die $!;
    rename "$self->{folder}/behaviour.new", "$self->{folder}/behaviour" or die $!;
    return;
}

# The letters so far, in the order in which they came.
sub letters {
    my ($self) = @_;
    return map {
        open my $file, '<:raw', $_ or die "$_: $!";
        local $/;
        parse(decode_json(<$file>));
    } sort glob "$self->{folder}/new/*.json";
}

# Waits up to SECONDS (default 15) for COUNT letters; those that came.
sub wait_for {
    my ($self, $count, $seconds) = @_;
    Crm::Process::wait_until($seconds // 15, sub { my @came = glob "$self->{folder}/new/*.json"; @came >= $count });
    return $self->letters;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local $?;
    kill KILL => -$self->{pid};
    waitpid $self->{pid}, 0;
    Crm::Process::remove_folder($self->{folder});
    return;
}

# ---- letters

sub parse {
    my ($letter) = @_;
    my ($head, $body) = split /\r\n\r\n/, $letter->{raw}, 2;
    $head =~ s/\r\n[ \t]+/ /g;
    my %header = map { /^([^:]+): ?(.*)$/ ? (lc $1 => decode_words($2)) : (broken => $_) } split /\r\n/, $head;
    $body = MIME::QuotedPrint::decode_qp($body // '');
    $body =~ s/\r\n/\n/g;
    return {%$letter, header => \%header, text => Encode::decode('UTF-8', $body)};
}

# RFC 2047, as far as base64 goes: white space between two encoded words is none.
sub decode_words {
    my ($text) = @_;
    $text =~ s/(=\?UTF-8\?B\?[^?]*\?=)\s+(?==\?)/$1/g;
    $text =~ s/=\?UTF-8\?B\?([^?]*)\?=/MIME::Base64::decode_base64($1)/ge;
    return Encode::decode('UTF-8', $text);
}

# ---- the server

sub accept_all {
    my ($self, $listener) = @_;
    my $number = 0;
    while (my $socket = $listener->accept) {
        $number++;
        my $pid = fork // next;
        if (!$pid) {
            $SIG{CHLD} = 'DEFAULT';
            close $listener;
            my $done = eval { $self->serve($socket, $number); 1 };
            POSIX::_exit($done ? 0 : 1);
        }
        close $socket;
    }
    return;
}

sub serve {
    my ($self, $socket, $number) = @_;
    open my $file, '<', "$self->{folder}/behaviour" or die $!;
    my %behaviour = map { /^(\w+) (.*)$/ ? ($1 => $2) : () } split /, */, <$file> // '';
    my %session = (in => $socket, out => $socket, buffer => '', number => $number, behaviour => \%behaviour,
        tls => 0, to => []);
    start_tls($self, \%session) if $self->{tls} eq 'smtps';
    step(\%session, 'CONNECT', '220 mail.example ESMTP') or return;
    while (defined(my $line = read_line(\%session))) {
        my ($command, $rest) = $line =~ /^(\S+)\s*(.*)$/;
        my $handler = __PACKAGE__->can('on_' . lc($command // ''));
        if (!$handler) {
            answer(\%session, '502 5.5.1 what?');
            next;
        }
        $handler->($self, \%session, $rest) or return;
    }
    return;
}

# Answers STEP as the behaviour wants it, else with TEXT; false when the connection is to end.
sub step {
    my ($session, $step, $text) = @_;
    my $how = $session->{behaviour}{$step} // '';
    Time::HiRes::sleep($1 / 1000) if $how =~ /^(\d+) ms$/;
    sleep 3600 if $how eq 'hang';
    return 0 if $how eq 'drop';
    $session->{failed} = $how =~ /^\d{3}$/;
    $text = "$how as told" if $session->{failed};
    answer($session, $text);
    return $step ne 'CONNECT' || !$session->{failed};
}

sub answer {
    my ($session, @lines) = @_;
    local $SIG{PIPE} = 'IGNORE';
    syswrite $session->{out}, join '', map { "$_\r\n" } @lines;
    return 1;
}

sub read_line {
    my ($session) = @_;
    while (1) {
        return $1 if $session->{buffer} =~ s/^(.*?)\r\n//s;
        sysread($session->{in}, $session->{buffer}, 65536, length $session->{buffer}) or return;
    }
}

sub on_ehlo {
    my ($self, $session) = @_;
    return step($session, 'EHLO') if ($session->{behaviour}{EHLO} // '') =~ /^(?:\d{3}|drop|hang)$/;
    my @offers = ('mail.example', '8BITMIME',
        $self->{tls} eq 'starttls' && !$session->{tls} ? 'STARTTLS' : (), $self->{auth} ? 'AUTH PLAIN LOGIN' : ());
    return answer($session, (map { "250-$_" } @offers), '250 HELP');
}

sub on_helo { my ($self, $session) = @_; return answer($session, '250 mail.example') }
sub on_rset { my ($self, $session) = @_; return answer($session, '250 2.0.0 ok') }
sub on_quit { my ($self, $session) = @_; answer($session, '221 2.0.0 bye'); return 0 }

sub on_starttls {
    my ($self, $session) = @_;
    return answer($session, '502 5.5.1 no TLS') if $self->{tls} ne 'starttls' || $session->{tls};
    answer($session, '220 2.0.0 go ahead');
    return start_tls($self, $session);
}

sub on_auth {
    my ($self, $session, $rest) = @_;
    my ($kind, $initial) = split ' ', $rest;
    my @words;
    if (uc $kind eq 'PLAIN') {
        if (!defined $initial) { answer($session, '334 '); $initial = read_line($session) }
        (undef, @words) = split /\0/, MIME::Base64::decode_base64($initial);
    } else {
        for my $prompt ('VXNlcm5hbWU6', 'UGFzc3dvcmQ6') {
            answer($session, "334 $prompt");
            push @words, MIME::Base64::decode_base64(read_line($session) // return 0);
        }
    }
    return answer($session, '535 5.7.8 wrong') if join(':', @words) ne ($self->{auth} // '');
    $session->{user} = $words[0];
    return answer($session, '235 2.7.0 welcome');
}

sub on_mail {
    my ($self, $session, $rest) = @_;
    return answer($session, '530 5.7.0 log in first') if $self->{auth} && !defined $session->{user};
    ($session->{from}) = $rest =~ /^FROM:\s*<([^>]*)>/i;
    return step($session, 'MAIL', '250 2.1.0 ok');
}

sub on_rcpt {
    my ($self, $session, $rest) = @_;
    my ($to) = $rest =~ /^TO:\s*<([^>]*)>/i;
    my $goes_on = step($session, 'RCPT', '250 2.1.5 ok');
    push @{$session->{to}}, $to if !$session->{failed};
    return $goes_on;
}

sub on_data {
    my ($self, $session) = @_;
    my $goes_on = step($session, 'DATA', '354 go on');
    return $goes_on if !$goes_on || $session->{failed};
    my $text = '';
    while (1) {
        my $line = read_line($session) // return 0;
        last if $line eq '.';
        $line =~ s/^\.//;
        $text .= "$line\r\n";
    }
    # from here on it is the server's; one that it refuses it does not keep
    my $how = $session->{behaviour}{DOT} // '';
    $self->keep($session, $text) if $how !~ /^\d{3}$/;
    return step($session, 'DOT', '250 2.0.0 queued');
}

sub keep {
    my ($self, $session, $text) = @_;
    my $name = sprintf '%08d-%d', $session->{number}, $session->{kept}++ // 0;
    open my $file, '>:raw', "$self->{folder}/$name.tmp" or die $!;
    print $file encode_json({from => $session->{from}, to => $session->{to}, raw => $text, tls => $session->{tls},
        user => $session->{user}});
    close $file or die $!;
    rename "$self->{folder}/$name.tmp", "$self->{folder}/new/$name.json" or die $!;
    return;
}

# From here on the session goes through an openssl of its own, which speaks TLS with the client: its
# standard input and output are what is sent and got.
sub start_tls {
    my ($self, $session) = @_;
    my $port = Crm::Process::free_port();
    pipe my $from_client, my $tls_out or die $!;
    pipe my $tls_in, my $to_client or die $!;
    my $pid = fork // die $!;
    if (!$pid) {
        open STDIN, '<&', $tls_in;
        open STDOUT, '>&', $tls_out;
        open STDERR, '>', '/dev/null';
        exec 'openssl', 's_server', '-quiet', '-naccept', 1, '-accept', "127.0.0.1:$port", '-cert',
            $self->certificate, '-key', "$self->{folder}/key.pem" or POSIX::_exit(127);
    }
    close $_ for $tls_in, $tls_out;
    my $tls = Crm::Process::wait_until(10, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) })
        or die 'openssl does not listen';
    my $relay = fork // die $!;
    if (!$relay) {
        relay($session->{in}, $tls);
        POSIX::_exit(0);
    }
    @$session{qw(in out tls)} = ($from_client, $to_client, 1);
    return 1;
}

# Copies between two sockets until one ends.
sub relay {
    my @sockets = @_;
    my $select = IO::Select->new(@sockets);
    while (my @ready = $select->can_read) {
        for my $from (@ready) {
            my $to = $from == $sockets[0] ? $sockets[1] : $sockets[0];
            sysread $from, my $bytes, 65536 or return;
            syswrite $to, $bytes;
        }
    }
    return;
}

1;
