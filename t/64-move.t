#!/usr/bin/perl
# A tenant is moved to another database server while it is written to: every write that was acknowledged is
# there afterwards, whenever the move was killed; writes are refused for a moment only, reads never.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use Crm::Tables;
use JSON::PP;
use Time::HiRes qw(time usleep);

sub is_there {
    my ($server, $name) = @_;
    my $databases = $server->{databases};
    return -e $name ? 1 : 0 if !$databases->is_mysql;
    my ($row) = $databases->sql(undef, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '$name'");
    return $row->[0];
}

sub triggers {
    my ($server, $name) = @_;
    return $server->{databases}->sql($name, $server->{databases}->is_mysql
        ? 'SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()'
        : "SELECT name FROM sqlite_master WHERE type = 'trigger'");
}

# Writes until FILE is there: each worker its own customer, again and again, and new ones; tells what was
# acknowledged, refused, and what else came.
sub writer {
    my ($server, $token, $stop, $number, $tell) = @_;
    my $client = Crm::Client->new(port => $server->{port});
    my ($turn, $id, %seen) = (0);
    my @names;
    until (-e $stop) {
        $turn++;
        my $got = eval { $turn % 3 && $id
            ? $client->request(PATCH => "/api/customers/$id/", token => $token, body => {company => "w$number-$turn"})
            : $client->request(POST => '/api/customers/', token => $token,
                body => {name => "w$number-$turn", email => "w$number-$turn\@x.example", phone => '1'}) };
        my $status = $got ? $got->{status} : 0;
        $seen{$status}++;
        if ($status == 201) {
            $id = $got->{json}{id};
            push @names, $id;
            $seen{last} = undef;
        } elsif ($status == 200) {
            $seen{last} = [$id, $got->{json}{company}];
        }
        usleep 3000;
        my $read = eval { $client->request(GET => '/api/customers/?page_size=1', token => $token) };
        $seen{'read ' . ($read ? $read->{status} : 0)}++;
        $seen{retry}++ if $status == 503 && $got->{headers}{'retry-after'};
    }
    open my $file, '>', "$stop.$number" or die $!;    # more than a pipe takes at once
    print $file encode_json({ids => \@names, seen => \%seen});
    close $file or die $!;
    $tell->({file => "$stop.$number"});
    return;
}

sub move { my ($server, @words) = @_; return decode_json($server->crmctl_ok('tenant', 'move', @words, '--json')) }

sub refused {
    my ($server, $pattern, @words) = @_;
    my ($status, undef, $err) = $server->crmctl(@words);
    is($status, 1, "$server->{database}: crmctl @words: refused");
    like($err, $pattern, "$server->{database}: with words");
    return;
}

for my $kind (Crm::Database::kinds()) {
    my $server = Crm::Server->new(database => $kind, config => "StartServers 2\nServerLimit 2\nThreadsPerChild 8");
    $server->{config} .= "\nCrmDatabaseServer berlin \"" . $server->other . '"';
    $server->write_config;
    $server->start;
    my $acme = $server->register('Acme');
    my @token = (token => $acme->{token});
    my ($here, $there) = ($server->{databases}->tenant_name('acme'), $server->other_name('acme'));
    my $digests = sub { Crm::Tables::digests($server->{databases}, $_[0], qw(tenant history history_rollup history_bucket
        history_active token)) };

    refused($server, qr/no CrmDatabaseServer "rome" in the configuration/, 'tenant', 'move', 'acme', '--to', 'rome');
    refused($server, qr/"Acme" is there already/, 'tenant', 'move', 'acme', '--to', 'default');

    # at rest: every table is the same
    $server->call(POST => '/api/categories/', {@token, body => {name => "a\\b'\"\n", description => 'ü😀'}}, 201);
    my $before = $digests->($here);
    my $answer = move($server, 'acme', '--to', 'berlin');
    is($answer->{server}, 'berlin', "$kind: moved");
    is_deeply($digests->($there), $before, "$kind: every table has the same rows");
    ok(!is_there($server, $here), "$kind: the old database is gone");
    $server->call(GET => '/api/categories/', {@token}, 200, {count => 1}, "$kind: the token finds the new one");
    is_deeply([map { $_->[0] } $server->main_sql('SELECT server FROM tenant')], ['berlin'], "$kind: which the main row names");
    is($server->request(GET => '/api/auth/profile/', {@token})->{json}{tenant}{database_name},
        $server->{databases}->is_mysql ? $there : 't_acme', "$kind: and the tenant's name of it");
    move($server, 'acme', '--to', 'default');
    is_deeply($digests->($here), $before, "$kind: and back");
    $server->login($acme->{username}, $acme->{password});

    # under load, there and back
    my $stop = "$server->{folder}/stop";
    my $load = Crm::Load->start(4, sub { writer($server, $acme->{token}, $stop, @_) });
    my (@held, $killed);
    usleep 300_000;
    for my $to (qw(berlin default berlin default)) {
        my $began = time;
        push @held, [move($server, 'acme', '--to', $to)->{held_seconds}, time - $began];
        note(sprintf 'held for %.3f of %.1f s', @{$held[-1]});
        usleep 200_000;
    }
    # and killed at any moment
    for my $turn (1 .. 8) {
        my $to = decode_json($server->crmctl_ok('tenant', 'show', 'acme', '--json'))->{server} eq 'berlin' ? 'default' : 'berlin';
        my $pid = fork // die $!;
        if (!$pid) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>', '/dev/null';
            exec Crm::Process::crmctl(), 'tenant', 'move', 'acme', '--to', $to, '--config', $server->conf,
                '--httpd', Crm::Process::httpd() or POSIX::_exit(127);
        }
        usleep(rand($kind eq 'mysql' ? 3_000_000 : 400_000));
        kill KILL => $pid;
        waitpid $pid, 0;
        $killed++ if $? & 127;
        $server->crmctl_ok('tenant', 'list') if $turn % 2;    # takes back what it left; else the server does
    }
    ok(Crm::Process::wait_until(40, sub { ($server->main_sql('SELECT COUNT(*) FROM tenant WHERE move_state IS NOT NULL'))[0][0] == 0 }),
        "$kind: what killed moves left is mended");
    cmp_ok($killed, '>=', 3, "$kind: killed $killed times");
    usleep 300_000;
    open my $file, '>', $stop or die $!;
    my @told = map { die $_->{died} if $_->{died}; open my $got, '<', $_->{file} or die $!; decode_json(<$got>) } $load->rest;
    is_deeply([grep { $_->[0] > $_->[1] / 2 } @held], [], "$kind: writes were refused for a small part of that only");
    my (%statuses, %reads);
    for my $one (@told) {
        for my $status (keys %{$one->{seen}}) {
            $status =~ /^read (\d+)/ ? ($reads{$1} += $one->{seen}{$status})
                : $status =~ /^\d+$/ ? ($statuses{$status} += $one->{seen}{$status}) : ();
        }
    }
    note(explain [\%statuses, \%reads]);
    is_deeply([grep { !/^(?:200|201|503)$/ } keys %statuses], [], "$kind: writes were done or refused to be tried again");
    is_deeply([grep { $_ != 200 } keys %reads], [], "$kind: reads were answered all the time");
    my $place = decode_json($server->crmctl_ok('tenant', 'show', 'acme', '--json'))->{server} eq 'berlin' ? $there : $here;
    my %id = map { $_->[0] => $_->[1] } $server->{databases}->sql($place, 'SELECT LOWER(HEX(id)), company FROM customer');
    my @acknowledged = map { @{$_->{ids}} } @told;
    cmp_ok(scalar @acknowledged, '>', 50, "$kind: " . @acknowledged . ' records were acknowledged');
    is_deeply([grep { !exists $id{tr/-//dr} } @acknowledged], [], "$kind: and all of them are there");
    is_deeply([grep { $_ && $id{$_->[0] =~ tr/-//dr} ne $_->[1] } map { $_->{seen}{last} } @told], [],
        "$kind: with what was written last");
    my ($count) = map { $_->[0] } $server->{databases}->sql($place, "SELECT SUM(records) FROM record_count WHERE entity = 'customer'");
    is($count, scalar keys %id, "$kind: and counted");
    is(is_there($server, $here) + is_there($server, $there), 1, "$kind: there is one database");
    is_deeply([triggers($server, $place)], [], "$kind: without triggers");
    $server->call(POST => '/api/categories/', {@token, body => {name => 'After'}}, 201);
    $server->stop;
}
done_testing;
