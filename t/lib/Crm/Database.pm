# Crm::Database - where a test's databases are: SQLite files, or a MariaDB that it may fill.
#
# $CRM_TEST_MYSQL ("mysql://user:password@host:port/{}") names a server; without it, a private one is
# started, once a process, and ended with it.
package Crm::Database;
use strict;
use warnings;
use File::Temp;
use POSIX ();
use Crm::Process;

my ($private, $owner);    # the folder of the server that this process started

# The kinds to test on: $CRM_TEST_DATABASES, or both.
sub kinds { return split /[\s,]+/, $ENV{CRM_TEST_DATABASES} // 'sqlite3,mysql' }

# Arguments: kind; folder (SQLite's files).
sub new {
    my ($class, %self) = @_;
    my $self = bless {%self, pid => $$}, $class;
    $self->{prefix} = 'crm_t' . join '', map { ('a' .. 'z')[rand 26] } 1 .. 10;
    return $self;
}

sub is_mysql { return $_[0]{kind} eq 'mysql' }

sub main_url { return $_[0]->url('main') }
sub tenant_url { return $_[0]->url('tenant_{slug}') }

# The name of a tenant's database, as the server knows it.
sub tenant_name {
    my ($self, $slug) = @_;
    return $self->is_mysql ? "$self->{prefix}_tenant_$slug" : "$self->{folder}/$self->{prefix}_tenant_$slug.db";
}

sub main_name {
    my ($self) = @_;
    return $self->is_mysql ? "$self->{prefix}_main" : "$self->{folder}/$self->{prefix}_main.db";
}

sub url {
    my ($self, $name) = @_;
    return "sqlite://$self->{folder}/$self->{prefix}_$name.db" if !$self->is_mysql;
    my $url = server_url();
    $url =~ s/\{\}/$self->{prefix}_$name/;
    return $url;
}

sub server_url {
    if (!$ENV{CRM_TEST_MYSQL}) {
        ($private, $owner) = (File::Temp::tempdir('crm-mariadb-XXXXXX', TMPDIR => 1), $$);
        chmod 0755, $private;
        $ENV{CRM_TEST_MYSQL} = start_server($private) . '{}';
    }
    return $ENV{CRM_TEST_MYSQL};
}

# Starts a MariaDB with its data below FOLDER; its URL, ending with "/".
sub start_server {
    my ($folder, @options) = @_;
    my $url = Crm::Process::output($Crm::Process::source . '/scripts/mariadb', 'start', $folder, '--all-rights',
        '--', '--innodb-flush-log-at-trx-commit=0', @options);
    chomp $url;
    return $url;
}

sub stop_server {
    my ($folder) = @_;
    Crm::Process::output($Crm::Process::source . '/scripts/mariadb', 'stop', $folder);
    return;
}

# Runs SQL on database NAME (undef: none); the rows, as array references of texts.
sub sql {
    my ($self, $name, $sql) = @_;
    my @command = $self->is_mysql ? (mysql_client(server_url()), '-BN', '-e', $sql, $name // ())
                                  : ('sqlite3', '-tabs', '-cmd', '.timeout 5000', $name, $sql);
    return map { [split /\t/, $_, -1] } split /\n/, Crm::Process::output(@command);
}

# A tenant's database is gone.
sub lose_tenant {
    my ($self, $slug) = @_;
    my $name = $self->tenant_name($slug);
    return $self->sql(undef, "DROP DATABASE `$name`") if $self->is_mysql;
    unlink glob "$name*";
    return;
}

# A time (seconds since 1970) as the databases have it.
sub time_text { return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime shift) . '.000000' }

# The client's command line for a server's URL.
sub mysql_client {
    my ($url) = @_;
    my ($user, $password, $host, $port) = $url =~ m{^mysql://([^:\@/]*)(?::([^\@/]*))?\@([^:/]+):(\d+)/}
        or die "CRM_TEST_MYSQL is mysql://user:password\@host:port/{}, not $url\n";
    return ('mariadb', '--no-defaults', '--default-character-set=utf8mb4', "--user=$user",
        "--password=" . ($password // ''), "--host=$host", "--port=$port", '--protocol=tcp');
}

# Removes what was made on a server.
sub drop {
    my ($self) = @_;
    return if !$self->is_mysql || $self->{pid} != $$;
    my @names = map { $_->[0] } $self->sql(undef, "SELECT schema_name FROM information_schema.schemata "
            . "WHERE schema_name LIKE '$self->{prefix}\\_%'");
    # and the databases' own users, where there are any, and the server shows them
    my @users = map { $_->[0] } eval { $self->sql(undef, "SELECT DISTINCT user FROM mysql.db "
            . "WHERE db LIKE '$self->{prefix}%' AND user REGEXP '^crm_[0-9a-f]{24}\$'") };
    my @statements = ((map { "DROP DATABASE `$_`" } @names), map { "DROP USER IF EXISTS '$_'\@'%'" } @users);
    $self->sql(undef, join ';', @statements) if @statements;
    return;
}

END {
    if ($private && $owner == $$) {
        my $status = $?;
        stop_server($private);
        Crm::Process::remove_folder($private);
        $? = $status;
    }
}

1;
