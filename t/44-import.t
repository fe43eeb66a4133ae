#!/usr/bin/perl
# Records imported from spreadsheets: columns, dialects, duplicates, links, errors, files that are
# damaged or mean harm.
use lib 't/lib';
use Crm::Test;
use Crm::Sheet;
use JSON::PP;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub csv { return Crm::Sheet::csv(@_) }

# How many records are there, by the list and in SQL.
sub count_is {
    my ($server, $as, $plural, $table, $expected) = @_;
    my $count = $server->request(GET => "/api/$plural/?page_size=1", $as)->{json}{count};
    my ($row) = $server->tenant_sql('acme', "SELECT COUNT(*) FROM `$table` WHERE deleted_at IS NULL");
    is("$count $row->[0]", "$expected $expected", "$server->{database}: there are $expected $plural");
    return;
}

sub one { my ($server, $as, $path) = @_; return $server->request(GET => $path, $as)->{json}{results}[0] }

sub columns {
    my ($server, $as) = @_;
    $server->call(POST => '/api/customers/import/', {%$as, file => csv(['Full Name', 'E-MAIL', 'Contact-Number',
        'organization', 'Postal code', 'active', 'shoe size', 'created_at', 'Street'], ['Zoë Ång', ' Zoe@Example.com ',
        '+46 8', 'ACME', '0123', 'Y', '44', '2001', "Way 1\nDoor 2"], ['', 'joe@example.com', '', '', '', 'no', '', '', ''])},
        200, {processed => 2, created => 2, updated => 0, skipped => 0, errors => [], error_count => 0, position => 3,
        dry_run => $false, ignored_columns => ['shoe size', 'created_at']});
    my $zoe = one($server, $as, '/api/customers/?email=zoe@example.com');
    is_deeply([@$zoe{qw(name email phone company zip_code is_active address)}], ['Zoë Ång', 'Zoe@Example.com', '+46 8',
        'ACME', '0123', $true, "Way 1\nDoor 2"], 'columns are found by aliases and labels');
    is_deeply([@{one($server, $as, '/api/customers/?email=joe@example.com')}{qw(name phone company is_active)}],
        ['joe', '', undef, $false], 'a name is made of the address; what a create requires may be missing');
    $server->call(GET => "/api/customers/$zoe->{id}/history/", $as, 200, {count => 1, results => [{action => 'created',
        notes => 'Imported.', changed_by_username => 'acme-admin', changes => {company => {old => undef, new => 'ACME'}}}]});
    $server->call(GET => '/api/customers/?search=ang', $as, 200, {count => 1});
    # an exact name wins over an alias: notes are not the description here
    $server->call(POST => '/api/categories/import/', {%$as, file => csv(['title', 'description', 'note', 'code'],
        ['Top', 'all', 'mine', 'T'], ['Sub', '', '', 's'])}, 200, {created => 2, ignored_columns => []});
    $server->call(GET => '/api/categories/?code=t', $as, 200, {results => [{name => 'Top', description => 'all', notes => 'mine'}]});
    $server->call(POST => '/api/branches/import/', {%$as, file => csv(['name', 'code'], ['North', 'n'], ['No code', ''],
        ['North 2', 'N'], ['No code', ''])}, 200, {created => 3, updated => 1});
    return;
}

sub dialects {
    my ($server, $as) = @_;
    my $path = '/api/customers/import/';
    my @header = ('name', 'email', 'company');
    my @files = (
        ['a byte order mark, semicolons', "\xEF\xBB\xBFname;email;company\r\nBö;d1\@example.com;\"A;B\"\r\n" =~ s/ö/\xC3\xB6/r, 'Bö'],
        ['sep=', "sep=|\nname|email\nBö|d2\@example.com" =~ s/ö/\xC3\xB6/r, 'Bö'],
        ['tabs, empty lines', "name\temail\n\n\nBo\td3\@example.com\n\n", 'Bo'],
        ['Latin-1, found out', "name,email\nB\xF6,d4\@example.com\n", 'Bö'],
        ['Latin-1, announced', {bytes => "name,email\nB\xF6,d5\@example.com\n", type => 'text/csv; charset=iso-8859-1'}, 'Bö'],
        ['UTF-16', "\xFF\xFE" . join('', map { "$_\0" } split //, "name,email\nBo,d6\@example.com\n"), 'Bo'],
        ['XLSX', Crm::Sheet::xlsx(\@header, ['Bö & <Co>', 'd7@example.com', '=1+1']), 'Bö & <Co>'],
        ['a formula that was defused', "name,email\n'=1+1,d8\@example.com\n", '=1+1'],
    );
    for my $i (0 .. $#files) {
        my ($what, $file, $name) = @{$files[$i]};
        $server->call(POST => $path, {%$as, file => $file}, 200, {created => 1, error_count => 0}, "$server->{database}: $what");
        is(one($server, $as, '/api/customers/?email=d' . ($i + 1) . '@example.com')->{name}, $name, "$what: read as it was");
    }
    my $two = Crm::Sheet::xlsx_of('', First => Crm::Sheet::rows_xml(['email'], ['s1@example.com']),
        Second => Crm::Sheet::rows_xml(['email', 'active'], ['s2@example.com', [0]]));
    $server->call(POST => "$path?sheet=Second", {%$as, file => $two}, 200, {created => 1});
    is(one($server, $as, '/api/customers/?email=s2@example.com')->{is_active}, $false, 'the sheet that was named');
    $server->call(POST => "$path?sheet=Third", {%$as, file => $two}, 400, {file => [qr/First.*Second/]});
    $server->call(POST => "$path?charset=klingon", {%$as, file => "email\nx\@example.com\n"}, 400, {file => [qr/./]});
    return;
}

sub duplicates {
    my ($server, $as) = @_;
    my $path = '/api/customers/import/';
    my $file = csv(['email', 'name', 'company'], ['dup@example.com', 'First', 'One'], ['new@example.com', 'New', ''],
        ['DUP@example.com', 'Second', '']);
    my @before = $server->tenant_sql('acme', 'SELECT COUNT(*) FROM change_log');
    $server->call(POST => "$path?dry_run=true", {%$as, file => $file}, 200, {created => 2, updated => 1, dry_run => $true,
        position => 1});
    $server->call(GET => '/api/customers/?email=new@example.com', $as, 200, {count => 0});
    is_deeply([$server->tenant_sql('acme', 'SELECT COUNT(*) FROM change_log')], \@before, 'a dry run does nothing');
    $server->call(POST => $path, {%$as, file => $file}, 200, {created => 2, updated => 1, skipped => 0});
    my $dup = one($server, $as, '/api/customers/?email=dup@example.com');
    is_deeply([@$dup{qw(name email company)}], ['Second', 'DUP@example.com', 'One'],
        'the second row changes the first; an empty cell changes nothing');
    $server->call(GET => "/api/customers/$dup->{id}/history/", $as, 200, {count => 2, results => [{action => 'updated',
        notes => 'Imported.', changes => {name => {old => 'First', new => 'Second'}}}, {action => 'created'}]});
    $server->call(POST => $path, {%$as, file => csv(['email', 'name'], ['dup@EXAMPLE.com', 'Third'])}, 200, {updated => 1});
    $server->call(POST => $path, {%$as, file => csv(['email', 'name'], ['dup@EXAMPLE.com', 'Third'])}, 200, {updated => 0,
        skipped => 1});
    $server->call(POST => "$path?on_duplicate=skip", {%$as, file => csv(['email', 'name'], ['dup@example.com', 'X'],
        ['skip@example.com', 'S'], ['skip@example.com', 'T'])}, 200, {created => 1, updated => 0, skipped => 2});
    $server->call(POST => "$path?on_duplicate=error", {%$as, file => csv(['email', 'name'], ['dup@example.com', 'X'],
        ['error@example.com', 'S'], ['ERROR@example.com', 'T'])}, 200, {created => 1, error_count => 2, errors => [
        {row => 2, column => 'email', value => 'dup@example.com', error => qr/already/}, {row => 4}]});
    $server->call(GET => '/api/customers/?name=Third', $as, 200, {count => 1});
    # by id, where there is one
    $server->call(POST => $path, {%$as, file => csv(['ID', 'email', 'city'], [$dup->{id}, 'moved@example.com', 'Rome'],
        [uc $dup->{id}, '', 'Oslo'], ['', 'moved@example.com', 'Bern'])}, 200, {updated => 3, ignored_columns => []});
    $server->call(GET => "/api/customers/$dup->{id}/", $as, 200, {email => 'moved@example.com', city => 'Bern'});
    # a unique value that another record has is that row's error, not the chunk's
    $server->call(POST => $path, {%$as, file => csv(['id', 'email', 'city'], ['', 'before@example.com', 'A'],
        [$dup->{id}, 'new@example.com', 'B'], ['', 'after@example.com', 'C'])}, 200, {created => 2, error_count => 1,
        errors => [{row => 3, column => 'email', error => 'email: This field must be unique.'}]});
    # a dry run sees duplicates over chunks
    my @many = map { ["many$_\@example.com"] } 1 .. 1200;
    $server->call(POST => "$path?dry_run=1", {%$as, file => csv(['email'], @many, @many)}, 200,
        {processed => 2400, created => 1200, updated => 1200});
    $server->call(POST => $path, {%$as, file => csv(['email'], @many, @many)}, 200,
        {processed => 2400, created => 1200, updated => 0, skipped => 1200, position => 2401});
    $server->call(POST => "$path?resume_from=2000", {%$as, file => csv(['email'], @many, @many)}, 200,
        {processed => 401, skipped => 401, position => 2401});
    $server->call(POST => $path, {%$as, file => csv(['email', 'city'], map { ['same@example.com', "City $_"] } 1 .. 300)}, 200,
        {created => 1, updated => 299});
    return;
}

sub links {
    my ($server, $as) = @_;
    my $path = '/api/leads/import/';
    my $gone = $server->call(POST => '/api/customers/', {%$as, body => {name => 'Gone', email => 'gone@example.com', phone => '1',
        is_active => $false}}, 201)->{json};
    my $zoe = one($server, $as, '/api/customers/?email=zoe@example.com');
    my $nobody = '01890000-0000-7000-8000-000000000000';
    $server->call(POST => $path, {%$as, file => csv(['name', 'email', 'mobile', 'Status', 'channel', 'client_email', 'client_name', 'customer'],
        ['L1', 'l@example.com', '5', 'Follow Up', 'web', 'ZOE@example.com', '', ''],
        ['L2', 'fresh@example.com', '6', 'NEW', '', '', '', ''],
        ['L3', 'Fresh@example.com', '', '', '', '', '', ''],
        ['L4', '', '', '', '', '', '', ''],
        ['L5', '', '', '', '', 'boss@example.com', 'The Boss', ''],
        ['L6', '', '', '', '', '', '', $zoe->{id}],
        ['L7', 'gone@example.com', '', '', '', '', '', ''],
        ['L8', '', '', '', '', 'gone@example.com', '', ''],
        ['L9', '', '', '', '', '', '', $nobody],
        ['L10', '', '', 'lost', '', '', '', 'no-id'],
        ['', 'x@example.com', '', '', '', '', '', ''])}, 200, {processed => 11, created => 7, error_count => 4, errors => [
        {row => 9, column => 'client_email', error => qr/not active/},
        {row => 10, column => 'customer', value => $nobody, error => "customer: Invalid pk \"$nobody\" - object does not exist."},
        {row => 11, column => 'Status', value => 'lost', error => qr/"lost" is not a valid choice\. .*Must be a valid UUID/},
        {row => 12, column => 'name', value => '', error => 'name is required'}]});
    my %lead = map { ($_->{name} => $_) } @{$server->request(GET => '/api/leads/?page_size=100', $as)->{json}{results}};
    is_deeply([@{$lead{L1}}{qw(status source phone customer)}], ['follow_up', 'web', '5', $zoe->{id}], 'linked by customer_email');
    is_deeply([@{$lead{L2}{customer_details}}{qw(name email phone)}], ['L2', 'fresh@example.com', '6'], 'a customer is made');
    is($lead{L3}{customer}, $lead{L2}{customer}, 'two rows of one address have one customer');
    is_deeply([@{$lead{L4}}{qw(status source email customer)}], ['new', '', '', undef], 'without an address there is none');
    is_deeply([@{$lead{L5}{customer_details}}{qw(name email)}], ['The Boss', 'boss@example.com'], 'a named customer is made');
    is($lead{L6}{customer}, $zoe->{id}, 'a customer by his id');
    is($lead{L7}{customer}, undef, 'one who is not active is not linked by the way');
    $server->call(GET => '/api/customers/?email=fresh@example.com', $as, 200, {count => 1});
    $server->call(GET => "/api/customers/$lead{L2}{customer}/history/", $as, 200, {results => [{action => 'created', notes => 'Imported.'}]});
    $server->call(POST => "$path?auto_create_customer=false", {%$as, file => csv(['name', 'email'], ['U1', 'unlinked@example.com'],
        ['U2', 'zoe@example.com'])}, 200, {created => 2});
    $server->call(GET => '/api/leads/?name__contains=U&customer__isnull=true', $as, 200, {count => 2});
    $server->call(GET => '/api/customers/?email=unlinked@example.com', $as, 200, {count => 0});
    # calls of a lead, whose hook changes it
    my $calls = "/api/leads/$lead{L2}{id}/call-summaries/";
    $server->call(POST => "${calls}import/", {%$as, file => csv(['summary', 'call_time', 'outcome'], ['one', '2026-01-02T03:04:05Z', ''],
        ['two', '', 'Follow Up'], ['three', 'yesterday', ''])}, 200, {created => 2, error_count => 1, errors => [{row => 4,
        column => 'call_time'}]});
    $server->call(GET => "/api/leads/$lead{L2}{id}/", $as, 200, {status => 'follow_up', call_summaries => [{summary => 'two'},
        {summary => 'one'}]});
    $server->call(POST => "/api/leads/$nobody/call-summaries/import/", {%$as, file => csv(['summary'], ['x'])}, 404);
    # categories: no circle, also within one file
    my ($top, $sub) = map { one($server, $as, "/api/categories/?code=$_")->{id} } 't', 's';
    $server->call(POST => '/api/categories/import/', {%$as, file => csv(['name', 'code', 'parent'], ['Sub', 's', $top],
        ['Top', 't', $sub], ['Other', 'o', $sub])}, 200, {created => 1, updated => 1, error_count => 1, errors => [{row => 3,
        column => 'parent', error => qr/lie in/}]});
    return;
}

sub errors {
    my ($server, $as) = @_;
    my $path = '/api/customers/import/';
    my @wrong = map { ["e$_", 'x' x 300, "=$_"] } 1 .. 1100;
    my $answer = $server->call(POST => $path, {%$as, file => csv(['email', 'name', 'phone'], @wrong, ['right@example.com', 'Right', '1'])},
        200, {processed => 1101, created => 1, error_count => 1100, position => 1102})->{json};
    is(scalar @{$answer->{errors}}, 1000, 'at most 1,000 errors are listed');
    is($answer->{errors}[999]{row}, 1001, 'the first ones');
    like($answer->{errors}[0]{error}, qr/^email: Enter a valid email address\. name: Ensure this field has no more than 255/,
        'all that is wrong with a row is told');
    my $file = $server->call(POST => "$path?errors=csv", {%$as, file => csv(['email', 'name', 'phone', 'shoe'],
        ['fine@example.com', 'Fine', '1', '1'], ['bad', "A \"B\"\nC", "=1", '2'], ['', 'None', '3', '3'])}, 200);
    is($file->{headers}{'content-type'}, 'text/csv; charset=utf-8', 'wrong rows come as CSV');
    like($file->{headers}{'content-disposition'}, qr/attachment; filename="customers-errors.csv"/, 'to be saved');
    is($file->{body}, csv(['email', 'name', 'phone', 'shoe', 'error'], ['bad', "A \"B\"\nC", "'=1", '2',
        'email: Enter a valid email address.'], ['', 'None', '3', '3', 'Email is required']), 'as they were, and what is wrong');
    (my $mended = $file->{body}) =~ s/^bad,/mended\@example.com,/m;
    my $second = $server->call(POST => "$path?errors=csv", {%$as, file => $mended}, 200);
    is($second->{body}, csv(['email', 'name', 'phone', 'shoe', 'error'], ['', 'None', '3', '3', 'Email is required']),
        'what was mended is taken');
    is_deeply([@{one($server, $as, '/api/customers/?email=mended@example.com')}{qw(name phone)}], ["A \"B\"\nC", '=1'],
        'a round trip changes no cell');
    return;
}

sub refusals {
    my ($server, $as) = @_;
    my $path = '/api/customers/import/';
    my $good = csv(['email'], ['refused@example.com']);
    $server->call(POST => $path, {file => $good}, 401);
    $server->call(POST => $path, {%$as, body => {file => 'x'}}, 400, {file => ['No file was submitted.']});
    $server->call(POST => $path, {%$as, file => {field => 'upload', bytes => $good}}, 400, {file => ['No file was submitted.']});
    $server->call(POST => $path, {%$as, body => $good, headers => {'Content-Type' => 'text/csv'}}, 415);
    $server->call(POST => $path, {%$as, file => ''}, 400, {file => ['The submitted file is empty.']});
    $server->call(POST => "$path?mode=all", {%$as, file => $good}, 400, {mode => ['Unknown parameter.']});
    $server->call(POST => "$path?auto_create_customer=1", {%$as, file => $good}, 400, {auto_create_customer => ['Unknown parameter.']});
    $server->call(POST => "$path?on_duplicate=merge&dry_run=perhaps", {%$as, file => $good}, 400,
        {on_duplicate => ['"merge" is not a valid choice.'], dry_run => ['Must be a valid boolean.']});
    $server->call(POST => "$path?resume_from=-1", {%$as, file => $good}, 400, {resume_from => [qr/greater/]});
    $server->call(GET => $path, $as, 405);
    $server->call(POST => '/api/branches/import/', {%$as, file => 'x' x 300_000}, 413);
    $server->client->close;
    count_is($server, $as, 'customers', 'customer', $server->{customers});

    my @note = $server->wait_history($as->{token}, 'search=import&response_status=200', 1);
    my $record = $server->request(GET => "/api/auth/history/$note[-1]{id}/", $as)->{json};
    is_deeply($record->{request_data}{body}, {file => {filename => 'file.csv', size => $record->{request_data}{body}{file}{size}}},
        'History has name and size of an upload');
    cmp_ok($record->{request_data}{body}{file}{size}, '>', 50, 'the real size');
    return;
}

# A database that fails in the middle: the answer says how far it came, and the rest can be sent.
sub stopped {
    my ($server, $as) = @_;
    my $file = csv(['name', 'email'], map { ["Stop $_", "stop$_\@example.com"] } 1 .. 2000);
    $server->tenant_sql('acme', 'CREATE TRIGGER stop BEFORE INSERT ON customer ' . ($server->{database} eq 'mysql'
        ? "FOR EACH ROW SET NEW.version = IF(NEW.name = 'Stop 1700', NULL, NEW.version)"
        : "WHEN NEW.name = 'Stop 1700' BEGIN SELECT RAISE(ABORT, 'stop'); END"));
    $server->call(POST => '/api/customers/import/', {%$as, file => $file}, 500, {processed => 1500, created => 1500,
        position => 1501, error_count => 0, detail => 'A server error occurred.'});
    like($server->log_text, qr{/api/customers/import/: 500: }, 'and the log says why');
    $server->tenant_sql('acme', 'DROP TRIGGER stop');
    $server->call(GET => '/api/customers/?search=stop', $as, 200, {count => 1500});
    $server->call(POST => '/api/customers/import/?resume_from=1501', {%$as, file => $file}, 200, {processed => 500, created => 500,
        position => 2001});
    return;
}

# Files that are damaged or mean harm: 400, and nothing of them is imported.
sub hostile {
    my ($server, $as) = @_;
    my $rows = Crm::Sheet::rows_xml(['email'], map { ["hostile$_\@example.com"] } 1 .. 1000);
    my $whole = Crm::Sheet::xlsx_of('', Sheet1 => $rows);
    my $entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' . join('', map { "<!ENTITY $_->[0] \"" . "&$_->[1];" x 10 . '">' }
        ['b', 'a'], ['c', 'b'], ['d', 'c'], ['e', 'd'], ['f', 'e'], ['g', 'f'], ['h', 'g']) . ']>';
    my $csv = csv(['email'], map { ["hostile$_\@example.com"] } 1 .. 1000);
    my @files = (
        ['a truncated XLSX', substr $whole, 0, length($whole) - 100],
        ['a XLSX with a flipped byte', do { my $bytes = $whole; substr($bytes, length($bytes) * 0.6, 1) ^= "\xFF"; $bytes }],
        ['a zip bomb', Crm::Sheet::xlsx_of('', Sheet1 => $rows . '<row>' . '<c><v>1</v></c>' x 3_000_000 . '</row>')],
        ['an XML bomb', Crm::Sheet::xlsx_of($entities, Sheet1 => $rows . '<row><c t="inlineStr"><is><t>&h;</t></is></c></row>')],
        ['an external entity', Crm::Sheet::xlsx_of('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', Sheet1 => $rows)],
        ['16,385 columns in XLSX', Crm::Sheet::xlsx(['email', map { "c$_" } 1 .. 16_384])],
        ['16,385 columns in CSV', csv(['email', map { "c$_" } 1 .. 16_384]) . $csv],
        ['a ZIP that is no XLSX', Crm::Sheet::zip('readme.txt' => 'hello')],
        ['a cell of 3 MiB', $csv . 'x' x (3 << 20) . "\r\n"],
        ['a quote that never ends', $csv . '"' . 'open' x 1000],
        ['bytes that are no UTF-8', {bytes => "$csv\xFF\xFE", type => 'text/csv; charset=utf-8'}],
        ['a NUL', "${csv}a\0b\r\n"],
    );
    for my $row (@files) {
        my ($what, $file) = @$row;
        $server->call(POST => '/api/customers/import/', {%$as, file => $file}, 400, {file => [qr/./]}, "$server->{database}: $what");
    }
    $server->call(GET => '/api/customers/?search=hostile', $as, 200, {count => 0}, "$server->{database}: nothing was imported");
    my $part = $server->call(POST => '/api/customers/import/?partial=true', {%$as, file => $csv . '"open'}, 200,
        {created => 1000, damage => qr/Row 1002/, position => 1001}, "$server->{database}: but a part, when it is asked for")->{json};
    is($part->{error_count}, 0, 'a damage is no wrong row');
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    columns($server, \%as);
    dialects($server, \%as);
    duplicates($server, \%as);
    links($server, \%as);
    errors($server, \%as);
    ($server->{customers}) = map { $_->[0] } $server->tenant_sql('acme', 'SELECT COUNT(*) FROM customer');
    refusals($server, \%as);
    hostile($server, \%as);
    stopped($server, \%as);
    my ($unlogged) = $server->tenant_sql('acme', 'SELECT COUNT(*) FROM customer c WHERE NOT EXISTS (SELECT 1 FROM change_log l '
        . "WHERE l.record_id = c.id AND l.action = 'created')");
    is($unlogged->[0], 0, 'no record is without its change log');
    my ($searched) = $server->tenant_sql('acme', 'SELECT (SELECT COUNT(*) FROM customer) - (SELECT COUNT(*) FROM customer_search)');
    is($searched->[0], 0, 'nor without its search');
}, config => "<Location /api/branches/import/>\nCrmImportLimit 100k\n</Location>");
done_testing;
