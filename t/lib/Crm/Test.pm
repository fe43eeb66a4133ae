# Crm::Test - what every t/*.t begins with: strict, Test::More, the harness.
package Crm::Test;
use strict;
use warnings;
use utf8;
use Test::More;
use Crm::Database;
use Crm::Process;
use Crm::Server;

# What a test started ends with it, also when it is interrupted.
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

sub import {
    my $caller = caller;
    strict->import;
    warnings->import;
    utf8->import;
    my $builder = Test::More->builder;
    binmode $_, ':encoding(UTF-8)' for $builder->output, $builder->failure_output, $builder->todo_output;
    eval "package $caller; Test::More->import; 1" or die $@;
    no strict 'refs';
    *{"${caller}::on_each_database"} = \&on_each_database;
    return;
}

# Runs CODE with a started server on each kind of database; ARGUMENTS are Crm::Server's.
sub on_each_database {
    my ($code, %arguments) = @_;
    for my $kind (Crm::Database::kinds()) {
        subtest $kind => sub {
            my $server = Crm::Server->new(database => $kind, %arguments)->start;
            $code->($server);
            $server->stop;
        };
    }
    return;
}

1;
