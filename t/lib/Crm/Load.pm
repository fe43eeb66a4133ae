# Crm::Load - clients that call a server at the same time, each a process, and tell what they got.
package Crm::Load;
use strict;
use warnings;
use Crm::Client;
use IO::Handle;
use JSON::PP;
use POSIX ();

# Starts COUNT workers; each runs WORK->($number, $tell), where $tell->($data) sends a line of JSON
# to this process. The object.
sub start {
    my ($class, $count, $work) = @_;
    my $self = bless {pids => [], owner => $$}, $class;
    pipe my $read, my $write or die $!;
    $write->autoflush;
    for my $number (1 .. $count) {
        my $pid = fork // die $!;
        if (!$pid) {
            close $read;
            $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);    # what the test cleans up is not a worker's
            my $tell = sub { syswrite $write, encode_json($_[0]) . "\n" };
            my $done = eval { $work->($number, $tell); 1 };
            $tell->({worker => $number, died => "$@"}) if !$done;
            POSIX::_exit(0);
        }
        push @{$self->{pids}}, $pid;
    }
    close $write;
    $self->{read} = $read;
    return $self;
}

# Runs CODE->($number) in COUNT workers at the same moment; what each gave, in the order of numbers.
sub at_once {
    my ($class, $count, $code) = @_;
    pipe my $gate, my $open or die $!;
    my $self = $class->start($count, sub {
        my ($number, $tell) = @_;
        close $open;
        sysread $gate, my $byte, 1;    # closed when all are there
        $tell->({worker => $number, gave => $code->($number)});
    });
    close $gate;
    close $open;
    my %gave = map { $_->{worker} => $_->{gave} // "died: $_->{died}" } $self->rest;
    return map { $gave{$_} } 1 .. $count;
}

# The next thing that a worker told, or undef when all have ended.
sub next {
    my ($self) = @_;
    my $line = readline $self->{read};
    return decode_json($line) if defined $line;
    waitpid $_, 0 for splice @{$self->{pids}};
    return;
}

# All that is still told.
sub rest {
    my ($self) = @_;
    my @told;
    while (my $one = $self->next) { push @told, $one }
    return @told;
}

# Ends the workers before they are done.
sub stop {
    my ($self) = @_;
    kill TERM => @{$self->{pids}} if $self->{owner} == $$;
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    $self->stop;
    waitpid $_, 0 for @{$self->{pids}};
    return;
}

1;
