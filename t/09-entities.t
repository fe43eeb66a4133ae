#!/usr/bin/perl
# An entity is named in its own file and nowhere else in the sources: what is shared takes descriptions.
# And its own file stays short.
use lib 't/lib';
use Crm::Test;
use File::Temp qw(tempdir);

use constant MOST_LINES => 200;

chdir $Crm::Process::source or die $!;

sub slurp { my ($path) = @_; open my $file, '<', $path or die "$path: $!"; local $/; return <$file> }

my ($registry) = slurp('mod_crm/entities/Makefile.inc') =~ m{^crm_entities = \\\n((?:.*\\\n)*.*\n)}m;
my @entities = $registry =~ m{/(\w+)\.c}g;
cmp_ok(scalar @entities, '>=', 5, 'the registry has entities: ' . join ' ', @entities);

# The words that name an entity: "call_summary", "call-summaries", "crm_lead_entity".
sub words {
    my ($name) = @_;
    (my $stem = $name) =~ s/y$/(?:y|ies)/;
    $stem =~ s/_/[_-]?/g;
    return qr/(?<![a-z])$stem(?:e?s)?(?![a-z])/i;
}

# Where TEXT (of PATH, C) names one of them, comments aside.
sub names {
    my ($path, $text) = @_;
    $text =~ s{/\*.*?\*/}{ "\n" x ($& =~ tr/\n//) }gse;
    my @found;
    my $line = 0;
    for my $code (split /\n/, $text) {
        $line++;
        push @found, map { $code =~ words($_) ? "$path:$line: $_: $code" : () } @entities;
    }
    return @found;
}

for my $row (['if (entity == &crm_lead_entity)', 1], ['"SELECT name FROM customer"', 1], ['path = "call-summaries/";', 1],
    ['/* a lead that leads nowhere */ x = 1;', 0], ['categories = 1;', 1], ['misleading = branched;', 0]) {
    is(scalar names('x.c', $row->[0]), $row->[1], ($row->[1] ? 'seen: ' : 'not meant: ') . $row->[0]);
}

# The old application's commands have the names that it gave them.
my @files = grep { !m{^mod_crm/(?:entities/|crmctl/django\.c)} } split /\n/, Crm::Process::output('find', 'mod_crm', '-name', '*.[ch]');
cmp_ok(scalar @files, '>', 100, 'there are files to look at');
my $any = join '|', map { words($_) } @entities;
my @named = map { my $text = slurp($_); $text =~ $any ? names($_, $text) : () } @files;
ok(!@named, 'no shared source names an entity') or diag(join "\n", @named);

my %lines = map { my $text = slurp("mod_crm/entities/$_.c"); $_ => ($text =~ tr/\n//) } @entities;
is_deeply([grep { $lines{$_} >= MOST_LINES } @entities], [], 'each is described in less than ' . MOST_LINES . ' lines');
done_testing;
