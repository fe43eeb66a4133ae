#!/usr/bin/perl
# Every message to the error log has an identifier of its own, and docs/messages.md says what to do; a
# real line of the log has it.
use lib 't/lib';
use Crm::Test;

chdir $Crm::Process::source or die $!;

# The text of C string literals and macros of formats, with "…" for what differs.
sub words {
    my ($code) = @_;
    my $text = '';
    while ($code =~ /\G\s*(?:"((?:[^"\\]|\\.)*)"|([A-Z_\d]+_FMT))/gc) { $text .= $1 // 'd' }
    $text =~ s/\\(.)/$1/g;
    $text =~ s/(?:%(?:\.\*|[-.\d]*)l*[a-z])+/…/g;
    return $text;
}

my (%message, @without, $calls);
for my $path (glob 'mod_crm/server/*.c mod_crm/mod_crm.c') {
    open my $file, '<:encoding(UTF-8)', $path or die "$path: $!";
    my $code = do { local $/; <$file> };
    while ($code =~ /\b(ap_log_[a-z]*error|tell)(\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))\s*;/g) {
        my ($call, $arguments) = ($1, $2);
        next if $arguments =~ /APLOG_TRACE\d/ || ($arguments =~ /"%s", text\)$/ && $path =~ /keeper/);
        $calls++;
        if ($arguments !~ /"CRM(\d{4}): (.*)/s) {
            push @without, "$path: $call$arguments";
            next;
        }
        my ($number, $rest) = ($1, "\"$2");
        ok(!$message{$number}, "CRM$number is one message");
        $message{$number} = words($rest) . ($call eq 'tell' ? ': …' : '');
    }
}
cmp_ok($calls, '>', 20, 'there are calls');
ok(!@without, 'each has an identifier') or diag(join "\n", @without);
my $all = Crm::Process::output('grep', '-rhoE', 'CRM[0-9]{4}: ', 'mod_crm');
is_deeply([sort map { /(\d+)/ } split /\n/, $all], [sort keys %message], 'all identifiers were seen');

open my $file, '<:encoding(UTF-8)', 'docs/messages.md' or die $!;
my $document = do { local $/; <$file> };
my %section = $document =~ /^## CRM(\d{4})\n(.*?)(?=^## |\z)/msg;
for my $number (sort keys %message) {
    my $section = delete $section{$number};
    ok(defined $section, "CRM$number is documented") or next;
    my ($level, $text, $rest) = $section =~ /^\n    \[(\w+)\] (.*)\n\n(.+)/s;
    is($text =~ s/\n.*//sr, $message{$number}, "CRM$number: its words");
    like($rest // '', qr/\w+ \w+/, "CRM$number: what to do");
}
is_deeply([sort keys %section], [], 'nothing else is documented');
is_deeply([$document =~ /^## CRM(\d+)/mg], [sort map { /^## CRM(\d+)/ } split /^(?=##)/m, $document], 'in order');

my $server = Crm::Server->new(database => 'sqlite3', settings => {CrmDocs => '/nowhere'})->start;
$server->stop;
like($server->log_text, qr/^\[.*\[crm:warn\] .* CRM0006: documentation: CrmDocs: /m, 'a line of the log');
$server = Crm::Server->new(database => 'sqlite3', settings => {CrmMainDatabase => undef});
my (undef, $said) = $server->check_config;
like($said, qr/CRM0001: configuration: .*needs CrmMainDatabase/, 'what -t says');
done_testing;
