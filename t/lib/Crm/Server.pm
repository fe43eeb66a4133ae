# Crm::Server - an httpd with mod_crm, its configuration inline, in a folder of its own.
#
#     my $server = Crm::Server->new(database => 'sqlite3', config => 'CrmRegistration off')->start;
#     my $acme = $server->register('Acme');
#     $server->call(GET => '/api/auth/profile/', {token => $acme->{token}}, 200, {username => 'acme-admin'});
#
# It ends when the object does, and says so if a child crashed meanwhile.
package Crm::Server;
use strict;
use warnings;
use utf8;
use File::Temp;
use POSIX ();
use Test::More;
use Crm::Client;
use Crm::Database;
use Crm::Process;

# Arguments: database ("sqlite3" or "mysql"); config (further directives, last); modules (names of
# further httpd modules); settings ({directive => arguments or undef} instead of the usual ones);
# plain (1: no Crm directives but those of config); listen (addresses of further ports);
# environment (of httpd); wrapper (a command line that httpd is run by).
sub new {
    my ($class, %self) = @_;
    my $self = bless {database => 'sqlite3', config => '', modules => [], settings => {}, owner => $$, %self},
        $class;
    $self->{folder} = File::Temp::tempdir('crm-test-XXXXXX', TMPDIR => 1);
    chmod 0755, $self->{folder};
    mkdir "$self->{folder}/log";
    Crm::Process::own_folder("$self->{folder}/$_") for qw(data spool);
    $self->{port} = Crm::Process::free_port();
    $self->{databases} = Crm::Database->new(kind => $self->{database}, folder => "$self->{folder}/data");
    $self->make_key("$self->{folder}/secret.key");
    $self->write_config;
    return $self;
}

# A server that somebody else started, to be called only. Arguments: port, database.
sub running {
    my ($class, %self) = @_;
    return bless {%self, owner => 0}, $class;
}

sub make_key {
    my ($self, $path) = @_;
    my $mask = umask 077;
    open my $file, '>', $path or die "$path: $!";
    print $file map { sprintf '%02x', int rand 256 } 1 .. 32;
    close $file;
    umask $mask;
    Crm::Process::own($path);
    return;
}

sub conf { return "$_[0]{folder}/httpd.conf" }
sub log_file { return "$_[0]{folder}/log/error.log" }
sub url { return "http://localhost:$_[0]{port}" }

sub log_text {
    my ($self) = @_;
    open my $file, '<', $self->log_file or return '';
    local $/;
    return <$file> // '';
}

# The usual directives: every one may be replaced or (undef) left out by `settings`.
sub settings {
    my ($self) = @_;
    return (
        CrmEngine => 'on',
        CrmMainDatabase => '"' . $self->{databases}->main_url . '"',
        CrmTenantDatabase => '"' . $self->{databases}->tenant_url . '"',
        CrmMigrations => Crm::Process::migrations(),
        CrmMailTemplates => Crm::Process::templates(),
        CrmSecretKeyFile => "$self->{folder}/secret.key",
        CrmHistorySpool => "$self->{folder}/spool",
        CrmPasswordHash => 'memory=1M passes=1 at-once=4',
        %{$self->{settings}},
    );
}

sub write_config {
    my ($self) = @_;
    my $modules = Crm::Process::apxs('LIBEXECDIR');
    my $user = Crm::Process::server_user();
    my %setting = $self->{plain} ? () : $self->settings;
    my @lines = (
        "ServerRoot \"$self->{folder}\"", 'ServerName localhost', "Listen 127.0.0.1:$self->{port}",
        "PidFile \"$self->{folder}/httpd.pid\"", "DefaultRuntimeDir \"$self->{folder}\"",
        'ErrorLog "' . $self->log_file . '"', $user ? ("User $user", "Group $user") : (),
        map({ "Listen $_" } @{$self->{listen} // []}),
        map({ "<IfModule !${_}_module>\nLoadModule ${_}_module \"$modules/mod_$_.so\"\n</IfModule>" }
            'mpm_event', 'authn_core', 'authz_core', @{$self->{modules}}),
        # a child that is one too many would be ended, and may crash as said at stop
        'MaxSpareThreads 10000',
        'LoadModule crm_module "' . Crm::Process::module() . '"',
        map({ "$_ $setting{$_}" } grep { defined $setting{$_} } sort keys %setting),
        $self->{config}, '');
    open my $file, '>:encoding(UTF-8)', $self->conf or die $!;
    print $file join "\n", @lines;
    close $file or die $!;
    return;
}

# Another database server for tenants: another folder of files, or names of its own on the test's MariaDB. Its
# URL, and what a tenant's database is called there.
sub other {
    my ($self) = @_;
    my $databases = $self->{databases};
    return $databases->url('elsewhere_{slug}') if $databases->is_mysql;
    return 'sqlite://' . Crm::Process::own_folder("$self->{folder}/other") . '/t_{slug}.db';
}

sub other_name {
    my ($self, $slug) = @_;
    my $databases = $self->{databases};
    return $databases->is_mysql ? "$databases->{prefix}_elsewhere_$slug" : "$self->{folder}/other/t_$slug.db";
}

# Runs crmctl on this server's configuration: (status, output, errors). Option `input` first.
sub crmctl {
    my ($self, @words) = @_;
    my @option = ref $words[0] ? shift @words : ();
    local $ENV{LD_PRELOAD} = $ENV{CRM_PRELOAD} // '';
    return Crm::Process::run(@option, Crm::Process::crmctl(), @words, '--config', $self->conf, '--httpd',
        Crm::Process::httpd());
}

sub crmctl_ok {
    my ($self, @words) = @_;
    my ($status, $out, $err) = $self->crmctl(@words);
    die 'crmctl ' . join(' ', grep { !ref } @words) . " gave $status: $err$out" if $status;
    return $out;
}

# httpd -t: (status, what it says).
sub check_config {
    my ($self) = @_;
    my ($status, undef, $err) = Crm::Process::run(Crm::Process::httpd(), '-t', '-f', $self->conf);
    return ($status, $err);
}

# Prepares the databases and starts httpd; the object.
sub start {
    my ($self) = @_;
    $self->crmctl_ok('migrate') if !$self->{plain} && !$self->{migrated}++;
    $self->launch;
    Crm::Process::wait_until(30, sub {
        die "httpd ended:\n" . $self->log_text if waitpid $self->{pid}, POSIX::WNOHANG();
        return -s "$self->{folder}/httpd.pid"
            && IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port});
    }) or die "httpd does not listen:\n" . $self->log_text;
    return $self;
}

sub launch {
    my ($self) = @_;
    my $pid = fork // die $!;
    if (!$pid) {
        POSIX::setsid();
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $self->log_file;
        open STDERR, '>>', $self->log_file;
        %ENV = (%ENV, %{$self->{environment} // {}});
        $ENV{LD_PRELOAD} = $ENV{CRM_PRELOAD} if $ENV{CRM_PRELOAD};
        exec @{$self->{wrapper} // []}, Crm::Process::httpd(), '-DFOREGROUND', '-f', $self->conf or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    return;
}

# The process ids of the children.
sub children {
    my ($self) = @_;
    open my $file, '<', "/proc/$self->{pid}/task/$self->{pid}/children" or return ();
    return split ' ', <$file> // '';
}

# Ends httpd (within 30 s, else by force, which is a failure); its data stay. No child may have crashed
# before; and no sanitizer may say anything, also while it ends. A crash while it ends is not counted:
# then the event MPM's main thread closes the sockets of workers, which these may be freeing (httpd
# 2.4.71; the core shows apr_os_sock_get called by mpm_event, and nobody else).
sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} // return;
    my @crashes = grep { !$self->{may_die} } $self->log_text =~ /^.*exit signal.*$/mg;
    # the client stays until the end: closing it now would invite that crash
    kill TERM => $pid;
    if (!Crm::Process::wait_until(30, sub { waitpid($pid, POSIX::WNOHANG()) == $pid })) {
        fail('httpd ends within 30 s');
        kill KILL => -$pid;
        waitpid $pid, 0;
    }
    $self->client->close;
    push @crashes, $self->log_text =~ /^.*(?:AddressSanitizer|runtime error:).*$/mg;
    ok(!@crashes, 'no child of httpd crashed') or diag(@crashes);
    return;
}

sub restart { my ($self) = @_; kill USR1 => $self->{pid}; return }

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $@);
    $self->stop;
    $self->{databases}->drop;
    Crm::Process::remove_folder($self->{folder});
    return;
}

# ---- calls

sub client {
    my ($self) = @_;
    return $self->{client} //= Crm::Client->new(port => $self->{port});
}

# The answer to METHOD PATH, without any expectation (see Crm::Client::request).
sub request {
    my ($self, $method, $path, $option) = @_;
    return $self->client->request($method, $path, %{$option // {}});
}

# One row: METHOD PATH, what is sent, the status and content expected. Content is undef (anything), a
# pattern for the body, or data of which the answer's JSON must hold at least that much. The answer.
sub call {
    my ($self, $method, $path, $option, $status, $expected, $name) = @_;
    my $answer = eval { $self->request($method, $path, $option) };
    $name //= "$self->{database}: $method $path: $status";
    if (!$answer) {
        fail($name);
        diag($@);
        return {status => 0, headers => {}, body => ''};
    }
    my @problems = $answer->{status} == $status ? () : ("status $answer->{status}, not $status");
    push @problems, !defined $expected ? ()
        : ref $expected eq 'Regexp' ? ($answer->{body} =~ $expected ? () : "body does not match $expected")
        : difference($answer->{json}, $expected, 'body');
    ok(!@problems, $name) or diag(join("\n", @problems, 'answer: ' . substr $answer->{body}, 0, 2000));
    return $answer;
}

# Several rows of call; the answers.
sub rows {
    my ($self, @rows) = @_;
    return map { $self->call(@$_) } @rows;
}

# Sends BYTES as they are on a connection of their own and reads one answer; undef when there is
# none. Options: half_close (1: then no more bytes come), method (default GET).
sub raw {
    my ($self, $bytes, %option) = @_;
    my $client = Crm::Client->new(port => $self->{port});
    $client->send_bytes($bytes);
    $client->{socket}->shutdown(1) if $option{half_close};
    my $answer = eval { $client->read_answer($option{method} // 'GET') };
    $client->close;
    return $answer;
}

# SQL on the main database, and on that of the tenant with SLUG; the rows.
sub main_sql { my ($self, $sql) = @_; return $self->{databases}->sql($self->{databases}->main_name, $sql) }
sub tenant_sql {
    my ($self, $slug, $sql) = @_;
    return $self->{databases}->sql($self->{databases}->tenant_name($slug), $sql);
}

# Where GOT lacks what EXPECTED has: texts, none when nothing is missing. Objects may have more keys;
# lists must have as many items; a pattern matches a text.
sub difference {
    my ($got, $expected, $at) = @_;
    if (ref $expected eq 'HASH') {
        return "$at is no object" if ref $got ne 'HASH';
        return map { exists $got->{$_} ? difference($got->{$_}, $expected->{$_}, "$at.$_") : "$at.$_ is missing" }
            sort keys %$expected;
    }
    if (ref $expected eq 'ARRAY') {
        return "$at is no list" if ref $got ne 'ARRAY';
        return "$at has " . @$got . ' items, not ' . @$expected if @$got != @$expected;
        return map { difference($got->[$_], $expected->[$_], "$at\[$_]") } 0 .. $#$expected;
    }
    return defined $got ? "$at is $got, not null" : () if !defined $expected;
    return "$at is null, not $expected" if !defined $got;
    return $got =~ $expected ? () : "$at is $got, not like $expected" if ref $expected eq 'Regexp';
    return "$at is $got, not " . ($expected ? 'true' : 'false')
        if JSON::PP::is_bool($expected) && !(JSON::PP::is_bool($got) && !$got == !$expected);
    return $got eq $expected ? () : "$at is $got, not $expected";
}

# Registers tenant NAME with its admin: {tenant (its id), slug, host (of e-mail addresses), token,
# username, password, email, id}.
sub register {
    my ($self, $name, %more) = @_;
    (my $slug = lc $name) =~ s/[^a-z0-9]+/_/g;
    my $host = $slug =~ tr/_/-/r . '.example';
    my %account = (username => "$slug-admin", password => "$slug password", email => "admin\@$host",
        first_name => 'Ada', last_name => 'Min', tenant_name => $name, %more);
    my $answer = $self->request(POST => '/api/auth/register/', {body => \%account});
    die "registering $name gave $answer->{status}: $answer->{body}\n" if $answer->{status} != 201;
    my $tenant = $answer->{json}{user}{tenant};
    return {%account, tenant => $tenant->{id}, slug => $slug, host => $host, token => $answer->{json}{token},
        id => $answer->{json}{user}{id}};
}

# A further account of TENANT (as register gave it), logged in: {username, password, token, id}.
sub add_user {
    my ($self, $tenant, $username) = @_;
    my %account = (username => $username, password => "$username password",
        email => "$username\@$tenant->{host}", first_name => 'Ulla', last_name => 'Ser');
    my $made = $self->request(POST => '/api/auth/tenant/users/create/',
        {token => $tenant->{token}, body => \%account});
    die "creating $username gave $made->{status}: $made->{body}\n" if $made->{status} != 201;
    return {%account, id => $made->{json}{id}, token => $self->login($username, $account{password})};
}

# A superuser, logged in: {username, password, token}.
sub superuser {
    my ($self) = @_;
    return $self->{superuser} //= do {
        my %account = (username => 'root', password => 'superuser password');
        $self->crmctl_ok({input => "$account{password}\n"}, 'createsuperuser', '--username', $account{username},
            '--email', 'root@platform.example', '--password-stdin');
        +{%account, token => $self->login($account{username}, $account{password})};
    };
}

sub login {
    my ($self, $username, $password, %option) = @_;
    my $answer = $self->request(POST => '/api/auth/login/',
        {%option, body => {username => $username, password => $password}});
    die "login of $username gave $answer->{status}: $answer->{body}\n" if $answer->{status} != 200;
    return $answer->{json}{token};
}

# Waits until the History that TOKEN sees has at least COUNT records of QUERY (a query string without
# "?"); the records, newest first.
sub wait_history {
    my ($self, $token, $query, $count) = @_;
    my $results = [];
    Crm::Process::wait_until(15, sub {
        my $answer = $self->request(GET => "/api/auth/history/?page_size=100&$query", {token => $token});
        die "history gave $answer->{status}: $answer->{body}\n" if $answer->{status} != 200;
        $results = $answer->{json}{results};
        return @$results >= $count;
    }) or diag("History has " . @$results . " records of $query, not $count");
    return @$results;
}

1;
