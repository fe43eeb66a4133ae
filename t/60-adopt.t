#!/usr/bin/perl
# An installation of the old product is taken over: what is counted adds up, both sides have the same rows,
# accounts and tokens go on working, dirty data are taken as is said, and it can be killed at any moment.
use lib 't/lib';
use Crm::Test;
use Crm::Django;
use JSON::PP;
use POSIX ();
use Time::HiRes ();

my $rows = 300;    # some chunks of each table
my $old = Crm::Django->new(rows => $rows);
my %tenant = %{$old->{tenant}};
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub bare { return Crm::Django::id(@_) }
sub id { return Crm::Django::dashed(bare(@_)) }
sub token { return {token => Crm::Django::token($_[0])} }

sub adopt {
    my ($server, @words) = @_;
    return $server->crmctl('adopt', '--from', $old->url, '--side-files', "$server->{folder}/side", @words);
}

# The report.
sub adopt_ok {
    my ($server, @words) = @_;
    my ($status, $out, $err) = adopt($server, '--json', @words);
    is($status, 0, "$server->{database}: adopt @words") or BAIL_OUT("$out$err");
    return decode_json($out);
}

# A place of the report, and one of its tables.
sub place { my ($report, $name) = @_; return (grep { $_->{name} eq $name } @{$report->{tenants}})[0] }
sub table { my ($place, $name) = @_; return (grep { $_->{table} eq $name } @{$place->{tables}})[0] // {} }
sub noted { my ($place, $table, $note) = @_; return table($place, $table)->{notes}{$note}{count} // 0 }

# ---- the same rows on both sides, each read by this test's own SQL

# A column: SQL in the source, SQL in the target.
sub text { return map { [$_ => "COALESCE(HEX(CONVERT(`$_` USING utf8mb4)), '-')", or_dash("HEX(`$_`)", $_)] } @_ }
sub plain { return map { [$_ => "COALESCE(`$_`, '-')", "COALESCE(`$_`, '-')"] } @_ }
sub link_to { return map { [$_ => "COALESCE(LOWER(REPLACE(${_}_id, '-', '')), '-')", or_dash("LOWER(HEX(`$_`))", $_)] } @_ }
sub or_dash { return "CASE WHEN `$_[1]` IS NULL THEN '-' ELSE $_[0] END" }

my @common = ([id => "LOWER(REPLACE(id, '-', ''))", 'LOWER(HEX(id))'], plain('created_at', 'updated_at'),
    [author => "COALESCE(created_by_id, '-')", "COALESCE(created_by, '-')"],
    [deleted => "IF(is_active, '-', updated_at)", "COALESCE(deleted_at, '-')"]);
my @records = (
    ['customer', 'customer_customer', $rows, @common, text(qw(name email phone company))],
    ['lead', 'leads_lead', $rows, @common, link_to('customer'), text(qw(name email phone status source notes))],
    ['call', 'leads_leadcallsummary', $rows, @common, link_to('lead'), plain('call_time'),
        [summary => "HEX(IF(summary LIKE '\"%', JSON_UNQUOTE(summary), summary))", 'HEX(summary)']],
    ['branch', 'branch_branch', 5, @common, text(qw(name code city manager_name))],
    ['category', 'category_category', 5, @common, link_to('parent'), text(qw(name code))],
);
my %target = (call => 'call_summary');

# Some lines of the first text that the second has not.
sub difference {
    my ($one, $other) = @_;
    my %there = map { $_ => 1 } split /\n/, $other;
    return (grep { !$there{$_} } split /\n/, $one)[0 .. 2];
}

sub join_rows { return join "\n", sort map { join '|', @$_ } @_ }

# Rows of TENANT that are as they should be; dirty ones are looked at one by one below.
sub same_rows {
    my ($server, $tenant, $database, $slug) = @_;
    for my $record (@records) {
        my ($kind, $source, $count, @columns) = @$record;
        my $ids = join ', ', map { "'" . bare("$tenant $kind", $_) . "'" } 1 .. $count;
        my $from = join_rows($old->sql($database, 'SELECT ' . join(', ', map { $_->[1] } @columns)
            . " FROM $source WHERE REPLACE(id, '-', '') IN ($ids)"));
        my $to = join_rows($server->tenant_sql($slug, 'SELECT ' . join(', ', map { $_->[2] } @columns) . ' FROM `'
            . ($target{$kind} // $kind) . "` WHERE LOWER(HEX(id)) IN ($ids)"));
        is(scalar(split /\n/, $from), $count, "$database has its ${kind}s");
        is(Digest::SHA::sha1_hex($to), Digest::SHA::sha1_hex($from), "$server->{database}: $database: the same ${kind}s")
            or diag(join "\n", 'different, first of the source:', difference($from, $to), 'of the target:', difference($to, $from));
    }
    my ($source) = $old->sql($database, "SELECT COUNT(*), SUM(CRC32(created_at)) FROM customer_customerhistory WHERE id IN ("
        . join(', ', map { "'" . bare("$tenant customer change", $_) . "'" } 1 .. $rows) . ')');
    my @got = $server->tenant_sql($slug, "SELECT created_at, action, changes, changed_by_username FROM change_log WHERE
        LOWER(HEX(id)) IN (" . join(', ', map { "'" . bare("$tenant customer change", $_) . "'" } 1 .. $rows) . ')');
    is(scalar @got, $source->[0], "$server->{database}: $database: its change log");
    is_deeply([grep { $_->[1] ne 'updated' || $_->[2] ne '{"name":{"old":"a","new":"b"}}' || $_->[3] eq 'NULL' } @got], [],
        'with what was changed, and by whom');
    return;
}

# found = taken + merged + left out, found is what the source has, taken what the target has.
sub numbers_add_up {
    my ($server, $report) = @_;
    my %total;
    for my $place ($report->{main}, @{$report->{tenants}}) {
        for my $table (@{$place->{tables}}) {
            $total{$_} += $table->{$_} for qw(found taken merged left_out);
            my ($reasons) = (0);
            $reasons += $_ for values %{$table->{reasons}};
            my $sum = $table->{taken} + $table->{merged} + $table->{left_out};
            is("$table->{found} $table->{left_out}", "$sum $reasons", "$place->{name}: $table->{table}: it adds up")
                if $table->{found} != $sum || $reasons != $table->{left_out};
        }
    }
    is_deeply($report->{total}, \%total, "$server->{database}: the sums are right");
    is($total{found}, $total{taken} + $total{merged} + $total{left_out}, 'and add up');
    my %alone = (Acme => ['crm_tenant_acme', 'acme'], Gamma => ['crm_tenant_gamma', 'gamma']);
    for my $name (sort keys %alone) {
        my ($database, $slug) = @{$alone{$name}};
        for my $record (@records) {
            my ($kind, $source) = @$record;
            my ($found) = $old->sql($database, "SELECT COUNT(*) FROM $source");
            my ($taken) = $server->tenant_sql($slug, 'SELECT COUNT(*) FROM `' . ($target{$kind} // $kind) . '`');
            my $table = table(place($report, $name), $source);
            is("$table->{found} $table->{taken}", "$found->[0] $taken->[0]", "$name: all rows of $source are accounted for");
        }
    }
    my ($shared) = $old->sql('crm_tenant_beta_corp', 'SELECT COUNT(*) FROM customer_customer');
    is(table(place($report, 'Beta Corp'), 'customer_customer')->{found}
        + table(place($report, 'beta-corp'), 'customer_customer')->{found}, $shared->[0], 'of a shared database, too');
    my ($accounts) = $old->sql('crm_saas_main', 'SELECT COUNT(*) FROM user_customuser');
    is(table($report->{main}, 'user_customuser')->{found} + table(place($report, 'Acme'), 'main.user_customuser')->{found},
        $accounts->[0], 'and of the main database\'s accounts, also those whose tenant is left out');
    my ($history) = $old->sql('crm_saas_main', 'SELECT COUNT(*) FROM user_history');
    is(table($report->{main}, 'user_history')->{found} + table(place($report, 'Acme'), 'main.user_history')->{found},
        $history->[0], 'and of History');
    return;
}

# ---- what dirty data became

sub dirty_records {
    my ($server, $report) = @_;
    my ($acme, $gamma) = (place($report, 'Acme'), place($report, 'Gamma'));
    my $customer = sub {
        my ($which, $columns, $as) = @_;
        my ($row) = $server->tenant_sql('acme', "SELECT $columns FROM customer WHERE LOWER(HEX(id)) = '"
            . bare("$tenant{acme} customer", $which) . "'");
        return join '|', map { $_ eq 'NULL' ? '' : $_ } @{$row // ['missing']};
    };
    my @doubles = map { $customer->($_, "COALESCE(email_unique, '-')") } 1, 'd1';
    is_deeply([sort @doubles], ['-', 'c1@firm.example'], 'of two addresses, one enters the unique key');
    is($customer->('d1', 'email'), 'C1@FIRM.example', 'both stay as they are');
    is(noted($acme, 'customer_customer', 'not unique: kept without entering the unique key'), 1, 'and it is said');
    is($customer->('d2', "COALESCE(email, '-')"), '-', 'a customer without an address is there');
    is($customer->('d3', 'CASE WHEN deleted_at = updated_at THEN 1 END, is_active, email_unique IS NULL'), '1|1|1',
        'what was not active is deleted');
    is($customer->('d4', 'CASE WHEN created_at = updated_at THEN 1 END'), '1', 'a zero date is replaced');
    is($customer->('d5', 'created_by'), '3', 'a row of another tenant\'s id stays where it is');
    is($customer->('d6', "COALESCE(created_by, '-')"), '-', 'an author that is not there is none');
    my ($derived) = $server->tenant_sql('acme', "SELECT LOWER(HEX(c.id)) FROM `lead` l JOIN customer c ON c.id = l.customer "
        . "WHERE LOWER(HEX(l.id)) = '" . bare("$tenant{acme} lead", 'd5') . "'");
    like($derived->[0] // '', qr/^.{12}8/, 'an id that is no UUID became one, and what refers to it still does');
    my %status = map { @$_ } $server->tenant_sql('acme', 'SELECT LOWER(HEX(id)), status FROM `lead`');
    is(join(' ', map { $status{bare("$tenant{acme} lead", $_)} } 'd1', 'd2', 'd3', 'd5'), 'interested follow_up open open',
        'statuses that there are no more');
    is(table($acme, 'leads_leadcallsummary')->{reasons}{'its lead is not there'}, 1, 'a call of no lead is left out');
    is(table($acme, 'customer_customerhistory')->{reasons}{'what it is about is not there'}, 1, 'so is a change of nothing');
    my ($cycle) = $server->tenant_sql('acme', "SELECT COUNT(*) FROM category a JOIN category b ON b.id = a.parent
        WHERE a.name IN ('X', 'Y') AND b.name IN ('X', 'Y')");
    is($cycle->[0], 1, 'categories do not lie in each other');
    is(table($gamma, 'customer_customer')->{reasons}{"the id is another row's"}, 1, 'a row that was there twice is there once');
    my ($mojibake, $latin) = map { $_->[0] } $server->tenant_sql('beta_corp_2',
        "SELECT HEX(name) FROM customer WHERE email LIKE 'm_\@x.example' ORDER BY email");
    is($mojibake, 'F09F9880204D6FC3A9', 'UTF-8 in a latin1 column is read as such');
    is($latin, '4D6FC3A9', 'and latin1 as latin1');
    my ($summary) = $server->tenant_sql('beta_corp', "SELECT summary, COALESCE(call_outcome, '-') FROM call_summary WHERE "
        . "LOWER(HEX(id)) = '" . bare('call', 'm1') . "'");
    is_deeply($summary, ['{"text":"object"}', '-'], 'a call goes where its lead is; JSON that is no text stays JSON');
    return;
}

sub dirty_accounts {
    my ($server, $report) = @_;
    my %count = map { $_->[0] => $_->[1] } $server->tenant_sql('acme', 'SELECT username, id FROM account');
    is_deeply([map { $count{$_} } qw(anna ben carl dirk ANNA ernie)], [1 .. 6], 'accounts keep their ids');
    is(table(place($report, 'Acme'), 'main.user_customuser')->{merged}, 1, 'anna is not there twice');
    cmp_ok($count{zoe}, '>', 6, 'zoe came from the main database, with an id that was free');
    ok($count{junction}, 'and so did who was known by the junction alone');
    is_deeply([map { $_->[0] } $server->tenant_sql('beta_corp', 'SELECT username FROM account ORDER BY username')],
        ['bill', 'bob'], 'accounts of a shared database go to their tenant');
    is(table(place($report, 'beta-corp'), 'user_customuser')->{reasons}{'it belongs to no tenant of the database'}, 1,
        'and nobody\'s to none');
    my %group = map { @$_ } $server->tenant_sql('acme', 'SELECT a.username, g.name FROM account_group ag '
        . 'JOIN account a ON a.id = ag.account_id JOIN user_group g ON g.id = ag.group_id');
    is_deeply(\%group, {ben => 'Sellers', dirk => 'Users', zoe => 'Users', junction => 'Users', ANNA => 'Users', ernie => 'Users'},
        'groups are kept; who held nothing could do everything, and can');
    my @epsilon = $server->main_sql("SELECT is_active FROM tenant WHERE name = 'Epsilon'");
    is_deeply(\@epsilon, [[0]], 'an inactive tenant stays inactive');
    is(place($report, 'Delta')->{state}, 'left out: its database is not there, or may not be read', 'Delta is left out');
    is_deeply($report->{unnamed_databases}, ['crm_tenant_lost'], 'a database that nobody names is named');
    return;
}

sub side_lines {
    my ($server, $slug) = @_;
    open my $file, '<', "$server->{folder}/side/$slug.jsonl" or die "$slug: $!";
    return map { decode_json($_) } <$file>;
}

sub side_files {
    my ($server, $report) = @_;
    my @gamma = side_lines($server, 'gamma');
    my ($shoes) = grep { $_->{columns}{shoe_size} && $_->{why} eq 'no counterpart' } @gamma;
    is_deeply($shoes->{columns}, {shoe_size => '44', logo => '00FF'}, 'unknown columns are kept');
    my ($answers) = grep { exists $_->{columns}{q3_preference} } @gamma;
    is_deeply($answers->{columns}, {q3_preference => 'phone', q1_interested_future => '0'}, 'the questionnaire is kept');
    my ($gadget) = grep { $_->{table} eq 'gadget' } @gamma;
    is_deeply($gadget->{columns}, {id => '1', name => 'Lamp', password => '***'}, 'unknown tables are kept');
    is_deeply(place($report, 'Gamma')->{unknown_columns}, ['customer_customer.shoe_size', 'customer_customer.logo'],
        'and all of it is listed');
    is_deeply([map { scalar @{$_->{missing_tables}} } @{$report->{tenants}}], [(0) x 6], 'no table is missing');
    is_deeply(place($report, 'Gamma')->{unknown_tables}, [{table => 'gadget', rows => 1}], 'tables, too');
    my ($orphan) = grep { $_->{why} eq 'its lead is not there' } side_lines($server, 'acme');
    is($orphan->{columns}{lead_id}, bare('nowhere', 2), 'what is left out is kept whole');
    my ($frozen) = grep { ($_->{columns}{status} // '') eq 'frozen' } side_lines($server, 'acme');
    is($frozen->{id}, bare("$tenant{acme} lead", 'd3'), 'what was changed is kept as it was');
    my @modes = map { sprintf '%o', (stat $_)[2] & 07777 } glob "$server->{folder}/side/*";
    is_deeply([grep { $_ ne '600' } @modes], [], 'nobody else may read side files');
    return;
}

# No secret is anywhere but in hashes.
sub redacted {
    my ($server) = @_;
    my @history = ($server->main_sql('SELECT * FROM history'), $server->tenant_sql('acme', 'SELECT * FROM history'));
    my $all = join "\n", map { join '|', @$_ } @history;
    cmp_ok(scalar @history, '>=', $rows + 6, 'History is there');
    my $side = join '', map { open my $file, '<', $_ or die $!; local $/; <$file> } glob "$server->{folder}/side/*";
    for my $text ($all, $side) {
        my @secrets = $text =~ /(geheim\d|pbkdf2\S{20}|(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f]))/g;
        is_deeply(\@secrets, [], "$server->{database}: without secrets");
    }
    my ($login) = $server->tenant_sql('acme', "SELECT username, endpoint, route, request_data FROM history WHERE LOWER(HEX(id)) = '"
        . bare(history => 1) . "'");
    is_deeply([@$login[0 .. 2]], ['anna', '/api/auth/login/', '/api/auth/login/'], 'who called what');
    my $data = decode_json($login->[3]);
    is_deeply($data->{body}, {username => 'anna', password => '***', body => {otp => '***'}}, 'what is no secret stays');
    like($data->{query}, qr/^next=1&token=\*\*\*$/, 'the query goes to the data');
    my ($sum) = $server->tenant_sql('acme', "SELECT SUM(requests) FROM history_rollup WHERE user_id = 0 AND period = 'a'");
    is($sum->[0], $rows + 4, 'the roll-ups count it');
    my @who = map { [$server->tenant_sql('acme', "SELECT COALESCE(user_id, '-'), COALESCE(platform_user_id, '-'), username FROM
        history WHERE LOWER(HEX(id)) = '" . bare(history => $_) . "'")]->[0] } 5, 6;
    is_deeply(\@who, [['-', '90', 'boss'], ['-', '-', 'former']], 'a superuser in a tenant, and who has no account any more');
    return;
}

# ---- over HTTP

sub over_http {
    my ($server) = @_;
    my $login = sub { $server->request(POST => '/api/auth/login/', {body => {username => $_[0], password => $_[1]}})->{status} };
    is($login->('anna', 'anna password'), 200, 'the old password is good');
    is($login->('anna', 'main password'), 400, 'that of the main database is not: the tenant\'s counts');
    is($login->('zoe', 'zoe password'), 200, 'who was only in the main database can log in');
    is($login->('root', 'root password'), 200, 'so can the superuser');
    is($login->('second@old.example', 'ANNA password'), 200, 'whose name is another\'s logs in by his address');
    is($login->('dirk', 'dirk password'), 400, 'a disabled account cannot');
    my ($hash) = $server->tenant_sql('acme', "SELECT password FROM account WHERE username = 'anna'");
    like($hash->[0], qr/^\$argon2id\$/, 'and the password is hashed anew');
    $server->call(GET => '/api/auth/profile/', token('anna'), 200, {username => 'anna', is_tenant_admin => $true,
        tenant => {id => id(tenant => 'acme'), name => 'Acme'}});
    $server->call(GET => '/api/auth/profile/', token('root'), 200, {username => 'root', is_superuser => $true});
    $server->call(GET => '/api/auth/profile/', token('zoe'), 200, {username => 'zoe', tenant => {name => 'Acme'}});
    $server->call(GET => '/api/auth/profile/', token('bob'), 200, {username => 'bob', tenant => {name => 'beta-corp'}});
    $server->call(GET => '/api/auth/profile/', token($_), 401, undef) for 'dirk', 'ghost', 'nobody';
    $server->call(PATCH => '/api/auth/profile/update/', {%{token('ben')}, body => {first_name => 'Benjamin'}}, 200,
        {first_name => 'Benjamin', email => 'ANNA@old.example'});
    $server->call(GET => '/api/leads/', token('ben'), 200, undef);
    $server->call(DELETE => '/api/leads/' . id("$tenant{acme} lead", 1) . '/', token('ben'), 403, undef);

    my $as = token('anna');
    my $living = $rows + 6;    # of seven dirty ones, one is deleted
    $server->call(GET => '/api/customers/', $as, 200, {count => $living});
    $server->call(GET => '/api/customers/?search=c7@firm+MULLER', $as, 200, {count => 1, results => [{id =>
        id("$tenant{acme} customer", 7), name => 'Customer 7 Müller'}]});
    $server->call(GET => '/api/customers/?email=C3@firm.EXAMPLE', $as, 200, {count => 1});
    $server->call(GET => '/api/leads/' . id("$tenant{acme} lead", 1) . '/', $as, 200, {name => 'Lead 1 Ünal', notes => "Note\n1",
        customer_details => {id => id("$tenant{acme} customer", 1)}, call_summaries => [{summary => 'They said "yes"',
        created_by_username => 'anna'}]});
    $server->call(GET => '/api/leads/' . id("$tenant{acme} lead", 1) . '/history/', $as, 200, {count => 1, results => [{action =>
        'status_changed', old_value => 'new', new_value => 'contacted', changed_by_username => 'anna', changes => {status =>
        {old => 'new', new => 'contacted'}}}]});
    my $gone = '/api/customers/' . id("$tenant{acme} customer", 'd3') . '/';
    $server->call(GET => $gone, $as, 404, undef);
    $server->call(POST => "${gone}restore/", $as, 400, {email => [qr/unique/]});
    $server->call(POST => '/api/leads/' . id("$tenant{acme} lead", 'd4') . '/restore/', $as, 200, {name => 'Lead d4 Ünal',
        is_active => $true});
    for my $which (1, 'd1') {
        $server->call(PATCH => '/api/customers/' . id("$tenant{acme} customer", $which) . '/', {%$as, body => {city => 'Rom'}},
            200, {city => 'Rom'}, "$server->{database}: a double can be changed otherwise");
    }
    $server->call(GET => '/api/categories/' . id("$tenant{acme} category", 1) . '/', $as, 200, {parent_name => 'Category 2'});
    $server->call(GET => '/api/auth/history/?method=POST&page_size=1', $as, 200, undef);
    $server->call(POST => '/api/customers/', {%$as, body => {name => 'New', email => 'new@x.example', phone => '1'}}, 201, undef);
    $server->call(GET => '/api/customers/', $as, 200, {count => $living + 1});
    $server->call(POST => '/api/auth/tenant/users/create/', {%$as, body => {username => 'newcomer', email => 'n@x.example',
        password => 'long enough', first_name => 'N', last_name => 'C'}}, 201, undef);
    return;
}

# ---- killed

# All that must be the same, whenever it was killed.
sub picture {
    my ($server) = @_;
    my %sql = (
        tenant => 'SELECT LOWER(HEX(id)), name, slug, is_active, created_at, updated_at FROM tenant',
        account => 'SELECT id, username, HEX(username_key), email, HEX(email_key), password, is_tenant_admin, is_active, '
            . 'date_joined, last_login FROM account',
        token => 'SELECT HEX(token_hash), account_id, created_at FROM token',
        account_group => 'SELECT a.account_id, g.name FROM account_group a JOIN user_group g ON g.id = a.group_id',
        group_permission => 'SELECT g.name, p.codename FROM group_permission l JOIN user_group g ON g.id = l.group_id '
            . 'JOIN permission p ON p.id = l.permission_id',
        account_permission => 'SELECT l.account_id, p.codename FROM account_permission l JOIN permission p ON p.id = l.permission_id',
        record_count => 'SELECT entity, SUM(records) FROM record_count GROUP BY entity',
        change_log => 'SELECT HEX(id), HEX(record_id), action, changes, changed_by_username, created_at FROM change_log',
        history => 'SELECT HEX(id), user_id, username, route, HEX(request_data), created_at FROM history',
        roll_up => 'SELECT user_id, period, route, method, status, requests FROM history_rollup',
        (map { ($_ => "SELECT HEX(id), HEX(created_at), updated_at, created_by, COALESCE(deleted_at, '-') FROM `$_`",
            "${_}_search" => "SELECT HEX(id), created_at, HEX(text) FROM `${_}_search`") }
            qw(customer lead call_summary branch category)),
        unique => "SELECT HEX(id), COALESCE(email_unique, '-') FROM customer",
    );
    my %picture;
    for my $slug (qw(acme beta_corp beta_corp_2 gamma epsilon)) {
        $picture{"$slug $_"} = join_rows($server->tenant_sql($slug, $sql{$_})) for keys %sql;
    }
    $picture{"main $_"} = join_rows($server->main_sql($sql{$_})) for qw(tenant account token history roll_up);
    $picture{legacy} = join_rows($server->main_sql('SELECT HEX(token_hash), HEX(tenant_id) FROM legacy_token'));
    ($picture{logins}) = map { $_->[0] } $server->main_sql('SELECT COUNT(*) FROM login');
    for my $path (glob "$server->{folder}/side/*") {
        my ($name) = $path =~ m{([^/]+)$};
        open my $file, '<', $path or die $!;
        local $/;
        $picture{"side $name"} = <$file>;
    }
    return \%picture;
}

sub new_server {
    my ($kind) = @_;
    my $server = Crm::Server->new(database => $kind);
    Crm::Process::own_folder("$server->{folder}/side");
    $server->crmctl_ok('migrate');
    return $server;
}

# Runs adopt and kills it SECONDS after it has said that it is at PLACE; true when it had come to its end.
sub adopt_and_kill {
    my ($server, $place, $seconds) = @_;
    my $pid = open(my $said, '-|') // die $!;
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        open STDOUT, '>', '/dev/null';
        exec Crm::Process::crmctl(), 'adopt', '--from', $old->url, '--side-files', "$server->{folder}/side", '--resume',
            '--config', $server->conf, '--httpd', Crm::Process::httpd() or POSIX::_exit(127);
    }
    while (my $line = <$said>) {
        next if $line !~ $place;
        Time::HiRes::sleep($seconds);
        kill KILL => $pid;
        last;
    }
    close $said;
    return !$?;
}

sub killed {
    my ($kind, $expected) = @_;
    my $server = new_server($kind);
    ok(!adopt_and_kill($server, qr/^Acme$/, 0), "$kind: killed in the middle");
    my ($status, undef, $err) = adopt($server);
    is($status, 1, "$kind: what was interrupted is not begun again");
    like($err, qr/--resume/, 'and it is said how to go on');
    my $kills = 1;
    # at moments that nobody chose: in the first place that it says, or before the next
    $kills++ while $kills < 10 && !adopt_and_kill($server, qr/./, rand(0.3) ** 2);
    my $report = adopt_ok($server, '--resume');
    numbers_add_up($server, $report);
    my $got = picture($server);
    for my $part (sort keys %$expected) {
        next if $got->{$part} eq $expected->{$part};
        is($got->{$part}, $expected->{$part}, "$kind: $part is the same as without");
    }
    is(join(' ', sort keys %$got), join(' ', sort keys %$expected), "$kind: killed $kills times, all is as without");
    return;
}

# ---- all of it

my $before = $old->checksum;
for my $kind (Crm::Database::kinds()) {
    my $server = new_server($kind);
    my $dry = adopt_ok($server, '--dry-run');
    is($dry->{dry_run}, $true, "$kind: a dry run");
    is_deeply([$server->main_sql('SELECT name FROM tenant')], [], 'makes no tenant');
    is_deeply([glob "$server->{folder}/side/*"], [], 'and no side file');
    my ($status, undef, $err) = adopt($server, '--tenant', 'Nobody');
    like("$status $err", qr/^1 .*no tenant "Nobody"/s, "$kind: an unknown tenant is none");
    my $one = adopt_ok($server, '--tenant', 'gamma');
    is_deeply([map { "$_->{name} $_->{state}" } @{$one->{tenants}}], ['Gamma adopted'], "$kind: one tenant alone");
    my $report = adopt_ok($server);
    is_deeply($dry->{total}, $report->{total}, "$kind: the dry run has said the same");
    numbers_add_up($server, $report);
    same_rows($server, $tenant{acme}, 'crm_tenant_acme', 'acme');
    same_rows($server, $tenant{beta}, 'crm_tenant_beta_corp', 'beta_corp_2');
    same_rows($server, $tenant{gamma}, 'crm_tenant_gamma', 'gamma');
    dirty_records($server, $report);
    dirty_accounts($server, $report);
    side_files($server, $report);
    redacted($server);
    my $picture = picture($server);
    my $again = adopt_ok($server);
    is_deeply($again->{total}, $report->{total}, "$kind: run again, it reports the same");
    is_deeply(picture($server), $picture, 'and changes nothing');
    killed($kind, $picture);
    $server->start;
    over_http($server);
    $server->stop;
}
is($old->checksum, $before, 'the source was not written to');
done_testing;
