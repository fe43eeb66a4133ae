#!/usr/bin/perl
# The floors of docs/architecture.md: a file includes headers of its own floor and of those below it.
use lib 't/lib';
use Crm::Test;
use File::Path qw(make_path);
use File::Temp qw(tempdir);

my @floors = qw(base model db service entities api);    # from the ground up
my %height = map { $floors[$_] => $_ } 0 .. $#floors;
@height{qw(crmctl server)} = (scalar @floors) x 2;       # side by side: neither sees the other

# What is wrong with FILE (its path below mod_crm/) including HEADER; nothing when it may.
sub problem {
    my ($file, $quote, $header) = @_;
    my ($floor) = $file =~ m{^([^/]+)/};
    my $is_httpd = $header =~ m{^(?:httpd|http_\w+|ap_\w+|util_\w+|scoreboard|mpm_common|mod_\w+)\.h$};
    my $is_database = $header =~ m{^(?:apr_dbd|(?:mysql|mariadb)(?:/.*)?|mysqld?_.*|sqlite3)(?:\.h)?$};
    return 'httpd is for server/ and mod_crm.c' if $is_httpd && $floor && $floor ne 'server';
    return 'databases are for db/' if $is_database && ($floor // '') ne 'db';
    return if $quote ne '"';
    my ($other) = $header =~ m{^([^/]+)/[^/]+\.h$} or return 'name the floor: "floor/name.h"';
    return "there is no floor $other" if !defined $height{$other};
    return if !$floor;                                  # mod_crm.c stands above all
    return "no floor for $file" if !defined $height{$floor};
    return if $other eq $floor || $height{$other} < $height{$floor};
    return "$floor is not above $other";
}

# All that is wrong below FOLDER, and how many includes were looked at.
sub problems {
    my ($folder) = @_;
    my ($count, @problems) = 0;
    for my $path (split /\n/, Crm::Process::output('find', $folder, '-name', '*.[ch]')) {
        open my $file, '<', $path or die "$path: $!";
        while (my $line = <$file>) {
            my ($quote, $header) = $line =~ /^\s*#\s*include\s*(["<])([^">]+)/ or next;
            $count++;
            my $problem = problem(substr($path, 1 + length $folder), $quote, $header) or next;
            push @problems, "$path:$.: $header: $problem";
        }
    }
    return ($count, @problems);
}

# Planted violations: the check sees each, and nothing in what is allowed.
my @rows = (
    ['base/x.c', '"base/error.h"', 0], ['base/x.c', '<apr_pools.h>', 0], ['db/x.c', '<apr_dbd.h>', 0],
    ['db/x.c', '<mysql.h>', 0], ['server/x.c', '<httpd.h>', 0], ['server/x.c', '"api/request.h"', 0],
    ['crmctl/x.c', '"service/site.h"', 0], ['mod_crm.c', '<http_config.h>', 0], ['mod_crm.c', '"server/hooks.h"', 0],
    ['base/x.c', '"model/value.h"', 1], ['model/x.h', '"db/pool.h"', 1], ['db/x.c', '"service/site.h"', 1],
    ['service/x.c', '"entities/lead.h"', 1], ['service/x.c', '"api/route.h"', 1], ['api/x.c', '"server/auth.h"', 1],
    ['crmctl/x.c', '"server/auth.h"', 1], ['server/x.c', '"crmctl/run.h"', 1], ['api/x.c', '<httpd.h>', 1],
    ['crmctl/x.c', '<http_config.h>', 1], ['service/x.c', '<ap_mpm.h>', 1], ['service/x.c', '<apr_dbd.h>', 1],
    ['server/x.c', '<sqlite3.h>', 1], ['api/x.c', '<mysql/mysql.h>', 1], ['base/x.c', '"error.h"', 1],
    ['base/x.c', '"other/error.h"', 1], ['attic/x.c', '"base/error.h"', 1],
);
for my $row (@rows) {
    my ($path, $header, $expected) = @$row;
    my $folder = tempdir(CLEANUP => 1);
    make_path("$folder/" . ($path =~ m{^(.*)/} ? $1 : ''));
    open my $file, '>', "$folder/$path" or die $!;
    print $file "#include $header\n";
    close $file;
    my ($count, @found) = problems($folder);
    is(scalar @found, $expected, "$path may " . ($expected ? 'not ' : '') . "include $header") or diag(@found);
}

my ($count, @problems) = problems("$Crm::Process::source/mod_crm");
cmp_ok($count, '>', 100, 'there are includes to look at');
ok(!@problems, 'every include is of its own floor or one below') or diag(join "\n", @problems);
done_testing;
