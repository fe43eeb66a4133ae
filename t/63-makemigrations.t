#!/usr/bin/perl
# crmctl makemigrations: nothing to be done for what is described and there; where an entity and fields are
# described that the migrations lack, files for both databases that work.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

sub crmctl { return Crm::Process::run(Crm::Process::crmctl(), @_) }

sub slurp { open my $file, '<', $_[0] or die "$_[0]: $!"; local $/; return scalar <$file> }
sub spew { my ($path, $text) = @_; open my $file, '>', $path or die "$path: $!"; print $file $text; close $file or die $!; return }

my ($status, $out, $said) = crmctl('makemigrations', '--directory', "$Crm::Process::source/sql");
is($status, 0, 'the migrations have all that is described') or diag($said);
like($out, qr/^Nothing is to be done:/, 'and it says so');
unlike($out, qr/Not described/, 'and nothing else');

# The migrations as they were before products, and before branches had codes, managers' addresses and
# whether they are active.
my $gone = 'code|manager_email|is_active|active';
sub older_migrations {
    my ($folder) = @_;
    Crm::Process::output('cp', '-R', "$Crm::Process::source/sql", $folder);
    for my $driver (qw(mysql sqlite3)) {
        for my $file (glob "$folder/$driver/tenant/*.sql") {
            unlink $file if $file =~ /0*(\d+)_[^\/]*\z/ && $1 > 6;
        }
        my $path = "$folder/$driver/tenant/0003_records.sql";
        my $text = slurp($path);
        my ($table) = $text =~ /^(CREATE TABLE branch \(.*?^\)[^\n]*;\n)/ms or die 'no table branch';
        my $older = $table =~ s/^ +(?:(?:UNIQUE )?KEY )?(?:$gone)(?:_key|_unique)? .*\n//mgr;
        $older =~ s/^ +UNIQUE \(code_unique\),?\n//m;
        $older =~ s/,\n\)/\n)/;
        $text =~ s/\Q$table\E/$older/;
        $text =~ s/^CREATE INDEX branch_(?:$gone) .*\n//mg;
        spew($path, $text);
    }
    return $folder;
}

for my $kind (Crm::Database::kinds()) {
    subtest $kind => sub {
        my $server = Crm::Server->new(database => $kind);
        my $sql = older_migrations("$server->{folder}/sql");
        $server->{settings}{CrmMigrations} = $sql;
        $server->write_config;
        $server->crmctl_ok('migrate');
        $server->crmctl_ok({input => "acme password\n"}, 'tenant', 'create', 'Acme', '--admin-username', 'acme-admin',
            '--admin-email', 'admin@acme.example', '--admin-password-stdin');
        $server->tenant_sql('acme', "INSERT INTO branch (id, name, name_key, created_at, updated_at, version) VALUES "
            . "(X'0190163d8694739b8dbe3d3b8b4f0001', 'Old', 'old', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', 1)");
        $server->tenant_sql('acme', "INSERT INTO branch_search (created_at, id, text) VALUES "
            . "('2026-01-01 00:00:00.000000', X'0190163d8694739b8dbe3d3b8b4f0001', 'old')");
        $server->tenant_sql('acme', "INSERT INTO record_count (entity, slot, records) VALUES ('branch', 0, 1)");

        my @before = glob "$sql/*/tenant/*";
        my $dry = $server->crmctl_ok('makemigrations', '--dry-run');
        like($dry, qr{^-- \S*/$_/tenant/0007_descriptions\.sql$}m, "a file for $_") for qw(mysql sqlite3);
        like($dry, qr/^-- Say \.since = 7 in the description of: branch\.code branch\.manager_email branch\.is_active product\.$/m,
            'it says what to write into the descriptions');
        is_deeply([glob "$sql/*/tenant/*"], \@before, '--dry-run writes nothing');
        my $json = decode_json($server->crmctl_ok('makemigrations', '--name', 'more', '--json'));
        is_deeply([map { $_->{path} } @{$json->{files}}], [map { "$sql/$_/tenant/0007_more.sql" } qw(mysql sqlite3)],
            'else both are written');
        is(slurp($_->{path}), $_->{text}, "$_->{path} is what it says") for @{$json->{files}};
        like($server->crmctl_ok('makemigrations'), qr/^Nothing is to be done:/, 'once');

        like($server->crmctl_ok('migrate'), qr/acme\S*: 1 migration applied$/m, 'it can be applied');
        $server->start;
        my %token = (token => $server->login('acme-admin', 'acme password'));
        my $old = '0190163d-8694-739b-8dbe-3d3b8b4f0001';
        $server->rows(
            [GET => "/api/branches/$old/", {%token}, 200, {name => 'Old', code => undef, manager_email => undef, is_active => JSON::PP::true},
                'a record of before has what its new fields begin with'],
            [PATCH => "/api/branches/$old/", {%token, body => {code => 'Öst', manager_email => 'm@x.example'}}, 200, {code => 'Öst'}],
            [POST => '/api/branches/', {%token, body => {name => 'New', code => 'öst'}}, 400, {code => ['This field must be unique.']},
                'what is unique is so'],
            [POST => '/api/branches/', {%token, body => {name => 'New', code => 'A', is_active => JSON::PP::false}}, 201, {is_active => JSON::PP::false}],
            [GET => '/api/branches/?code=OST', {%token}, 200, {count => 1, results => [{name => 'Old'}]}],
            [GET => '/api/branches/?is_active=false', {%token}, 200, {count => 1, results => [{name => 'New'}]}],
            [GET => '/api/branches/?ordering=code', {%token}, 200, {results => [{name => 'New'}, {name => 'Old'}]}],
            [POST => '/api/products/', {%token, body => {name => 'Lamp', sku => 'L-1', price => '12.30'}}, 201, {currency => 'EUR', price => '12.30'}],
            [POST => '/api/products/', {%token, body => {name => 'Lamp', sku => 'l-1'}}, 400, {sku => ['This field must be unique.']}],
            [GET => '/api/products/?search=lamp&ordering=-price', {%token}, 200, {count => 1, results => [{sku => 'L-1'}]}],
            [GET => '/api/products/?currency=EUR&is_active=true', {%token}, 200, {count => 1}],
        );
        $server->stop;

        unlink "$sql/mysql/tenant/0007_more.sql";
        my ($refused, undef, $why) = $server->crmctl('makemigrations');
        is($refused, 1, 'drivers that do not have the same number of migrations');
        like($why, qr/newest migration for mysql is 0006 and that for sqlite3 0007/, 'are refused with words');
        ($refused, undef, $why) = $server->crmctl('makemigrations', '--name', '../x');
        like($why, qr/--name takes small letters/, 'a name that is none, too');
    };
}
done_testing;
