#!/usr/bin/perl
# Upgrading under load: databases are migrated while clients read and write, in both orders (new server
# first, migrations first), and no request fails; what a database has not yet is UNAVAILABLE until then.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use File::Copy ();
use File::Path ();

# The migrations up to VERSION of tenants, with those of TEST beyond that ({number => SQL}). A child of
# httpd may begin at any moment: nothing is there that shall not be.
sub lay_migrations {
    my ($server, $version, %test) = @_;
    my $sql = "$server->{folder}/sql";
    for my $schema (qw(main tenant)) {
        my $folder = "$server->{database}/$schema";
        File::Path::make_path("$sql/$folder");
        for my $file (glob "$Crm::Process::source/sql/$folder/*.sql") {
            my ($name, $number) = $file =~ m{/(0*(\d+)_[^/]*)\z} or die $file;
            File::Copy::copy($file, "$sql/$folder/$name") or die $! if $schema eq 'main' || $number <= $version;
        }
    }
    for my $number (sort { $a <=> $b } keys %test) {
        open my $file, '>', sprintf('%s/%s/tenant/%04d_test.sql', $sql, $server->{database}, $number) or die $!;
        print $file $test{$number};
        close $file or die $!;
    }
    return $sql;
}

# Restarts, and waits until no child of before takes connections any more: the log has told of it.
sub restart {
    my ($server) = @_;
    my $told = () = $server->log_text =~ /resuming normal operations/g;
    $server->restart;
    Crm::Process::wait_until(20, sub { $told < (() = $server->log_text =~ /resuming normal operations/g) })
        or die "no restart:\n" . $server->log_text;
    return;
}

# Clients that read and write customers and leads of the TENANTS until there is a file called stop.
sub start_load {
    my ($server, $tenants) = @_;
    unlink "$server->{folder}/stop";
    return Crm::Load->start(scalar @$tenants, sub {
        my ($number, $tell) = @_;
        my ($tenant, $turn) = ($tenants->[$number - 1], 0);
        my $client;
        my $call = sub {
            my ($method, $path, $expected, %option) = @_;
            # a fresh connection: what a kept one meets when its child goes is no answer of the server's
            $client = Crm::Client->new(port => $server->{port});
            my $answer = eval { $client->request($method, $path, token => $tenant->{token},
                headers => {Connection => 'close'}, %option) };
            my $status = $answer ? $answer->{status} : "none: $@";
            $tell->({status => $status, $status eq $expected ? () : (wrong => "$method $path: $status "
                . ($answer ? $answer->{body} : ''))});
            return $answer ? $answer->{json} : {};
        };
        while (!-e "$server->{folder}/stop") {
            $turn++;
            my $mail = "c$$-$turn-" . int(rand 1e9) . '@x.example';
            my $made = $call->(POST => '/api/customers/', 201,
                body => {name => "Customer $turn", email => $mail, phone => '1'});
            my $lead = $call->(POST => '/api/leads/', 201, body => {name => "Lead $turn", email => $mail,
                phone => '1', status => 'new', source => 'web', customer => $made->{id}});
            $call->(PATCH => "/api/customers/$made->{id}/", 200, body => {city => "Town $turn"});
            $call->(GET => '/api/customers/?search=customer&page_size=5', 200);
            $call->(GET => "/api/leads/$lead->{id}/", 200);
            $call->(DELETE => "/api/customers/$made->{id}/", 200) if $turn % 4 == 0;
        }
    });
}

sub end_load {
    my ($server, $load, $name) = @_;
    open my $file, '>', "$server->{folder}/stop" or die $!;
    my (%status, @wrong);
    for my $one ($load->rest) {
        $status{$one->{status} // "died: $one->{died}"}++;
        push @wrong, $one->{wrong} if $one->{wrong};
    }
    is_deeply([grep { !/^20[01]$/ } keys %status], [], "$name: no request fails")
        or diag(explain(\%status), join "\n", @wrong[0 .. ($#wrong > 5 ? 5 : $#wrong)]);
    cmp_ok($status{201} // 0, '>', 20, "$name: under load");
    return;
}

my $config = "StartServers 2\nServerLimit 8\nThreadsPerChild 8\nMaxRequestWorkers 16\nMinSpareThreads 8\nMaxSpareThreads 16";
for my $kind (Crm::Database::kinds()) {
    subtest $kind => sub {
        my $server = Crm::Server->new(database => $kind, config => $config);
        $server->{settings}{CrmMigrations} = lay_migrations($server, 6);
        $server->write_config;
        $server->start;
        my @tenants = map { $server->register("Tenant $_") } 1 .. 4;
        my %token = (token => $tenants[0]{token});
        my $answer = $server->call(GET => '/api/products/', {%token}, 503, {detail => qr/upgraded/},
            'products are not there in version 6');
        ok($answer->{headers}{'retry-after'}, 'and it says when to come again');
        $server->call(POST => '/api/products/', {%token, body => {name => 'Lamp', sku => 'L'}}, 503, {detail => qr/upgraded/});
        like($server->log_text, qr/needs version 7: run "crmctl migrate"/, 'the log says what to do');

        my $load = start_load($server, \@tenants);
        lay_migrations($server, 7);
        restart($server);
        $server->call(GET => '/api/products/', {%token}, 503, undef, 'a new server, and a database of the version before');
        $server->call(GET => '/api/customers/', {%token}, 200, undef, 'serves what is there');
        $server->crmctl_ok('migrate', '--parallel', 2);
        # each connection looks again for itself
        ok(Crm::Process::wait_until(30, sub {
            return $server->request(POST => '/api/products/', {%token, body => {name => 'Lamp', sku => 'L'}})->{status} == 201;
        }), 'products are there when it is migrated, without a restart');
        end_load($server, $load, 'new server first');

        $load = start_load($server, \@tenants);
        lay_migrations($server, 7, 8 => "ALTER TABLE customer ADD COLUMN extra VARCHAR(20);\n"
            . "CREATE TABLE extra (id INT NOT NULL PRIMARY KEY);\nUPDATE customer SET extra = 'old';\n");
        $server->crmctl_ok('migrate', '--parallel', 2);
        restart($server);
        end_load($server, $load, 'migrations first');

        lay_migrations($server, 7, map { $_ => "CREATE TABLE extra$_ (id INT NOT NULL PRIMARY KEY);\n" } 8 .. 10);
        $server->stop;
        $server->start;
        $server->call(GET => '/api/customers/', {%token}, 503, {detail => qr/upgraded/}, 'two versions behind is too old');
        $server->stop;
    };
}
done_testing;
