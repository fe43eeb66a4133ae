#!/usr/bin/perl
# The process that registers a tenant is killed at random moments: afterwards there is either no
# tenant or a whole one, and the next look (crmctl tenant list) leaves no rests. Two registrations of
# one name at once: one wins.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use Time::HiRes qw(usleep);

my $turns = 12;

sub account {
    my ($name) = @_;
    return {username => "admin-$name", email => "$name\@example.com", password => "password of $name",
        first_name => 'A', last_name => 'B', tenant_name => $name};
}

# The databases of tenants that are there, by slug.
sub databases {
    my ($server) = @_;
    my $databases = $server->{databases};
    return map { m{_tenant_(\w+)\.db$} ? $1 : () } glob $databases->tenant_name('*') if !$databases->is_mysql;
    return map { $_->[0] =~ /_tenant_(\w+)$/ } $databases->sql(undef,
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '$databases->{prefix}\\_tenant\\_%'");
}

sub tenants {
    my ($server) = @_;
    my $list = JSON::PP::decode_json($server->crmctl_ok('tenant', 'list', '--json'));
    return ref $list eq 'HASH' ? @{$list->{tenants} // $list->{results}} : @$list;
}

on_each_database(sub {
    my ($server) = @_;
    my (%answer, %possible);
    for my $turn (1 .. $turns) {
        my $name = "crash$turn";
        my $load = Crm::Load->start(1, sub {
            my ($number, $tell) = @_;
            my $got = eval { Crm::Client->new(port => $server->{port})->request(POST => '/api/auth/register/',
                body => account($name)) };
            $tell->({status => $got ? $got->{status} : 0});
        });
        usleep(1000 * int rand($server->{database} eq 'mysql' ? 250 : 60));
        kill KILL => $server->children;
        $answer{$name} = $load->next->{status};
        $load->rest;
        Crm::Process::wait_until(20, sub {
            eval { $server->request(GET => '/api/auth/test/')->{status} == 200 };
        }) or die "httpd did not come back";
    }
    my @listed = tenants($server);
    my %listed = map { $_->{name} => $_ } @listed;
    is_deeply([sort(databases($server))], [sort map { $_->{slug} // $_->{name} } @listed],
        'each tenant has its database, and no database is left over');
    for my $name (sort keys %answer) {
        my $login = $server->request(POST => '/api/auth/login/', {body => {username => "admin-$name",
            password => "password of $name"}});
        if ($listed{$name}) {
            is($login->{status}, 200, "$name (answered $answer{$name}) is whole");
        } else {
            isnt($answer{$name}, 201, "$name was not promised");
            is($login->{status}, 400, "$name is not there");
            $server->call(POST => '/api/auth/register/', {body => account($name)}, 201, undef,
                "$name can be registered again");
        }
    }

    my $load = Crm::Load->start(4, sub {
        my ($number, $tell) = @_;
        my $got = Crm::Client->new(port => $server->{port})->request(POST => '/api/auth/register/',
            body => {%{account('same')}, username => "racer$number"});
        $tell->({status => $got->{status}, body => $got->{json}});
    });
    my @told = $load->rest;
    is_deeply([sort map { $_->{status} } @told], [201, 400, 400, 400], 'one name, four at once: one wins');
    is(scalar(grep { $_->{status} == 400 && $_->{body}{tenant_name} } @told), 3, 'the others are told why');
}, may_die => 1, config => "StartServers 1\nServerLimit 2");
done_testing;
