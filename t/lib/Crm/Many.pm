# Crm::Many - many small tenants at once, for what goes over all of them: copies of one tenant's row and
# of those of its tables that migrating needs, without records.
package Crm::Many;
use strict;
use warnings;
use File::Copy ();
use Crm::Database;
use Crm::Process;

my @tables = qw(schema_migration tenant permission user_group group_permission);

# Makes COUNT tenants called "PREFIX0001"... like that with slug FROM, which is SERVER's; their slugs, in
# the order in which tenants are gone over.
sub tenants {
    my ($server, $from, $prefix, $count) = @_;
    my $database = $server->{databases};
    my @slugs = map { sprintf '%s%04d', $prefix, $_ } 1 .. $count;
    my (@main, @own);
    for my $at (0 .. $#slugs) {
        my $slug = $slugs[$at];
        my $id = sprintf '%08x%08x7%015x', int rand 2**31, $at, int rand 2**40;
        substr($id, 0, 8) = '7fffffff';    # after those that were registered
        push @main, "INSERT INTO tenant (id, name, name_key, slug, database_name, database_name_key, token_key, "
            . 'state, is_active, version, created_at, updated_at) '
            . "SELECT X'$id', '$slug', '$slug', '$slug', REPLACE(database_name, '$from', '$slug'), "
            . "REPLACE(database_name_key, '$from', '$slug'), X'" . substr($id, 0, 8) . sprintf('%08x', $at)
            . "', state, is_active, version, created_at, updated_at FROM tenant WHERE slug = '$from'";
        push @own, "UPDATE {}tenant SET id = X'$id', slug = '$slug', name = '$slug'";
    }
    run($database, $database->main_name, 'BEGIN', @main, 'COMMIT');
    for my $at (0 .. $#slugs) {
        my ($old, $new) = map { $database->tenant_name($_) } $from, $slugs[$at];
        if ($database->is_mysql) {
            run($database, undef, "CREATE DATABASE `$new`",
                (map { ("CREATE TABLE `$new`.$_ LIKE `$old`.$_", "INSERT INTO `$new`.$_ SELECT * FROM `$old`.$_") } @tables),
                $own[$at] =~ s/\{\}/`$new`./r);
        } else {
            $database->sql($old, 'PRAGMA wal_checkpoint(TRUNCATE)') if !$at;
            File::Copy::copy($old, $new) or die "$new: $!";
            Crm::Process::own($new);
            chmod 0600, $new;
            push @main, [$new, $own[$at] =~ s/\{\}//r];
        }
    }
    if (!$database->is_mysql) {
        run($database, $database->tenant_name($from), map { ("ATTACH '$_->[0]' AS one", $_->[1] =~ s/tenant/one.tenant/r,
            'DETACH one') } grep { ref } @main);
        Crm::Process::own($_) for map { glob "$_*" } map { $database->tenant_name($_) } @slugs, $from;
    }
    return @slugs;
}

# Runs many statements by one client.
sub run {
    my ($database, $name, @statements) = @_;
    my @command = $database->is_mysql ? (Crm::Database::mysql_client(Crm::Database::server_url()), $name // ())
                                      : ('sqlite3', '-cmd', '.timeout 5000', $name);
    Crm::Process::output({input => join '', map { "$_;\n" } @statements}, @command);
    return;
}

1;
