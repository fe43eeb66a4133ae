# Crm::Fill - fills a tenant's tables of records with many rows, by statements of the database alone.
#
#     my $schemas = $server->request(GET => '/api/schema/', {token => $token})->{json}{components}{schemas};
#     Crm::Fill::records($server, 'acme', $schemas->{Customer}, 100_000);
#     Crm::Fill::records($server, 'acme', $schemas->{Lead}, 1_000_000, customer => 100_000);
#
# What a column holds follows from its name, else from what the schema says of its field; so a new entity
# needs nothing here. Row N of a table has the id `id(N)`, was created N seconds after 2024 began (every
# fourth together with the one before), and is the same whenever and on whichever database it is made.
package Crm::Fill;
use strict;
use warnings;
use utf8;
use Exporter 'import';

our @EXPORT_OK = qw(id);

my @first = qw(Anna Bernd Chloé Dmitri Elif Farid Greta Hiroshi Inés János Kwame Léa Mateo Noor Oskar Priya);
my @last = qw(Müller Smith García Novák Öztürk Ivanov Tanaka Rossi Dubois Kowalski Silva Larsen Nguyen Cohen Brown);
my @companies = qw(Acme Globex Initech Umbrella Hooli Vandelay Stark Wayne Wonka Cyberdyne Tyrell);
my @cities = qw(Berlin Paris Zürich Kraków Lisboa Oslo Tokyo Lagos Lima Austin Malmö);
my @sources = qw(web call fair friend mail);
my %folded = ('é' => 'e', 'ü' => 'u', 'ö' => 'o', 'á' => 'a', 'í' => 'i', 'ł' => 'ł');

# The id of row N, as the API writes it: sixteen hexadecimal digits of N as bytes.
sub id {
    my ($n) = @_;
    my $hex = unpack 'H*', sprintf '%016X', $n;
    return join '-', unpack 'A8A4A4A4A12', $hex;
}

# One of LIST, by N divided by STEP.
sub one_of {
    my ($step, @list) = @_;
    my $case = "CASE ((n DIV $step) % " . @list . ')';
    $case .= " WHEN $_ THEN '$list[$_]'" for 0 .. $#list;
    return "$case END";
}

# The numbers from 1 to COUNT, in a FROM.
sub numbers {
    my ($count) = @_;
    return "(WITH RECURSIVE numbered(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbered WHERE n < $count) "
        . 'SELECT n FROM numbered) numbers';
}

# What differs between the databases. `quickly`: what makes large statements fast, and as long as they are (each
# comment is a statement of MariaDB, or of MySQL, alone); and rows of a table may refer to others of it.
my %dialect = (
    mysql => {
        join => sub { 'CONCAT(' . join(', ', @_) . ')' },
        id => sub { "CAST(LPAD(HEX($_[0]), 16, '0') AS BINARY(16))" },
        time => sub { "('2024-01-01' + INTERVAL ($_[0]) SECOND)" },
        day => sub { "('2024-01-01' + INTERVAL ($_[0]) DAY)" },
        columns => sub { "SELECT column_name, COALESCE(character_maximum_length, 0) FROM information_schema.columns WHERE table_schema = DATABASE() AND "
            . "table_name = '$_[0]' ORDER BY ordinal_position" },
        divide => 'DIV',
        quickly => ['SET foreign_key_checks = 0, unique_checks = 0',
            '/*M! SET max_recursive_iterations = 4294967295 */', '/*!80000 SET cte_max_recursion_depth = 4294967295 */'],
    },
    sqlite3 => {
        join => sub { '(' . join(' || ', map { "($_)" } @_) . ')' },
        id => sub { "CAST(printf('%016X', $_[0]) AS BLOB)" },
        time => sub { "(strftime('%Y-%m-%d %H:%M:%S', '2024-01-01', '+' || ($_[0]) || ' seconds') || '.000000')" },
        day => sub { "(date('2024-01-01', '+' || ($_[0]) || ' days') || ' 00:00:00.000000')" },
        columns => sub { "SELECT name, 0 FROM pragma_table_info('$_[0]') ORDER BY cid" },
        divide => '/',
        quickly => ['PRAGMA cache_size = -400000', 'PRAGMA synchronous = OFF'],
    },
);

# SQL for a column of row n that nothing is known of but its FIELD's schema, and its LENGTH (0: any). What is
# of no field is text.
sub any {
    my ($d, $column, $field, $length) = @_;
    $field //= {type => 'string'};
    my ($type) = grep { $_ ne 'null' } map { ref $_ ? @$_ : $_ // () } $field->{type};
    my $format = $field->{format} // '';
    return one_of(1, map { $_->{value} } @{$field->{'x-crm-choices'}}) if $field->{'x-crm-choices'};
    return "'[]'" if !defined $type || $type eq 'array';
    return 'n % 2' if $type eq 'boolean';
    return '(n * 7919) % 1000' if $type ne 'string' || $format eq 'decimal';
    return $d->{time}->('(n * 7919) % 10000000') if $format eq 'date-time';
    return $d->{day}->('(n * 7919) % 1000') if $format eq 'date';
    return $d->{id}->('n') if $format eq 'uuid';
    my $text = $d->{join}->(one_of(1, @first), "' $column '", 'n % 1000');
    return $length && $length < 40 ? "SUBSTR($text, 1, $length)" : $text;
}

# SQL for a column (name, length) of row n. FIELDS: the schema of each field. REFERS: how many rows each
# table has that a column refers to. UNIQUE: columns of which no two rows have the same.
sub expression {
    my ($d, $described, $fields, $refers, $unique) = @_;
    my ($column, $length) = @$described;
    my $name = $d->{join}->(one_of(1, @first), "' '", one_of(17, @last));
    my %expression = (
        id => $d->{id}->('n'),
        name => $name, manager_name => $name,
        email => $d->{join}->(one_of(1, map { fold($_) } @first), "'.'", 'n', "'\@'", one_of(5, @companies), "'.example'"),
        phone => $d->{join}->("'+49 30 '", '(n * 7919) % 1000000'),
        company => $d->{join}->(one_of(3, @companies), "' '", 'n % 1000'),
        code => $d->{join}->("'C'", 'n'), sku => $d->{join}->("'S-'", 'n'), price => '(n * 7919) % 100000',
        city => one_of(2, @cities), zip_code => '10000 + n % 5000',
        address => $d->{join}->('n % 300', "' Main Street'"),
        is_active => 'CASE WHEN n % 10 = 0 THEN 0 ELSE 1 END',
        created_by => '1 + n % 3', version => '1',
        created_at => $d->{time}->('n - CASE WHEN n % 4 = 0 THEN 1 ELSE 0 END'),
        updated_at => $d->{time}->('n + 86400 * (n % 7)'), call_time => $d->{time}->('(n * 7919) % 10000000'),
        deleted_at => 'CASE WHEN n % 100 = 99 THEN ' . $d->{time}->('n + 86400 * 7') . ' END',
        source => one_of(1, @sources),
        map({ $_ => $d->{id}->("1 + (n * 7919) % $refers->{$_}") } keys %$refers),
    );
    my ($base, $twin) = $column =~ /^(.*?)_(key|unique)$/ ? ($1, $2) : ($column, '');
    my $value = $expression{$base} // ($unique->{$base} ? $d->{join}->("'U'", 'n') : any($d, $base, $fields->{$base}, $length));
    return $twin eq 'unique' ? "CASE WHEN n % 100 <> 99 THEN LOWER($value) END" : $twin ? "LOWER($value)" : $value;
}

sub fold {
    my ($text) = @_;
    return $text =~ s/(\P{ASCII})/$folded{$1} \/\/ $1/gre;
}

# Runs STATEMENTS on the tenant's database, as one.
sub run {
    my ($server, $slug, @statements) = @_;
    my $sql = join '', map { "$_;\n" } @statements;
    utf8::encode($sql) if utf8::is_utf8($sql);
    return $server->tenant_sql($slug, $sql);
}

# Fills the table of the entity that SCHEMA describes, and what belongs to it, with COUNT records of which
# one in a hundred is deleted; REFERS: of each column that refers to a table, how many rows that has.
sub records {
    my ($server, $slug, $schema, $count, %refers) = @_;
    my $d = $dialect{$server->{database}};
    my $table = $schema->{'x-crm-entity'}{name};
    my @described = $server->tenant_sql($slug, $d->{columns}->($table));
    my @columns = map { $_->[0] } @described;
    my @found = grep { /_key$/ } @columns;
    my @search = map { $_->[0] } $server->tenant_sql($slug, $d->{columns}->("${table}_search"));
    my $text = @found ? $d->{join}->(map({ ("COALESCE($_, '')", "'\n'") } @found), "''") : "'summary'";
    my %unique = map { /^(.*)_unique$/ ? ($1 => 1) : () } @columns;
    my @values = map { expression($d, $_, $schema->{properties}, \%refers, \%unique) } @described;
    s/ DIV / $d->{divide} /g, $_ = fold_twin($_) for @values;
    run($server, $slug,
        @{$d->{quickly}},
        "INSERT INTO `$table` (" . join(', ', map { "`$_`" } @columns) . ') SELECT ' . join(', ', @values) . ' FROM '
            . numbers($count),
        "INSERT INTO `${table}_search` (" . join(', ', map { "`$_`" } @search) . ') SELECT '
            . join(', ', map { $_ eq 'text' ? $text : "`$_`" } @search) . " FROM `$table` WHERE deleted_at IS NULL "
            . 'ORDER BY created_at, id',
        "INSERT INTO record_count (entity, slot, records) SELECT '$table', 1000, COUNT(*) FROM `$table` WHERE deleted_at "
            . 'IS NULL',
        $server->{database} eq 'mysql' ? "ANALYZE TABLE `$table`, `${table}_search`" : ());
    return;
}

# The text that is compared has no accents.
sub fold_twin {
    my ($sql) = @_;
    return $sql =~ /LOWER/ ? fold($sql) : $sql;
}

1;
