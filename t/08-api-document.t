#!/usr/bin/perl
# docs/api.md lists the calls that the route table has, and no others. What every kind of record has
# stands there once, as /api/{records}/.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my $routes = JSON::PP->new->utf8->decode(Crm::Process::output(Crm::Process::crmctl(), 'routes', '--json'));
my %path = map { $_->{pattern} =~ m{^(.*)/batch/$} ? ($_->{entity} => $1) : () } @$routes;

# A route as the document has it for all records, if it may be one of those.
sub general {
    my ($route) = @_;
    my $path = $path{$route->{entity} // ''} // return '';
    return $route->{pattern} =~ m{^\Q$path\E/(.*)$} ? "{records}/$1" =~ s{/by/\w+/}{/by/{field}/}r : '';
}

my %kinds;
$kinds{$_->{method} . ' ' . general($_)}++ for @$routes;
my %served = map {
    my $general = general($_);
    my $is_general = $general =~ m{/by/} || $kinds{"$_->{method} $general"} == keys %path;
    ("$_->{method} /api/" . ($is_general ? $general : $_->{pattern}) => 1)
} @$routes;
cmp_ok(scalar keys %served, '>', 10, 'the table has routes');

open my $file, '<:encoding(UTF-8)', "$Crm::Process::source/docs/api.md" or die "docs/api.md: $!";
my %documented;
while (<$file>) {
    my ($methods, $path) = m{^\| ([A-Z]+(?:, [A-Z]+)*) (/api/\S+) \|} or next;
    $documented{"$_ $path"} = 1 for split /, /, $methods;
}
is_deeply([sort keys %documented], [sort keys %served], 'the document has the same calls');
done_testing;
