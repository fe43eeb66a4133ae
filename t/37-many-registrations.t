#!/usr/bin/perl
# 48 clients register companies at once, all at one child of httpd with one pool of connections: each
# is answered 201, those that find no place waiting for it.
use lib 't/lib';
use Crm::Test;
use Crm::Load;

my ($clients, $each) = (48, 1);

on_each_database(sub {
    my ($server) = @_;
    my $load = Crm::Load->start($clients, sub {
        my ($number, $tell) = @_;
        my $client = Crm::Client->new(port => $server->{port}, timeout => 100);
        for my $turn (1 .. $each) {
            my $got = $client->request(POST => '/api/auth/register/', body => {username => "admin-$number-$turn",
                email => "admin\@company-$number-$turn.example", password => 'long enough', first_name => 'A',
                last_name => 'B', tenant_name => "Company $number $turn"});
            $tell->({status => $got->{status}, body => $got->{body}});
        }
    });
    my %status;
    while (my $one = $load->next) {
        diag($one->{body}) if $one->{status} != 201 && !$status{$one->{status}};
        $status{$one->{status}}++;
    }
    is_deeply(\%status, {201 => $clients * $each}, 'every company was registered') or diag(explain \%status);
}, config => "StartServers 1\nServerLimit 1\nThreadsPerChild 64\nMaxRequestWorkers 64");
done_testing;
