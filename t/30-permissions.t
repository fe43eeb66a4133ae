#!/usr/bin/perl
# Permissions and groups of a tenant: listed, given, taken away, explained; what is changed counts with
# the next request, in every child, also with a cache of tokens. Who may call what is in 20-roles.t.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $groups = '/api/auth/groups/';
my $permissions = '/api/auth/permissions/';
my @gone = (404, {detail => 'Not found.'});
my @forbidden = (403, {detail => 'You do not have permission to perform this action.'});

sub invalid_pk { my ($id) = @_; return qq{Invalid pk "$id" - object does not exist.} }
sub of_user { my ($id, $call) = @_; return "/api/auth/users/$id/$call/" }

# The ids of the permissions by name, of TOKEN's tenant.
sub permission_ids {
    my ($server, $token) = @_;
    my $answer = $server->request(GET => "$permissions?page_size=100", {token => $token});
    return map { ("$_->{app_label}.$_->{codename}" => $_->{id}) } @{$answer->{json}{results}};
}

sub lists {
    my ($server, $acme) = @_;
    my @me = (token => $acme->{token});
    my $list = $server->call(GET => "$permissions?search=branch", {@me}, 200, {count => 4})->{json}{results};
    is_deeply([map { $_->{codename} } @$list], [map { "${_}_branch" } qw(view add change delete)],
        "$server->{database}: four permissions a kind of record");
    is_deeply([sort keys %{$list->[0]}], [qw(app_label codename id model name)], "$server->{database}: with these keys");
    $server->rows(
        [GET => "$permissions?search=CAN+add+branch", {@me}, 200, {results => [{name => 'Can add branch', app_label => 'branch',
            model => 'branch', codename => 'add_branch'}]}],
        [GET => "$permissions?codename=view_branch&fields=codename", {@me}, 200, {results => [{codename => 'view_branch'}]}],
        [GET => "$permissions?app_label=branch&ordering=-codename&page_size=1", {@me}, 200, {results => [{codename => 'view_branch'}],
            next => qr/page=2/}],
        [GET => "$permissions?color=red", {@me}, 400, {color => ['Unknown filter.']}],
    );
    my %id = permission_ids($server, $acme->{token});
    $server->rows(
        [GET => $groups, {@me}, 200, {count => 2, results => [{name => 'Users', is_default => $true, permissions => [sort { $a <=> $b } values %id]},
            {name => 'Read only', is_default => $false, permissions => [sort { $a <=> $b } map { $id{$_} } grep { /\.view_/ } keys %id]}]}],
        [GET => "$groups?search=ONLY&page_size=1", {@me}, 200, {count => 1, results => [{name => 'Read only'}]}],
        [GET => "$groups?ordering=name&cursor=&page_size=1", {@me}, 200, {results => [{name => 'Read only'}], next => qr/cursor=/}],
        [GET => "$groups?is_default=true", {@me}, 200, {count => 1, results => [{name => 'Users'}]}],
    );
    return;
}

sub changes_of_groups {
    my ($server, $acme) = @_;
    my @me = (token => $acme->{token});
    my %id = permission_ids($server, $acme->{token});
    my ($view, $add) = map { $id{"branch.${_}_branch"} } qw(view add);
    my $made = $server->call(POST => $groups, {@me, body => {name => '  Ménage ', permissions => [$add, $view, $add]}}, 201,
        {name => 'Ménage', permissions => [$view, $add], is_default => $false});
    my $path = "$groups$made->{json}{id}/";
    my $got = $server->call(GET => $path, {@me}, 200, $made->{json});
    is($got->{headers}{etag}, $made->{headers}{etag}, "$server->{database}: the tag of what was made");
    like($got->{headers}{etag}, qr/^"1-/, "$server->{database}: which begins with its version");
    my $taken = {name => ['group with this name already exists.']};
    $server->rows(
        [GET => $path, {@me, headers => {'If-None-Match' => $got->{headers}{etag}}}, 304],
        [POST => $groups, {@me, body => {}}, 400, {name => ['This field is required.']}],
        [POST => $groups, {@me, body => {name => ' '}}, 400, {name => ['This field may not be blank.']}],
        [POST => $groups, {@me, body => {name => 'MENAGE'}}, 400, $taken],
        [POST => $groups, {@me, body => {name => 'users', permissions => [$view, 4711, 4712]}}, 400,
            {%$taken, permissions => [invalid_pk(4711)]}],
        [POST => $groups, {@me, body => {name => 'X', permissions => 'all'}}, 400, {permissions => [qr/Expected a list of items/]}],
        [POST => $groups, {@me, body => {name => 'X', permissions => ['x']}}, 400, {permissions => ['A valid integer is required.']}],
        [POST => $groups, {@me, body => {name => 'y' x 151}}, 400, {name => ['Ensure this field has no more than 150 characters.']}],
        [PATCH => $path, {@me, body => {name => 'Read ONLY'}}, 400, $taken],
        [PATCH => $path, {@me, body => {permissions => [0]}}, 400, {permissions => [invalid_pk(0)]}],
        [PATCH => $path, {@me, body => {permissions => [$view]}}, 200, {name => 'Ménage', permissions => [$view]}],
        [PATCH => $path, {@me, headers => {'If-Match' => $got->{headers}{etag}}, body => {name => 'Late'}}, 412],
        [DELETE => $path, {@me, headers => {'If-Match' => $got->{headers}{etag}}}, 412],
        [PATCH => $path, {@me, body => {permissions => []}}, 200, {permissions => []}],
        [PATCH => $path, {@me, body => {name => 'MENAGE'}}, 200, {name => 'MENAGE'}],
        [DELETE => $path, {@me}, 200, {message => 'Group deleted'}],
        [GET => $path, {@me}, @gone], [PATCH => $path, {@me, body => {}}, @gone], [DELETE => $path, {@me}, @gone],
        [PUT => $path, {@me, body => {}}, 405],
    );
    return;
}

# One group is the default one, and new users are in it.
sub default_group {
    my ($server, $acme) = @_;
    my @me = (token => $acme->{token});
    my %group = map { ($_->{name} => $_->{id}) } @{$server->request(GET => $groups, {@me})->{json}{results}};
    my ($users, $readers) = map { "$groups$group{$_}/" } 'Users', 'Read only';
    $server->rows(
        [DELETE => $users, {@me}, 400, {non_field_errors => [qr/^The default group cannot be deleted/]}],
        [PATCH => $users, {@me, body => {is_default => $false}}, 400, {is_default => ['Make another group the default one instead.']}],
        [PATCH => $readers, {@me, body => {is_default => $true}}, 200, {is_default => $true}],
        [GET => $users, {@me}, 200, {is_default => $false}],
    );
    my $user = $server->add_user($acme, 'late');
    $server->call(GET => of_user($user->{id}, 'permissions'), {@me}, 200, {group_ids => [$group{'Read only'}]});
    $server->call(PATCH => $users, {@me, body => {is_default => $true}}, 200, {is_default => $true});
    return;
}

sub grants {
    my ($server, $acme, $globex) = @_;
    my @me = (token => $acme->{token});
    my $ulla = $server->add_user($acme, 'ulla');
    my %id = permission_ids($server, $acme->{token});
    my @all = sort keys %id;
    my %group = map { ($_->{name} => $_->{id}) } @{$server->request(GET => $groups, {@me})->{json}{results}};
    my ($see, $set) = map { of_user($ulla->{id}, $_) } 'permissions', 'set-groups-permissions';
    my ($view, $add) = map { $id{"branch.${_}_branch"} } qw(view add);
    $server->rows(
        [GET => $see, {@me}, 200, {user_id => $ulla->{id}, permissions => \@all, group_ids => [$group{Users}], permission_ids => []}],
        [GET => of_user($acme->{id}, 'permissions'), {@me}, 200, {permissions => \@all, group_ids => []}],
        [POST => $set, {@me, body => {group_ids => [], permission_ids => [$add, $view, $view]}}, 200,
            {user_id => $ulla->{id}, group_ids => [], permission_ids => [$view, $add]}],
        [GET => $see, {@me}, 200, {permissions => ['branch.add_branch', 'branch.view_branch']}],
        [POST => $set, {@me, body => {group_ids => [$group{Users}, 4711], permission_ids => [4712]}}, 400,
            {group_ids => [invalid_pk(4711)], permission_ids => [invalid_pk(4712)]}],
        [POST => $set, {@me, body => {group_ids => [$group{Users}], permission_ids => [$view, 4712]}}, 400,
            {permission_ids => [invalid_pk(4712)]}],
        [GET => $see, {@me}, 200, {permissions => ['branch.add_branch', 'branch.view_branch'], group_ids => []}],
        [POST => $set, {@me, body => {group_ids => undef}}, 400, {group_ids => ['This field may not be null.']}],
        [POST => $set, {@me, body => {permission_ids => []}}, 200, {group_ids => [], permission_ids => []}],
        [POST => of_user(4711, 'set-groups-permissions'), {@me, body => {group_ids => []}}, @gone],
        [GET => of_user(4711, 'permissions'), {@me}, @gone],
        # the user himself
        [GET => $see, {token => $ulla->{token}}, @forbidden],
        [POST => $set, {token => $ulla->{token}, body => {permission_ids => [$add]}}, @forbidden],
        [PATCH => "$groups$group{Users}/", {token => $ulla->{token}, body => {permissions => [$add]}}, @forbidden],
        [GET => $permissions, {token => $ulla->{token}}, @forbidden],
    );
    explanations($server, $acme, $ulla, \%group, $view);
    return;
}

sub explanations {
    my ($server, $acme, $ulla, $group, $view) = @_;
    my @me = (token => $acme->{token});
    my $why = "${permissions}explain/?permission=branch.view_branch&user=";
    my $give = sub { return [POST => of_user($ulla->{id}, 'set-groups-permissions'), {@me, body => {group_ids => $_[0],
        permission_ids => $_[1]}}, 200] };
    my $users_path = "/api/auth/tenant/users/$ulla->{id}/";
    $server->rows(
        [GET => "$why$ulla->{id}", {@me}, 200, {permission => 'branch.view_branch', user_id => $ulla->{id}, allowed => $false,
            reasons => ['no group of the user grants it', 'not granted directly'], groups => [
            {name => 'Read only', is_member => $false}, {id => $group->{Users}, name => 'Users', is_member => $false}]}],
        $give->([$group->{Users}], []),
        [GET => "$why$ulla->{id}", {@me}, 200, {allowed => $true, reasons => ['group "Users" grants it']}],
        $give->([$group->{Users}], [$view]),
        [GET => "$why$ulla->{id}", {@me}, 200, {allowed => $true, reasons => ['group "Users" grants it', 'granted directly']}],
        [GET => "$why$acme->{id}", {@me}, 200, {allowed => $true, reasons => ['is the tenant\'s admin']}],
        [DELETE => $users_path, {@me}, 200],
        [GET => "$why$ulla->{id}", {@me}, 200, {allowed => $false, reasons => ['the account is disabled']}],
        [GET => "${permissions}explain/", {@me}, 400, {permission => ['This field is required.'], user => ['This field is required.']}],
        [GET => "${permissions}explain/?permission=a.b&user=x", {@me}, 400, {user => ['A valid integer is required.']}],
        [GET => "${permissions}explain/?permission=branch.fly_branch&user=1", {@me}, 400, {permission => [qr/is not a valid choice/]}],
        [GET => "${why}4711", {@me}, 400, {user => [invalid_pk(4711)]}],
    );
    return;
}

# What is another tenant's is not there; superusers name theirs, and are nobody's user.
sub others {
    my ($server, $acme, $globex) = @_;
    my @me = (token => $acme->{token});
    my @root = (token => $server->superuser->{token});
    $server->call(POST => $groups, {token => $globex->{token}, body => {name => "Far $_"}}, 201) for 1 .. 4;
    my $last = $server->request(GET => "$groups?ordering=-id", {token => $globex->{token}})->{json}{results}[0]{id};
    $server->add_user($globex, "gus$_") for 1 .. 4;
    my $stranger = $server->request(GET => '/api/auth/tenant/users/?ordering=-id', {token => $globex->{token}})->{json}{results}[0]{id};
    $server->rows(
        [GET => "$groups$last/", {@me}, @gone], [PATCH => "$groups$last/", {@me, body => {name => 'Mine'}}, @gone],
        [DELETE => "$groups$last/", {@me}, @gone],
        [GET => of_user($stranger, 'permissions'), {@me}, @gone],
        [POST => of_user($stranger, 'set-groups-permissions'), {@me, body => {group_ids => []}}, @gone],
        [POST => of_user($acme->{id}, 'set-groups-permissions'), {@me, body => {group_ids => [$last]}}, 400, {group_ids => [invalid_pk($last)]}],
        [GET => "$groups?search=far", {@me}, 200, {count => 0}],
        [GET => $groups, {@me, headers => {'X-Tenant' => 'globex'}}, 403],
        [GET => $groups, {@root}, 400, {detail => 'A tenant must be named.'}],
        [GET => "$groups?tenant=globex&search=far", {@root}, 200, {count => 4}],
        [POST => "$groups?tenant=globex", {@root, body => {name => 'By root'}}, 201],
        [GET => of_user($stranger, 'permissions') . '?tenant=globex', {@root}, 200, {user_id => $stranger}],
    );
    return;
}

# The statuses that fresh connections get for PATH: all children answer.
sub answers {
    my ($server, $token, $path) = @_;
    my %seen;
    for (1 .. 24) {
        my $client = Crm::Client->new(port => $server->{port});
        $seen{$client->request(GET => $path, token => $token)->{status}}++;
        $client->close;
    }
    return join ' ', sort keys %seen;
}

# With the next request, in every child.
sub at_once {
    my ($server, $acme, $route) = @_;
    my @me = (token => $acme->{token});
    my $ben = $server->add_user($acme, 'ben');
    my %id = permission_ids($server, $acme->{token});
    my $path = "/api/$route->{pattern}";
    my $set = of_user($ben->{id}, 'set-groups-permissions');
    my $group = $server->call(POST => $groups, {@me, body => {name => 'At once'}}, 201)->{json}{id};
    my $is = sub { my ($status, $what) = @_; return is(answers($server, $ben->{token}, $path), $status, "$server->{database}: $what") };
    $is->(200, 'a new user may');
    $server->call(POST => $set, {@me, body => {group_ids => []}}, 200);
    $is->(403, 'without groups he may not');
    $server->call(POST => $set, {@me, body => {permission_ids => [$id{$route->{permission}}]}}, 200);
    $is->(200, 'with the permission he may');
    $server->call(POST => $set, {@me, body => {group_ids => [$group], permission_ids => []}}, 200);
    $is->(403, 'in a group without it he may not');
    $server->call(PATCH => "$groups$group/", {@me, body => {permissions => [$id{$route->{permission}}]}}, 200);
    $is->(200, 'when the group gets it he may');
    $server->call(DELETE => "$groups$group/", {@me}, 200);
    $is->(403, 'when the group is gone he may not');
    $server->call(PATCH => "/api/auth/tenant/users/$ben->{id}/", {@me, body => {is_tenant_admin => $true}}, 200);
    $is->(200, 'as an admin he may');
    return;
}

on_each_database(sub {
    my ($server) = @_;
    my ($acme, $globex) = map { $server->register($_) } 'Acme', 'Globex';
    lists($server, $acme);
    changes_of_groups($server, $acme);
    default_group($server, $acme);
    grants($server, $acme);
    others($server, $acme, $globex);
    several_permissions($server, $acme);
    $server->crmctl_ok('migrate');
    lists($server, $acme);
});

# Calls that need more than one permission, as far as they do what it allows.
sub several_permissions {
    my ($server, $acme) = @_;
    my $ida = $server->add_user($acme, 'ida');
    my %id = permission_ids($server, $acme->{token});
    my @me = (token => $ida->{token});
    my $may = sub {
        my @actions = @_;
        $server->call(POST => of_user($ida->{id}, 'set-groups-permissions'), {token => $acme->{token}, body => {group_ids => [],
            permission_ids => [map { $id{"branch.${_}_branch"} } @actions]}}, 200, undef, "$server->{database}: now she may @actions");
    };
    my ($list, $by, $batch) = map { "/api/branches/$_" } '', 'by/code/n/', 'batch/';
    my $south = $server->call(POST => $list, {token => $acme->{token}, body => {name => 'South', code => 's'}}, 201)->{json}{id};
    my $operations = sub { return {@me, body => {atomic => $false, operations => [@_]}} };
    my @patch = {method => 'PATCH', id => $south, body => {name => 'Southern'}};
    my @post = {method => 'POST', body => {name => 'East', code => 'e'}};
    $may->('view', 'change');
    $server->rows(
        [PUT => $by, {@me, body => {name => 'North'}}, @forbidden],
        [GET => "$list?code=n", {@me}, 200, {count => 0}],
        [PUT => '/api/branches/by/code/s/', {@me, body => {name => 'Sud'}}, 200, {name => 'Sud'}],
        [POST => $batch, $operations->(@patch), 200],
        [POST => $batch, $operations->(@patch, @post), @forbidden],
        [POST => $batch, {@me, body => [{name => 'East'}]}, @forbidden],
        [POST => $batch, $operations->({method => 'DELETE', id => $south}), @forbidden],
        [GET => $list, {@me}, 200, {count => 1, results => [{name => 'Southern'}]}],
    );
    $may->('view', 'change', 'add');
    $server->rows(
        [PUT => $by, {@me, body => {name => 'North'}}, 201],
        [POST => $batch, $operations->(@patch, @post), 200],
        [POST => $batch, $operations->({method => 'DELETE', id => $south}), @forbidden],
    );
    $may->('view', 'add');
    $server->rows(
        [PUT => $by, {@me, body => {name => 'Northern'}}, @forbidden],
        [POST => $batch, $operations->(@patch), @forbidden],
    );
    return;
}

my $routes = JSON::PP->new->utf8->decode(Crm::Process::output(Crm::Process::crmctl(), 'routes', '--json'));
my ($route) = grep { $_->{access} eq 'permission' && $_->{method} eq 'GET' && $_->{pattern} !~ /\{/ } @$routes;
$route or BAIL_OUT('no route needs a permission: nothing would be tested');
for my $cache ('off', '60s') {
    on_each_database(sub { my ($server) = @_; at_once($server, $server->register('Acme'), $route) },
        settings => {CrmTokenCache => $cache}, config => "StartServers 3\nServerLimit 6\nThreadsPerChild 4\n"
            . "MaxRequestWorkers 12\nMinSpareThreads 4\nMaxSpareThreads 12");
}
done_testing;
