#!/usr/bin/perl
# A thousand random lists against a naive reading of all records: filters, orders, searches, pages, cursors.
# CRM_TEST_SEED repeats a run.
use lib 't/lib';
use Crm::Test;
use feature 'fc';
use JSON::PP;
use List::Util qw(any);
use Unicode::Normalize qw(NFKD);

my $lists = 1000;
my $seed = $ENV{CRM_TEST_SEED} // 1 + time % 2_000_000_000;
diag("CRM_TEST_SEED=$seed");

# Where what is listed is, what search looks in (and through), what there is to filter, by type, and to sort by.
my %times = (created_at => 'time', updated_at => 'time', created_by => 'integer');
my %place = (city => 'text', state => 'text', country => 'text', zip_code => 'text', is_active => 'boolean');
my %kinds = (
    customers => {table => 'customer', path => 'customers', search => [qw(name email phone company city state country)],
        sort => [qw(name email company created_at updated_at)],
        filter => {id => 'uuid', name => 'text', email => 'text', phone => 'text', company => 'text', %place, %times}},
    leads => {table => 'lead', path => 'leads', search => [qw(name email phone status)], through => [qw(name email)],
        sort => [qw(name email status created_at updated_at)],
        filter => {id => 'uuid', name => 'text', email => 'text', phone => 'text', status => 'choice', source => 'text',
            customer => 'uuid', is_active => 'boolean', %times}},
    'call-summaries' => {table => 'call_summary', path => 'leads/{lead}/call-summaries', search => ['summary'],
        sort => [qw(call_time created_at updated_at)],
        filter => {id => 'uuid', call_time => 'time', call_outcome => 'choice', %times}},
    categories => {table => 'category', path => 'categories', search => [qw(name code description)],
        sort => [qw(name code created_at updated_at)],
        filter => {id => 'uuid', name => 'text', code => 'text', parent => 'uuid', is_active => 'boolean', %times}},
    products => {table => 'product', path => 'products', search => [qw(name sku description)],
        sort => [qw(name sku price created_at updated_at)],
        filter => {id => 'uuid', name => 'text', sku => 'text', price => 'decimal', currency => 'choice', category => 'uuid',
            is_active => 'boolean', %times}},
);
my @ordered = qw(eq gte lte gt lt in isnull);
my %operators = (text => [qw(eq in contains isnull)], choice => [qw(eq in isnull)], uuid => [qw(eq in isnull)],
    boolean => [qw(eq isnull)], time => \@ordered, integer => \@ordered, decimal => \@ordered);
my %choices = (status => [qw(new contacted open interested not_interested follow_up)], currency => [qw(EUR USD JPY)],
    call_outcome => [qw(scheduled_meeting sent_info ended_call thanked_ended follow_up not_contacted)]);

my @names = ('Müller', 'MULLER', 'muller', "Mu\x{308}ller", 'Müller-Lüdenscheidt', 'Straße', 'STRASSE', 'strasse 7', '100%', '10%0', '%',
    'a_b', 'aXb', '_', 'a|b', '|', '||', 'O\'Hara', 'o"hara', "\x{ff26}\x{ff55}ll", "\x{fb01}sh", 'fish', 'Пётр', 'ПЕТР', 'петр', '김철수',
    "\x{1f600} smile", 'back\\slash', 'two  spaces', 'Zoë', 'zoe', 'ZOE Ångström', 'Ångstrom', 'İzmir', 'ΣΊΣΥΦΟΣ', 'a, b', '?', '{slot}',
    'abc', 'ab', 'a', 'Éa', 'null', '0', '-1');

# ---- chance (Park and Miller), which a seed repeats whatever else asks for random numbers

my $state;
sub below { my ($most) = @_; $state = $state * 48271 % 2147483647; return $state % $most }
sub one_of { return $_[below(scalar @_)] }
sub maybe { my ($percent) = @_; return below(100) < $percent }
sub some { my ($most, @from) = @_; return map { one_of(@from) } 1 .. 1 + below($most) }

# ---- data

sub text { return maybe(15) ? undef : maybe(10) ? '' : one_of(@names) }
sub sql_time { return sprintf '2025-%02d-%02d 10:00:00.%06d', 1 + $_[0] % 3, 1 + $_[0] % 5, $_[0] % 2 ? 0 : 123456 }

sub make {
    my ($kind, $i, $made) = @_;
    my $name = one_of(@names) . (maybe(30) ? " $i" : '');
    return {summary => text(), call_time => maybe(30) ? undef : '2026-01-0' . (1 + $i % 4) . 'T00:00:00Z',
        call_outcome => maybe(20) ? undef : one_of(@{$choices{call_outcome}})} if $kind eq 'call-summaries';
    return {name => $name, sku => "SKU-$i", price => maybe(20) ? undef : below(30) . '.' . one_of(qw(00 50 99)), description => text(),
        currency => one_of(@{$choices{currency}}), category => maybe(30) ? undef : $made->{categories}[below(10)]{id}, is_active => active()}
        if $kind eq 'products';
    return {name => $name, code => maybe(40) ? undef : maybe(20) ? '' : "C-$i", description => text(), is_active => active()}
        if $kind eq 'categories';
    my %common = (name => $name, email => (maybe(50) ? 'Person' : 'person') . "$i\@Example.com", phone => '+49 ' . below(30),
        is_active => active());
    return {%common, company => text(), city => text(), state => text(), country => text(), zip_code => maybe(50) ? undef : below(20) . ''}
        if $kind eq 'customers';
    my @customers = grep { $_->{is_active} } @{$made->{customers}};
    return {%common, status => one_of(@{$choices{status}}), source => one_of(@names), customer => maybe(20) ? undef : one_of(@customers)->{id}};
}

sub active { return maybe(20) ? JSON::PP::false : JSON::PP::true }

# COUNT records of KIND at PATH by two authors; as they were answered.
sub create {
    my ($server, $path, $kind, $count, $made, @tokens) = @_;
    my @all;
    while (@all < $count) {
        my @bodies = map { make($kind, @all + $_, $made) } 1 .. 50;
        my $answer = $server->request(POST => "$path/batch/", {token => one_of(@tokens), body => \@bodies});
        die "$path: $answer->{status} $answer->{body}" if $answer->{status} != 200;
        push @all, map { $_->{body} } @{$answer->{json}{results}};
    }
    return \@all;
}

# Times that many records share, and authors that are gone, which the API does not make.
sub blur {
    my ($server, $table, $records) = @_;
    my %at;
    push @{$at{below(20)}}, $_ for @$records;
    for my $time (sort keys %at) {
        my $ids = join ', ', map { "x'" . ($_->{id} =~ tr/-//dr) . "'" } @{$at{$time}};
        my $author = maybe(20) ? ', created_by = NULL' : '';
        my ($created, $updated) = (sql_time($time), sql_time($time + below(3)));
        $server->tenant_sql('acme', "UPDATE `$_->[0]` SET created_at = '$created'$_->[1] WHERE id IN ($ids)")
            for [$table, ", updated_at = '$updated'$author"], ["${table}_search", ''];
    }
    return;
}

sub delete_some {
    my ($server, $path, $records, $token) = @_;
    my @operations = map { {method => 'DELETE', id => $_->{id}} } grep { maybe(10) } @$records;
    my $answer = $server->request(POST => "$path/batch/", {token => $token, body => {operations => \@operations}});
    die "$path: $answer->{status} $answer->{body}" if $answer->{status} != 200;
    return;
}

# All kinds: path and the records that are there, as they are shown by themselves.
sub fill {
    my ($server, $acme) = @_;
    my $other = $server->add_user($acme, 'ulla');
    $server->request(PATCH => "/api/auth/tenant/users/$other->{id}/", {token => $acme->{token}, body => {is_tenant_admin => JSON::PP::true}});
    my @tokens = ($acme->{token}, $acme->{token}, $other->{token});
    my (%made, %lists);
    for my $row (['customers', 300], ['leads', 300], ['categories', 150], ['call-summaries', 150], ['products', 150]) {
        my ($kind, $count) = @$row;
        my $path = '/api/' . $kinds{$kind}{path} =~ s/\{lead\}/$made{leads}[0]{id}/r;
        $made{$kind} = create($server, $path, $kind, $count, \%made, @tokens);
        blur($server, $kinds{$kind}{table}, $made{$kind});
        $lists{$kind} = {%{$kinds{$kind}}, path => "$path/"};
    }
    for my $category (@{$made{categories}}) {
        $server->request(PATCH => "/api/categories/$category->{id}/", {token => $acme->{token}, body => {parent =>
            $made{categories}[below(10)]{id}}}) if maybe(30);
    }
    delete_some($server, "/api/$_", $made{$_}, $acme->{token}) for 'customers', 'categories', 'products';
    delete_some($server, '/api/leads', [@{$made{leads}}[1 .. 299]], $acme->{token});
    delete_some($server, $lists{'call-summaries'}{path} =~ s{/$}{}r, $made{'call-summaries'}, $acme->{token});
    for my $kind (keys %lists) {
        my @answers = map { $server->request(GET => "$lists{$kind}{path}$_->{id}/", {token => $acme->{token}}) } @{$made{$kind}};
        $lists{$kind}{records} = [map { $_->{json} } grep { $_->{status} == 200 } @answers];
    }
    return \%lists;
}

# ---- the naive reading

my %folded;

sub folded {
    my ($text) = @_;
    return $folded{$text} //= fold($text);
}

sub fold {
    my ($text) = @_;
    $text = NFKD(fc NFKD($text)) =~ s/\p{Mn}//gr;
    utf8::encode($text);
    return $text;
}

# A value as it is compared: folded text, times without their end, booleans as numbers.
sub key {
    my ($list, $record, $field) = @_;
    my $value = $record->{$field} // return undef;
    my $type = $list->{filter}{$field} // 'text';
    return $type eq 'text' ? folded($value) : $type eq 'boolean' ? 0 + !!$value : $type eq 'time' ? moment($value)
        : $type eq 'decimal' ? sprintf '%020.2f', $value : $value;
}

# A time with all its digits, so that text compares.
sub moment { my ($text) = @_; return $text =~ s/Z$//r . ($text =~ /\./ ? '' : '.000000') }

sub compare {
    my ($type, $one, $other) = @_;
    return $type eq 'integer' || $type eq 'boolean' ? $one <=> $other : $one cmp $other;
}

sub passes {
    my ($list, $record, $filter) = @_;
    my ($field, $operator, @values) = @$filter;
    my $type = $list->{filter}{$field};
    my $key = key($list, $record, $field);
    return !defined $key == !!$values[0] if $operator eq 'isnull';
    return 0 if !defined $key;
    @values = map { $type eq 'text' ? folded($_) : $type eq 'time' ? moment($_)
        : $type eq 'decimal' ? sprintf '%020.2f', $_ : $_ } @values;
    return index($key, $values[0]) >= 0 if $operator eq 'contains';
    return !!grep { compare($type, $key, $_) == 0 } @values if $operator eq 'eq' || $operator eq 'in';
    my $sign = compare($type, $key, $values[0]);
    return $operator eq 'gt' ? $sign > 0 : $operator eq 'lt' ? $sign < 0 : $operator eq 'gte' ? $sign >= 0 : $sign <= 0;
}

sub has_word {
    my ($list, $record, $word) = @_;
    my $customer = $list->{through} && $record->{customer_details};
    return any { defined && index(folded($_), $word) >= 0 } @$record{@{$list->{search}}}, $customer ? @$customer{@{$list->{through}}} : ();
}

sub in_order {
    my ($list, $order, @records) = @_;
    my @order = (@$order ? @$order : '-created_at');
    push @order, ($order[-1] =~ /^-/ ? '-id' : 'id');
    my %keys = map { my $record = $_; $record->{id} => [map { key($list, $record, s/^-//r) } @order] } @records;
    return sort {
        my ($one, $other) = @keys{$a->{id}, $b->{id}};
        my $sign = 0;
        for my $i (0 .. $#order) {
            my ($x, $y) = ($one->[$i], $other->[$i]);
            $sign = !defined $x ? (defined $y ? -1 : 0) : !defined $y ? 1 : $x cmp $y;
            $sign = -$sign if $order[$i] =~ /^-/;
            last if $sign;
        }
        $sign;
    } @records;
}

sub naive {
    my ($list, $query) = @_;
    my @records = @{$list->{records}};
    for my $filter (@{$query->{filters}}) {
        @records = grep { passes($list, $_, $filter) } @records;
    }
    for my $word (split /[\s,]+/, folded($query->{search} // '')) {
        @records = grep { has_word($list, $_, $word) } @records if length $word;
    }
    return in_order($list, $query->{order}, @records);
}

# ---- random queries

sub random_value {
    my ($list, $field, $operator) = @_;
    my $type = $list->{filter}{$field};
    return maybe(50) ? 1 : 0 if $operator eq 'isnull' || $type eq 'boolean';
    my $value = one_of(@{$list->{records}})->{$field};
    if (!defined $value || $value eq '' || maybe(15)) {
        $value = $type eq 'choice' ? one_of(@{$choices{$field}}) : $type eq 'integer' || $type eq 'decimal' ? below(5) : $type eq 'time' ? '2025-02-03T10:00:00Z'
            : $type eq 'uuid' ? '01890000-0000-7000-8000-000000000000' : one_of(@names);
    }
    if ($type eq 'text') {
        $value = maybe(50) ? uc $value : lc $value if maybe(30);
        $value = substr $value, below(length $value), 1 + below(6) if $operator eq 'contains';
        $value =~ s/,.*// if $operator eq 'in';
    }
    $value =~ s/^\s+|\s+$//g;
    return length $value ? $value : $type eq 'text' ? 'a' : $value;
}

sub random_filter {
    my ($list) = @_;
    my $field = one_of(sort keys %{$list->{filter}});
    my $operator = one_of(@{$operators{$list->{filter}{$field}}});
    return [$field, $operator, map { random_value($list, $field, $operator) } 1 .. ($operator eq 'in' ? 1 + below(7) : 1)];
}

sub random_search {
    my ($list) = @_;
    my @words;
    for (1 .. 1 + below(3)) {
        my $record = one_of(@{$list->{records}});
        my $text = one_of(grep { defined && length } @$record{@{$list->{search}}}, one_of(@names));
        $text = substr $text, below(length $text), 1 + below(4) if maybe(60);
        push @words, maybe(30) ? uc $text : $text;
    }
    return join one_of(' ', ',', '  ', "\t"), @words;
}

sub random_query {
    my ($list) = @_;
    my %seen;
    my %filters = map { my $filter = random_filter($list); join('__', @$filter[0, 1]) => $filter } 1 .. one_of(0, 0, 1, 1, 2, 3);
    return {
        filters => [map { $filters{$_} } sort keys %filters],
        order => maybe(30) ? [] : [map { (maybe(50) ? '-' : '') . $_ } grep { !$seen{$_}++ } some(3, @{$list->{sort}})],
        maybe(40) ? (search => random_search($list)) : (),
        size => one_of(1, 2, 3, 5, 7, 10, 20, 50),
        count => one_of('', '', 'exact', 'estimate', 'none'),
        fields => maybe(70) ? ['id', some(3, sort keys %{$list->{filter}})] : undef,
    };
}

sub parameters {
    my ($query) = @_;
    return (
        map({ my ($field, $operator, @values) = @$_; [$operator eq 'eq' ? $field : "${field}__$operator", join ',', @values] } @{$query->{filters}}),
        @{$query->{order}} ? ['ordering', join ',', @{$query->{order}}] : (),
        defined $query->{search} ? ['search', $query->{search}] : (),
        ['page_size', $query->{size}], $query->{count} ? ['count', $query->{count}] : (),
        $query->{fields} ? ['fields', join ',', @{$query->{fields}}] : (),
    );
}

sub url { my ($list, @parameters) = @_; return $list->{path} . '?' . join '&', map { "$_->[0]=" . Crm::Client::escape("$_->[1]") } @parameters }

# ---- comparing

sub shown {
    my ($query, @records) = @_;
    return @records if !$query->{fields};
    return map { my $record = $_; +{map { $_ => $record->{$_} } @{$query->{fields}}} } @records;
}

# A link without the parameter that it is for, and that parameter, decoded.
sub link_parts {
    my ($server, $link, $name) = @_;
    my ($path, $query) = $link =~ m{^http://localhost:$server->{port}(/[^?]*)\?(.*)$} or return;
    my @pairs = map { [map { s/\+/ /gr =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger } split /=/, $_, 2] } split /&/, $query;
    return ($path . '?' . join('&', sort map { "$_->[0]=$_->[1]" } grep { $_->[0] ne $name } @pairs), map { $_->[1] } grep { $_->[0] eq $name } @pairs);
}

sub check_link {
    my ($server, $url, $link, $number) = @_;
    return defined $link ? 'a link to nowhere' : () if !$number;
    return 'no link' if !defined $link;
    my ($rest, $page) = link_parts($server, $link, 'page');
    my ($own) = link_parts($server, "http://localhost:$server->{port}$url", 'page');
    return $rest ne $own ? "a link that lost something: $link" : ($page // 1) != $number ? "a link to page $page, not $number" : ();
}

# What is wrong with one page of QUERY, whose records are EXPECTED.
sub check_page {
    my ($server, $token, $list, $query, @expected) = @_;
    my $pages = int((@expected + $query->{size} - 1) / $query->{size}) || 1;
    my $page = maybe(5) ? $pages + 1 + below(3) : 1 + below($pages);
    my $url = url($list, parameters($query), $page > 1 || maybe(20) ? ['page', $page] : ());
    my $answer = $server->request(GET => $url, {token => $token});
    my $last = $page < $pages ? $page * $query->{size} - 1 : $#expected;
    my @on_page = @expected[($page - 1) * $query->{size} .. $last];
    return ($url, $answer->{status} == 404 ? () : "status $answer->{status}, not 404") if $page > $pages;
    return ($url, "status $answer->{status}: $answer->{body}") if $answer->{status} != 200;
    my $json = $answer->{json};
    my $count = $query->{count} eq 'none' ? undef : scalar @expected;
    return ($url, Crm::Server::difference($json, {count => $count, results => [shown($query, @on_page)]}, 'page'),
        check_link($server, $url, $json->{next}, $page < $pages ? $page + 1 : 0),
        check_link($server, $url, $json->{previous}, $page > 1 ? $page - 1 : 0));
}

# One walk by cursor, following LINK; the pages.
sub walk {
    my ($server, $token, $path, $link, $between) = @_;
    my @pages;
    while (defined $path && @pages < 1000) {
        my $answer = $server->request(GET => $path, {token => $token});
        die "$path: $answer->{status} $answer->{body}" if $answer->{status} != 200;
        push @pages, $answer->{json};
        $between->($answer->{json}) if $between;
        $path = $answer->{json}{$link};
        $path =~ s{^http://[^/]*}{} if defined $path;
    }
    return @pages;
}

# What is wrong with a walk to the end and back.
sub check_walk {
    my ($server, $token, $list, $query, @expected) = @_;
    my $url = url($list, parameters($query), ['cursor', '']);
    my @forward = walk($server, $token, $url, 'next');
    my @all = map { @{$_->{results}} } @forward;
    my @problems = map { "forward: $_" } Crm::Server::difference(\@all, [shown($query, @expected)], 'walk');
    push @problems, 'a count' if grep { exists $_->{count} } @forward;
    push @problems, @forward . ' pages' if @forward != (int((@expected + $query->{size} - 1) / $query->{size}) || 1);
    my @back = walk($server, $token, $forward[-1]{previous} && $forward[-1]{previous} =~ s{^http://[^/]*}{}r, 'previous');
    @all = map { @{$_->{results}} } reverse @back;
    my $last = @{$forward[-1]{results}};
    return ($url, @problems, map { "back: $_" } Crm::Server::difference(\@all, [shown($query, @expected[0 .. $#expected - $last])], 'walk'));
}

sub check_lists {
    my ($server, $token, $lists_of) = @_;
    my @kinds = sort keys %$lists_of;
    my ($found, $walks) = (0, 0);
    for my $i (1 .. $lists) {
        my $list = $lists_of->{$kinds[$i % @kinds]};
        my $query = random_query($list);
        my @expected = naive($list, $query);
        $found += @expected > 0;
        my $check = $i % 7 == 0 && @expected / $query->{size} < 15 && ++$walks ? \&check_walk : \&check_page;
        my ($url, @problems) = $check->($server, $token, $list, $query, @expected);
        next if !@problems;
        fail("$server->{database}: list $i: $url");
        diag(join "\n", @problems);
    }
    cmp_ok($found, '>', $lists / 2, "$server->{database}: $lists lists, of which $found found something");
    cmp_ok($walks, '>', $lists / 20, "$server->{database}: and $walks were walked through by cursor");
    return;
}

# ---- others write meanwhile

sub check_disturbed {
    my ($server, $token, $list) = @_;
    for my $order ('', 'name', '-name', 'company,-updated_at', '-company', 'created_at') {
        my %there = map { $_->{id} => 1 } walk_all($server, $token, $list);
        my (%seen, $next);
        my $query = {filters => [], order => [split /,/, $order], size => 5 + below(9), count => '', fields => ['id']};
        walk($server, $token, url($list, parameters($query), ['cursor', '']), 'next', sub {
            my @ids = map { $_->{id} } @{$_[0]{results}};
            $seen{$_}++ for @ids;
            for my $gone (keys %there > 100 ? one_of(sort keys %there) : (), maybe(30) ? $ids[-1] : ()) {
                delete $there{$gone} if $server->request(DELETE => "$list->{path}$gone/", {token => $token})->{status} == 200;
            }
            $server->request(POST => $list->{path}, {token => $token, body => make('customers', 1000 + $state)}) for 1 .. 2;
        });
        my @wrong = grep { ($seen{$_} // 0) != 1 } sort keys %there;
        my @twice = grep { $seen{$_} > 1 } sort keys %seen;
        ok(keys %there && !@wrong && !@twice, "$server->{database}: ordering=$order: what stays is seen once while others write")
            or diag('not seen once: ' . join ' ', @wrong, @twice);
    }
    return;
}

sub walk_all {
    my ($server, $token, $list) = @_;
    return map { @{$_->{results}} } walk($server, $token, "$list->{path}?cursor=&page_size=100&fields=id", 'next');
}

on_each_database(sub {
    my ($server) = @_;
    $state = $seed;
    my $acme = $server->register('Acme');
    my $lists_of = fill($server, $acme);
    check_lists($server, $acme->{token}, $lists_of);
    check_disturbed($server, $acme->{token}, $lists_of->{customers});
    my $count = $server->request(GET => '/api/customers/?page_size=1', {token => $acme->{token}})->{json}{count};
    my ($row) = $server->tenant_sql('acme', 'SELECT COUNT(*) FROM customer WHERE deleted_at IS NULL');
    is($count, $row->[0], "$server->{database}: the count is still that of what is there");
});
done_testing;
