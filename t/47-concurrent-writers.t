#!/usr/bin/perl
# Many writers at the same moment: of one unique value, one version, one circle, one number of records.
use lib 't/lib';
use Crm::Test;
use Crm::Load;
use JSON::PP;

use constant WRITERS => 12;

# Each of WRITERS calls CODE with a client of its own and its number: what they gave.
sub together {
    my ($server, $code) = @_;
    return Crm::Load->at_once(WRITERS, sub {
        my ($number) = @_;
        return $code->(Crm::Client->new(port => $server->{port}), $number);
    });
}

sub tally { my %tally; $tally{$_}++ for @_; return \%tally }

on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my %as = (token => $acme->{token});
    my %customer = (name => 'One', phone => '1');

    for my $round (1 .. 5) {
        # one of them makes it, the rest are told which field is taken
        my @made = together($server, sub {
            my ($client) = @_;
            my $answer = $client->request(POST => '/api/customers/', %as, body => {%customer, email => "$round\@example.com"});
            return $answer->{status} == 400 ? join ',', sort keys %{$answer->{json}} : $answer->{status};
        });
        is_deeply(tally(@made), {201 => 1, email => WRITERS - 1}, "round $round: one 201, the rest 400 on the field");

        # who is refused hinders nobody who is written with him
        my @mixed = together($server, sub {
            my ($client, $number) = @_;
            my $email = $number % 3 ? "free$round-$number\@example.com" : "$round\@example.com";
            return $client->request(POST => '/api/customers/', %as, body => {%customer, email => $email})->{status};
        });
        is_deeply(tally(@mixed), {201 => WRITERS - WRITERS / 3, 400 => WRITERS / 3}, "round $round: a third is refused, the rest made");

        # one of them puts it in, the rest change it
        my @put = together($server, sub {
            my ($client, $number) = @_;
            return $client->request(PUT => "/api/customers/by/email/put$round\@example.com/", %as,
                body => {%customer, phone => $number})->{status};
        });
        is_deeply(tally(@put), {201 => 1, 200 => WRITERS - 1}, "round $round: put in once");

        # all link to a customer who is not there yet
        my @linked = together($server, sub {
            my ($client) = @_;
            my $answer = $client->request(POST => '/api/leads/', %as, body => {name => 'L', email => 'l@example.com',
                phone => '1', status => 'new', source => 'web', customer_email => "link$round\@example.com"});
            return $answer->{json}{customer} // "$answer->{status}: $answer->{body}";
        });
        is(scalar keys %{tally(@linked)}, 1, "round $round: all leads have one customer") or diag("@linked");

        # two clients that saw the same version never both win
        my $id = $linked[0];
        my $tag = $server->request(GET => "/api/customers/$id/", {%as})->{headers}{etag};
        my @won = together($server, sub {
            my ($client, $number) = @_;
            return $client->request(PATCH => "/api/customers/$id/", %as, body => {phone => "won $number"},
                headers => {'If-Match' => $tag})->{status};
        });
        is_deeply(tally(@won), {200 => 1, 412 => WRITERS - 1}, "round $round: one of those with the same version wins");

        # a restored record meets the heir of its e-mail address
        my @ends = together($server, sub {
            my ($client, $number) = @_;
            return $client->request($number % 2 ? 'DELETE' : 'POST', "/api/customers/$id/" . ($number % 2 ? '' : 'restore/'),
                %as)->{status};
        });
        is_deeply([grep { !/^(?:200|404)$/ } @ends], [], "round $round: deleted and restored by turns") or diag("@ends");
    }

    # categories that are moved into each other make no circle
    for my $round (1 .. 5) {
        my @ids = map { $server->request(POST => '/api/categories/', {%as, body => {name => "C$_"}})->{json}{id} } 1 .. 3;
        my @moved = together($server, sub {
            my ($client, $number) = @_;
            return $client->request(PATCH => "/api/categories/$ids[$number % 3]/", %as,
                body => {parent => $ids[($number + 1) % 3]})->{status};
        });
        is_deeply([grep { $_ != 200 && $_ != 400 } @moved], [], "round $round: moved or refused") or diag("@moved");
        my %parent = map { $_ => $server->request(GET => "/api/categories/$_/", {%as})->{json}{parent} } @ids;
        is(scalar(grep { defined } values %parent), 2, "round $round: no circle, and no move too few");
    }

    # what is counted is there, and each record has its beginning in the change log
    for my $table (qw(customer lead category)) {
        my ($kept) = $server->tenant_sql('acme', "SELECT SUM(records) FROM record_count WHERE entity = '$table'");
        my ($there) = $server->tenant_sql('acme', "SELECT COUNT(*) FROM `$table` WHERE deleted_at IS NULL");
        is($kept->[0], $there->[0], "the number of $table records is exact");
        my ($searched) = $server->tenant_sql('acme', "SELECT COUNT(*) FROM ${table}_search");
        is($searched->[0], $there->[0], "and so is what search looks into");
        my ($unlogged) = $server->tenant_sql('acme', "SELECT COUNT(*) FROM `$table` r WHERE 1 <> (SELECT COUNT(*) FROM "
            . "change_log c WHERE c.record_id = r.id AND c.action = 'created')");
        is($unlogged->[0], 0, "each $table was created once in the change log");
        my ($versions) = $server->tenant_sql('acme', "SELECT COUNT(*) FROM `$table` r WHERE r.version <> (SELECT COUNT(*) "
            . "FROM change_log c WHERE c.record_id = r.id)");
        is($versions->[0], 0, "each version of a $table has its row");
    }
});
done_testing;
