#!/usr/bin/perl
# The documentation pages: what httpd sends for their paths, and what they do in a browser.
# CRM_TEST_SHOTS names a folder for screenshots.
use lib 't/lib';
use Crm::Node;
use Crm::Test;

# Where the server's children can read them.
my $docs = File::Temp->newdir('crm-docs-XXXXXX', TMPDIR => 1);
chmod 0755, "$docs";
Crm::Process::output('cp', '-R', Crm::Process::build() . '/pages/.', "$docs");
Crm::Process::output('chmod', '-R', 'a+rX', "$docs");
ok(!-e "$docs/swagger/missing.txt", 'npm fetched the packages of the pages') or diag(Crm::Process::output('cat',
    "$docs/swagger/missing.txt"));

sub type_is {
    my ($server, $path, $type) = @_;
    my $answer = $server->call(GET => $path, {}, 200);
    is($answer->{headers}{'content-type'}, $type, "$path is $type");
    return $answer;
}

{
    my $server = Crm::Server->new(config => "CrmDocs $docs")->start;
    for my $path (qw(/swagger/ /redoc/ /api/docs/)) {
        my $answer = type_is($server, $path, 'text/html; charset=utf-8');
        my $policy = $answer->{headers}{'content-security-policy'} // '';
        like($policy, qr/default-src 'none'.*script-src 'self';/, "$path has a strict policy");
        unlike($policy, qr/unsafe|\*|http/, "$path: nothing unsafe in it, no other host");
        is($answer->{headers}{'x-content-type-options'}, 'nosniff', "$path: nosniff");
        $server->call(GET => $path, {headers => {'If-None-Match' => $answer->{headers}{etag}}}, 304);
        $server->call(HEAD => $path, {}, 200);
        my $bare = $server->call(GET => $path =~ s{/$}{}r, {}, 301);
        is($bare->{headers}{location}, $server->url . $path, "$path is where its bare path leads");
        $server->call(GET => "${path}start.js", {}, 200, qr/openapi\.json/);
        type_is($server, "${path}openapi.json", 'application/json');
        $server->call(GET => "$path$_", {}, 404) for 'nothing.js', '.start.js', 'start.js/x', '%2e%2e/x.js', 'start';
    }
    type_is($server, '/swagger/swagger-ui.css', 'text/css; charset=utf-8');
    type_is($server, '/swagger.yaml', 'application/yaml');
    is(type_is($server, '/swagger.json', 'application/json')->{json}{swagger}, '2.0', '/swagger.json is Swagger 2.0');
    my $acme = $server->register('Acme');
    my $root = $server->superuser->{token};
    my @below = $server->wait_history($root, 'search=docs/', 5);
    ok(@below >= 5, 'what is below the prefix leaves History');
    is(scalar $server->wait_history($root, 'search=swagger', 0), 0, 'what is not leaves none');
    Crm::Node::tap('t/browser', 'pages.mjs', CRM_URL => $server->url, CRM_USERNAME => $acme->{username},
        CRM_PASSWORD => $acme->{password}, CRM_SHOTS => $ENV{CRM_TEST_SHOTS} // '');
    $server->stop;
}
{
    my $server = Crm::Server->new(settings => {CrmPrefix => '/crm/v1/', CrmDocs => "$docs"})->start;
    $server->call(GET => '/crm/v1/docs/', {}, 200);
    $server->call(GET => '/api/docs/', {}, 404);
    my $json = $server->call(GET => '/swagger/openapi.json', {host => 'crm.example:8080'}, 200)->{json};
    ok($json->{paths}{'/crm/v1/auth/login/'}, 'the description has the prefix');
    is($json->{servers}[0]{url}, 'http://crm.example:8080', 'and the server that was asked');
    $server->stop;
}
{
    # as Debian has it: nothing of the file system unless it is granted
    my $server = Crm::Server->new(config => "CrmDocs $docs\n<Directory />\n    Require all denied\n</Directory>")->start;
    $server->call(GET => $_, {}, 200) for qw(/swagger/ /redoc/ /api/docs/ /swagger.json);
    $server->stop;
}
{
    my $server = Crm::Server->new(config => 'CrmDocs off')->start;
    $server->call(GET => $_, {}, 404) for qw(/swagger/ /redoc/ /api/docs/ /swagger.json /swagger.yaml);
    $server->call(GET => '/api/schema/', {}, 200);
    $server->stop;
}
{
    my $server = Crm::Server->new(config => 'CrmDocs /nowhere/docs')->start;
    $server->call(GET => $_, {}, 404) for qw(/swagger/ /redoc/ /api/docs/);
    $server->call(GET => '/swagger.json', {}, 200);
    like($server->log_text, qr{there are no documentation pages in /nowhere/docs}, 'the log says what is missing');
    $server->stop;
}
done_testing;
