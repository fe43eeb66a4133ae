# Crm::Process - programs that tests run: found, started, ended, and only those.
package Crm::Process;
use strict;
use warnings;
use Cwd ();
use File::Basename qw(dirname);
use File::Path ();
use File::Temp ();
use IO::Socket::INET;
use POSIX ();

our $source = Cwd::abs_path(dirname(__FILE__) . '/../../..');

# The build that is tested: $CRM_BUILD, else the newest of those that are there.
sub build {
    return $ENV{CRM_BUILD} if $ENV{CRM_BUILD};
    my ($newest) = sort { -M $a <=> -M $b } grep { -e } map { "$_/.libs/mod_crm.so" } glob("$source/build/*"),
        "$source/build", $source;
    die "there is no build: run ./check, or set CRM_BUILD\n" if !$newest;
    return dirname(dirname($newest));
}

sub module { return build() . '/.libs/mod_crm.so' }
sub crmctl { return build() . '/crmctl' }

# apxs's answer to what it is asked.
sub apxs {
    my ($name) = @_;
    my ($apxs) = grep { -x } map { "$_/apxs" } split(/:/, $ENV{PATH}), '/usr/sbin';
    my $value = output($apxs // die("apxs is missing\n"), '-q', $name);
    chomp $value;
    return $value;
}

sub httpd { return $ENV{CRM_HTTPD} || apxs('SBINDIR') . '/' . apxs('PROGNAME') }

# Runs a program to its end: (status, standard output, standard error). Option `input`.
sub run {
    my %option = ref $_[0] ? %{shift()} : ();
    my @command = @_;
    my @files = map { open my $file, '+>', undef or die $!; $file } 0 .. 2;
    print {$files[0]} $option{input} // '';
    seek $files[0], 0, 0;
    my $pid = fork // die $!;
    if (!$pid) {
        open STDIN, '<&', $files[0];
        open STDOUT, '>&', $files[1];
        open STDERR, '>&', $files[2];
        no warnings 'exec';
        exec @command or do { print STDERR "$command[0]: $!\n"; POSIX::_exit(127) };
    }
    waitpid $pid, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return ($status, map { seek $_, 0, 0; local $/; scalar <$_> // '' } @files[1, 2]);
}

# Standard output of a program that must succeed.
sub output {
    my ($status, $out, $err) = run(@_);
    my @words = grep { !ref } @_;
    die "$words[0] gave $status: $err$out\n" if $status;
    return $out;
}

sub free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1) or die $!;
    return $socket->sockport;
}

# The account that httpd's children have under root.
sub server_user { return $> ? undef : (getpwnam 'www-data') ? 'www-data' : 'nobody' }

# A folder that the server's children may write.
sub own_folder {
    my ($folder) = @_;
    File::Path::make_path($folder, {mode => 0700});
    own($folder);
    return $folder;
}

sub own {
    my ($path) = @_;
    my $user = server_user() // return;
    my (undef, undef, $uid, $gid) = getpwnam $user;
    chown $uid, $gid, $path or die "$path: $!";
    return;
}

sub remove_folder {
    my ($folder) = @_;
    File::Path::remove_tree($folder) if !$ENV{CRM_TEST_KEEP};
    return;
}

# The folders of the migrations and of the templates, where the server's children can read them: copies
# when they may not search the source tree.
my $copies;

sub migrations { return readable('sql') }
sub templates { return readable('templates') }

sub readable {
    my ($folder) = @_;
    my $user = server_user() // return "$source/$folder";
    my ($closed) = run('setpriv', "--reuid=$user", "--regid=$user", '--clear-groups', 'test', '-r',
        "$source/$folder");
    return "$source/$folder" if !$closed;
    if (!$copies) {
        $copies = File::Temp->newdir('crm-copies-XXXXXX', TMPDIR => 1);
        chmod 0755, "$copies";
    }
    if (!-e "$copies/$folder") {
        output('cp', '-R', "$source/$folder", "$copies/$folder");
        output('chmod', '-R', 'a+rX', "$copies/$folder");
    }
    return "$copies/$folder";
}

# Waits up to SECONDS until CODE is true; what it gave.
sub wait_until {
    my ($seconds, $code) = @_;
    for my $turn (0 .. $seconds * 20) {
        my $value = $code->();
        return $value if $value;
        select undef, undef, undef, 0.05;
    }
    return;
}

1;
