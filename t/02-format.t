#!/usr/bin/perl
# All C is as .clang-format has it; shell and Perl parse.
use lib 't/lib';
use Crm::Test;

chdir $Crm::Process::source or die $!;
my @c = sort split /\n/, Crm::Process::output('find', 'mod_crm', 't', '-name', '*.[ch]');
cmp_ok(scalar @c, '>', 50, 'there are files to look at');

SKIP: {
    skip 'clang-format is missing', 1 if system 'clang-format --version >/dev/null 2>&1';
    my ($status, undef, $err) = Crm::Process::run('clang-format', '--dry-run', '-Werror', @c);
    is($status, 0, 'C is formatted') or diag(join "\n", grep { /error/ } split /\n/, $err);
}
my @first = map {
    open my $file, '<', $_ or die "$_: $!";
    my $path = s{^mod_crm/}{}r;
    my $line = <$file>;
    $line =~ m{^/\* \Q$path\E - \S} ? () : "$_: $line";
} @c;
ok(!@first, 'every file says in its first line what it is for') or diag(@first);

my @scripts = (qw(quickstart check .ci/run scripts/mariadb scripts/debian-test t/fuzz/run),
    glob 'scripts/*.bash debian/*.postinst debian/*.postrm');
for my $script (@scripts) {
    my ($status, undef, $err) = Crm::Process::run('bash', '-n', $script);
    is($status, 0, "$script parses") or diag($err);
}
SKIP: {
    skip 'shellcheck is missing', 1 if system 'shellcheck --version >/dev/null 2>&1';
    my ($status, $out) = Crm::Process::run('shellcheck', '-x', @scripts);
    is($status, 0, 'shellcheck finds nothing') or diag($out);
}
done_testing;
