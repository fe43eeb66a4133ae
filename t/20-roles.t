#!/usr/bin/perl
# Who may call what: every route of the table by every kind of caller. What each answers follows from
# the row's access rule, so a new route is tested by being in the table.
use lib 't/lib';
use Crm::Test;
use JSON::PP;

my $routes = JSON::PP->new->utf8->decode(Crm::Process::output(Crm::Process::crmctl(), 'routes', '--json'));
cmp_ok(scalar @$routes, '>=', 15, 'the table has routes') or BAIL_OUT('no routes: nothing would be tested');

my @missing = (401, {detail => 'Authentication credentials were not provided.'});
my @invalid = (401, {detail => 'Invalid token.'});
my @forbidden = (403, {detail => 'You do not have permission to perform this action.'});
my @stranger = (403, {detail => qr/./});
my @unnamed = (400, {detail => 'A tenant must be named.'});
my @allowed = ();

# Kinds of caller: what each gets by access rule (what anyone may call he may, whatever he shows).
# `away`: he may call, but what the path names is not there for him. A superuser without a tenant is
# refused where the row needs one. `holds` (of those who are asked on routes with a permission alone):
# whether he has the permission of a row; `given`: what he is given before each row, all with it or
# without.
my @callers = (
    {name => 'nobody', other => \@missing},
    {name => 'a bad token', other => \@invalid},
    {name => 'user', user => \@allowed, other => \@forbidden},
    {name => 'tenant admin', superuser => \@forbidden, other => \@allowed},
    {name => 'admin of another tenant', superuser => \@forbidden, 'tenant itself' => \@forbidden, other => \@allowed,
        away => 1},
    {name => 'admin of another tenant who names it', other => \@stranger},
    {name => 'superuser', other => \@allowed, platform => 1},
    {name => 'superuser who names the tenant', other => \@allowed},
);
my @holders = (
    {name => 'user without permissions', holds => sub { 0 }, given => sub { ([], []) }},
    {name => 'user with the permission itself', holds => sub { 1 }, given => sub { ([], [$_[1]]) }},
    {name => 'user with all permissions but this', holds => sub { 0 },
        given => sub { my ($all, $id) = @_; return ([], [grep { $_ != $id } values %$all]) }},
    {name => 'user with the permission by a group', holds => sub { 1 }, given => sub { ([$_[2]], []) }},
    {name => 'read-only user', holds => sub { $_[0]{action} eq 'view' }, given => sub { ([$_[3]], []) }},
);
my %known_access = map { $_ => 1 } 'anyone', 'user', 'tenant admin', 'superuser', 'tenant itself', 'permission';

sub expected {
    my ($route, $caller) = @_;
    return if $route->{access} eq 'anyone';
    return $caller->{holds}->($route) ? () : @forbidden if $caller->{holds};
    # a new user is in the default group, which may do everything with records
    return if $caller->{name} eq 'user' && $route->{access} eq 'permission';
    return @unnamed if $caller->{platform} && ($route->{needs_tenant} || $route->{access} eq 'tenant admin');
    return @{$caller->{$route->{access}} // $caller->{other}};
}

# Logs a caller in anew, so that a call which ends tokens ends none that is needed.
sub log_in {
    my ($server, $name, $who) = @_;
    return if $name eq 'nobody';
    return token => 'crm_' . 'x' x 54 if $name eq 'a bad token';
    my $account = $name eq 'user' ? $who->{user} : $name =~ /user/ && $name !~ /super/ ? $who->{holder}
        : $name =~ /another/ ? $who->{other} : $name =~ /super/ ? $who->{superuser} : $who->{admin};
    return token => $server->login($account->{username}, $account->{password});
}

# The path of a route, its parameters filled with what is there for CALLER; 1 when all of them were
# known.
sub path_of {
    my ($server, $route, $caller, $who, $option) = @_;
    my $path = $route->{pattern};
    my $known = 1;
    if ($path =~ m{^auth/tenants/\{uuid\}/}) {
        $path =~ s/\{uuid\}/$who->{admin}{tenant}/;
    } elsif ($path =~ m{^auth/(?:tenant/)?users/\{id\}/}) {
        $path =~ s/\{id\}/$who->{user}{id}/;
    } elsif ($path =~ m{^auth/groups/\{id\}/}) {
        $path =~ s/\{id\}/$who->{group}/;
        $known = 0 if $caller->{away};
    } elsif ($path =~ m{^auth/history/\{uuid\}/} && $option->{token}) {
        my $seen = $server->request(GET => '/api/auth/history/?page_size=1', $option);
        my $id = ($seen->{json}{results} // [])->[0]{id};
        $known = 0 if !$id;
        $path =~ s/\{uuid\}/$id/ if $id;
    }
    $known = 0 if $path =~ s/\{uuid\}/00000000-0000-7000-8000-000000000000/g;
    $known = 0 if $path =~ s/\{id\}/999999/g;
    $known = 0 if $path =~ s/\{text\}/none/g;
    $path .= '?on_duplicate=skip' if $path =~ m{/import/$};    # else it needs a second permission, to change
    return ("/api/$path", $known && !$caller->{away});
}

sub check {
    my ($server, $route, $caller, $who) = @_;
    my %option = log_in($server, $caller->{name}, $who);
    $option{headers}{'X-Tenant'} = $who->{admin}{slug} if $caller->{name} =~ /names/;
    my ($path, $known) = path_of($server, $route, $caller, $who, \%option);
    # a call that is allowed shall change nothing: no body has all it needs, no version fits
    $option{headers}{'If-Match'} = '"0-none"' if $route->{method} eq 'DELETE' || $route->{pattern} =~ m{^auth/tenants/};
    $option{body} = {all => 'perhaps'} if $route->{method} =~ /^(?:POST|PUT|PATCH)$/;
    my $name = "$server->{database}: $route->{method} $route->{pattern} ($route->{access}) by $caller->{name}";
    my ($status, $content) = expected($route, $caller);
    return $server->call($route->{method}, $path, \%option, $status, $content, "$name: $status") if $status;
    my $answer = $server->request($route->{method}, $path, \%option);
    my $refused = $answer->{status} =~ /^(?:401|403|405|5..)$/ || ($known && $answer->{status} == 404)
        || ($answer->{json} // {})->{detail} && $answer->{json}{detail} eq $unnamed[1]{detail};
    ok(!$refused, "$name: allowed") or diag("$path: $answer->{status} $answer->{body}");
    return;
}

# The answer of METHOD PATH by the tenant's admin, which must succeed.
sub as_admin {
    my ($server, $who, $method, $path, $body) = @_;
    my $answer = $server->request($method, $path, {token => $who->{admin}{token}, $body ? (body => $body) : ()});
    die "$method $path gave $answer->{status}: $answer->{body}\n" if $answer->{status} !~ /^2/;
    return $answer->{json};
}

# A row with a permission, by who has it in one way or another: each is given what he shall have just
# before, so that it counts from the next call on is tested too.
sub check_holders {
    my ($server, $route, $who) = @_;
    my $id = $who->{permissions}{$route->{permission}};
    ok($id, "$server->{database}: $route->{permission} of $route->{pattern} is there") or return;
    as_admin($server, $who, PATCH => "/api/auth/groups/$who->{group}/", {permissions => [$id]});
    for my $caller (@holders) {
        my ($groups, $permissions) = $caller->{given}->($who->{permissions}, $id, $who->{group}, $who->{readers});
        as_admin($server, $who, POST => "/api/auth/users/$who->{holder}{id}/set-groups-permissions/",
            {group_ids => $groups, permission_ids => $permissions});
        check($server, $route, $caller, $who);
    }
    return;
}

for my $route (grep { $_->{access} eq 'permission' } @$routes) {
    like($route->{permission}, qr/^[a-z]+\.$route->{action}_[a-z]+$/,
        "$route->{method} $route->{pattern} names its permission");
}
ok($known_access{$_->{access}}, "$_->{method} $_->{pattern} has an access rule that is tested ($_->{access})")
    for @$routes;

on_each_database(sub {
    my ($server) = @_;
    my %who = (admin => $server->register('Acme'), other => $server->register('Globex'),
        superuser => $server->superuser);
    $who{user} = $server->add_user($who{admin}, 'ulla');
    my $holder = $server->add_user($who{admin}, 'hans');
    # so that there is something to see for each
    $server->request(GET => '/api/auth/profile/', {token => $_->{token}}) for values %who;
    $server->wait_history($who{$_}{token}, '', 1) for sort keys %who;
    $server->wait_history($server->login('ulla', 'ulla password'), '', 1);
    my %more = (%who, holder => $holder);
    $more{group} = as_admin($server, \%who, POST => '/api/auth/groups/', {name => 'Of one permission'})->{id};
    $more{readers} = as_admin($server, \%who, GET => '/api/auth/groups/?name=Read+only')->{results}[0]{id};
    $more{permissions} = {map { ("$_->{app_label}.$_->{codename}" => $_->{id}) }
        @{as_admin($server, \%who, GET => '/api/auth/permissions/?page_size=100')->{results}}};
    for my $route (@$routes) {
        check($server, $route, $_, \%more) for @callers;
        check_holders($server, $route, \%more) if $route->{access} eq 'permission';
    }
    $server->call(GET => '/api/auth/profile/', {token => $who{$_}{token}}, 200, {username => $who{$_}{username}},
        "$server->{database}: afterwards all is as it was for $_") for sort keys %who;
});
done_testing;
