# Crm::Node - tests that are written in JavaScript: their packages, and their TAP as ours.
package Crm::Node;
use strict;
use warnings;
use Fcntl qw(:flock);
use Test::More;
use Crm::Process;

# Fetches what the package-lock.json of FOLDER (below the source) names, unless it is there.
sub packages {
    my ($folder) = @_;
    my $path = "$Crm::Process::source/$folder";
    open my $lock, '>', "$path/.lock.log" or die "$path: $!";
    flock $lock, LOCK_EX or die $!;
    my ($same) = Crm::Process::run('cmp', '-s', "$path/package-lock.json", "$path/node_modules/.fetched");
    return if $same == 0;
    my ($status, $out, $err) = Crm::Process::run('npm', 'ci', '--prefix', $path, '--no-progress');
    die "npm ci in $folder gave $status: $out$err\n" if $status;
    Crm::Process::output('cp', "$path/package-lock.json", "$path/node_modules/.fetched");
    return;
}

# Runs the script of FOLDER (below the source, or absolute) with ENVIRONMENT; each line of its TAP
# becomes a test of this one.
sub tap {
    my ($folder, $script, %environment) = @_;
    if ($folder !~ m{^/}) {
        packages($folder);
        $folder = "$Crm::Process::source/$folder";
    }
    local %ENV = (%ENV, %environment);
    my ($status, $out, $err) = Crm::Process::run('node', "$folder/$script");
    utf8::decode($_) for $out, $err;
    my ($count, $right) = (0, 1);
    for my $line (split /\n/, $out) {
        if ($line =~ /^(not )?ok \d+ - (.*)/) {
            $right = !$1;
            ok($right, $2);
            $count++;
        } elsif ($line =~ /^#(.*)/) {
            $right ? note($1) : diag($1);
        }
    }
    my ($planned) = $out =~ /^1\.\.(\d+)$/m;
    is($count, $planned // 'a plan', "$script came to its end") or diag($err);
    is($status, 0, "$script ended well") or diag($err);
    return;
}

# Runs a command of FOLDER's packages: (status, output, errors).
sub command {
    my ($folder, $command, @words) = @_;
    packages($folder);
    return Crm::Process::run("$Crm::Process::source/$folder/node_modules/.bin/$command", @words);
}

1;
