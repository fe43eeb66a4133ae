#!/usr/bin/perl
# Migrating many tenants: killed at 20 random moments and gone on with, nothing done twice or left out; a
# tenant that fails, canaries, the plan, and the state of each. 300 tenants on SQLite and, where each costs
# more than all else, 60 on MariaDB; CRM_TEST_TENANTS says another number for both.
use lib 't/lib';
use Crm::Test;
use Crm::Many;
use JSON::PP;
use Time::HiRes qw(usleep);

my %tenants = (sqlite3 => 300, mysql => 60);
my $seed = $ENV{CRM_TEST_SEED} // time;
srand $seed;
diag("CRM_TEST_SEED=$seed");

# One more migration for tenants; it would show if any of its statements were left out or done twice.
sub add_migration {
    my ($sql, $driver, $number) = @_;
    open my $file, '>', sprintf('%s/%s/tenant/%04d_many.sql', $sql, $driver, $number) or die $!;
    print $file "CREATE TABLE many$number (n INT NOT NULL);\nINSERT INTO many$number VALUES (1);\n",
        "ALTER TABLE many$number ADD COLUMN more INT NULL;\nUPDATE many$number SET n = n + 1;\n",
        "INSERT INTO many$number VALUES (5, 6);\n";
    close $file or die $!;
    return;
}

sub newest { my ($sql, $driver) = @_; return scalar(my @files = glob "$sql/$driver/tenant/*.sql") }

# Starts crmctl migrate and kills it some time after it told of its first tenant. 1: it was killed.
sub run_and_kill {
    my ($server) = @_;
    my $pid = open(my $out, '-|') // die $!;
    if (!$pid) {
        open STDERR, '>', '/dev/null';
        exec Crm::Process::crmctl(), 'migrate', '--resume', '--config', $server->conf, '--httpd', Crm::Process::httpd()
            or POSIX::_exit(127);
    }
    my $line = <$out> // '';
    $line = <$out> // '' if $line =~ /_main/;
    # at once, in the first tenants, or after states were written
    usleep(int rand((2_000, 40_000, 600_000)[rand 3]));
    kill KILL => $pid;
    1 while <$out>;
    close $out;
    return ($? & 127) == 9;
}

# What a query gives on every tenant's database: {answer => how many tenants}.
sub tally {
    my ($server, $slugs, $query) = @_;
    my ($database, %tally) = $server->{databases};
    if ($database->is_mysql) {
        my $sql = join ' UNION ALL ', map { '(' . $query =~ s/\{\}/'`' . $database->tenant_name($_) . '`.'/ger . ')' } @$slugs;
        $tally{join '|', @$_}++ for $database->sql(undef, $sql);
    } else {
        my $input = join '', map { ".open '" . $database->tenant_name($_) . "'\n" . $query =~ s/\{\}//gr . ";\n" } @$slugs;
        $tally{$_}++ for split /\n/, Crm::Process::output({input => $input}, 'sqlite3', '-list', ':memory:');
    }
    return \%tally;
}

sub status {
    my ($server, @words) = @_;
    return {map { $_->{slug} => $_ } @{decode_json($server->crmctl_ok('migrate', '--status', '--json', @words))}};
}

on_each_database(sub {
    my ($server) = @_;
    my ($database, $driver) = ($server->{databases}, $server->{database});
    my $tenants = $ENV{CRM_TEST_TENANTS} // $tenants{$driver};
    $server->register('Acme');
    my $sql = "$server->{folder}/sql";
    Crm::Process::output('cp', '-R', "$Crm::Process::source/sql", $sql);
    my $before = newest($sql, $driver);
    $server->stop;
    $server->{settings}{CrmMigrations} = $sql;
    $server->write_config;
    is(status($server)->{acme}{state}, 'done', 'a tenant that was registered has nothing to be migrated');
    my @slugs = ('acme', Crm::Many::tenants($server, 'acme', 'many', $tenants - 1));
    is(status($server)->{many0001}{state}, 'unknown', 'of one that came from elsewhere nothing is known');
    is(scalar(() = $server->crmctl_ok('migrate') =~ /: 0 migrations applied$/mg), $tenants + 1, 'it is looked at');
    is(status($server)->{many0001}{version}, $before, 'and then it is');

    $database->sql($database->main_name, "UPDATE tenant SET is_active = 0 WHERE slug = 'many0003'");
    my ($kills, $last) = (0, $before);
    while ($kills < 20) {
        add_migration($sql, $driver, ++$last);
        do { $kills += run_and_kill($server) }
            until $kills >= 20 || !grep { $_->{state} ne 'done' } values %{status($server)};
    }
    diag("$driver: killed $kills times while migrating from $before to $last");
    my %states;
    $states{$_->{state}}++ for values %{status($server)};
    diag(join ' ', map { "$_: $states{$_}" } sort keys %states);
    my ($status, $out) = $server->crmctl('migrate', '--resume');
    is($status, 0, 'then gone on with to its end') or diag($out);
    for my $number ($before + 1 .. $last) {
        is_deeply(tally($server, \@slugs, "SELECT COUNT(*), SUM(n), SUM(more) FROM {}many$number"), {'2|7|6' => $tenants},
            "migration $number was applied once to each tenant, inactive ones too");
    }
    is_deeply(tally($server, \@slugs, 'SELECT COUNT(*), SUM(is_done) FROM {}schema_migration'), {"$last|$last" => $tenants},
        'and is recorded so');
    is_deeply([grep { $_->{state} ne 'done' || $_->{version} != $last || !$_->{finished_at} } values %{status($server)}], [],
        'and the main database says so of each');

    # one fails
    $last++;
    add_migration($sql, $driver, $last);
    $database->sql($database->tenant_name('many0007'), "CREATE TABLE many$last (other INT)");
    my $was = tally($server, \@slugs, 'SELECT MAX(version) FROM {}schema_migration');
    $out = $server->crmctl_ok('migrate', '--plan');
    is(scalar(() = $out =~ /: version \d+, to apply: \S+_many\.sql$/mg), $tenants, 'the plan names each and what it gets');
    is_deeply(tally($server, \@slugs, 'SELECT MAX(version) FROM {}schema_migration'), $was, 'and changes nothing');

    my ($code, undef, $said) = $server->crmctl('migrate', '--canary', 10);
    is($code, 1, 'a canary that fails');
    like($said, qr/other @{[$tenants - 10]} were left as they are/, 'leaves the others alone');
    is(tally($server, \@slugs, 'SELECT MAX(version) FROM {}schema_migration WHERE is_done = 1')->{$last}, 9,
        'those before and after it in the canaries are done');
    ($code, undef, $said) = $server->crmctl('migrate', '--parallel', 3);
    is($code, 1, 'one that fails is an error');
    like($said, qr/many0007.*: .*migration \d+_many\.sql, statement 1/, 'told by name, file and statement');
    like($said, qr/1 database could not be migrated; the others are done.*--resume/, 'with what to do');
    my $states = status($server);
    is(scalar(grep { $_->{state} eq 'done' && $_->{version} == $last } values %$states), $tenants - 1, 'the others are done');
    my $failed = $states->{many0007};
    is("$failed->{state} $failed->{version}", 'failed ' . ($last - 1), 'its state is kept, with the version it is at');
    like($failed->{error}, qr/statement 1/, 'and why');
    like(scalar $server->crmctl_ok('migrate', '--status', '--tenant', 'many0007'), qr/^many0007 .* failed .*statement 1/m,
        'one tenant can be asked for');
    $database->sql($database->tenant_name('many0007'), "DROP TABLE many$last");
    like(scalar $server->crmctl_ok('migrate', '--tenant', 'many0007'), qr/many0007\S*: 1 migration applied$/m,
        'one tenant can be migrated, when that is mended');
    is(status($server)->{many0007}{state}, 'done', 'and is done then');
    is(tally($server, \@slugs, "SELECT COUNT(*), SUM(n), SUM(more) FROM {}many$last")->{'2|7|6'}, $tenants, 'all have it');

    # a database of the day before is put back
    $database->sql($database->tenant_name('many0009'), "DROP TABLE many$last");
    $database->sql($database->tenant_name('many0009'), "DELETE FROM schema_migration WHERE version = $last");
    is(scalar(() = $server->crmctl_ok('migrate') =~ /: 1 migration applied$/mg), 1, 'a database that was restored is found');
    is(tally($server, \@slugs, "SELECT COUNT(*) FROM {}many$last")->{2}, $tenants, 'and migrated');
    like(scalar $server->crmctl_ok('migrate', '--plan'), qr/^Nothing is to be done\.$/m, 'then there is no plan');
    ($code, undef, $said) = $server->crmctl('migrate', '--parallel', 'many');
    is($code, 1, 'no number');
    like($said, qr/--parallel takes a number from 1 to \d+, not "many"/, 'is refused with words');
    $server->start;
});
done_testing;
