#!/usr/bin/perl
# A client generated from the API's description compiles strictly, refuses what the description forbids,
# and runs a session (t/contract/session.ts).
use lib 't/lib';
use Crm::Node;
use Crm::Test;

# Node's fetch does not survive that httpd ends its idle connection.
my $server = Crm::Server->new(config => 'KeepAliveTimeout 600')->start;
my $contract = "$Crm::Process::source/t/contract";
Crm::Node::packages('t/contract');
my $folder = File::Temp->newdir('crm-client-XXXXXX', TMPDIR => 1);
Crm::Process::output('cp', map({ "$contract/$_" } qw(session.ts misuse.ts tap.mjs tap.d.mts tsconfig.json
    package.json)), "$folder");
symlink "$contract/node_modules", "$folder/node_modules" or die $!;
open my $file, '>:raw', "$folder/openapi.json" or die $!;
print $file $server->call(GET => '/api/schema/', {}, 200)->{body};
close $file or die $!;

my ($status, $out, $err) = Crm::Node::command('t/contract', 'openapi-typescript', "$folder/openapi.json", '--output',
    "$folder/schema.d.ts");
is($status, 0, 'openapi-typescript makes types of the description') or diag($out, $err);
($status, $out, $err) = Crm::Node::command('t/contract', 'tsc', '--project', "$folder/tsconfig.json");
is($status, 0, 'the session compiles, and what is forbidden does not') or diag($out, $err);

Crm::Process::output('cp', "$folder/tap.mjs", "$folder/out");
Crm::Node::tap("$folder/out", 'session.js', CRM_URL => $server->url);
$server->stop;
done_testing;
