#!/usr/bin/perl
# No file of C over 500 lines, no function over 70: what is longer does more than one thing.
use lib 't/lib';
use Crm::Test;

use constant {FILE_LINES => 500, FUNCTION_LINES => 70};

chdir $Crm::Process::source or die $!;
plan skip_all => 'ctags is missing (universal-ctags)' if system 'ctags --version >/dev/null 2>&1';

my @files = sort split /\n/, Crm::Process::output('find', 'mod_crm', 't', '-name', '*.[ch]');
cmp_ok(scalar @files, '>', 50, 'there are files to look at');

sub long_files {
    my ($limit) = @_;
    return grep { $_->[1] > $limit } map {
        open my $file, '<', $_ or die "$_: $!";
        my $lines = () = <$file>;
        [$_, $lines];
    } @files;
}

# [function, lines] of those over LIMIT.
sub long_functions {
    my ($limit) = @_;
    my @tags = split /\n/, Crm::Process::output('ctags', '--languages=C', '--langmap=C:.c.h', '--c-kinds=f',
        '--fields=+ne', '-f', '-', @files);
    return grep { $_->[1] > $limit } map {
        my ($name, $file) = split /\t/;
        /\tline:(\d+).*\tend:(\d+)/ ? ["$file: $name", $2 - $1 + 1] : ();
    } @tags;
}

for my $what ([\&long_files, FILE_LINES, 'file'], [\&long_functions, FUNCTION_LINES, 'function']) {
    my ($find, $limit, $kind) = @$what;
    cmp_ok(scalar(() = $find->(5)), '>', 50, "lengths of each $kind are measured");
    my @long = $find->($limit);
    ok(!@long, "no $kind over $limit lines") or diag(map { "$_->[0]: $_->[1] lines\n" } @long);
}
done_testing;
