#!/usr/bin/perl
# ./quickstart as a stranger uses it: start, look, stop, start again; two sites at once.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my @started;

# Runs quickstart on the site in FOLDER: (status, output, errors).
sub quickstart {
    my ($folder, @words) = @_;
    return Crm::Process::run("$Crm::Process::source/quickstart", @words, '--dir', $folder);
}

sub site {
    my ($folder) = @_;
    open my $file, '<', "$folder/site.json" or return {};
    local $/;
    return decode_json(<$file>);
}

sub start {
    my ($folder, @words) = @_;
    push @started, $folder;
    my ($status, $out, $err) = quickstart($folder, '--no-install', '--background', @words);
    is($status, 0, "quickstart @words") or diag($err);
    return ($out, site($folder));
}

sub call {
    my ($site, @row) = @_;
    my ($port) = $site->{url} =~ /:(\d+)$/;
    return Crm::Server->running(port => $port, database => $site->{database})->call(@row);
}

# A process that ended but that nobody waited for has no command line.
sub is_alive {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/cmdline" or return 0;
    return defined readline $file;
}

my %row = ('sqlite3' => [], mysql => ['--database', 'mysql']);
my %site;
for my $kind (Crm::Database::kinds()) {
    my $folder = File::Temp::tempdir("crm-site-$kind-XXXXXX", TMPDIR => 1);
    chmod 0755, $folder;
    my $more = "$folder.conf";
    open my $file, '>', $more or die $!;
    print $file "CrmBodyLimit 10k\n";
    close $file;

    (my $out, my $site) = start($folder, @{$row{$kind}}, '--port', 0, '--config', $more);
    $site{$folder} = $site;
    is_deeply([sort grep { defined $site->{$_} && length $site->{$_} } keys %$site], [sort qw(url superuser
        superuser_password tenant tenant_admin tenant_admin_password tenant_token database database_url httpd_pid log)],
        "$kind: site.json has what it should");
    is((stat "$folder/site.json")[2] & 0777, 0600, "$kind: for its owner alone");
    is($site->{database}, $kind, "$kind: the database asked for");
    my ($line) = $out =~ /^  (curl .*)$/m;
    like(scalar qx($line -s), qr/"count": ?50\b/, "$kind: the curl line that is printed works");

    call($site, GET => $_, {}, 200, qr/<script src=/) for qw(/swagger/ /redoc/ /api/docs/);
    call($site, GET => $_, {}, 200) for '/swagger/swagger-ui-bundle.js', '/redoc/redoc.standalone.js';

    my $token = $site->{tenant_token};
    call($site, GET => '/api/auth/profile/', {token => $token}, 200, {username => $site->{tenant_admin}});
    call($site, POST => '/api/auth/login/', {body => {username => $site->{superuser},
        password => $site->{superuser_password}}}, 200, {user => {is_superuser => JSON::PP::true}});
    call($site, GET => '/api/auth/profile/', {token => $token, host => "$site->{tenant}.localhost"}, 200);
    call($site, GET => '/api/auth/profile/', {token => $token, host => 'nobody.localhost'}, 404);
    call($site, POST => '/api/auth/login/', {body => {username => 'x' x 20000, password => 'x'}}, 413);

    (undef, my $again) = start($folder);
    is($again->{httpd_pid}, $site->{httpd_pid}, "$kind: a second start finds it running");

    my ($status, undef, $err) = quickstart($folder, 'stop');
    is($status, 0, "$kind: stop") or diag($err);
    ok(!is_alive($site->{httpd_pid}), "$kind: httpd has ended");
    ($status, undef, $err) = quickstart($folder, 'stop');
    is($status, 0, "$kind: stop again") or diag($err);

    (undef, $again) = start($folder);
    is($again->{url}, $site->{url}, "$kind: started again, it answers where it did");
    is($again->{superuser_password}, $site->{superuser_password}, "$kind: with the same passwords");
    call($again, GET => '/api/auth/tenant/users/', {token => $again->{tenant_token}}, 200, {count => 5});
    ($status, undef, $err) = quickstart($folder, '--no-install', '--background', '--database',
        $kind eq 'mysql' ? 'sqlite3' : 'mysql');
    is($status, 1, "$kind: another database is refused");
    like($err, qr/is on $kind/, "$kind: and why");
}

my %seen;
ok(!(grep { $seen{$_->{superuser_password}}++ } values %site), 'passwords are not fixed');
for my $wrong (['--port', 'x'], ['--database', 'oracle'], ['--config', '/nowhere'], ['--database-url', 'x'], ['--nonsense']) {
    my ($status, undef, $err) = quickstart('/nowhere', @$wrong);
    is($status, 2, "quickstart @$wrong is refused");
    like($err, qr/--help/, 'and help is named');
}

END {
    my $status = $?;
    for my $folder (@started) {
        quickstart($folder, 'stop');
        Crm::Process::remove_folder($folder);
        unlink "$folder.conf";
    }
    $? = $status;
}
done_testing;
