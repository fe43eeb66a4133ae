#!/usr/bin/perl
# A fixed set of calls under valgrind (errors and leaks) and under AddressSanitizer and
# UndefinedBehaviorSanitizer ($CRM_SANITIZED_BUILD, made by ./check): both find nothing.
use lib 't/lib';
use Crm::Test;
use Crm::Mail;

my $mail = Crm::Mail->new;
my %settings = (CrmMailServer => $mail->url, CrmMailFrom => 'crm@example.com');

# Records: written in each way, listed, brought in and out.
sub make_records {
    my ($server, @mine) = @_;
    my %lead = (name => 'Jürgen', email => 'j@example.com', phone => '1', status => 'new', source => 'web',
        customer_email => 'c@example.com');
    my $made = $server->call(POST => '/api/leads/', {@mine, body => {%lead}, headers => {'Idempotency-Key' => 'k'}}, 201);
    $server->call(POST => '/api/leads/', {@mine, body => {%lead}, headers => {'Idempotency-Key' => 'k'}}, 201);
    $server->call(POST => '/api/leads/', {@mine, body => {%lead, status => 'x', customer => 'y'}}, 400);
    my $one = "/api/leads/$made->{json}{id}/";
    $server->call(PATCH => $one, {@mine, body => {notes => 'n'}}, 200);
    $server->call(POST => "${one}call-summaries/", {@mine, body => {call_outcome => 'follow_up'}}, 201);
    $server->call(GET => "/api/leads/?$_", {@mine}, 200) for 'search=jurgen+c@example', 'cursor=&ordering=-name', 'status__in=new,open';
    $server->call(GET => "${one}history/", {@mine}, 200);
    $server->call(PUT => '/api/customers/by/email/c@example.com/', {@mine, body => {name => 'C', phone => '2'}}, 200);
    $server->call(POST => '/api/customers/batch/', {@mine, body => [{name => 'D', email => 'c@example.com', phone => '1'}]}, 400);
    my $csv = "name;email\n" . join '', map { "Lead $_;l$_\@example.com\n" } 1 .. 700;
    $server->call(POST => '/api/leads/import/', {@mine, file => {field => 'file', name => 'l.csv', bytes => $csv}}, 200, {created => 700});
    $server->call(GET => "/api/leads/export/?format=$_", {@mine}, 200) for qw(csv xlsx json);
    $server->call(DELETE => $one, {@mine}, 200);
    $server->call(POST => "${one}restore/", {@mine}, 200);
    $server->call(GET => '/api/schema/', {@mine}, 200);
    return;
}

# Good calls and bad ones, each way through the code once.
sub make_calls {
    my ($server) = @_;
    my $acme = $server->register('Acme Ünïted');
    my $user = $server->add_user($acme, 'ben');
    my @mine = (token => $acme->{token});
    $server->call(GET => '/api/auth/test/', {}, 200);
    $server->call(GET => '/api/auth/profile/', {@mine}, 200);
    $server->call(PATCH => '/api/auth/profile/update/', {@mine, body => {first_name => 'Änne'}}, 200);
    $server->call(PATCH => '/api/auth/profile/update/', {@mine, body => {email => 'no', username => ''}}, 400);
    $server->call(GET => '/api/auth/tenant/users/?search=ben&ordering=-username&page_size=1', {@mine}, 200);
    $server->call(GET => '/api/auth/tenant/users/?nothing=1', {@mine}, 400);
    $server->call(GET => "/api/auth/tenant/users/$user->{id}/", {@mine}, 200);
    $server->call(DELETE => "/api/auth/tenant/users/$user->{id}/", {@mine}, 200);
    $server->call(GET => '/api/auth/profile/', {token => $user->{token}}, 401);
    $server->call(GET => '/api/auth/tenants/', {@mine}, 403);
    $server->call(POST => '/api/auth/login/', {body => {username => 'nobody', password => 'x'}}, 400);
    $server->call(POST => '/api/auth/login/', {form => {username => $acme->{username},
        password => $acme->{password}}}, 200);
    $server->call(POST => '/api/auth/login/', {body => '{"username": '}, 400);
    $server->call(POST => '/api/auth/login/', {body => '<a/>', headers => {'Content-Type' => 'text/xml'}}, 415);
    $server->call(POST => '/api/auth/register/', {body => 'x' x 3_000_000}, 413);
    $server->client->close;
    $server->call(PUT => '/api/auth/test/', {}, 405);
    $server->call(GET => '/api/nothing/', {headers => {Accept => 'application/problem+json'}}, 404);
    $server->call(GET => '/api/auth/test', {}, 301);
    $server->call(GET => '/api/auth/test/?x=%FF', {}, 400);
    $server->call(GET => '/api/auth/test/', {headers => {'X-Tenant' => 'unknown'}}, 404);
    make_records($server, @mine);
    $server->wait_history($acme->{token}, 'search=login', 1);
    $server->call(GET => '/api/auth/history/statistics/', {@mine}, 200);
    $server->call(POST => '/api/auth/password/change/', {@mine, body => {old_password => 'x',
        new_password => 'another password'}}, 400);
    my $before = () = $mail->letters;
    $server->call(POST => '/api/auth/password/forgot/', {body => {email => $acme->{email}}}, 200);
    my @letters = $mail->wait_for($before + 1, 60);
    my ($code) = ($letters[-1] // {text => ''})->{text} =~ /^ +(\d{6})$/m;
    $server->call(POST => '/api/auth/password/reset/', {body => {email => $acme->{email}, otp => $code,
        new_password => 'another password'}}, 200);
    @mine = (token => $server->login($acme->{username}, 'another password'));
    $server->call(POST => '/api/auth/logout/', {@mine, body => {all => JSON::PP::true}}, 200);
    $server->restart;
    Crm::Process::wait_until(60, sub { (() = $server->log_text =~ /resuming normal operations/g) > 1 });
    $server->call(GET => '/api/auth/test/', {}, 200);
    return;
}

my $threads = "StartServers 1\nServerLimit 2\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\nMaxSpareThreads 4";

for my $kind (Crm::Database::kinds()) {
    subtest "$kind, valgrind" => sub {
        my $log = File::Temp::tempdir('crm-valgrind-XXXXXX', TMPDIR => 1, CLEANUP => 1);
        chmod 01777, $log;
        my $server = Crm::Server->new(database => $kind, settings => \%settings,
            config => "$threads\nTimeout 120\nGracefulShutdownTimeout 60",
            wrapper => ['valgrind', '--quiet', '--leak-check=full', '--errors-for-leak-kinds=definite',
                '--show-leak-kinds=definite', '--num-callers=30', "--suppressions=t/lib/valgrind.supp",
                "--log-file=$log/%p"]);
        $server->{client} = Crm::Client->new(port => $server->{port}, timeout => 120);
        $server->start;
        make_calls($server);
        $server->stop;
        my $said = join '', map { open my $file, '<', $_ or die $!; local $/; <$file> } glob "$log/*";
        is($said, '', 'valgrind found nothing');
    };
    subtest "$kind, sanitizers" => sub {
        plan skip_all => 'CRM_SANITIZED_BUILD names no build' if !$ENV{CRM_SANITIZED_BUILD};
        local $ENV{CRM_BUILD} = $ENV{CRM_SANITIZED_BUILD};
        chomp(my @libraries = map { Crm::Process::output('gcc', "-print-file-name=$_.so") } 'libasan', 'libubsan');
        local $ENV{CRM_PRELOAD} = join ' ', @libraries;
        local $ENV{ASAN_OPTIONS} = 'detect_leaks=0';
        local $ENV{UBSAN_OPTIONS} = 'print_stacktrace=1';
        my $server = Crm::Server->new(database => $kind, settings => \%settings, config => $threads)->start;
        make_calls($server);
        $server->stop;    # which looks for what they said
    };
}
done_testing;
