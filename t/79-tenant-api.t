#!/usr/bin/perl
# What an operator does to a tenant, by the API: short actions at once, long ones as jobs whose progress can
# be looked at. A job that its process dies with, or that a graceful restart breaks off, is begun again and
# ends well; nothing half made is left, neither databases nor files.
use lib 't/lib';
use Crm::Test;
use Crm::Fill;
use Crm::Tables;
use Digest::SHA 'sha256_hex';
use JSON::PP;
use Time::HiRes 'usleep';

use constant {CUSTOMERS => 6_000, MANY => 100_000};

my @history = qw(history history_rollup history_bucket history_active);
my @own = qw(tenant token idempotency_key);    # what a copy has for itself

sub digests {
    my ($server, $slug, @skip) = @_;
    return Crm::Tables::digests($server->{databases}, $server->{databases}->tenant_name($slug), @own, @skip);
}

# How many databases of tenants there are, half made ones too.
sub databases {
    my ($server) = @_;
    my $databases = $server->{databases};
    return scalar(() = glob "$server->{folder}/data/*_tenant_*.db $server->{folder}/other/*.db") if !$databases->is_mysql;
    my ($row) = $databases->sql(undef, 'SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE '
        . "'$databases->{prefix}\\_tenant\\_%' OR schema_name LIKE '$databases->{prefix}\\_elsewhere\\_%'");
    return $row->[0];
}

sub files { my ($server) = @_; my @files = glob "$server->{folder}/jobs/*/*"; return @files }

# A superuser's call of an action; the answer.
sub act {
    my ($server, $tenant, $action, $body, @expected) = @_;
    return $server->call(POST => "/api/auth/tenants/$tenant/$action/",
        {token => $server->superuser->{token}, $body ? (body => $body) : ()}, @expected);
}

# The same of a long one: the job.
sub ask {
    my ($server, $tenant, $action, $body) = @_;
    my $answer = act($server, $tenant, $action, $body, 202, {state => qr/^(?:queued|running|done)$/, kind => $action,
        tenant_id => $tenant, requested_by => 'root'});
    is($answer->{headers}{location} // '', $server->url . "/api/auth/jobs/$answer->{json}{id}/",
        "$server->{database}: $action: where it can be looked at");
    die "no job: $answer->{body}\n" if $answer->{status} != 202;
    return $answer->{json};
}

sub look {
    my ($server, $job) = @_;
    my $answer = $server->request(GET => "/api/auth/jobs/$job->{id}/", {token => $server->superuser->{token}});
    die "looking at a job gave $answer->{status}: $answer->{body}\n" if $answer->{status} != 200;
    return $answer->{json};
}

# Waits until JOB has ended as STATE; the job then. Progress never goes back.
sub ends {
    my ($server, $job, $state) = @_;
    my $name = "$server->{database}: $job->{kind}: $state";
    my @progress = (0);
    my $ended = Crm::Process::wait_until(90, sub {
        $job = eval { look($server, $job) } // return 0;
        push @progress, $job->{progress};
        return $job->{state} =~ /^(?:done|failed)$/;
    });
    is($ended && $job->{state}, $state, $name) or diag(explain($job), $server->log_text =~ /(.*CRM003.*)/g);
    is_deeply(\@progress, [sort { $a <=> $b } @progress], "$name: progress goes on");
    return $job;
}

sub fetch {
    my ($server, $job) = @_;
    my $answer = $server->call(GET => "/api/auth/jobs/$job->{id}/file/", {token => $server->superuser->{token}}, 200);
    is(length $answer->{body}, $job->{result}{size}, "$server->{database}: the file of $job->{kind} is whole");
    like($answer->{headers}{'content-disposition'}, qr/^attachment; filename="Acme-$job->{kind}-20\d\d-\d\d-\d\d\.zip"$/,
        "$server->{database}: and has a name");
    is($answer->{headers}{'content-type'}, 'application/zip', "$server->{database}: and a type");
    is($answer->{headers}{'cache-control'}, 'no-store', "$server->{database}: and is kept by nobody");
    my $path = "$server->{folder}/fetched.zip";
    open my $file, '>:raw', $path or die $!;
    print $file $answer->{body};
    close $file or die $!;
    return $path;
}

# A tenant with something in it.
sub furnish {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my @token = (token => $acme->{token});
    my $schemas = $server->request(GET => '/api/schema/', {@token})->{json}{components}{schemas};
    Crm::Fill::records($server, $acme->{slug}, $schemas->{Customer}, CUSTOMERS);
    $server->call(POST => '/api/categories/', {@token, body => {name => 'Alle 😀', description => "a\nb"}}, 201);
    $server->wait_history($acme->{token}, 'method=POST', 1);
    return $acme;
}

sub short_actions {
    my ($server, $acme) = @_;
    my @id = ($acme->{tenant});
    my $profile = sub { $server->call(GET => '/api/auth/profile/', {token => $acme->{token}}, @_) };
    act($server, @id, 'suspend', undef, 200, {id => @id, state => 'suspended', slug => 'acme', server => 'default',
        deleted_at => undef, purged_at => undef});
    $profile->(401);
    act($server, @id, 'undelete', undef, 409, {detail => 'Tenant "Acme" is not deleted.'});
    act($server, @id, 'resume', undef, 200, {state => 'active'});
    $profile->(200);
    act($server, @id, 'rename', {}, 400, {name => [qr/required/]});
    act($server, @id, 'rename', {name => 'Zeta'}, 200, {name => 'Zeta', slug => 'acme'});
    $profile->(200, {tenant => {name => 'Zeta'}});
    $server->call(POST => '/api/auth/login/', {headers => {'X-Tenant' => 'Acme'}, body => {username => $acme->{username},
        password => $acme->{password}}}, 200, undef, "$server->{database}: the old name leads to it");
    act($server, @id, 'rename', {name => 'Acme'}, 200, {name => 'Acme'});
    act($server, @id, 'delete', undef, 200, {state => 'deleted', deleted_at => qr/^20/, purged_at => qr/^20/});
    $profile->(401);
    act($server, @id, 'resume', undef, 409, {detail => 'The tenant is deleted: undelete it first.'});
    $server->call(GET => "/api/auth/tenants/@id/state/", {token => $server->superuser->{token}}, 200, {state => 'deleted'});
    act($server, @id, 'undelete', undef, 200, {state => 'active', deleted_at => undef});
    $profile->(200);
    $server->call(POST => "/api/auth/tenants/@id/suspend/", {token => $server->superuser->{token},
        headers => {'If-Match' => '"1-x"'}}, 412);
    ok(Crm::Process::wait_until(15, sub { grep { $_->{endpoint} =~ m{/undelete/$} && $_->{response_status} == 200 }
        $server->wait_history($server->superuser->{token}, 'method=POST', 1) }), "$server->{database}: History has it");
    return;
}

# Who may not, and what is told at once.
sub refusals {
    my ($server, $acme) = @_;
    my @id = ($acme->{tenant});
    for my $action (qw(suspend resume rename delete undelete backup export clone restore move purge)) {
        $server->call(POST => "/api/auth/tenants/@id/$action/", {}, 401);
        $server->call(POST => "/api/auth/tenants/@id/$action/", {token => $acme->{token}}, 403);
        act($server, '00000000-0000-7000-8000-000000000000', $action, {name => 'X', server => 'default', 
            job => '00000000-0000-7000-8000-000000000000'}, 404);
    }
    for my $path ('', '00000000-0000-7000-8000-000000000000/', '00000000-0000-7000-8000-000000000000/file/') {
        $server->call(GET => "/api/auth/jobs/$path", {}, 401);
        $server->call(GET => "/api/auth/jobs/$path", {token => $acme->{token}}, 403);
        $server->call(GET => "/api/auth/jobs/$path", {token => $server->superuser->{token}}, 404) if $path;
    }
    act($server, @id, 'clone', {name => 'ACME'}, 400, {name => ['A tenant with that name already exists.']});
    act($server, @id, 'clone', {name => 'Zeta'}, 400, {name => [qr/had that name not long ago/]});
    act($server, @id, 'clone', {name => ''}, 400, {name => [qr/blank/]});
    act($server, @id, 'clone', {name => 'X', with_people => 'perhaps'}, 400, {with_people => [qr/./]});
    act($server, @id, 'move', {server => 'rome'}, 400, {server => [qr/no CrmDatabaseServer "rome"/]});
    act($server, @id, 'move', {server => 'default'}, 409, {detail => 'Tenant "Acme" is there already.'});
    act($server, @id, 'purge', {name => 'acme'}, 400, {name => [qr/not the tenant's name/]});
    act($server, @id, 'purge', {name => 'Acme'}, 409, {detail => qr/is not deleted/});
    is_deeply([$server->main_sql('SELECT COUNT(*) FROM job')], [[0]], "$server->{database}: nothing of it became a job");
    return;
}

sub long_actions {
    my ($server, $acme) = @_;
    my $kind = $server->{database};
    my @id = ($acme->{tenant});
    my @root = (token => $server->superuser->{token});
    my $before = digests($server, 'acme', @history);

    my $export = ends($server, ask($server, @id, 'export'), 'done');
    my $path = fetch($server, $export);
    is((Crm::Process::run('unzip', '-tq', $path))[0], 0, "$kind: other programs read the export");
    my $backup = ends($server, ask($server, @id, 'backup'), 'done');
    cmp_ok($backup->{result}{rows}, '>', CUSTOMERS, "$kind: the backup has all rows");
    $path = fetch($server, $backup);
    is_deeply([map { sprintf '%04o', 07777 & (stat $_)[2] } files($server)], [('0600') x 2], "$kind: files are the server's own");

    # beside the living one, by the API and from the file that was fetched
    act($server, @id, 'restore', {job => $backup->{id}}, 409, {detail => qr/"Acme" is there/});
    act($server, @id, 'restore', {job => $export->{id}, name => 'X'}, 400, {job => [qr/no such backup/]});
    my $made = ends($server, ask($server, @id, 'restore', {job => $backup->{id}, name => 'Acme before'}), 'done')->{result};
    is($made->{slug}, 'acme_before', "$kind: restored beside it");
    is_deeply(digests($server, 'acme_before', @history), $before,
        "$kind: every table has the same rows");
    $server->crmctl_ok('tenant', 'restore', $path, '--as', 'By hand');
    is_deeply(digests($server, 'by_hand'), digests($server, 'acme_before'), "$kind: crmctl restores the same file");

    # clones
    $made = ends($server, ask($server, @id, 'clone', {name => 'Training'}), 'done')->{result};
    delete $before->{account};
    is_deeply(digests($server, 'training', @history, 'account'), $before,
        "$kind: a clone has the same rows");
    is_deeply([$server->tenant_sql('training', 'SELECT DISTINCT password FROM account')], [['!']], "$kind: but no passwords");
    ends($server, ask($server, @id, 'clone', {name => 'Bare', with_people => JSON::PP::false}), 'done');
    is_deeply([map { $server->tenant_sql('bare', "SELECT COUNT(*) FROM $_") } qw(account history)], [([0]) x 2],
        "$kind: or no people and no History");

    # there and back
    my $moved = ends($server, ask($server, @id, 'move', {server => 'berlin'}), 'done');
    ok($moved->{result}{held_seconds} > 0, "$kind: it says how long writes were refused");
    $server->call(GET => "/api/auth/tenants/@id/state/", {@root}, 200, {server => 'berlin'});
    $server->call(GET => '/api/categories/', {token => $acme->{token}}, 200, {count => 1});
    ends($server, ask($server, @id, 'move', {server => 'default'}), 'done');
    is_deeply(digests($server, 'acme', @history, 'account'), $before,
        "$kind: moved there and back");

    # what cannot be told at once
    my @names = map { ask($server, @id, 'clone', {name => 'Twice'}) } 1, 2;
    ends($server, $names[0], 'done');
    my $failed = ends($server, $names[1], 'failed');
    is("$failed->{error_status} $failed->{error}", '400 name: A tenant with that name already exists.', "$kind: with words");
    $server->call(GET => "/api/auth/jobs/$failed->{id}/file/", {@root}, 404, {detail => 'The job has no file.'});

    # purged, and back
    act($server, @id, 'delete', undef, 200);
    ends($server, ask($server, @id, 'purge', {name => 'Acme'}), 'done');
    $server->call(GET => "/api/auth/tenants/@id/", {@root}, 404);
    ends($server, ask($server, @id, 'restore', {job => $backup->{id}}), 'done');
    is_deeply(digests($server, 'acme', @history, 'account'), $before,
        "$kind: the tenant is back");
    $server->call(GET => '/api/auth/profile/', {token => $acme->{token}}, 200, {tenant => {id => @id}});

    # lists, and removal
    $server->call(GET => "/api/auth/jobs/?kind=clone&tenant_id=@id&state=failed", {@root}, 200, {count => 1});
    $server->call(GET => '/api/auth/jobs/?page_size=2', {@root}, 200, {count => 11, results => [{kind => 'restore'}, {kind => 'purge'}]});
    $server->call(DELETE => "/api/auth/jobs/$export->{id}/", {@root}, 200);
    $server->call(GET => "/api/auth/jobs/$export->{id}/", {@root}, 404);
    is(scalar(my @left = files($server)), 1, "$kind: its file is gone");
    return $backup;
}

# Every child that is there dies; httpd makes others.
sub kill_children { my ($server) = @_; kill KILL => $server->children; return }

sub state {
    my ($server, $job) = @_;
    my $id = $job->{id} =~ tr/-//dr;
    my ($row) = $server->main_sql("SELECT takes, attempts, state FROM job WHERE LOWER(HEX(id)) = '$id'");
    return @$row;
}

# Waits until JOB is begun once more than TAKES says, or done; one that writes a file, until that is there:
# SEEN are those that were.
sub begun {
    my ($server, $job, $takes, $seen) = @_;
    if ($job->{kind} =~ /^(?:backup|export)$/) {
        my $found = 0;
        for (1 .. 30_000) {
            $found ||= grep { !$seen->{$_}++ } files($server);
            last if $found;
            usleep 1_000;
        }
    }
    Crm::Process::wait_until(30, sub {
        my ($now, undef, $state) = state($server, $job);
        return $state eq 'done' || ($state eq 'running' && $now > $$takes) ? ($$takes = $now) : 0;
    });
    return;
}

# Asks for an action and has BREAKS break it off, each while it runs, and begun anew: how often it was begun.
# It ends well all the same.
sub broken_off {
    my ($server, $tenant, $action, $body, @breaks) = @_;
    my ($takes, %seen) = (0, map { $_ => 1 } files($server));
    my $job = ask($server, $tenant, $action, $body);
    for my $break (@breaks) {
        begun($server, $job, \$takes, \%seen);
        usleep rand 100_000 if $action !~ /^(?:backup|export)$/;
        $break->($server);
    }
    $job = ends($server, $job, 'done');
    ($takes, my $attempts) = state($server, $job);
    note("$server->{database}: $action was begun $takes times, $attempts of them count");
    return ($job, $takes, $attempts);
}

sub crashes {
    my ($server, $acme, $backup) = @_;
    my $kind = $server->{database};
    my @id = ($acme->{tenant});
    my $restart = sub { $_[0]->restart };
    my @turns = (\&kill_children, $restart, \&kill_children);
    my ($databases, %takes) = (databases($server));
    my $whole = digests($server, 'acme', @history, 'account');
    for my $case ([backup => undef, undef, @turns], [export => undef, undef, @turns],
        [clone => {name => 'Killed clone'}, 'killed_clone', @turns],
        [restore => {job => $backup->{id}, name => 'Killed restore'}, 'killed_restore', @turns],
        [move => {server => 'berlin'}, undef, @turns]) {
        my ($action, $body, $made, @breaks) = @$case;
        my $files = () = files($server);
        (my $job, $takes{$action}) = broken_off($server, @id, $action, $body, @breaks);
        $files++ if $action =~ /^(?:backup|export)$/;
        is_deeply([scalar(() = files($server)), [grep { !/-[0-9a-f]{32}\.zip$/ } files($server)]], [$files, []],
            "$kind: $action: no file is left but its own");
        if ($made) {
            $databases++;
            is_deeply(digests($server, $made, @history, 'account'), $whole, "$kind: $action: every table has the same rows");
        }
        fetch($server, $job) if $job->{result}{size};
        ok(Crm::Process::wait_until(20, sub { databases($server) == $databases }), "$kind: $action: no database is left over")
            or diag(databases($server) . " and not $databases");
        is_deeply([$server->main_sql("SELECT COUNT(*) FROM tenant WHERE state <> 'ready' OR move_state IS NOT NULL")], [[0]],
            "$kind: $action: nor a tenant half made");
    }
    ends($server, ask($server, @id, 'move', {server => 'default'}), 'done');
    is_deeply(digests($server, 'acme', @history, 'account'), $whole, "$kind: moved there and back by jobs that were killed");
    is_deeply([grep { $takes{$_} < 2 } sort keys %takes], [], "$kind: each was broken off while it ran");
    return;
}

# Graceful restarts give it back, and count for nothing.
sub restarts {
    my ($server) = @_;
    my $large = $server->register('Large');
    my $schemas = $server->request(GET => '/api/schema/', {token => $large->{token}})->{json}{components}{schemas};
    Crm::Fill::records($server, $large->{slug}, $schemas->{Customer}, MANY);
    my $restart = sub { $_[0]->client->close; $_[0]->restart };
    my ($job, $takes, $attempts) = broken_off($server, $large->{tenant}, 'export', undef, ($restart) x 3);
    ok($takes > 1 && $attempts == 1, "$server->{database}: begun $takes times, and $attempts counts");
    cmp_ok($job->{result}{rows}, '>', MANY, "$server->{database}: and all is there");
    return;
}

# What dying processes leave in the main database, made by hand: each moment that is hard to hit.
sub leftovers {
    my ($server, $acme, $backup) = @_;
    my $kind = $server->{database};
    my @root = (token => $server->superuser->{token});
    my %job = map { $_->{arguments}{name} // $_->{kind} => $_ }
        @{$server->request(GET => '/api/auth/jobs/?page_size=100&ordering=created_at', {@root})->{json}{results}};
    my $where = sub { "LOWER(HEX(id)) = '" . ($_[0]{id} =~ tr/-//dr) . "'" };
    my $dead = "state = 'running', finished_at = NULL, result = NULL";
    my $by_hand = $server->request(GET => '/api/auth/tenants/?name=By+hand', {@root})->{json}{results}[0]{id};
    act($server, $by_hand, 'delete', undef, 200);
    my ($databases, $files) = (databases($server), scalar(() = files($server)));

    $server->stop;
    # dead after its tenant was made, before it said so
    $server->main_sql("UPDATE job SET $dead, slot = 1 WHERE " . $where->($job{Training}));
    # dead in the middle of a purge
    $server->main_sql("UPDATE job SET $dead, slot = 2, tenant_id = (SELECT id FROM tenant WHERE slug = 'by_hand') WHERE "
        . $where->($job{purge}));
    $server->main_sql("UPDATE tenant SET state = 'creating' WHERE slug = 'by_hand'");
    $server->start;
    is(ends($server, $job{Training}, 'done')->{result}{slug}, 'training', "$kind: a tenant that was made is not made twice");
    ends($server, $job{purge}, 'done');
    is(databases($server), $databases - 1, "$kind: a purge is ended");

    # dead once too often
    $server->stop;
    $server->main_sql("UPDATE job SET $dead, slot = 1, attempts = 5 WHERE " . $where->($job{Training}));
    $server->start;
    like(ends($server, $job{Training}, 'failed')->{error}, qr/^The process that did it ended 5 times/, "$kind: not for ever");

    # over: but for a backup that a job is still to restore
    $server->stop;
    my $over = "finished_at = '2020-01-01 00:00:00.000000'";
    $server->main_sql("UPDATE job SET $over WHERE state = 'done' OR state = 'failed'");
    $server->main_sql("UPDATE job SET state = 'queued', finished_at = NULL, due_at = '2100-01-01 00:00:00.000000' WHERE "
        . $where->($job{'Acme before'}));
    $server->start;
    my $left = sub { [sort map { $_->{id} } @{$server->request(GET => '/api/auth/jobs/?page_size=100', {@root})->{json}{results}}] };
    my @kept = sort $backup->{id}, $job{'Acme before'}{id};
    ok(Crm::Process::wait_until(20, sub { "@{$left->()}" eq "@kept" }), "$kind: jobs go when their time is over")
        or diag(explain($left->()));
    is_deeply([map { m{/([0-9a-f-]{36})-[^/]+$} } files($server)], [$backup->{id}], "$kind: with their files");
    $server->call(DELETE => "/api/auth/jobs/$job{'Acme before'}{id}/", {@root}, 200, undef, "$kind: one that waits is taken back");
    $server->stop;
    $server->start;
    ok(Crm::Process::wait_until(20, sub { !@{$left->()} && !files($server) }), "$kind: then the backup goes, too");
    return;
}

# A folder that cannot be written to any more.
sub broken_folder {
    my ($server, $acme) = @_;
    my ($folder) = glob "$server->{folder}/jobs/*";
    rename $folder, "$folder.away" or die $!;
    my $failed = ends($server, ask($server, $acme->{tenant}, 'backup'), 'failed');
    is($failed->{error_status}, 500, "$server->{database}: a file that cannot be written is said");
    rename "$folder.away", $folder or die $!;
    $server->call(GET => "/api/auth/jobs/$failed->{id}/file/", {token => $server->superuser->{token}}, 404);
    ends($server, ask($server, $acme->{tenant}, 'backup'), 'done');
    is_deeply([grep { !/-[0-9a-f]{32}\.zip$/ } files($server)], [], "$server->{database}: and nothing half written is left");
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = furnish($server);
    act($server, $acme->{tenant}, $_, undef, 409, {detail => qr/set CrmJobFiles DIR/}) for qw(backup export);
    act($server, $acme->{tenant}, 'clone', {name => 'X'}, 409, {detail => 'CrmPool max=5 is too few for jobs: it must be 6 at least.'})
        if $server->{database} eq 'mysql';
    $server->{config} =~ s/^CrmPool .*/CrmPool max=6 wait=20s/m;
    $server->{config} .= "\nCrmDatabaseServer berlin \"" . $server->other . "\"\nCrmJobFiles \"$server->{folder}/jobs\"";
    $server->stop;
    $server->write_config;
    $server->start;
    short_actions($server, $acme);
    refusals($server, $acme);
    my $backup = long_actions($server, $acme);
    crashes($server, $acme, $backup);
    leftovers($server, $acme, $backup);
    restarts($server);
    broken_folder($server, $acme);
}, config => "CrmPool max=5\nStartServers 2\nServerLimit 4\nThreadsPerChild 8\nMaxRequestWorkers 16", may_die => 1);
done_testing;
