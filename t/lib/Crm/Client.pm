# Crm::Client - an HTTP/1.1 client that sends exactly what it is told, with keep-alive.
package Crm::Client;
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;

# Arguments: port; host (Host header, default "localhost:PORT"); timeout in seconds.
sub new {
    my ($class, %self) = @_;
    return bless {host => "localhost:$self{port}", timeout => 30, %self}, $class;
}

# Sends METHOD PATH. Options: token, headers ({name => value}, undef: none), body (a reference is
# sent as JSON, a string as it is), form ({name => value}), file (the bytes of a form's one file, or
# {field, name, type, bytes}), host.
# The answer: {status, headers (lower-case names), body, json}.
sub request {
    my ($self, $method, $path, %option) = @_;
    my $message = $self->message($method, $path, %option);
    for my $attempt (1, 2) {
        my $used = $self->{socket};    # an idle connection may have been closed by the server
        my $answer = eval { $self->send_bytes($message); $self->read_answer($method) };
        return $answer if $answer;
        my $problem = $@;
        $self->close;
        die "$method $path: $problem" if !$used || $attempt == 2 || $problem !~ /^closed/;
    }
    return;
}

sub message {
    my ($self, $method, $path, %option) = @_;
    my %header = (Host => $option{host} // $self->{host});
    my $body = $option{body};
    if (ref $body) {
        $body = JSON::PP->new->utf8->canonical->encode($body);
        $header{'Content-Type'} = 'application/json';
    } elsif ($option{form}) {
        $body = join '&', map { escape($_) . '=' . escape($option{form}{$_}) } sort keys %{$option{form}};
        $header{'Content-Type'} = 'application/x-www-form-urlencoded';
    } elsif (defined $option{file}) {
        ($body, $header{'Content-Type'}) = form_with_file($option{file});
    } elsif (defined $body) {
        $header{'Content-Type'} = 'application/json';
    }
    $header{'Content-Length'} = length $body if defined $body;
    $header{Authorization} = "Token $option{token}" if defined $option{token};
    %header = (%header, %{$option{headers} // {}});
    return join("\r\n", "$method $path HTTP/1.1",
        (map { "$_: $header{$_}" } grep { defined $header{$_} } sort keys %header), '', $body // '');
}

# A form with one file: its bytes and its type.
sub form_with_file {
    my ($file) = @_;
    my %file = (field => 'file', name => 'file.csv', type => 'application/octet-stream',
        ref $file ? %$file : (bytes => $file));
    my $boundary = 'crm-client-boundary';
    return ("--$boundary\r\nContent-Disposition: form-data; name=\"$file{field}\"; filename=\"$file{name}\"\r\n"
            . "Content-Type: $file{type}\r\n\r\n$file{bytes}\r\n--$boundary--\r\n",
        "multipart/form-data; boundary=$boundary");
}

sub escape {
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

sub open_socket {
    my ($self) = @_;
    $self->{socket} //= IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 10)
        or die "connection refused: $!\n";
    return $self->{socket};
}

sub send_bytes {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $socket = $self->open_socket;
    my $sent = 0;
    while ($sent < length $bytes) {
        my $count = syswrite $socket, $bytes, length($bytes) - $sent, $sent;
        return if !defined $count;    # refused before its end: there may be an answer
        $sent += $count;
    }
    return;
}

sub more {
    my ($self) = @_;
    IO::Select->new($self->{socket})->can_read($self->{timeout}) or die "no answer in $self->{timeout} s\n";
    my $count = sysread $self->{socket}, $self->{buffer}, 65536, length $self->{buffer};
    die "closed before the answer's end\n" if !$count;
    return;
}

sub take_line {
    my ($self) = @_;
    $self->more until $self->{buffer} =~ s/^([^\n]*?)\r?\n//;
    return $1;
}

sub take_bytes {
    my ($self, $count) = @_;
    $self->more while length $self->{buffer} < $count;
    return substr $self->{buffer}, 0, $count, '';
}

# Reads one final answer (1xx are skipped and counted in {interim}).
sub read_answer {
    my ($self, $method) = @_;
    my %answer = (interim => 0, headers => {}, body => '');
    $self->{buffer} //= '';
    while (1) {
        my $line = $self->take_line;
        $line =~ m{^HTTP/1\.[01] (\d{3})} or die "not an answer: $line\n";
        $answer{status} = $1;
        $answer{headers} = $self->read_headers;
        last if $answer{status} >= 200;
        $answer{interim}++;
    }
    $answer{body} = $self->read_body($method, \%answer);
    $self->close if lc($answer{headers}{connection} // '') eq 'close';
    if (($answer{headers}{'content-type'} // '') =~ m{json}) {
        $answer{json} = eval { JSON::PP->new->utf8->decode($answer{body}) };
    }
    return \%answer;
}

sub read_headers {
    my ($self) = @_;
    my %header;
    while ((my $line = $self->take_line) ne '') {
        my ($name, $value) = $line =~ /^([^:]+):\s*(.*?)\s*$/ or die "not a header: $line\n";
        $header{lc $name} = exists $header{lc $name} ? "$header{lc $name}, $value" : $value;
    }
    return \%header;
}

sub read_body {
    my ($self, $method, $answer) = @_;
    my $header = $answer->{headers};
    return '' if $method eq 'HEAD' || $answer->{status} == 204 || $answer->{status} == 304;
    if (lc($header->{'transfer-encoding'} // '') eq 'chunked') {
        my $body = '';
        while (my $size = hex $self->take_line) {
            $body .= $self->take_bytes($size);
            $self->take_line;
        }
        $self->read_headers;    # trailers
        return $body;
    }
    return $self->take_bytes($header->{'content-length'}) if defined $header->{'content-length'};
    eval { $self->more while 1 };    # until the server closes
    my $body = $self->{buffer};
    $self->close;
    return $body;
}

sub close {
    my ($self) = @_;
    CORE::close(delete $self->{socket}) if $self->{socket};
    $self->{buffer} = '';
    return;
}

1;
