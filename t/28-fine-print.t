#!/usr/bin/perl
# The fine print: the 405 of HEAD, a malformed query where only a slash is missing, and figures without
# the digits that only rounding makes.
use lib 't/lib';
use Crm::Test;

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my @token = (token => $acme->{token});

    $server->call(HEAD => '/api/auth/login/', {@token}, 405);
    my ($head) = $server->wait_history($acme->{token}, 'method=HEAD', 1);
    is($head->{error_message}, 'Method "HEAD" not allowed.', 'HEAD is told of HEAD');

    for my $query ('?page=%ff', "?page=\xff", '?page=%zz') {
        (my $name = $query) =~ s/[^ -~]/(byte)/g;
        $server->call(GET => "/api/auth/tenant/users$query", {@token}, 400, {detail => qr/query/}, "no redirect to $name");
        $server->call(OPTIONS => "/api/auth/tenant/users/$query", {@token}, 400, {detail => qr/query/}, "OPTIONS with $name");
    }

    $server->call(GET => '/api/auth/profile/', {@token}, 200) for 1 .. 7;
    $server->wait_history($acme->{token}, 'search=profile', 7);
    my $statistics = $server->call(GET => '/api/auth/history/statistics/', {@token}, 200, {total_requests => qr/./});
    for my $figure (qw(average_execution_time p50_execution_time p95_execution_time p99_execution_time error_rate)) {
        like($statistics->{body}, qr/"$figure":(?:\d+\.\d{1,6}|\d(?:\.\d)?e-[56])[,}]/, "$figure is exact to six decimals");
    }
});
done_testing;
