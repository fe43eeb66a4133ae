#!/usr/bin/perl
# The API's description of itself is valid and clean by the linters that others will use on it, the same
# in each of its forms, and for each host.
use lib 't/lib';
use Crm::Node;
use Crm::Test;
use JSON::PP;

# Node's fetch does not survive that httpd ends its idle connection.
my $server = Crm::Server->new(config => 'KeepAliveTimeout 600')->start;
my $folder = File::Temp->newdir('crm-lint-XXXXXX', TMPDIR => 1);
my $contract = "$Crm::Process::source/t/contract";

# The rules judge servers by their names, so the test's has one.
my %form = ('openapi.json' => 'version=3.1', 'swagger.json' => 'version=2.0');
for my $name (sort keys %form) {
    my $answer = $server->call(GET => "/api/schema/?$form{$name}", {host => 'crm.test'}, 200);
    open my $file, '>:raw', "$folder/$name" or die $!;
    print $file $answer->{body};
    close $file or die $!;
    local $ENV{REDOCLY_TELEMETRY} = 'off';
    local $ENV{REDOCLY_SUPPRESS_UPDATE_NOTICE} = 'true';
    my ($status, $out, $err) = Crm::Node::command('t/contract', 'redocly', 'lint', '--config', "$contract/redocly.yaml",
        '--format', 'json', "$folder/$name");
    my ($json) = $out =~ /^(\{.*)/ms;
    my $found = $json ? JSON::PP->new->decode($json) : {totals => {errors => "none of redocly: $out$err"}};
    is_deeply([@{$found->{totals}}{qw(errors warnings ignored)}], [0, 0, 0], "$name: redocly finds nothing")
        or diag(map { "$_->{ruleId}: $_->{message} $_->{location}[0]{pointer}\n" } @{$found->{problems} // []});
    ($status, $out, $err) = Crm::Node::command('t/contract', 'spectral', 'lint', '--ruleset', "$contract/spectral.yaml",
        '--fail-severity', 'hint', '--format', 'text', "$folder/$name");
    is($status, 0, "$name: spectral finds nothing") or diag($out, $err);
}

Crm::Node::tap('t/contract', 'document.mjs', CRM_URL => $server->url);
$server->stop;
done_testing;
