#!/usr/bin/perl
# docs/directives.md and the table of directives say the same.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my $table = JSON::PP->new->utf8->decode(
    Crm::Process::output(Crm::Process::crmctl(), 'directives', '--json'));
cmp_ok(scalar @$table, '>', 20, 'the table has directives');

open my $file, '<:encoding(UTF-8)', "$Crm::Process::source/docs/directives.md" or die "docs/directives.md: $!";
my $text = do { local $/; <$file> };
my %section = $text =~ /^## (Crm\w+)\n(.*?)(?=^## |\z)/msg;
cmp_ok(scalar keys %section, '>', 20, 'the document has directives');

for my $directive (@$table) {
    my $name = $directive->{name};
    my $section = delete $section{$name};
    ok(defined $section, "$name is documented") or next;
    my $default = defined $directive->{default} ? "$name $directive->{default}" : 'none';
    $default =~ s{ /\S*/share/}{ PREFIX/share/};    # as configure was told
    my $facts = join '', "\n$directive->{help}\n", "\n    Syntax:   $name $directive->{syntax}\n",
        "    Default:  $default\n", "    Context:  $directive->{context}\n\n";
    is(substr($section, 0, length $facts), $facts, "$name: help, syntax, default and context are the table's");
    my $rest = substr $section, length $facts;
    like($rest, qr/^[^ \n]+ \S+ \S+/m, "$name: its meaning is told");
    like($rest, qr/^    (?:.*\n    )*\s*\Q$name\E /m, "$name: there is an example");
}
is_deeply([sort keys %section], [], 'nothing else is documented');
done_testing;
