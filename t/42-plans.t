#!/usr/bin/perl
# How the databases find the records of lists, of 100,000 each: no list reads a whole table of records, and those
# whose order has an index sort nothing.
#
# What is explained is what the server runs: on MariaDB the plans are those that its slow log has of each statement;
# on SQLite the statements are those of httpd's log (LogLevel crm:trace4).
use lib 't/lib';
use Crm::Fill;
use Crm::Test;
use File::Temp;

my $rows = 100_000;
my $records = qr/\b(?:FROM|JOIN)\s+[`(]*(?:customer|lead|call_summary|branch|category|change_log|record_count)/;

# ---- what there is, as the API's own description has it: {table, path, schema, refers, filters, sort, views}

sub kinds {
    my ($server, $token) = @_;
    my $document = $server->request(GET => '/api/schema/', {token => $token})->{json};
    my @kinds;
    for my $schema (values %{$document->{components}{schemas}}) {
        my $entity = $schema->{'x-crm-entity'} or next;
        my %refers = map { my $to = $schema->{properties}{$_}{'x-crm-reference'}; $to ? ($_ => $to->{entity}) : () } keys %{$schema->{properties}};
        my ($operation) = grep { $_->{'x-crm-list'} && ($_->{'x-crm-entity'} // '') eq $entity->{name} } map { $document->{paths}{$_}{get} // () }
            grep { !m{/history/$} } sort keys %{$document->{paths}};
        push @kinds, {table => $entity->{name}, path => $entity->{path}, schema => $schema, refers => \%refers, views => [map { $_->{name} } @{$entity->{views}}],
            %{$operation->{'x-crm-list'}}};
    }
    return sort { $a->{table} cmp $b->{table} } @kinds;
}

# ---- requests: [path, how many of its sorts are allowed; undef: any]

# The default order, and each that is promised an index; deep in the list only the page itself is sorted.
sub orders {
    my ($path, $kind) = @_;
    return (["$path", 0], ["$path?page=2", 0], ["$path?count=none", 0], ["$path?count=estimate", 0], ["$path?fields=id", 0],
        ["$path?page=4000", 1], ["$path?cursor=", 0], ["$path?created_at__lte=2024-01-01T14:00:00Z&cursor=", undef],
        ["$path?created_at__gte=2024-01-01T14:00:00Z&ordering=created_at&cursor=", undef], map { ["$path?ordering=$_", 0], ["$path?ordering=-$_", 0],
        ["$path?ordering=-$_&cursor=", 0], ["$path?ordering=$_&page=4000", 1] } @{$kind->{sort}});
}

# Each filter with the value that RECORD has; equal values are in the default order.
sub filters {
    my ($path, $kind, $record) = @_;
    # what has an order of its own has no index with the default order
    my %few = map { $_ => 1 } 'id', @{$kind->{sort}};
    my @requests;
    for my $field (sort keys %{$kind->{filters}}) {
        my $value = $record->{$field} // next;
        $value = $value ? 'true' : 'false' if JSON::PP::is_bool($value);
        my $escaped = Crm::Client::escape($value);
        for my $operator (@{$kind->{filters}{$field}}) {
            push @requests, [$operator ? "$path?${field}__$operator=" . ($operator eq 'isnull' ? 1 : $escaped) : "$path?$field=$escaped",
                $operator || $few{$field} ? undef : 0];
        }
        push @requests, ["$path?$field=$escaped&cursor=", undef], ["$path?$field=$escaped&ordering=$kind->{sort}[0]", undef];
    }
    return @requests;
}

sub searches {
    my ($path, $kind) = @_;
    return (["$path?search=chloe", 0], ["$path?search=chloe+mull", 0], ["$path?search=nobody", 0], ["$path?search=chloe&cursor=", 0],
        ["$path?search=chloe&page=100", 1], ["$path?search=chloe&created_at__gte=2024-01-02", undef],
        ["$path?search=chloe&ordering=$kind->{sort}[0]", undef]);
}

# Row 8 of leads has a call.
sub path_of { my ($kind) = @_; return $kind->{path} =~ s/\{uuid\}/Crm::Fill::id(8)/er }

sub requests {
    my ($kind, $record) = @_;
    my $path = path_of($kind);
    my @requests = (orders($path, $kind), filters($path, $kind, $record), searches($path, $kind), ["$path$record->{id}/", undef],
        ["$path$record->{id}/history/", 0]);
    push @requests, map { (["$path$_/", 0], ["$path$_/?page=4000", 1], ["$path$record->{id}/$_/", undef]) } @{$kind->{views}};
    # records of a parent are few: one page
    @requests = map { [$_->[0], $_->[0] =~ /search=/ ? undef : $_->[1]] } grep { $_->[0] !~ /page=/ } @requests if $kind->{path} =~ /\{/;
    return @requests;
}

# ---- what was run: {request, sql, sorts}

sub new_statements {
    my ($server, $at) = @_;
    open my $log, '<', $server->log_file or die $!;
    seek $log, $$at, 0;
    my @statements = grep { defined && /$records/ } map { /\[crm:trace4\].*?tenant_acme(?:\.db)?: \d+ us: (SELECT .*)/ ? $1 : undef } <$log>;
    $$at = tell $log;
    return @statements;
}

# The answer to PATH; what it ran is added to RAN.
sub ask {
    my ($server, $token, $ran, $at, $path, $sorts) = @_;
    my $answer = $server->request(GET => $path, {token => $token});
    push @$ran, map { {request => $path, sql => $_, sorts => $sorts} } new_statements($server, $at);
    ok(0, "$server->{database}: GET $path gave $answer->{status}: $answer->{body}") if $answer->{status} != 200;
    return $answer->{json};
}

# A first page by cursor is followed by the next, and by the one before that. Of one that begins in the middle of
# the list these are without what said so. The rows of a page that were found by their ids are put in order.
sub run {
    my ($server, $token, @requests) = @_;
    my $at = -s $server->log_file;
    my @ran;
    for my $request (@requests) {
        my ($path, $sorts) = @$request;
        my $page = ask($server, $token, \@ran, \$at, $path, $sorts);
        next if $path !~ /cursor=$/;
        for my $link ('next', 'previous') {
            $path = ($page->{$link} // last) =~ s{^http://[^/]*}{}r;
            $sorts = 1 if $path =~ s/created_at__[gl]te=[^&]*&// || defined $sorts;
            $page = ask($server, $token, \@ran, \$at, $path, $sorts);
        }
    }
    return @ran;
}

# ---- plans: of each statement the tables that are read whole, how many sorts there are, on MariaDB how many rows were read

# MariaDB's log: statements with their plans, in the order in which they were run.
sub plans_of_log {
    my ($file) = @_;
    open my $log, '<:raw', $file or die "$file: $!";
    local $/;
    my @plans;
    for my $entry (split /^# User\@Host: /m, scalar <$log>) {
        next if $entry !~ /tenant_acme/;
        my ($sql) = $entry =~ /^(SELECT .*)/ms or next;
        next if $sql !~ $records;
        my @lines = map { [split /\t/] } $entry =~ /^# explain: (\d.*|NULL.*)$/mg;
        push @plans, {
            sql => $sql,
            rows => $entry =~ /Rows_examined: (\d+)/,
            plan => join("\n", map { join ' ', @$_ } @lines),
            whole => [map { $_->[2] } grep { $_->[3] =~ /^(?:ALL|index)$/ && $_->[2] !~ /^<|^n$/ } @lines],
            sorts => scalar(grep { ($_->[-1] // '') =~ /filesort/ } @lines),
        };
    }
    return @plans;
}

sub plans_of_statements {
    my ($server, @statements) = @_;
    my $sql = join '', map { "SELECT '---';\nEXPLAIN QUERY PLAN $_;\n" } @statements;
    my $out = Crm::Process::output({input => $sql}, 'sqlite3', $server->{databases}->tenant_name('acme'));
    my @plans = split /^---$/m, $out;
    shift @plans;
    return map { plan_of_sqlite($_) } @plans;
}

sub plan_of_sqlite {
    my ($plan) = @_;
    return {plan => $plan, whole => [$plan =~ /SCAN (?!p\b|n\b|\(|CONSTANT)(\w+)(?! USING (?:COVERING )?INDEX)/g],
        sorts => scalar(() = $plan =~ /TEMP B-TREE FOR (?:\w+ )*ORDER BY/g)};
}

# The table of search is read whole, in its own order: that is what it is for. The children of a page are put in
# order: there are few.
sub check {
    my ($server, $ran, $plans) = @_;
    is(scalar @$plans, scalar @$ran, "$server->{database}: a plan for each statement that was run") or return;
    for my $i (0 .. $#$ran) {
        my ($one, $plan) = ($ran->[$i], $plans->[$i]);
        my ($start) = $one->{sql} =~ /^([^?]*)/;
        my $same = !$plan->{sql} || substr($plan->{sql}, 0, length $start) eq $start;
        my @whole = grep { $one->{sql} !~ /_search` $_\b/ } @{$plan->{whole}};
        my $sorts = $one->{sql} =~ /ROW_NUMBER/ ? undef : $one->{sorts};
        my $most = !defined $sorts || $one->{sql} =~ /SELECT COUNT|_search/ || !$plan->{rows} ? 1e9 : $one->{request} =~ /page=/ ? 2 * $rows : 3000;
        my $problem = !$same ? 'another statement' : @whole ? "reads all of @whole" : defined $sorts && $plan->{sorts} > $sorts
            ? 'sorts' : ($plan->{rows} // 0) > $most ? "reads $plan->{rows} rows" : '';
        next if !$problem && ++$server->{right};
        ok(0, "$server->{database}: $one->{request}: $problem");
        diag("$one->{sql}\n$plan->{plan}");
    }
    cmp_ok($server->{right}, '>', 300, "$server->{database}: $server->{right} statements found their records by an index");
    return;
}

# ---- both databases

# One connection, so that MariaDB's log has statements in the order in which they were run.
my $config = "StartServers 1\nServerLimit 1\nThreadsPerChild 8\nMaxRequestWorkers 8\nCrmPool max=4 per-database=1\n"
    . "LogLevel crm:trace4";

# What is referred to comes first.
sub fill {
    my ($server, @kinds) = @_;
    my %full;
    while (my $kind = shift @kinds) {
        my %refers = map { $_ => $rows } keys %{$kind->{refers}};
        if (grep { !$full{$_} && $_ ne $kind->{table} } values %{$kind->{refers}}) {
            push @kinds, $kind;
            next;
        }
        Crm::Fill::records($server, 'acme', $kind->{schema}, $rows, %refers);
        $full{$kind->{table}} = 1;
    }
    return;
}

sub all_requests {
    my ($server, $token, @kinds) = @_;
    my @requests;
    for my $kind (@kinds) {
        my $record = $server->request(GET => path_of($kind) . '?page_size=1', {token => $token})->{json}{results}[0];
        push @requests, requests($kind, $record);
    }
    return @requests;
}

sub plans {
    my ($kind, $log) = @_;
    my $server = Crm::Server->new(database => $kind, config => $config)->start;
    my $acme = $server->register('Acme');
    my @kinds = kinds($server, $acme->{token});
    cmp_ok(scalar @kinds, '>', 4, "$kind: " . join ' ', map { $_->{table} } @kinds);
    fill($server, @kinds);
    my @requests = all_requests($server, $acme->{token}, @kinds);
    truncate $log, 0 if $log;
    my @ran = run($server, $acme->{token}, @requests);
    # one that reads all and sorts is seen to do so
    my $bad = "SELECT r.id FROM `lead` r WHERE r.notes = 'notes 7' ORDER BY r.source";
    $server->tenant_sql('acme', $bad) if $log;
    my @plans = $log ? plans_of_log($log) : plans_of_statements($server, map({ $_->{sql} } @ran), $bad);
    my $seen = pop @plans;
    ok(@{$seen->{whole}} && $seen->{sorts}, "$kind: a table that is read whole, and a sort, are seen") or diag($seen->{plan});
    check($server, \@ran, \@plans);
    $server->stop;
    return;
}

my $folder = File::Temp::tempdir('crm-plans-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $folder;

sub plans_of_mariadb {
    local $ENV{CRM_TEST_MYSQL} = Crm::Database::start_server($folder, '--slow-query-log', '--slow-query-log-file=slow.log',
        '--long-query-time=0', '--log-slow-verbosity=query_plan,explain', '--innodb-buffer-pool-size=512M') . '{}';
    my $done = eval { plans('mysql', "$folder/data/slow.log"); 1 };
    my $error = $@;
    Crm::Database::stop_server($folder);
    die $error if !$done;
    return;
}

for my $kind (Crm::Database::kinds()) {
    subtest $kind => $kind eq 'mysql' ? \&plans_of_mariadb : sub { plans($kind) };
}
done_testing;
