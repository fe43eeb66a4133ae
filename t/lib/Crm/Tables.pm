# Crm::Tables - what the tables of a database hold, read by the database's own client alone.
#
#     my $before = Crm::Tables::digests($server->{databases}, $server->{databases}->tenant_name('acme'));
#
# The same rows give the same digests on both databases: bytes are compared as hexadecimal digits, times
# with six digits of a second's fraction, reals as millionths.
package Crm::Tables;
use strict;
use warnings;
use Digest::SHA 'sha256_hex';

# [table, column, declared type] of all columns.
sub columns {
    my ($databases, $name) = @_;
    return $databases->sql($name, $databases->is_mysql
        ? 'SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = '
            . "DATABASE() ORDER BY table_name, ordinal_position"
        : 'SELECT m.name, p.name, p.type FROM sqlite_master m JOIN pragma_table_info(m.name) p '
            . "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, p.cid");
}

sub expression {
    my ($databases, $column, $type) = @_;
    my $cell = $type =~ /double|real/i ? "ROUND(`$column` * 1000000)" : "`$column`";
    $cell = "CAST($cell AS " . ($databases->is_mysql ? 'SIGNED' : 'INTEGER') . ')' if $cell ne "`$column`";
    $cell = "CAST($cell AS BINARY)" if $databases->is_mysql;
    return "CASE WHEN `$column` IS NULL THEN 'NULL' ELSE HEX($cell) END";
}

# A row whose times have six digits of a fraction.
sub normal {
    return join ' ', map {
        my $text = $_ eq 'NULL' ? '' : pack 'H*', $_;
        $text =~ /\A(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d+))?\z/
            ? $1 =~ tr/ /T/r . '.' . substr(($2 // '') . '000000', 0, 6) : $_
    } @_;
}

# {table => "rows digest"} of the database NAME; the tables that SKIP names are left out.
sub digests {
    my ($databases, $name, @skip) = @_;
    my (%columns, %digests);
    my %skip = map { $_ => 1 } 'schema_migration', @skip;
    push @{$columns{$_->[0]}}, expression($databases, @$_[1, 2]) 
        for sort { $a->[1] cmp $b->[1] } columns($databases, $name);
    for my $table (grep { !$skip{$_} } keys %columns) {
        my @rows = sort map { normal(@$_) } $databases->sql($name,
            'SELECT ' . join(', ', @{$columns{$table}}) . " FROM `$table`");
        $digests{$table} = @rows . ' ' . sha256_hex(join "\n", @rows);
    }
    return \%digests;
}

1;
