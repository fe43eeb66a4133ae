#!/usr/bin/perl
# Migrations: applied in order and once, resumed after kill -9, refused when a file was changed; a
# server whose databases are more than one version behind says so.
use lib 't/lib';
use Crm::Test;
use Time::HiRes qw(usleep);

# A copy of the migrations that the test may change.
sub copy_migrations {
    my ($server) = @_;
    Crm::Process::output('cp', '-R', "$Crm::Process::source/sql", "$server->{folder}/sql");
    return "$server->{folder}/sql";
}

# Adds a migration of 40 statements for tenants: 20 tables, then a column to each.
sub add_migration {
    my ($sql, $driver, $number) = @_;
    my $name = sprintf '%s/%s/tenant/%04d_extra.sql', $sql, $driver, $number;
    open my $file, '>', $name or die "$name: $!";
    print $file "CREATE TABLE extra$_ (id INT NOT NULL PRIMARY KEY);\n" for 1 .. 20;
    print $file "ALTER TABLE extra$_ ADD COLUMN more INT;\n" for 1 .. 20;
    close $file or die $!;
    return $name;
}

sub newest { my ($sql, $driver) = @_; return scalar(my @files = glob "$sql/$driver/tenant/*.sql") }

on_each_database(sub {
    my ($server) = @_;
    my ($database, $driver) = ($server->{databases}, $server->{database});
    my $acme = $server->register('Acme');
    my $again = $server->crmctl_ok('migrate');
    is($server->request(GET => '/api/auth/profile/', {token => $acme->{token}})->{status}, 200, 'migrating again changes nothing');

    my $sql = copy_migrations($server);
    my $before = newest($sql, $driver) + 1;
    open my $small, '>', sprintf('%s/%s/tenant/%04d_small.sql', $sql, $driver, $before) or die $!;
    print $small "CREATE TABLE small (id INT NOT NULL PRIMARY KEY);\n";
    close $small or die $!;
    my $extra = add_migration($sql, $driver, $before + 1);
    $server->stop;
    $server->{settings}{CrmMigrations} = $sql;
    $server->write_config;
    $server->start;
    my $answer = $server->call(GET => '/api/auth/profile/', {token => $acme->{token}}, 503, {detail => qr/upgraded/},
        'a server that is two versions ahead of a database does not serve it');
    ok($answer->{headers}{'retry-after'}, 'and says when to come again');
    like($server->log_text, qr/crmctl migrate/, 'the log names the command that mends it');

    my $kills = 0;
    for my $turn (1 .. 30) {
        my $pid = fork // die $!;
        if (!$pid) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>', '/dev/null';
            exec Crm::Process::crmctl(), 'migrate', '--config', $server->conf, '--httpd', Crm::Process::httpd()
                or POSIX::_exit(127);
        }
        usleep(1000 * (10 + 6 * $turn));    # a little later each time
        kill KILL => $pid;
        waitpid $pid, 0;
        $kills++ if $?;
        my ($row) = $database->sql($database->tenant_name('acme'), "SELECT MAX(version) FROM schema_migration WHERE is_done = 1");
        last if $row->[0] > $before;
    }
    diag("$driver: killed $kills times");
    $server->crmctl_ok('migrate');
    for my $table (1, 20) {
        my @rows = $database->sql($database->tenant_name('acme'), "SELECT COUNT(more), COUNT(id) FROM extra$table");
        is_deeply(\@rows, [[0, 0]], "extra$table is whole after kills and resumption");
    }
    $server->call(GET => '/api/auth/profile/', {token => $acme->{token}}, 200, undef, 'served again without a restart');

    open my $file, '>>', $extra or die $!;
    print $file "-- changed\n";
    close $file;
    my ($status, undef, $said) = $server->crmctl('migrate');
    is($status, 1, 'a changed file is refused');
    like($said, qr/_extra\.sql/, 'by its name');

    unlink $extra;
    ($status, undef, $said) = $server->crmctl('migrate');
    is($status, 1, 'a database newer than the files is refused');
});
done_testing;
