#!/usr/bin/perl
# Children of httpd are killed in the middle of imports, ten times a database: no half record, no
# record without its change log, the counts exact; what is left is imported from where SQL says that
# it ended, and each row is there once.
use lib 't/lib';
use Crm::Test;
use Crm::Sheet;

my ($rounds, $rows, $chunk) = (10, 6000, 500);

# One number of SQL on the tenant's database.
sub number { my ($server, $sql) = @_; my ($row) = $server->tenant_sql('acme', $sql); return $row->[0] }

# Whatever must hold between the tables, whenever somebody looks.
sub check {
    my ($server, $what) = @_;
    my %missing = (
        'change log' => "change_log l WHERE l.record_id = r.id AND l.action = 'created'",
        'search' => '{table}_search s WHERE s.id = r.id AND s.created_at = r.created_at',
    );
    for my $table ('customer', 'lead') {
        for my $part (sort keys %missing) {
            (my $of = $missing{$part}) =~ s/\{table\}/$table/;
            is(number($server, "SELECT COUNT(*) FROM `$table` r WHERE NOT EXISTS (SELECT 1 FROM $of)"), 0,
                "$what: no $table without its $part");
        }
        is(number($server, "SELECT COALESCE(SUM(records), 0) FROM record_count WHERE entity = '$table'"),
            number($server, "SELECT COUNT(*) FROM `$table`"), "$what: the count of each $table is exact");
    }
    is(number($server, 'SELECT COUNT(*) FROM change_log'), number($server,
        'SELECT (SELECT COUNT(*) FROM customer) + (SELECT COUNT(*) FROM `lead`)'), "$what: nothing was logged that is not there");
    return;
}

# Imports FILE and kills all children once at least WAIT of the rows that COUNT counts are there.
sub import_and_kill {
    my ($server, $as, $path, $file, $count, $wait) = @_;
    my $client = Crm::Client->new(port => $server->{port}, timeout => 120, buffer => '');
    $client->send_bytes($client->message(POST => $path, %$as, file => $file));
    Crm::Process::wait_until(60, sub { number($server, $count) >= $wait });
    kill KILL => $server->children;
    my $answer = eval { $client->read_answer('POST') };
    $client->close;
    # what a killed child had sent is done or undone by now
    my $name = $server->{databases}->tenant_name('acme');
    Crm::Process::wait_until(60, sub { !$server->{databases}->is_mysql || !number($server,
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '$name' AND id <> CONNECTION_ID()") });
    return $answer;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    my $cut = 0;
    for my $round (1 .. $rounds) {
        my $plural = $round % 3 ? 'customers' : 'leads';
        my $table = $round % 3 ? 'customer' : 'lead';
        my $count = "SELECT COUNT(*) FROM `$table` WHERE name LIKE 'Round $round row %'";
        my $file = Crm::Sheet::csv(['name', 'email', 'phone'], map { ["Round $round row $_", "r$round-$_\@example.com", $_] } 1 .. $rows);
        my $answer = import_and_kill($server, \%as, "/api/$plural/import/", $file, $count, $chunk * int rand 6);
        my $done = number($server, $count);
        $cut++ if $done < $rows;
        my $what = "$server->{database}, round $round, $plural, $done rows";
        is($done % $chunk, 0, "$what: whole chunks");
        ok(!$answer || $done == $rows, "$what: nobody is told that all is done before it is");
        check($server, $what);
        my $client = $server->client;
        $client->{timeout} = 120;
        $client->close;
        $server->call(POST => "/api/$plural/import/?resume_from=" . ($done + 1), {%as, file => $file}, 200,
            {processed => $rows - $done, created => $rows - $done, position => $rows + 1}, "$what: the rest is imported");
        is(number($server, $count), $rows, "$what: each row is there once");
        check($server, "$what, resumed");
    }
    cmp_ok($cut, '>', 0, "$server->{database}: imports were cut off in the middle ($cut of $rounds)");
}, may_die => 1);
done_testing;
