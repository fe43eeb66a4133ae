#!/usr/bin/perl
# The sessions printed in README.md, docs/quickstart.md and docs/import-export.md are what happens: each
# command is run, and its output is as printed, up to ids, times and tokens.
use lib 't/lib';
use Crm::Test;

chdir $Crm::Process::source or die $!;

# The commands of a document's ```console blocks: [command, output as printed]. Lines that begin with
# four spaces continue a command.
sub session {
    my ($document) = @_;
    open my $file, '<:encoding(UTF-8)', $document or die "$document: $!";
    my $text = do { local $/; <$file> };
    my @steps;
    while ($text =~ /^```console\n(.*?)^```/gms) {
        for my $line (split /\n/, $1) {
            if ($line =~ /^\$ (.*)/) { push @steps, [$1, ''] }
            elsif (@steps && $steps[-1][1] eq '' && $line =~ /^    /) { $steps[-1][0] .= "\n$line" }
            elsif (@steps) { $steps[-1][1] .= "$line\n" }
        }
    }
    return grep { $_->[0] !~ m{^(?:git|cd|\./quickstart|\./check)\b} } @steps;
}

# What differs from one run to the next becomes one word.
sub normal {
    my ($text) = @_;
    $text =~ s/\r//g;
    $text =~ s/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/UUID/g;
    $text =~ s/\bcrm_[A-Za-z0-9_-]{54}(?![A-Za-z0-9_-])/TOKEN/g;
    $text =~ s/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/TIME/g;
    $text =~ s/"\d{4}-\d\d-\d\d"/"DAY"/g;
    $text =~ s{http://(?:localhost|127\.0\.0\.1):\d+}{URL}g;
    $text =~ s/\b\d+\.\d+(?:e-?\d+)?\b/NUMBER/g;
    $text =~ s/("\w*execution_time") ?: ?(?:0|NUMBER)\b/$1:NUMBER/g;
    $text =~ s/crm_t[a-z]{10}_tenant_/crm_tenant_/g;    # the harness's own prefix
    $text =~ s/\s+\z//;
    return $text;
}

for my $document ('README.md', 'docs/quickstart.md', 'docs/import-export.md') {
    on_each_database(sub {
        my ($server) = @_;
        my @steps = session($document);
        cmp_ok(scalar @steps, '>', 5, "$document has a session") or return;
        my ($script, $mark) = ("export URL='" . $server->url . "'\n", '=====');
        $script .= "$_->[0]\necho; echo '$mark'\n" for @steps;
        utf8::encode($script);
        my (undef, $out) = Crm::Process::run({input => $script}, 'bash', '-s');
        utf8::decode($out);
        my @got = split /^$mark\n/m, $out;
        is(normal($got[$_] // ''), normal($steps[$_][1]), "$document: $steps[$_][0]") for 0 .. $#steps;
    });
}
done_testing;
