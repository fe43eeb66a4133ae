#!/usr/bin/perl
# docs/api.md lists the calls that the route table has, and no others.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my $routes = JSON::PP->new->utf8->decode(Crm::Process::output(Crm::Process::crmctl(), 'routes', '--json'));
my %served = map { ("$_->{method} /api/$_->{pattern}" => 1) } @$routes;
cmp_ok(scalar keys %served, '>', 10, 'the table has routes');

open my $file, '<:encoding(UTF-8)', "$Crm::Process::source/docs/api.md" or die "docs/api.md: $!";
my %documented;
while (<$file>) {
    my ($methods, $path) = m{^\| ([A-Z]+(?:, [A-Z]+)*) (/api/\S+) \|} or next;
    $documented{"$_ $path"} = 1 for split /, /, $methods;
}
is_deeply([sort keys %documented], [sort keys %served], 'the document has the same calls');
done_testing;
