# Crm::Django - an installation of the old product, as it is found: a MariaDB with its databases, made by
# three makers at different times, with what went wrong in them.
#
#     my $old = Crm::Django->new(rows => 50);
#     $old->url;                                  # for crmctl adopt --from, of a user who may only read
#     $old->sql('crm_tenant_acme', 'SELECT ...')  # rows, by root
#
# Tenants: Acme (made by Django's migrations), Beta Corp and beta-corp (one database, made by
# setup_tenant_tables, latin1), Gamma (recreate_tenant_db: no keys, questionnaire, unknown columns and a
# table), Delta (its database is gone), Epsilon (inactive, empty).
package Crm::Django;
use strict;
use warnings;
use Digest::SHA ();
use File::Temp ();
use MIME::Base64 ();
use Crm::Database;
use Crm::Process;

my $second = 0;    # of times: each later than the one before

sub new {
    my ($class, %self) = @_;
    my $self = bless {rows => 20, %self, owner => $$}, $class;
    $self->{folder} = File::Temp::tempdir('crm-old-XXXXXX', TMPDIR => 1);
    chmod 0755, $self->{folder};
    $self->{server} = Crm::Database::start_server($self->{folder});
    Crm::Process::output({input => "CREATE USER reader\@127.0.0.1 IDENTIFIED BY 'secret'; GRANT SELECT ON *.* TO "
            . 'reader@127.0.0.1;'}, 'mariadb', '--no-defaults', '--user=' . getpwuid($<), "--socket=$self->{folder}/data/mariadb.sock");
    $self->fill;
    return $self;
}

sub url {
    my ($self) = @_;
    my ($host) = $self->{server} =~ m{\@([^/]+)/};
    return "mysql://reader:secret\@$host/crm_saas_main";
}

sub run {
    my ($self, $database, $sql) = @_;
    utf8::encode($sql) if utf8::is_utf8($sql);
    Crm::Process::output({input => "SET SESSION sql_mode = '', foreign_key_checks = 0;\n$sql"},
        Crm::Database::mysql_client($self->{server}), $database // ());
    return;
}

sub sql {
    my ($self, $database, $sql) = @_;
    return map { [split /\t/, $_, -1] } split /\n/,
        Crm::Process::output(Crm::Database::mysql_client($self->{server}), '-BN', '-e', $sql, $database);
}

# A checksum over all tables of all databases: what must not change.
sub checksum {
    my ($self) = @_;
    my @tables = map { "`$_->[0]`.`$_->[1]`" } $self->sql('information_schema', 'SELECT table_schema, table_name FROM '
        . "tables WHERE table_schema LIKE 'crm\\_%' ORDER BY table_schema, table_name");
    return join "\n", map { join ' ', @$_ } $self->sql('crm_saas_main', 'CHECKSUM TABLE ' . join ', ', @tables);
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $@);
    Crm::Database::stop_server($self->{folder});
    Crm::Process::remove_folder($self->{folder});
    return;
}

# ---- values

# Django's hash of a password, with few iterations.
sub password {
    my ($password) = @_;
    my ($salt, $iterations) = ('pepper', 50);
    my $block = my $sum = Digest::SHA::hmac_sha256($salt . pack('N', 1), $password);
    for (2 .. $iterations) {
        $block = Digest::SHA::hmac_sha256($block, $password);
        $sum ^= $block;
    }
    return "pbkdf2_sha256\$$iterations\$$salt\$" . MIME::Base64::encode_base64($sum, '');
}

# The id number N of KIND, 32 hexadecimal digits as Django has them.
sub id { my ($kind, $n) = @_; return substr Digest::SHA::sha1_hex("$kind $n"), 0, 32 }
sub dashed { my ($id) = @_; return join '-', $id =~ /^(.{8})(.{4})(.{4})(.{4})(.{12})$/ }
sub token { my ($name) = @_; return Digest::SHA::sha1_hex("token $name") }

sub when {
    $second++;
    return sprintf '2024-%02d-%02d %02d:%02d:%02d.%06d', 1 + $second / 864_000 % 12, 1 + $second / 86_400 % 28,
        $second / 3600 % 24, $second / 60 % 60, $second % 60, $second % 1_000_000;
}

sub quote {
    my ($value) = @_;
    return 'NULL' if !defined $value;
    return $$value if ref $value;    # SQL as it is
    $value =~ s/(['\\])/\\$1/g;
    return "'$value'";
}

# INSERT of ROWS, {column => value} each; columns that are not named are the table's own defaults.
sub insert {
    my ($table, @rows) = @_;
    my $sql = '';
    for my $row (@rows) {
        my @columns = sort keys %$row;
        $sql .= "INSERT INTO `$table` (" . join(', ', map { "`$_`" } @columns) . ') VALUES ('
            . join(', ', map { quote($row->{$_}) } @columns) . ");\n";
    }
    return $sql;
}

# ---- tables

my $times = 'created_at datetime(6), updated_at datetime(6)';
my $place = 'address longtext, city varchar(120), state varchar(120), country varchar(120), zip_code varchar(20)';

# What all three makers made alike, but for keys and character sets.
sub account_tables {
    my ($tenant) = @_;
    return "CREATE TABLE user_customuser (id bigint AUTO_INCREMENT PRIMARY KEY, password varchar(128), last_login
        datetime(6), is_superuser tinyint(1) NOT NULL DEFAULT 0, username varchar(150) COLLATE utf8mb4_bin UNIQUE,
        first_name varchar(150), last_name varchar(150), email varchar(254), is_staff tinyint(1) NOT NULL DEFAULT 0,
        is_active tinyint(1) NOT NULL DEFAULT 1, date_joined datetime(6), tenant_id $tenant,
        is_tenant_admin tinyint(1) NOT NULL DEFAULT 0);
    CREATE TABLE user_tenantuser (id bigint AUTO_INCREMENT PRIMARY KEY, $times, user_id bigint UNIQUE, tenant_id $tenant);
    CREATE TABLE authtoken_token (`key` varchar(40) PRIMARY KEY, created datetime(6), user_id bigint UNIQUE);
    CREATE TABLE auth_group (id int AUTO_INCREMENT PRIMARY KEY, name varchar(150) UNIQUE);
    CREATE TABLE django_content_type (id int AUTO_INCREMENT PRIMARY KEY, app_label varchar(100), model varchar(100));
    CREATE TABLE auth_permission (id int AUTO_INCREMENT PRIMARY KEY, name varchar(255), content_type_id int, codename
        varchar(100));
    CREATE TABLE auth_group_permissions (id bigint AUTO_INCREMENT PRIMARY KEY, group_id int, permission_id int);
    CREATE TABLE django_migrations (id bigint AUTO_INCREMENT PRIMARY KEY, app varchar(255), name varchar(255));
    INSERT INTO django_migrations (app, name) VALUES ('user', '0001_initial'), ('leads', '0001_initial');
    INSERT INTO django_content_type (id, app_label, model) VALUES (1, 'admin', 'logentry'), (2, 'customer', 'customer'),
        (3, 'leads', 'lead'), (4, 'leads', 'leadcallsummary'), (5, 'branch', 'branch'), (6, 'category', 'category');
    INSERT INTO auth_permission (name, content_type_id, codename) SELECT CONCAT('Can ', a.a, ' ', c.model), c.id,
        CONCAT(a.a, '_', c.model) FROM django_content_type c CROSS JOIN (SELECT 'add' a UNION SELECT 'change' UNION SELECT
        'delete' UNION SELECT 'view') a ORDER BY c.id, a.a;\n";
}

sub links {
    my ($stem, $column) = @_;
    return "CREATE TABLE ${stem}_groups (id bigint AUTO_INCREMENT PRIMARY KEY, $column bigint, group_id int);
    CREATE TABLE ${stem}_user_permissions (id bigint AUTO_INCREMENT PRIMARY KEY, $column bigint, permission_id int);\n";
}

sub history_table {
    my ($name, $column, $key) = @_;
    return "CREATE TABLE ${name} (id char(32) $key, tenant_id char(32), $column char(36), changed_by_id bigint, action
        varchar(20), field_name varchar(100), old_value longtext, new_value longtext, changes json, notes longtext, $times);\n";
}

# The records' tables of an age: 1, 2 or 3.
sub record_tables {
    my ($age) = @_;
    my $key = $age == 3 ? 'NOT NULL' : 'PRIMARY KEY';
    my $id = $age == 2 ? 'char(36)' : 'char(32)';
    my $reference = $age == 1 ? ', FOREIGN KEY (customer_id) REFERENCES customer_customer (id)' : '';
    my $questions = join '', map { ", $_ tinyint(1)" } qw(q1_preparing_usmle_residency q1_interested_future
        q2_clinical_research_opportunities q2_want_to_learn_more q3_want_call_after_info);
    my $sql = "CREATE TABLE customer_customer (id char(32) $key, tenant_id char(32), name varchar(255), email varchar(254),
        phone varchar(50), company varchar(255), created_by_id bigint, is_active tinyint(1) NOT NULL DEFAULT 1, $times"
        . ($age == 1 ? '' : ", $place") . ($age == 3 ? ', shoe_size int, logo blob' : '') . ");
    CREATE TABLE leads_lead (id char(32) $key, tenant_id char(32), customer_id char(32), name varchar(255), email
        varchar(254), phone varchar(50), status varchar(20), source varchar(120), notes longtext, created_by_id bigint,
        is_active tinyint(1) NOT NULL DEFAULT 1, $times" . ($age == 2 ? ', call_summaries json' : '') . "$reference);
    CREATE TABLE leads_leadcallsummary (id $id $key, tenant_id $id, lead_id $id, summary " . ($age == 2 ? 'json' : 'longtext')
        . ', call_time datetime(6), created_by_id ' . ($age == 3 ? 'char(36)' : 'bigint') . ", is_active tinyint(1) NOT NULL
        DEFAULT 1, $times" . ($age == 1 ? '' : ", call_outcome varchar(20), q3_preference varchar(10)$questions") . ");
    CREATE TABLE branch_branch (id char(32) $key, tenant_id char(32), name varchar(255), code varchar(50), $place, phone
        varchar(50), email varchar(254), manager_name varchar(255), manager_email varchar(254), manager_phone varchar(50),
        is_active tinyint(1) NOT NULL DEFAULT 1, created_by_id bigint, notes longtext, $times);
    CREATE TABLE category_category (id char(32) $key, tenant_id char(32), name varchar(255), code varchar(50), description
        longtext, parent_id char(32), is_active tinyint(1) NOT NULL DEFAULT 1, created_by_id bigint, notes longtext, $times);\n";
    my %column = (customer => 'customer', leads => 'lead', branch => 'branch', category => 'category');
    return $sql . join '', map { history_table("${_}_$column{$_}history", "$column{$_}_id", $key) } sort keys %column;
}

# ---- rows

sub account {
    my ($tenant, $id, $name, %more) = @_;
    return {id => $id, username => $name, password => password("$name password"), email => "$name\@old.example",
        first_name => ucfirst $name, last_name => 'Old', date_joined => when(), tenant_id => $tenant, %more};
}

sub record {
    my ($tenant, $kind, $n, %more) = @_;
    return {id => id($kind, $n), tenant_id => $tenant, created_by_id => 1, is_active => 1, created_at => when(),
        updated_at => when(), %more};
}

sub customer {
    my ($tenant, $n, %more) = @_;
    return record($tenant, "$tenant customer", $n, name => "Customer $n Müller", email => "c$n\@firm.example",
        phone => "+49 $n", company => "Firm $n", %more);
}

sub lead {
    my ($tenant, $n, %more) = @_;
    return record($tenant, "$tenant lead", $n, customer_id => id("$tenant customer", $n), name => "Lead $n Ünal",
        email => "l$n\@firm.example", phone => "+90 $n", status => 'contacted', source => 'web', notes => "Note\n$n", %more);
}

sub change {
    my ($tenant, $kind, $n, $of, %more) = @_;
    my %row = %{record($tenant, "$tenant $kind change", $n)};
    delete @row{qw(is_active created_by_id)};
    return {%row, "${kind}_id" => $of, changed_by_id => 1, action => 'updated', field_name => 'name', old_value => 'a',
        new_value => 'b', changes => '{"name": {"old": "a", "new": "b"}}', %more};
}

# What every tenant has that is as it should be: COUNT customers and leads with their calls and changes.
sub proper {
    my ($tenant, $count, $dashes) = @_;
    my $own = $dashes ? \&dashed : sub { $_[0] };
    my @call = $dashes ? (call_outcome => 'sent_info', summary => '"They said \\"yes\\""') : (summary => 'They said "yes"');
    return insert('customer_customer', map { customer($tenant, $_) } 1 .. $count)
        . insert('leads_lead', map { lead($tenant, $_) } 1 .. $count)
        . insert('leads_leadcallsummary', map { record($own->($tenant), '', 0, id => $own->(id("$tenant call", $_)), lead_id =>
            $own->(id("$tenant lead", $_)), call_time => when(), @call) } 1 .. $count)
        . insert('branch_branch', map { record($tenant, "$tenant branch", $_, name => "Branch $_", code => "B$_", city =>
            'Köln', manager_name => 'Ada') } 1 .. 5)
        . insert('category_category', map { record($tenant, "$tenant category", $_, name => "Category $_", code => "C$_",
            parent_id => $_ < 3 ? id("$tenant category", $_ + 1) : undef) } 1 .. 5)
        . insert('customer_customerhistory', map { change($tenant, 'customer', $_, id("$tenant customer", $_)) } 1 .. $count)
        . insert('leads_leadhistory', change($tenant, 'lead', 1, id("$tenant lead", 1), action => 'status_changed',
            field_name => 'status', old_value => 'new', new_value => 'contacted', changes => undef))
        . insert('category_categoryhistory', change($tenant, 'category', 1, id("$tenant category", 1)));
}

sub fill_main {
    my ($self) = @_;
    my %name = (acme => 'Acme', beta => 'Beta Corp', beta2 => 'beta-corp', gamma => 'Gamma', delta => 'Delta',
        epsilon => 'Epsilon');
    my %database = (beta => 'crm_tenant_beta_corp', beta2 => 'crm_tenant_beta_corp');
    my $tenant = $self->{tenant} = {map { $_ => id(tenant => $_) } keys %name};
    my $history = sub {
        my ($n, %more) = @_;
        return {id => id(history => $n), method => 'POST', endpoint => '/api/leads/', response_status => 201,
            ip_address => '10.0.0.1', user_agent => 'Firefox', execution_time => 0.25, created_at => when(),
            updated_at => when(), %more};
    };
    $self->run(undef, 'CREATE DATABASE crm_saas_main CHARACTER SET utf8mb4; CREATE DATABASE crm_tenant_lost;');
    $self->run('crm_saas_main', "CREATE TABLE user_tenant (id char(32) PRIMARY KEY, name varchar(100) UNIQUE COLLATE
        utf8mb4_bin, database_name varchar(100), is_active tinyint(1), $times);
        CREATE TABLE user_history (id char(32) PRIMARY KEY, user_id bigint, tenant_id char(32), method varchar(10), endpoint
        varchar(500), request_data json, response_status int, response_data json, ip_address char(39), user_agent longtext,
        execution_time double, error_message longtext, created_at datetime(6), updated_at datetime(6), KEY (tenant_id));
        CREATE TABLE user_passwordresetotp (id bigint PRIMARY KEY, otp varchar(6));
        INSERT INTO user_passwordresetotp VALUES (1, '123456');\n"
        . account_tables('char(32)') . links('user_customuser', 'customuser_id') . record_tables(3)
        . insert('user_tenant', map { {id => $tenant->{$_}, name => $name{$_}, database_name => $database{$_}
            // "crm_tenant_$_", is_active => $_ eq 'epsilon' ? 0 : 1, created_at => when(), updated_at => when()} } sort keys %name)
        . insert('user_customuser', account(undef, 1, 'root', is_superuser => 1, is_staff => 1),
            account($tenant->{acme}, 2, 'anna', password => password('main password')),
            account($tenant->{acme}, 3, 'zoe'), account(undef, 4, 'nobody'),
            account(undef, 5, 'junction'), account(undef, 90, 'boss', is_superuser => 1),
            account(undef, 91, 'former'), account($tenant->{delta}, 6, 'dora'))
        . insert('user_tenantuser', {id => 1, user_id => 5, tenant_id => $tenant->{acme}, created_at => when()})
        . insert('authtoken_token', {key => token('root'), created => when(), user_id => 1},
            {key => token('zoe'), created => when(), user_id => 3})
        . insert('user_history', $history->(1, user_id => 1, tenant_id => $tenant->{acme},
                endpoint => '/api/auth/login/?next=1&token=' . token('query'),
                request_data => '{"username": "anna", "password": "geheim1", "body": "{\"otp\": \"geheim2\"}"}',
                response_data => '{"user": {"id": 1}, "token": "' . token('anna') . '", "note": "Token '
                    . token('anna') . '"}', error_message => "{'password': 'geheim3', 'x': 1}"),
            $history->(2, tenant_id => $tenant->{acme}, user_id => 99, request_data => '"username=a&password=geheim4&b=c"',
                created_at => '0000-00-00 00:00:00', endpoint => '/api/leads/' . dashed(id(lead => 1)) . '/'),
            $history->(3, request_data => '{"password": "geheim5"}', user_id => 1, endpoint => '/api/auth/tenants/',
                method => 'GET', response_status => 200),
            $history->(5, tenant_id => $tenant->{acme}, user_id => 90), $history->(6, tenant_id => $tenant->{acme}, user_id => 91),
            $history->(4, tenant_id => id(tenant => 'unknown')),
            map { $history->(100 + $_, tenant_id => $tenant->{acme}, user_id => 1) } 1 .. $self->{rows}));
    return;
}

# Made by Django's migrations: foreign keys, utf8mb4, the least columns.
sub fill_acme {
    my ($self) = @_;
    my $tenant = $self->{tenant}{acme};
    $self->run(undef, 'CREATE DATABASE crm_tenant_acme CHARACTER SET utf8mb4;');
    $self->run('crm_tenant_acme', account_tables('char(32)') . links('user_customuser', 'customuser_id') . record_tables(1)
        . insert('auth_group', {id => 1, name => 'Sellers'}, {id => 2, name => 'users'})
        . "INSERT INTO auth_group_permissions (group_id, permission_id) SELECT 1, id FROM auth_permission WHERE codename IN
            ('view_lead', 'view_customer', 'view_logentry');\n"
        . insert('user_customuser', account($tenant, 1, 'anna', is_tenant_admin => 1, last_login => when()),
            account($tenant, 2, 'ben', email => 'ANNA@old.example'), account($tenant, 3, 'carl', email => ''),
            account($tenant, 4, 'dirk', email => undef, is_active => 0), account(undef, 5, 'ANNA', email => 'second@old.example'),
            account($tenant, 6, 'ernie', is_superuser => 1, password => '!unusable'))
        . insert('user_tenantuser', map { {user_id => $_, tenant_id => $tenant, created_at => when()} } 1, 2, 77)
        . insert('authtoken_token', map { {key => token($_->[0]), created => when(), user_id => $_->[1]} } ['anna', 1],
            ['ben', 2], ['dirk', 4], ['ghost', 88])
        . insert('user_customuser_groups', {customuser_id => 2, group_id => 1}, {customuser_id => 66, group_id => 1})
        . "INSERT INTO user_customuser_user_permissions (customuser_id, permission_id) SELECT 3, id FROM auth_permission WHERE
            codename = 'add_lead';\n"
        . proper($tenant, $self->{rows})
        . insert('customer_customer', customer($tenant, 'd1', email => 'C1@FIRM.example'), customer($tenant, 'd2', email => undef,
                phone => undef), customer($tenant, 'd3', is_active => 0, email => 'c1@firm.example'),
            customer($tenant, 'd4', created_at => '0000-00-00 00:00:00'),
            customer($tenant, 'd5', tenant_id => id(tenant => 'unknown'), created_by_id => 3), customer($tenant, 'd6',
                tenant_id => undef, created_by_id => 99), customer($tenant, 'd7', id => 'not-a-uuid-at-all'))
        . insert('leads_lead', lead($tenant, 'd1', status => 'qualified'), lead($tenant, 'd2', status => 'Follow Up'),
            lead($tenant, 'd3', status => 'frozen', customer_id => id('nowhere', 1)), lead($tenant, 'd4', is_active => 0),
            lead($tenant, 'd5', customer_id => 'not-a-uuid-at-all', email => undef, status => undef))
        . insert('leads_leadcallsummary', record($tenant, "$tenant call", 'd1', lead_id => id('nowhere', 2)),
            record($tenant, "$tenant call", 'd2', lead_id => id("$tenant lead", 'd4'), call_time => '0000-00-00 00:00:00'))
        . insert('category_category', record($tenant, "$tenant category", 'x', name => 'X', parent_id => id("$tenant category", 'y')),
            record($tenant, "$tenant category", 'y', name => 'Y', parent_id => id("$tenant category", 'x')),
            record($tenant, "$tenant category", 'z', name => 'Z', code => 'c1', parent_id => id('nowhere', 3)))
        . insert('customer_customerhistory', change($tenant, 'customer', 'd1', id('nowhere', 4)),
            change($tenant, 'customer', 'd2', id("$tenant customer", 1), changes => '["odd"]', changed_by_id => 99)));
    return;
}

# Made by setup_tenant_tables: no foreign keys, latin1, ids with dashes, and two tenants in one.
sub fill_beta {
    my ($self) = @_;
    my ($one, $two) = @{$self->{tenant}}{qw(beta beta2)};
    $self->run(undef, 'CREATE DATABASE crm_tenant_beta_corp CHARACTER SET latin1;');
    $self->run('crm_tenant_beta_corp', account_tables('varchar(36)') . links('auth_user', 'user_id') . record_tables(2)
        . insert('auth_group', {id => 7, name => 'Team'})
        . insert('user_customuser', account(dashed($one), 1, 'bea', is_tenant_admin => 1), account(uc $two, 2, 'bob',
            is_tenant_admin => 1), account(undef, 3, 'bill'), account('', 4, 'bert'))
        . insert('user_tenantuser', {user_id => 3, tenant_id => $two, created_at => when()})
        . insert('authtoken_token', map { {key => token($_->[0]), created => when(), user_id => $_->[1]} } ['bea', 1], ['bob', 2])
        . insert('auth_user_groups', {user_id => 1, group_id => 7}, {user_id => 2, group_id => 7})
        . proper($one, $self->{rows}, 1) . proper($two, 3, 1)
        . insert('customer_customer', customer($one, 'm1', name => \"_latin1 x'F09F9880204D6FC3A9'", email => 'm1@x.example'),
            customer($one, 'm2', name => \"_latin1 x'4D6FE9'", email => 'm2@x.example'),
            customer($one, 'm3', tenant_id => undef, created_by_id => 2), customer($one, 'm4', tenant_id => undef,
            created_by_id => 4))
        . insert('leads_lead', lead($one, 'm1', tenant_id => undef, customer_id => id("$two customer", 1), call_summaries =>
            '[{"summary": "early"}]'))
        . insert('leads_leadcallsummary', record(dashed($one), '', 0, id => dashed(id('call', 'm1')), tenant_id => '',
            lead_id => dashed(id("$two lead", 1)), summary => '{"text": "object"}', call_outcome => 'vanished',
            q3_preference => 'mail', q2_want_to_learn_more => 1)));
    return;
}

# Made by recreate_tenant_db: no keys at all, so rows can be there twice.
sub fill_gamma {
    my ($self) = @_;
    my $tenant = $self->{tenant}{gamma};
    $self->run(undef, 'CREATE DATABASE crm_tenant_gamma CHARACTER SET utf8mb3; CREATE DATABASE crm_tenant_epsilon;');
    $self->run('crm_tenant_gamma', account_tables('char(32)') . links('user_customuser', 'customuser_id') . record_tables(3)
        . 'CREATE TABLE user_tenant (id char(32)); CREATE TABLE gadget (id int PRIMARY KEY, name varchar(20), password varchar(9));'
        . insert('user_tenant', {id => $tenant}) . insert('gadget', {id => 1, name => 'Lamp', password => 'geheim6'})
        . insert('user_customuser', account($tenant, 1, 'gina', is_tenant_admin => 1))
        . proper($tenant, $self->{rows})
        . insert('customer_customer', (customer($tenant, 'g1', shoe_size => 44, logo => \"x'00FF'")) x 2, customer($tenant, 'g2',
            name => 'x' x 255, id => ''))
        . insert('leads_leadcallsummary', record($tenant, "$tenant call", 'g1', lead_id => id("$tenant lead", 1), summary =>
            'Called', call_outcome => 'sent_info', q1_interested_future => 0, q3_preference => 'phone', created_by_id => '1')));
    $self->run('crm_tenant_epsilon', account_tables('char(32)') . record_tables(1));
    return;
}

sub fill {
    my ($self) = @_;
    $self->fill_main;
    $self->fill_acme;
    $self->fill_beta;
    $self->fill_gamma;
    return;
}

1;
