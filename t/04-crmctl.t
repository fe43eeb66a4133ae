#!/usr/bin/perl
# crmctl: what it says, what it refuses, its exit statuses; and its work on both databases.
use lib 't/lib';
use Crm::Test;
use Encode;
use JSON::PP;

sub crmctl { return Crm::Process::run(ref $_[0] ? shift : (), Crm::Process::crmctl(), @_) }

# Rows: words, exit status, pattern of standard output, pattern of standard error.
my $nothing = qr/\A\z/;
my @rows = (
    [[], 0, qr/^Tenants:\n(?:  \S.*\n){2,}/m, $nothing],
    [['--help'], 0, qr/^Usage: crmctl COMMAND/m, $nothing],
    [['--version'], 0, qr/\Amod_crm \d+\.\d+\.\d+\n\z/, $nothing],
    [['version', '--json'], 0, qr/"version": "\d/, $nothing],
    [['help', 'tenant', 'create'], 0, qr/^Usage: crmctl tenant create NAME \[--admin-username NAME\]/m, $nothing],
    [['help', '--man'], 0, qr/^\.SS tenant create NAME$/m, $nothing],
    [['tenant'], 2, $nothing, qr/tenant create, tenant list/],
    [['tenant', 'craete'], 2, $nothing, qr/There is no command "tenant craete": did you mean "tenant create"\?/],
    [['migrat'], 2, $nothing, qr/did you mean "migrate"\?/],
    [['xyzzy'], 2, $nothing, qr/There is no command "xyzzy": see crmctl help\./],
    [['version', '--jsno'], 2, $nothing, qr/There is no option "--jsno": did you mean "--json"\?/],
    [['version', '--json=1'], 2, $nothing, qr/--json takes no value\./],
    [['version', '--json', '--json'], 2, $nothing, qr/--json was given twice\./],
    [['version', 'now'], 2, $nothing, qr/"now" is too much for version\./],
    [['config', '--config'], 2, $nothing, qr/--config needs a value: FILE\./],
    [['createsuperuser'], 2, $nothing, qr/createsuperuser needs --username NAME\./],
    [['tenant', 'create', '--admin-username', 'x', '--admin-email=y'], 2, $nothing, qr/tenant create needs: NAME\./],
    [['config', '--config', '/nowhere.conf'], 1, $nothing, qr{The configuration /nowhere\.conf cannot be read\.}],
    [['config', '--httpd', '/nowhere'], 1, $nothing, qr{/nowhere is not a program}],
);
for my $row (@rows) {
    my ($words, $status, $out, $err) = @$row;
    my @got = crmctl(@$words);
    my $ok = is($got[0], $status, "crmctl @$words: exit status $status");
    $ok = like($got[1], $out, "crmctl @$words: output") && $ok;
    $ok = like($got[2], $err, "crmctl @$words: errors") && $ok;
    diag("status $got[0]\n$got[1]$got[2]") if !$ok;
}
for my $command (Crm::Process::output(Crm::Process::crmctl(), 'help') =~ /^  ([a-z_]+(?: [a-z]+)?)  /mg) {
    my ($status, $out) = crmctl(split(/ /, $command), '--help');
    ok(!$status && $out =~ /^Usage: crmctl \Q$command\E\b.*^Options:\n/ms, "crmctl $command --help");
    like($out, qr/^Examples:\n  crmctl \Q$command\E/m, "crmctl $command --help has an example");
}
# docs/crmctl.md is what the table says; bash completes its words
open my $file, '<:encoding(UTF-8)', "$Crm::Process::source/docs/crmctl.md" or die "docs/crmctl.md: $!";
my $document = do { local $/; <$file> };
my $markdown = decode('UTF-8', (crmctl('help', '--markdown'))[1]);
is(substr($document, -length $markdown), $markdown, 'docs/crmctl.md ends with what crmctl help --markdown prints');
{
    my $complete = sub {
        my @words = @_;
        return (Crm::Process::run({input => (crmctl('help', '--bash-completion'))[1] . "\nCOMP_WORDS=(crmctl @words ''); COMP_CWORD=" . (1 + @words)
            . "; _crmctl; echo \${COMPREPLY[*]}\n"}, 'bash'))[1];
    };
    like($complete->(), qr/\bmigrate\b.*\btenant\b/, 'bash completes commands');
    like($complete->('tenant'), qr/\Acreate.*list/, 'their second words');
    like($complete->('tenant', 'create', 'Acme'), qr/--admin-username .*--json/, 'and options');
}
is((system Crm::Process::crmctl() . ' help > /dev/full 2>/dev/null') >> 8, 1, 'a full disk is an error');

for my $kind (Crm::Database::kinds()) {
    my $server = Crm::Server->new(database => $kind);
    my ($status, $out, $err) = $server->crmctl('createsuperuser', '--username', 'root', '--email', 'r@x.example', '--generate');
    is($status, 1, "$kind: before crmctl migrate nothing else works") or diag($out);
    like($err, qr/crmctl migrate/, "$kind: and it says so");

    $out = $server->crmctl_ok('migrate');
    like($out, qr/main: created, [1-9]\d* migrations? applied/, "$kind: migrate makes the main database");
    like($server->crmctl_ok('migrate'), qr/main: 0 migrations applied/, "$kind: once");

    my $made = decode_json($server->crmctl_ok('createsuperuser', '--username', 'root', '--email',
        'root@platform.example', '--generate', '--json'));
    is(length $made->{password}, 20, "$kind: a password is made and shown");
    ($status, undef, $err) = $server->crmctl('createsuperuser', '--username', 'ROOT', '--email', 'r@x.example', '--generate');
    is($status, 1, "$kind: a taken name is refused");
    like($err, qr/username/, "$kind: by name");
    ($status, undef, $err) = $server->crmctl({input => "short\n"}, 'createsuperuser', '--username', 'x', '--email', 'no',
        '--password-stdin');
    like($err, qr/at least 8.*|valid email/s, "$kind: password and e-mail are checked");
    is($status, 1, "$kind: and refused");

    my $tenant = decode_json($server->crmctl_ok({input => "a long password\n"}, 'tenant', 'create', 'Müller & Söhne',
        '--admin-username', 'max', '--admin-email', 'max@mueller.example', '--admin-password-stdin', '--json'));
    is($tenant->{slug}, 'muller_sohne', "$kind: a tenant is made");
    my $list = decode_json($server->crmctl_ok('tenant', 'list', '--json'));
    is_deeply([map { $_->{name} } @$list], ['Müller & Söhne'], "$kind: and listed");
    like($server->crmctl_ok('migrate'), qr/^\S*muller_sohne: 0 migrations applied$/m, "$kind: migrate visits it");

    $out = $server->crmctl_ok('config');
    like($out, qr{CrmSecretKeyFile \S+/secret\.key  # \S+/httpd\.conf:\d+}, "$kind: config tells file and line");
    unlike($out, qr{mysql://\w+:(?!\*\*\*)}, "$kind: and no password");
    my $config = decode_json($server->crmctl_ok('config', '--json', '--all'));
    is($config->{servers}[0]{directives}{CrmPrefix}{value}, '/api/', "$kind: --all shows defaults");
    if ($kind eq 'sqlite3' && Crm::Process::server_user()) {
        my $owner = getpwnam Crm::Process::server_user();
        my @files = glob "$server->{folder}/data/*";
        is_deeply([grep { (stat $_)[4] != $owner } @files], [], 'all files of databases are the server\'s');
        cmp_ok(scalar @files, '>=', 2, 'and there are some');
    }
    $server->start;
    $server->call(GET => '/api/auth/profile/', {token => $server->login('root', $made->{password})}, 200,
        {username => 'root', is_superuser => JSON::PP::true, tenant => undef});
    $server->call(GET => '/api/auth/profile/', {token => $server->login('max', 'a long password')}, 200,
        {username => 'max', is_tenant_admin => JSON::PP::true, tenant => {name => 'Müller & Söhne'}});
    $server->stop;
}
done_testing;
