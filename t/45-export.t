#!/usr/bin/perl
# Records exported: as CSV, XLSX and JSON, whole and filtered; imported again nothing changes; who may
# export and import; what a client sees of an export that fails on the way.
use lib 't/lib';
use Crm::Test;
use Crm::Sheet;
use JSON::PP;

my @odd = ('plain', '=SUM(A1)', "'=quoted", "-1", '+46 8', '@home', "\ttab", "line\nbreak", 'comma, "quote"', 'Zoë 漢字 🎈', "''", ' x');

sub csv { return Crm::Sheet::csv(@_) }

# The rows of CSV, each {column => text}.
sub parse {
    my ($text) = @_;
    utf8::decode($text);
    my (@rows, @row);
    while ($text =~ /\G(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n)/gc) {
        my ($quoted, $cell, $end) = ($1, $1 // $2, $3);
        $cell =~ s/""/"/g if defined $quoted;
        push @row, $cell;
        next if $end eq ',';
        push @rows, [@row];
        @row = ();
    }
    my $header = shift @rows;
    return map { my $row = $_; +{map { $header->[$_] => $row->[$_] } 0 .. $#$header} } @rows;
}

sub fill {
    my ($server, $as) = @_;
    for my $i (0 .. $#odd) {
        $server->call(POST => '/api/customers/', {%$as, body => {name => "Odd $i $odd[$i]", email => "odd$i\@example.com",
            phone => $odd[$i] =~ /\S/ ? $odd[$i] : '1', company => $odd[$i], address => $odd[$i] x 3, city => $i % 2 ? 'Rome' : 'Oslo'}}, 201);
    }
    my $customer = $server->request(GET => '/api/customers/?email=odd3@example.com', $as)->{json}{results}[0]{id};
    my $lead = $server->call(POST => '/api/leads/', {%$as, body => {name => 'Linked', email => 'l@example.com', phone => '1',
        status => 'open', source => 'web', customer => $customer}}, 201)->{json};
    $server->call(POST => '/api/leads/', {%$as, body => {name => 'Alone', email => 'alone@example.com', phone => '2',
        status => 'new', source => '=web', notes => "two\r\nlines"}}, 201);
    $server->call(POST => "/api/leads/$lead->{id}/call-summaries/", {%$as, body => {summary => 'called',
        call_outcome => 'sent_info', call_time => '2026-01-02T03:04:05.678901Z'}}, 201);
    my $top = $server->call(POST => '/api/categories/', {%$as, body => {name => 'Top', code => 'T'}}, 201)->{json};
    $server->call(POST => '/api/categories/', {%$as, body => {name => 'Sub', parent => $top->{id}}}, 201);
    $server->call(POST => '/api/branches/', {%$as, body => {name => 'North', zip_code => '00123'}}, 201);
    $server->call(POST => '/api/products/', {%$as, body => {name => 'Chair', sku => '0815', price => '-12.30', currency => 'EUR',
        category => $top->{id}}}, 201);
    return $lead;
}

# All that is stored, but for History.
sub contents {
    my ($server) = @_;
    return [map { my $table = $_; map { join '|', $table, @$_ } $server->tenant_sql('acme', "SELECT * FROM `$table` ORDER BY id") }
        qw(customer lead category branch product call_summary change_log)];
}

sub formats {
    my ($server, $as, $lead) = @_;
    my $answer = $server->call(GET => '/api/customers/export/', $as, 200);
    is($answer->{headers}{'content-type'}, 'text/csv; charset=utf-8', 'CSV, where nothing else is asked for');
    like($answer->{headers}{'content-disposition'}, qr/^attachment; filename="customers-\d{4}-\d\d-\d\d\.csv"$/, 'with a name');
    ok(!$answer->{headers}{etag}, 'and no tag');
    my @rows = parse($answer->{body});
    my @listed = @{$server->request(GET => '/api/customers/?page_size=100', $as)->{json}{results}};
    is_deeply([map { $_->{id} } @rows], [map { $_->{id} } @listed], 'the records of the list, in its order');
    is_deeply([map { $_->{company} =~ s/^'(?='*[=+\-\@\t\r])//r } @rows], [map { $_->{company} } @listed], 'with what they have');
    ok(!(grep { $_->{company} =~ /^[=+\-\@\t\r]/ } @rows), 'formulas are defused');
    is($rows[0]{is_active}, 'true', 'booleans are words');
    is($rows[0]{is_lead_created} . $rows[8]{is_lead_created}, 'falsetrue', 'computed fields too');
    my $json = $server->call(GET => '/api/customers/export/?format=json', $as, 200, \@listed);
    is($json->{headers}{'content-type'}, 'application/json', 'JSON is an array of what the list shows');
    $server->call(GET => '/api/customers/export/', {%$as, headers => {Accept => 'application/json'}}, 200, \@listed);
    is($server->call(GET => '/api/customers/export/', {%$as, headers => {Accept => 'text/csv'}}, 200)->{body}, $answer->{body},
        'the format by Accept');
    $server->call(GET => '/api/customers/export/', {%$as, headers => {Accept => 'image/png'}}, 406);
    my $xlsx = $server->call(GET => '/api/customers/export/?format=xlsx', $as, 200);
    like($xlsx->{body}, qr/^PK\x03\x04/, 'XLSX is one');
    my $head = $server->call(HEAD => '/api/customers/export/?format=xlsx', $as, 200);
    is($head->{body} . $head->{headers}{'content-type'}, $xlsx->{headers}{'content-type'}, 'HEAD has its headers alone');

    my ($linked, $alone) = map { my $name = $_; grep { $_->{name} eq $name } parse($server->call(GET => '/api/leads/export/',
        $as, 200)->{body}) } 'Linked', 'Alone';
    is_deeply([@$linked{qw(customer_email customer_name)}], ['odd3@example.com', "Odd 3 -1"], 'a lead has its customer in columns');
    is_deeply([@$alone{qw(customer customer_email customer_name notes)}], ['', '', '', "two\r\nlines"], 'or nothing');
    ok(!exists $linked->{call_summaries}, 'and no lists');
    $server->call(GET => '/api/leads/export/?format=json&fields=name,call_summaries&name=linked', $as, 200,
        [{name => 'Linked', call_summaries => [{summary => 'called'}]}]);
    my ($call) = parse($server->call(GET => "/api/leads/$lead->{id}/call-summaries/export/", $as, 200)->{body});
    is_deeply([@$call{qw(summary call_outcome call_outcome_display call_time)}], ['called', 'sent_info', 'Sent Info',
        '2026-01-02T03:04:05.678901Z'], 'the calls of a lead');
    return;
}

sub parameters {
    my ($server, $as) = @_;
    my $path = '/api/customers/export/';
    is($server->call(GET => "$path?fields=email,id&city=rome&ordering=name&search=odd", $as, 200)->{body},
        csv(['id', 'email'], map { [$_->{id}, $_->{email}] } @{$server->request(GET =>
        '/api/customers/?city=rome&ordering=name&search=odd&page_size=100', $as)->{json}{results}}), 'filters, search, order, fields');
    is($server->call(GET => "$path?name=nobody&fields=name", $as, 200)->{body}, "name\r\n", 'nothing is a header alone');
    $server->call(GET => "$path?name=nobody&format=json", $as, 200, []);
    $server->call(GET => "$path?format=pdf", $as, 400, {format => ['"pdf" is not a valid choice.']});
    $server->call(GET => "$path?shoe=44", $as, 400, {shoe => ['Unknown filter.']});
    $server->call(GET => "$path?fields=shoe", $as, 400, {fields => [qr/./]});
    $server->call(GET => "$path?page=2", $as, 400, {page => ['An export has no pages.']});
    $server->call(GET => '/api/leads/01890000-0000-7000-8000-000000000000/call-summaries/export/', $as, 404);
    $server->call(POST => $path, $as, 405);
    $server->call(GET => '/api/branches/export/?format=json', $as, 200);
    my @note = $server->wait_history($as->{token}, 'search=branches/export', 1);
    my $record = $server->request(GET => "/api/auth/history/$note[0]{id}/", $as)->{json};
    is_deeply($record->{response_data}, {rows => 1, format => 'json'}, 'History has the number of rows and the format');
    return;
}

sub round_trips {
    my ($server, $as, $lead) = @_;
    my $before = contents($server);
    my %rows = (customers => scalar @odd, leads => 2, categories => 2, branches => 1, products => 1);
    for my $plural (sort keys %rows) {
        for my $format ('csv', 'xlsx') {
            my $file = $server->request(GET => "/api/$plural/export/?format=$format", $as)->{body};
            $server->call(POST => "/api/$plural/import/", {%$as, file => $file}, 200, {processed => $rows{$plural}, created => 0,
                updated => 0, skipped => $rows{$plural}, error_count => 0}, "$server->{database}: $plural as $format and back");
        }
    }
    my $calls = "/api/leads/$lead->{id}/call-summaries/";
    $server->call(POST => "${calls}import/", {%$as, file => $server->request(GET => "${calls}export/", $as)->{body}}, 200,
        {processed => 1, skipped => 1});
    is_deeply(contents($server), $before, 'an export that is imported again changes nothing');
    # to another tenant they are new
    my $globex = $server->register('Globex');
    $server->call(POST => '/api/customers/import/', {token => $globex->{token}, file => $server->request(GET =>
        '/api/customers/export/?format=xlsx', $as)->{body}}, 200, {created => scalar @odd});
    is_deeply([map { $_->{company} } @{$server->request(GET => '/api/customers/?page_size=100&ordering=email', {token =>
        $globex->{token}})->{json}{results}}], [map { $_->{company} } @{$server->request(GET =>
        '/api/customers/?page_size=100&ordering=email', $as)->{json}{results}}], 'with the same contents');
    return;
}

# More than one chunk: none twice, none left out, also while others write.
sub chunks {
    my ($server, $as) = @_;
    $server->call(POST => '/api/branches/import/', {%$as, file => csv(['name', 'code', 'city'], map { ["Branch $_", "c$_",
        $_ % 3 ? 'Rome' : ''] } 1 .. 1700)}, 200, {created => 1700});
    for my $order ('', '?ordering=name', '?ordering=-name', '?ordering=code', '?ordering=-code,name', '?ordering=updated_at&fields=id,city') {
        my %seen;
        $seen{$_->{id}}++ for parse($server->request(GET => "/api/branches/export/$order", $as)->{body});
        is(keys(%seen) . ' ' . grep({ $_ != 1 } values %seen), '1701 0', "$server->{database}: each once$order");
    }
    my @ids = map { $_->{id} } parse($server->request(GET => '/api/branches/export/?name__contains=branch', $as)->{body});
    my $client = Crm::Client->new(port => $server->{port}, buffer => '');
    $client->send_bytes($client->message(GET => '/api/branches/export/?format=json', %$as));
    $client->take_line;    # it has begun
    for my $i (1 .. 10) {
        $server->request(DELETE => "/api/branches/$ids[$i * 100]/", $as);
        $server->request(POST => '/api/branches/', {%$as, body => {name => "Late $i"}});
    }
    my $answer = {status => 200, headers => $client->read_headers};
    my @got = map { $_->{id} } @{JSON::PP->new->utf8->decode($client->read_body('GET', $answer))};
    my (%got, %deleted);
    $got{$_}++ for @got;
    @deleted{map { $ids[$_ * 100] } 1 .. 10} = ();
    is(scalar(grep { !$got{$_} && !exists $deleted{$_} } @ids), 0, "$server->{database}: what stays is exported whatever else happens");
    is(scalar(grep { $_ > 1 } values %got), 0, 'and nothing twice');
    return;
}

sub permissions {
    my ($server, $acme) = @_;
    my %admin = (token => $acme->{token});
    my $user = $server->add_user($acme, 'ulla');
    my %granted = map { ("$_->{app_label}.$_->{codename}" => $_->{id}) } map { @{$server->request(GET =>
        "/api/auth/permissions/?page_size=100&page=$_", \%admin)->{json}{results} // []} } 1, 2;
    my $grant = sub {
        $server->call(POST => "/api/auth/users/$user->{id}/set-groups-permissions/", {%admin, body => {group_ids => [],
            permission_ids => [map { $granted{$_} // die "no permission $_" } @_]}}, 200);
    };
    my %ulla = (token => $user->{token});
    my $file = csv(['name', 'email'], ['By Ulla', 'by-ulla@example.com'], ['None', '']);
    $grant->();
    $server->call(POST => '/api/leads/import/', {%ulla, file => $file}, 403);
    $server->call(GET => '/api/leads/export/', \%ulla, 403);
    $grant->('leads.add_lead', 'customer.add_customer');
    $server->call(POST => '/api/customers/import/', {%ulla, file => $file}, 403);
    my $linked = $server->request(GET => '/api/leads/?name=linked', \%admin)->{json}{results}[0]{id};
    $server->call(POST => '/api/leads/import/', {%ulla, file => csv(['id', 'name'], [$linked, 'Changed'], ['', 'Added'])}, 200,
        {created => 1, updated => 0, error_count => 1, errors => [{row => 2, error => qr/may not change/}]});
    $server->call(GET => "/api/leads/$linked/", \%admin, 200, {name => 'Linked'});
    $grant->('leads.add_lead');
    $server->call(POST => '/api/leads/import/?on_duplicate=skip', {%ulla, file => $file}, 200, {created => 1, error_count => 1,
        errors => [{row => 2, error => qr/may not make one/}]});
    $server->call(POST => '/api/leads/import/?on_duplicate=skip&auto_create_customer=false', {%ulla, file => $file}, 200, {created => 2});
    $grant->('leads.add_lead', 'leads.change_lead', 'customer.add_customer');
    $server->call(POST => '/api/leads/import/', {%ulla, file => $file}, 200, {created => 2});
    $server->call(GET => '/api/leads/export/', \%ulla, 403);
    $grant->('leads.view_lead');
    $server->call(GET => '/api/leads/export/', \%ulla, 200);
    return;
}

# A key that was used: the first answer again, another file is refused.
sub repeats {
    my ($server, $as) = @_;
    my %key = (headers => {'Idempotency-Key' => 'import-1'});
    my $file = csv(['name'], ['Once'], ['Twice']);
    $server->call(POST => '/api/leads/import/', {%$as, %key, file => $file}, 200, {created => 2});
    $server->call(POST => '/api/leads/import/', {%$as, %key, file => $file}, 200, {created => 2});
    $server->call(POST => '/api/leads/import/', {%$as, %key, file => $file . "Thrice\r\n"}, 422);
    $server->call(GET => '/api/leads/?name__in=once,twice,thrice', $as, 200, {count => 2});
    return;
}

# A table that is gone when the export has begun: HTTP says that something is missing.
sub cut_off {
    my ($server, $as) = @_;
    $server->call(POST => '/api/branches/import/', {%$as, file => csv(['name', 'notes'], map { ["Big $_", 'x' x 20_000] } 1 .. 2000)},
        200, {created => 2000});
    for my $version ('1.1', '1.0') {
        my $client = Crm::Client->new(port => $server->{port}, buffer => '');
        my $request = $client->message(GET => '/api/branches/export/', %$as);
        $request =~ s{HTTP/1\.1}{HTTP/$version};
        $client->send_bytes($request);
        $client->take_line;    # it has begun, and waits for its client
        $server->tenant_sql('acme', 'ALTER TABLE branch RENAME TO branch_away');
        my $headers = $client->read_headers;
        my $whole = eval { $client->read_body('GET', {status => 200, headers => $headers}) if $version eq '1.1'; 1 };
        my $error = $@;
        if ($version eq '1.0') {
            1 while $whole = sysread $client->{socket}, my $bytes, 65536;
            $error = $! if !defined $whole;
        }
        ok(!$whole, "$server->{database}: an export that fails is cut off (HTTP/$version)");
        like($error, $version eq '1.0' ? qr/reset/i : qr/closed before/, 'and that can be told');
        $server->tenant_sql('acme', 'ALTER TABLE branch_away RENAME TO branch');
    }
    $server->call(GET => '/api/branches/export/?fields=name', $as, 200);
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    my $lead = fill($server, \%as);
    formats($server, \%as, $lead);
    parameters($server, \%as);
    round_trips($server, \%as, $lead);
    chunks($server, \%as);
    permissions($server, $acme);
    repeats($server, \%as);
    cut_off($server, \%as);
});
done_testing;
