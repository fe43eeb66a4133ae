#!/usr/bin/perl
# crm-metrics, crm-healthz, crm-readyz and the section in mod_status: what they say, by whom it is seen,
# and that counters stay through restarts and killed children. A parser of OpenMetrics text 1.0 reads it.
use lib 't/lib';
use Crm::Test;

my $config = <<'END';
<Location /metrics>
SetHandler crm-metrics
Require ip 127.0.0.1
</Location>
<Location /closed>
SetHandler crm-metrics
Require crm-superuser
</Location>
<Location /healthz>
SetHandler crm-healthz
</Location>
<Location /readyz>
SetHandler crm-readyz
</Location>
<Location /server-status>
SetHandler server-status
</Location>
END

my $number = qr/-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|\+?Inf|NaN)/i;

# OpenMetrics text as {family => {type, unit, help, samples => {'name{labels}' => value}}}; dies of what
# the standard does not allow.
sub parse {
    my ($text) = @_;
    my (%family, $current, %ended, %seen);
    die "does not end with # EOF\n" if $text !~ s/^# EOF\n\z//m;
    for my $line (split /\n/, $text, -1) {
        if ($line =~ /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/) {
            my ($what, $name, $value) = (lc $1, $2, $3);
            if (!$current || $current ne $name) {
                die "$name: its lines are not together\n" if $ended{$name}++;
                $current = $name;
            }
            die "$name: $what after samples or twice\n" if $family{$name}{samples} || exists $family{$name}{$what};
            die "$name: no type $value\n"
                if $what eq 'type' && $value !~ /^(?:counter|gauge|histogram|info|unknown|summary|stateset|gaugehistogram)$/;
            die "$name: does not end with its unit $value\n" if $what eq 'unit' && $name !~ /_\Q$value\E$/;
            die "$name: help has a wrong escape\n" if $what eq 'help' && $value =~ /\\[^\\n"]/;
            $family{$name}{$what} = $value;
            next;
        }
        next if $line eq '' && $text =~ /\n\z/;
        my ($name, $labels, $value) = $line =~ /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ($number)$/
            or die "no sample: $line\n";
        my $type = $family{$current // ''}{type} // die "$line: before any TYPE\n";
        my %suffix = (counter => qr/_total|_created/, gauge => qr//, info => qr/_info/, histogram => qr/_bucket|_count|_sum|_created/);
        $name =~ /^\Q$current\E$suffix{$type}$/ or die "$name is no sample of $current ($type)\n";
        my %label;
        my $rest = $labels // '';
        while ($rest =~ s/^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,(?=[a-zA-Z_])|$)//) {
            die "$line: label $1 twice\n" if exists $label{$1};
            $label{$1} = $2;
        }
        die "$line: labels end before $rest\n" if $rest ne '';
        die "$line: twice\n" if $seen{"$name {" . ($labels // '') . '}'}++;
        die "$line: a counter is not negative\n" if $type =~ /counter|histogram/ && $value < 0;
        die "$line: an info is 1\n" if $type eq 'info' && $value != 1;
        die "$line: a bucket has le\n" if $name =~ /_bucket$/ && !exists $label{le};
        die "$line: le is no canonical number\n" if exists $label{le} && $label{le} !~ /^(?:\d+\.\d+|\+Inf)$/;
        $family{$current}{samples}{$name . ($labels ? "{$labels}" : '')} = $value;
        $family{$current}{labelled}{$name}{join ',', map { "$_=$label{$_}" } grep { $_ ne 'le' } sort keys %label}{$label{le} // ''}
            = $value;
    }
    check_histogram($_, $family{$_}) for grep { $family{$_}{type} eq 'histogram' } keys %family;
    return \%family;
}

# Buckets are cumulative, end with +Inf, and agree with the count.
sub check_histogram {
    my ($name, $family) = @_;
    my ($buckets, $counts, $sums) = map { $family->{labelled}{"${name}_$_"} // {} } qw(bucket count sum);
    for my $labels (keys %$buckets) {
        my @bounds = sort { ($a eq '+Inf') <=> ($b eq '+Inf') || ($a eq '+Inf' ? 0 : $a <=> $b) } keys %{$buckets->{$labels}};
        die "$name $labels: does not end with +Inf\n" if $bounds[-1] ne '+Inf';
        my $before = 0;
        for my $bound (@bounds) {
            die "$name $labels: not cumulative at $bound\n" if $buckets->{$labels}{$bound} < $before;
            $before = $buckets->{$labels}{$bound};
        }
        die "$name $labels: count is not its last bucket\n" if $counts->{$labels}{''} != $before;
        die "$name $labels: no sum\n" if !defined $sums->{$labels}{''};
    }
    return;
}

# A sample's value, by name and labels in their order.
sub sample {
    my ($families, $name) = @_;
    for my $family (values %$families) { return $family->{samples}{$name} if exists $family->{samples}{$name} }
    return;
}

sub sum_of {
    my ($families, $pattern) = @_;
    my $sum = 0;
    for my $family (values %$families) {
        $sum += $family->{samples}{$_} for grep { $_ =~ $pattern } keys %{$family->{samples} // {}};
    }
    return $sum;
}

sub scrape {
    my ($server) = @_;
    my $answer = $server->request(GET => '/metrics');
    my $families = eval { parse($answer->{body}) };
    ok($families, "$server->{database}: the answer is OpenMetrics") or diag($@, $answer->{body});
    return $families // {};
}

# The manual, the rules and the dashboard name the metrics that there are; the manual names them all.
sub check_documents {
    my ($families) = @_;
    my %name = map { my $family = $_; map { ("$family$_" => 1) }
        $families->{$family}{type} eq 'histogram' ? qw(_bucket _count _sum) : (), '',
        $families->{$family}{type} eq 'counter' ? '_total' : $families->{$family}{type} eq 'info' ? '_info' : () } keys %$families;
    for my $path (qw(docs/monitoring.md conf/monitoring/prometheus-rules.yml conf/monitoring/grafana-dashboard.json)) {
        open my $file, '<', "$Crm::Process::source/$path" or die "$path: $!";
        my $text = do { local $/; <$file> };
        my %used = map { $_ => 1 } $text =~ /\b(crm_(?!main\b)[a-z_]+)\b/g;
        cmp_ok(scalar keys %used, '>', 8, "$path names metrics");
        is_deeply([grep { !$name{$_} } sort keys %used], [], 'that there are');
        ok(JSON::PP::decode_json($text), 'and is JSON') if $path =~ /json$/;
        is_deeply([grep { !$used{$_} && !$used{"${_}_total"} && !$used{"${_}_info"} } sort keys %$families], [], 'and all of them')
            if $path =~ /\.md$/;
    }
    return;
}

for my $wrong (
    ["# TYPE a counter\na 1\n# EOF\n", qr/is no sample/], ["# TYPE a gauge\na 1\n", qr/EOF/],
    ["# TYPE a gauge\na{b=\"1\",b=\"2\"} 1\n# EOF\n", qr/twice/], ["# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n", qr/unit/],
    ["# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n", qr/together/], ["a 1\n# EOF\n", qr/before any TYPE/],
    ["# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n# EOF\n", qr/cumulative/],
    ["# TYPE a gauge\na{b=\"x\ny\"} 1\n# EOF\n", qr/no sample/], ["# TYPE a gauge\na 1\na 2\n# EOF\n", qr/twice/],
) {
    ok(!eval { parse($wrong->[0]); 1 }, 'the parser refuses what is wrong');
    like($@, $wrong->[1], 'and says why');
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    $server->register('Beta');
    my $root = $server->superuser;
    $server->call(GET => '/api/leads/', {token => $acme->{token}}, 200) for 1 .. 5;
    $server->call(GET => '/api/leads/00000000-0000-7000-8000-000000000000/', {token => $acme->{token}}, 404);
    $server->call(GET => '/api/nothing/', {token => $acme->{token}}, 404);
    $server->call(GET => '/closed', {}, 401);
    $server->call(GET => '/closed', {token => $acme->{token}}, 403);
    $server->call(GET => '/closed', {token => $root->{token}}, 200, qr/^# EOF$/m);
    $server->call(POST => '/metrics', {}, 405);
    $server->call(HEAD => '/metrics', {}, 200);

    my $families;
    ok(Crm::Process::wait_until(20, sub {
        $families = parse($server->request(GET => '/metrics')->{body});
        return sum_of($families, qr/^crm_tenants\{.*active/) == 2 && sum_of($families, qr/^crm_spool_moved_records_total/) >= 8
            && sum_of($families, qr/^crm_pool_connections/) > 0;
    }), 'what keepers write is there in a while');
    $families = scrape($server);
    is(sample($families, 'crm_requests_total{route="leads",method="GET",code="2xx"}'), 5, 'requests are counted');
    is(sample($families, 'crm_requests_total{route="leads",method="GET",code="4xx"}'), 1, 'by class of status');
    is(sample($families, 'crm_requests_total{route="none",method="GET",code="4xx"}'), 1, 'without a route, too');
    is(sample($families, 'crm_requests_total{route="auth/register",method="POST",code="2xx"}'), 2, 'by group of routes');
    is(sample($families, 'crm_request_duration_seconds_count{route="leads"}'), 6, 'so are durations');
    cmp_ok(sample($families, 'crm_request_duration_seconds_sum{route="leads"}'), '>', 0, 'and their sum');
    cmp_ok(sample($families, 'crm_database_statements_total'), '>=', 10, 'statements');
    cmp_ok(sample($families, 'crm_database_seconds_total'), '>', 0, 'and their time');
    is($families->{crm_request_duration_seconds}{unit}, 'seconds', 'a unit');
    is(sum_of($families, qr/^crm_database_up\{/), 1, 'the main database is up');
    my ($version, $needed) = map { my $state = $_; sum_of($families, qr/^crm_schema_version\{.*$state/) } qw(current needed);
    cmp_ok($version, '>', 0, 'its version');
    is($version, $needed, 'is the one that is needed');
    cmp_ok(sum_of($families, qr/^crm_children/), '>=', 1, 'children');
    is(sum_of($families, qr/^crm_migrations_missing_tenants/), 0, 'no tenant lacks migrations');
    is(sum_of($families, qr/^crm_mail_outbox/), 0, 'no mail waits');
    cmp_ok(sum_of($families, qr/^crm_spool_limit_bytes/), '>', 1 << 20, 'the spool has a bound');
    unlike($server->request(GET => '/metrics')->{body}, qr{\@|://}, 'no account of a database is told');

    my $plain = $server->request(GET => '/metrics', {headers => {Accept => 'text/plain;version=0.0.4'}});
    like($plain->{headers}{'content-type'}, qr{^text/plain; version=0\.0\.4}, "Prometheus' older format");
    like($plain->{body}, qr/^# TYPE crm_requests_total counter$/m, 'in which counters have their full name');
    unlike($plain->{body}, qr/# EOF|# UNIT/, 'and no marks of the newer');
    my $both = $server->request(GET => '/metrics', {headers => {Accept =>
        'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1'}});
    like($both->{headers}{'content-type'}, qr{^application/openmetrics-text; version=1\.0\.0; charset=utf-8$}, 'as Prometheus asks');

    SKIP: {
        skip 'python3-prometheus-client is missing', 1 if system q{/usr/bin/python3 -c 'import prometheus_client' 2>/dev/null};
        my ($status, $out, $err) = Crm::Process::run({input => $server->request(GET => '/metrics')->{body}}, '/usr/bin/python3', '-c',
            'import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as read; '
            . 'print(len(list(read(sys.stdin.read()))))');
        is("$status $out", '0 ' . keys(%$families) . "\n", "Prometheus' own parser reads as many families") or diag($err);
    }
    check_documents($families);

    $server->call(GET => '/healthz', {}, 200, qr/^ok$/);
    my $ready = $server->call(GET => '/readyz', {}, 200, {ready => JSON::PP::true});
    is_deeply([map { $_->{name} } @{$ready->{json}{checks}}], [qw(main-database migrations tenant-databases spool)],
        'readiness looks at these');

    subtest 'mod_status' => sub {
        my $auto = $server->call(GET => '/server-status?auto', {}, 200)->{body};
        my %value = $auto =~ /^(Crm\w+): (.*)$/mg;
        cmp_ok($value{CrmRequests}, '>=', 9, 'requests, for scripts');
        ok(exists $value{"Crm$_"}, "Crm$_") for qw(Site Children PoolOpen PoolBusy PoolWaiting HashesRunning HashesWaiting
            SpoolBytes DatabaseUp SchemaVersion SchemaLag TenantsActive TenantsBehind TenantsFailed MailsQueued JobsQueued JobsRunning JobsFailed);
        is($value{CrmTenantsActive}, 2, 'tenants');
        like($server->request(GET => '/server-status')->{body}, qr{<h2>mod_crm [\d.]+</h2>.*<th>Database</th>.*acme}s,
            'for people, databases too');
    };

    subtest 'tenants that lack migrations' => sub {
        $server->main_sql("UPDATE migration_state SET state = 'failed', error = 'x' WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'acme')");
        $server->main_sql("UPDATE migration_state SET version = version - 1 WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'beta')");
        ok(Crm::Process::wait_until(30, sub {
            my $now = parse($server->request(GET => '/metrics')->{body});
            return sum_of($now, qr/^crm_migrations_missing_tenants/) == 2 && sum_of($now, qr/^crm_migrations_failed_tenants/) == 1;
        }), 'are counted');
    };

    subtest 'jobs' => sub {
        my $times = join ', ', ("'2026-01-01 00:00:00.000000'") x 2;
        $server->main_sql("INSERT INTO job (id, kind, tenant_id, tenant_name, arguments, state, progress, requested_by, request_id, created_at, due_at, takes, "
            . "attempts) SELECT id, 'backup', id, name, '{}', 'failed', 0, 'root', 'x', $times, 1, 1 FROM tenant WHERE slug = 'acme'");
        ok(Crm::Process::wait_until(30, sub {
            sum_of(parse($server->request(GET => '/metrics')->{body}), qr/^crm_jobs\{.*failed/) == 1 }), 'are counted');
    };

    subtest 'killed and restarted' => sub {
        local $server->{may_die} = 1;
        my $before = sample(scrape($server), 'crm_requests_total{route="leads",method="GET",code="2xx"}');
        my ($seats, $children) = (0, scalar $server->children);
        kill KILL => ($server->children)[0];
        ok(Crm::Process::wait_until(20, sub { eval { $server->request(GET => '/healthz')->{status} == 200 } }), 'goes on');
        for (1 .. 3) {
            my $told = () = $server->log_text =~ /resuming normal operations/g;
            $server->restart;
            Crm::Process::wait_until(20, sub { $told < (() = $server->log_text =~ /resuming normal operations/g) });
        }
        $server->client->close;
        $server->call(GET => '/api/leads/', {token => $acme->{token}}, 200);
        my $after = scrape($server);
        is(sample($after, 'crm_requests_total{route="leads",method="GET",code="2xx"}'), $before + 1, 'counters go on');
        ok(Crm::Process::wait_until(20, sub {
            sum_of(parse($server->request(GET => '/metrics')->{body}), qr/^crm_children/) == scalar $server->children
        }), 'children that are gone count no more');
    };

    subtest 'not ready' => sub {
        # a folder that cannot be written, an old schema
        rename "$server->{folder}/spool", "$server->{folder}/spool.away" or die $!;
        my @sites = glob "$server->{folder}/spool.away/*";
        chmod 0500, @sites;
        my $answer = $server->call(GET => '/readyz', {}, 503, {ready => JSON::PP::false});
        my %problem = map { $_->{name} => $_->{problem} } grep { !$_->{ok} } @{$answer->{json}{checks}};
        is_deeply([keys %problem], ['spool'], 'the spool is what fails');
        like($problem{spool}, qr/takes no records.*See that/, 'and what to do is said');
        chmod 0700, @sites;
        rename "$server->{folder}/spool.away", "$server->{folder}/spool" or die $!;
        $server->call(GET => '/readyz', {}, 200);
        $server->main_sql('DELETE FROM schema_migration WHERE version = (SELECT v FROM (SELECT MAX(version) AS v FROM schema_migration) m)');
        $server->call(GET => '/readyz', {}, 503, {checks => [{ok => JSON::PP::true},
            {ok => JSON::PP::false, problem => qr/is at version \d+ and this server needs \d+: run "crmctl migrate"/},
            {ok => JSON::PP::true}, {ok => JSON::PP::true}]});
        $server->call(GET => '/healthz', {}, 200);
    };
}, modules => ['authz_host', 'status'], config => $config,
    settings => {CrmTokenCache => '5s'});
done_testing;
