#!/usr/bin/perl
# CrmTrustRemoteUser: who another module of httpd has authenticated is the account of that name in the
# virtual host's tenant; only for the AuthTypes that are named, and never by a header.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use File::Copy qw(copy);
use File::Temp;

# A module that stands for one of single sign-on.
my $build = File::Temp->newdir('crm-remote-XXXXXX', TMPDIR => 1);
chmod 0755, "$build";
copy("$Crm::Process::source/t/remote/mod_remote.c", "$build/mod_remote.c") or die $!;
my ($apxs) = grep { -x } map { "$_/apxs" } split(/:/, $ENV{PATH}), '/usr/sbin';
Crm::Process::output($apxs, '-c', '-o', "$build/mod_remote.so", "$build/mod_remote.c");
mkdir "$build/static";
for my $file (['static/index.html', "static\n"], ['passwords', 'anna:{SHA}' . 'W6ph5Mm5Pz8GgiULbPgzG37mj9g=' . "\n"]) {
    open my $out, '>', "$build/$file->[0]" or die $!;
    print $out $file->[1];
}

# A client's certificate for /CN=anna, and the server's: each its own authority.
for my $name (qw(anna localhost)) {
    Crm::Process::output('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', 2, '-subj', "/CN=$name",
        '-keyout', "$build/$name.key", '-out', "$build/$name.crt");
}
{
    open my $out, '>', "$build/subjects" or die $!;
    print $out '/CN=anna:', Crm::Process::output('openssl', 'passwd', '-apr1', 'password');
}

my %port = map { $_ => Crm::Process::free_port() } qw(known create group other none basic certificate);
my $guard = "AuthType openid-connect\nRemoteUser ?\nRequire valid-user";
my $static = "Alias /static/ \"$build/static/\"\nDirectoryIndex index.html\n<Location /static/>\n%s\n</Location>\n";
my $password = "AuthType Basic\nAuthName x\nAuthUserFile \"$build/passwords\"\n";

sub host {
    my ($name, $trust, $location, $requires) = @_;
    return "<VirtualHost 127.0.0.1:$port{$name}>\nCrmTenant acme\n$trust\n<Location /api/>\n$location\n</Location>\n"
        . sprintf($static, $requires) . "</VirtualHost>\n";
}
my $config = join '', "LoadModule remote_module $build/.libs/mod_remote.so\n",
    host(known => 'CrmTrustRemoteUser openid-connect', $guard,
        "AuthType openid-connect\nRemoteUser ?\nRequire crm-permission leads.view_lead\nAuthzSendForbiddenOnFailure on"),
    host(create => 'CrmTrustRemoteUser Basic OpenID-Connect create', $guard, $guard),
    host(group => 'CrmTrustRemoteUser openid-connect create "sales TEAM"', $guard, $guard),
    host(other => 'CrmTrustRemoteUser openid-connect create', "$guard\nRemoteType oauth20", "$guard\nRemoteType oauth20"),
    host(none => '', $guard, "AuthType openid-connect\nRemoteUser ?\nRequire crm-user"),
    host(basic => 'CrmTrustRemoteUser Basic', "${password}Require valid-user", "${password}Require crm-group \"Sales team\"");

$config .= host(certificate => "CrmTrustRemoteUser Basic create\nSSLEngine on\nSSLCertificateFile \"$build/localhost.crt\"\n"
    . "SSLCertificateKeyFile \"$build/localhost.key\"\nSSLCACertificateFile \"$build/anna.crt\"\nSSLVerifyClient require",
    "SSLOptions +FakeBasicAuth\nAuthType Basic\nAuthName x\nAuthUserFile \"$build/subjects\"\nRequire valid-user", 'Require crm-user');

# Calls at the virtual host NAME.
sub at {
    my ($server, $name, @rows) = @_;
    local $server->{client} = Crm::Client->new(port => $port{$name});
    return $server->rows(@rows);
}

my $profile = '/api/auth/profile/?remote=';
on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my $beta = $server->register('Beta');
    my $root = $server->superuser;
    my $anna = $server->add_user($acme, 'anna');
    $server->call(PATCH => "/api/auth/tenant/users/$anna->{id}/", {token => $acme->{token}, body => {username => 'Änna'}}, 200);
    my $gone = $server->add_user($acme, 'gone');
    $server->call(DELETE => "/api/auth/tenant/users/$gone->{id}/", {token => $acme->{token}}, 200);
    $server->add_user($beta, 'berta');
    my @view = grep { $_->{codename} eq 'view_lead' }
        @{$server->request(GET => '/api/auth/permissions/?page_size=100', {token => $acme->{token}})->{json}{results}};
    $server->call(POST => '/api/auth/groups/', {token => $acme->{token},
        body => {name => 'Sales team', permissions => [$view[0]{id}]}}, 201);

    subtest 'accounts that are there' => sub {
        at($server, 'known',
            [GET => "${profile}anna", {}, 200, {username => 'Änna', tenant => {name => 'Acme'}}],
            [GET => "${profile}%C3%84NNA", {}, 200, {id => $anna->{id}}],
            [GET => "${profile}acme-admin", {}, 200, {is_tenant_admin => JSON::PP::true}],
            [GET => '/api/auth/profile/', {}, 401],
            [GET => '/api/auth/profile/', {headers => {'X-Remote-User' => 'anna', 'Remote-User' => 'anna'}}, 401],
            [GET => "${profile}nobody", {}, 403, {detail => 'There is no account of this name in the tenant.'}],
            [GET => "${profile}gone", {}, 403, {detail => 'The account is disabled.'}],
            [GET => "${profile}berta", {}, 403],
            [GET => "${profile}root", {}, 403],
            [GET => "${profile}anna%40acme.example", {}, 403],
            [GET => "${profile}a%01", {}, 403],
            [GET => "${profile}%FF%FE", {}, 400],
            [GET => $profile . 'x' x 151, {}, 403],
            [GET => "${profile}anna", {headers => {'X-Tenant' => 'beta'}}, 400],
            [GET => "${profile}anna&tenant=beta", {}, 400],
            [GET => "${profile}anna", {token => $acme->{token}}, 200, {username => 'acme-admin'}],
            [GET => "${profile}anna", {token => 'crm_' . 'A' x 54}, 401],
            [GET => "${profile}anna", {headers => {Authorization => 'Bearer eyJhbGciOiJub25lIn0'}}, 200,
                {username => 'Änna'}],
            [GET => "${profile}anna", {headers => {Cookie => 'crm_session=crm_' . 'x' x 54}}, 200, {username => 'Änna'}],
            [GET => '/api/auth/test/?remote=nobody', {}, 200],
            [GET => '/static/?remote=anna', {}, 200],
            [GET => '/static/?remote=nobody', {}, 403],
            [GET => '/static/', {}, 401],
        );
        my ($record) = $server->wait_history($acme->{token}, "search=profile&response_status=200&user=$anna->{id}", 1);
        is($record->{user_username}, 'Änna', 'History knows him');
    };

    subtest 'what other sites cause' => sub {
        my $path = '/api/auth/profile/update/?remote=anna';
        my $sent = sub { (body => {first_name => 'A'}, headers => {@_}) };
        at($server, 'known',
            [PATCH => $path, {$sent->()}, 200],
            [PATCH => $path, {$sent->(Origin => 'https://evil.example')}, 403, {detail => qr/^CSRF Failed: Origin/}],
            [PATCH => $path, {$sent->(Origin => 'null')}, 403],
            [PATCH => $path, {$sent->('Sec-Fetch-Site' => 'cross-site')}, 403],
            [PATCH => $path, {$sent->('Sec-Fetch-Site' => 'same-origin', Origin => "http://localhost:$port{known}")}, 200],
            [PATCH => $path, {$sent->(Origin => "http://localhost:$port{known}")}, 200],
            [GET => "${profile}anna", {headers => {Origin => 'https://evil.example'}}, 200],
        );
    };

    subtest 'accounts that are made' => sub {
        at($server, 'create',
            [GET => "${profile}nora", {}, 200, {username => 'nora', email => 'nora@acme.invalid', is_tenant_admin => JSON::PP::false}],
            [GET => "${profile}nora", {}, 200],
            [GET => "${profile}nils%40corp.example", {}, 200, {email => 'nils@corp.example'}],
            [GET => "${profile}Zo%C3%AB%20de%20Vries", {}, 200, {email => qr/^[0-9a-f-]{36}\@user\.invalid$/}],
            [GET => "${profile}admin%40acme.example", {}, 403, {detail => 'An account of this name cannot be made.'}],
            [GET => '/api/leads/?remote=nora', {}, 400],
            [GET => "${profile}gone", {}, 403],
            [GET => '/static/?remote=nadia', {}, 200],
        );
        $server->call(GET => '/api/auth/tenant/users/?search=nadia', {token => $acme->{token}}, 200, {count => 1});
        $server->call(GET => '/api/auth/tenant/users/?search=nora', {token => $beta->{token}}, 200, {count => 0});
        $server->call(POST => '/api/auth/login/', {body => {username => 'nora', password => ''}}, 400);

        my ($same) = at($server, 'group', [GET => "${profile}sue", {}, 200, {username => 'sue'}]);
        $server->call(GET => "/api/auth/users/$same->{json}{id}/permissions/", {token => $acme->{token}}, 200,
            {permissions => ['leads.view_lead']});
        my @got = Crm::Load->at_once(6, sub {
            Crm::Client->new(port => $port{create})->request(GET => "${profile}tom")->{json}{id};
        });
        is(scalar(grep { $_ eq $got[0] } @got), 6, 'six first requests at once make one account') or diag("@got");
    };

    subtest 'who is not named' => sub {
        for my $name (qw(other none)) {
            at($server, $name,
                [GET => "${profile}anna", {}, 401],
                [GET => '/api/auth/test/?remote=anna', {}, 200],
                [GET => "${profile}anna", {token => $anna->{token}}, 200],
            );
        }
        at($server, 'none', [GET => '/static/?remote=anna', {}, 401]);
        at($server, 'other', [GET => '/static/?remote=unmade', {}, 200]);
        $server->call(GET => '/api/auth/tenant/users/?search=unmade', {token => $acme->{token}}, 200, {count => 0});
    };

    subtest 'client certificates' => sub {
        my $call = sub {
            my ($status, $out) = Crm::Process::run('curl', '-s', '--cacert', "$build/localhost.crt", @_,
                "https://localhost:$port{certificate}/api/auth/profile/");
            return $status ? undef : $out;
        };
        my @certificate = ('--cert', "$build/anna.crt", '--key', "$build/anna.key");
        like($call->(@certificate) // '', qr{"username":"/CN=anna"}, "the certificate's subject is the user");
        is($call->(), undef, 'without one there is no connection');
        like($call->(@certificate, '-u', 'acme-admin:password') // '', qr{"username":"/CN=anna"}, 'with one, nobody is another');
        unlike($call->(@certificate, '-u', '/CN=other:password') // '', qr/"username"/, 'also by his subject');
    };

    subtest 'mod_auth_basic' => sub {
        my %right = (headers => {Authorization => 'Basic YW5uYTp0ZXN0'});
        my %wrong = (headers => {Authorization => 'Basic YW5uYTpuZXQ='});
        at($server, 'basic',
            [GET => '/api/auth/profile/', {}, 401],
            [GET => '/api/auth/profile/', {%wrong}, 401],
            [GET => '/static/', {%wrong}, 401],
        );
        open my $out, '>', "$build/passwords" or die $!;
        print $out 'anna:', Crm::Process::output('openssl', 'passwd', '-apr1', 'test');
        close $out;
        at($server, 'basic',
            [GET => '/api/auth/profile/', {%right}, 200, {username => 'Änna'}],
            [GET => '/static/', {%right}, 401],
        );
    };
}, modules => [qw(authz_user alias dir auth_basic authn_file socache_shmcb ssl)], listen => [map { "127.0.0.1:$_" } values %port],
    config => $config);

my $server = Crm::Server->new(database => 'sqlite3');
for my $wrong (
    ['openid-connect', qr/CrmTrustRemoteUser: needs CrmTenant NAME/], ['Token', qr/"Token": must be another module's/],
    ['create', qr/must be AUTHTYPE/], ['a create b c', qr/must be AUTHTYPE/], ['off Basic', qr/"off": must be/],
    ['a;b', qr/must be another module/],
) {
    $server->{config} = "CrmTrustRemoteUser $wrong->[0]" =~ s/;/\\;/r;
    $server->write_config;
    my ($status, $text) = $server->check_config;
    isnt($status, 0, "CrmTrustRemoteUser $wrong->[0]: refused");
    like($text, $wrong->[1], 'and why');
}
done_testing;
