#!/usr/bin/perl
# What access logs, CGI and proxied applications can have of a request, and W3C Trace Context: taken,
# continued, in History and the error log.
use lib 't/lib';
use Crm::Test;
use File::Temp;

my $content = File::Temp->newdir('crm-notes-XXXXXX', TMPDIR => 1);
chmod 0755, "$content";
for my $file (['env.cgi', "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nenv | sort\n"], ['index.html', "index\n"]) {
    open my $out, '>', "$content/$file->[0]" or die $!;
    print $out $file->[1];
    close $out;
}
chmod 0755, "$content/env.cgi";
my $backend = Crm::Process::free_port();
my $config = <<"END";
ScriptAlias /env "$content/env.cgi"
DirectoryIndex index.html
Alias /static/ "$content/"
<Location /static/>
Require crm-permission leads.view_lead
</Location>
<Location /env>
Require crm-user
</Location>
<Location /application/>
ProxyPass "http://127.0.0.1:$backend/"
Require crm-user
</Location>
<VirtualHost 127.0.0.1:$backend>
CrmEngine off
DocumentRoot "$content"
Header set X-Seen-Trace "expr=%{req:traceparent}"
Header set X-Seen-State "expr=%{req:tracestate}"
<Location />
Require all granted
</Location>
</VirtualHost>
LogFormat "%U|%>s|%{crm-tenant}n|%{crm-user}n|%{crm-request-id}n|%{crm-db-time}n|%{crm-pool-wait}n|%{crm-trace-id}n|%{CRM_TENANT}e|%{CRM_USER}e" notes
CustomLog log/access.log notes
LogLevel crm:debug
END

# The lines of the access log whose path is PATH: {status, tenant, user, id, db, wait, trace}.
sub logged {
    my ($server, $path, $count) = @_;
    my @lines;
    Crm::Process::wait_until(10, sub {
        open my $file, '<', "$server->{folder}/log/access.log" or return;
        @lines = grep { $_->[0] eq $path } map { chomp; [split /\|/, $_, -1] } <$file>;
        return @lines >= $count;
    }) or diag("no $count lines of $path");
    my @names = qw(path status tenant user id db wait trace env_tenant env_user);
    return map { my $line = $_; +{map { $names[$_] => $line->[$_] } 0 .. $#names} } @lines;
}

my ($trace, $parent) = ('4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7');
on_each_database(sub {
    my ($server) = @_;
    my $acme = $server->register('Acme');
    my $root = $server->superuser;
    my %as = (token => $acme->{token});

    subtest 'notes' => sub {
        $server->call(GET => '/api/leads/', {%as, headers => {'X-Request-Id' => 'my-id-1'}}, 200);
        $server->call(GET => '/static/index.html', {%as, headers => {'X-Request-Id' => 'my-id-2'}}, 200);
        $server->call(GET => '/static/index.html', {headers => {'X-Request-Id' => 'my-id-3'}}, 401);
        $server->call(POST => '/api/auth/login/', {body => {username => $acme->{username}, password => $acme->{password}}}, 200);
        $server->call(POST => '/api/auth/login/?tenant=acme', {body => {username => 'x', password => 'y'}}, 400);
        $server->call(GET => '/api/leads/?tenant=acme', {token => $root->{token}}, 200);
        my ($list, $super) = logged($server, '/api/leads/', 2);
        is("$list->{status} $list->{tenant} $list->{user} $list->{id} $list->{env_tenant} $list->{env_user}",
            '200 acme acme-admin my-id-1 acme acme-admin', 'a call of the API');
        like($list->{db}, qr/^[1-9]\d*$/, 'the time in databases, microseconds');
        cmp_ok($list->{db}, '<', 10_000_000, 'which is no other unit');
        like($list->{wait}, qr/^\d+$/, 'and the wait for connections');
        is($list->{trace}, '-', 'no trace');
        is("$super->{tenant} $super->{user}", 'acme root', 'a superuser in a tenant that he named');
        my ($static, $nobody) = logged($server, '/static/index.html', 2);
        is("$static->{status} $static->{tenant} $static->{user} $static->{id}", '200 acme acme-admin my-id-2', 'a static file');
        like($static->{db}, qr/^[1-9]\d*$/, 'asked the database, too');
        is("$nobody->{status} $nobody->{tenant} $nobody->{user} $nobody->{id}", '401 - - my-id-3', 'nobody');
        my (undef, $login, $wrong) = logged($server, '/api/auth/login/', 3);    # the first is root's
        is("$login->{tenant} $login->{user} $login->{env_tenant} $login->{env_user}", 'acme acme-admin acme acme-admin', 'who logged in');
        is("$wrong->{tenant} $wrong->{user}", 'acme -', 'and who did not');
    };

    subtest 'environment' => sub {
        my $answer = $server->call(GET => '/env', {%as, headers => {'X-Request-Id' => 'my-id-4'}}, 200);
        for my $line (qw(CRM_TENANT=acme CRM_USER=acme-admin CRM_REQUEST_ID=my-id-4 REMOTE_USER=acme-admin AUTH_TYPE=Token)) {
            like($answer->{body}, qr/^\Q$line\E$/m, $line);
        }
    };

    subtest 'Trace Context' => sub {
        my %with = (headers => {traceparent => "00-$trace-$parent-01", tracestate => 'a=b'});
        $server->call(GET => '/api/customers/?search=traced', {%as, %with}, 200);
        my ($line) = logged($server, '/api/customers/', 1);
        is($line->{trace}, $trace, 'the access log has the trace');
        my ($record) = $server->wait_history($acme->{token}, 'search=customers', 1);
        my $whole = $server->call(GET => "/api/auth/history/$record->{id}/", {%as}, 200)->{json}{request_data};
        my ($span) = ($whole->{traceparent} // '') =~ /^00-$trace-([0-9a-f]{16})-01$/;
        ok($span && $span ne $parent, 'History has it, with a part of its own') or diag(explain $whole);
        is($whole->{query}{search}, 'traced', 'beside the query');

        my $answer = $server->call(GET => '/application/', {%as, %with}, 200);
        my ($theirs) = $answer->{headers}{'x-seen-trace'} =~ /^00-$trace-([0-9a-f]{16})-01$/;
        ok($theirs && $theirs ne $parent && $theirs ne $span, 'an application goes on with it');
        is($answer->{headers}{'x-seen-state'}, 'a=b', 'and has its state');
        like($server->call(GET => '/env', {%as, %with}, 200)->{body}, qr/^HTTP_TRACEPARENT=00-$trace-[0-9a-f]{16}-01$/m, 'so does CGI');

        $server->call(GET => '/api/leads/?nothing=1', {%as, headers => {traceparent => "00-$trace-$parent-00", 'X-Request-Id' => 'lost'}}, 400);
        ok(Crm::Process::wait_until(5, sub { $server->log_text =~ /\[lost, trace $trace\]/ }), 'the error log has it');
        for my $wrong ("00-$trace-$parent", "00-$trace-$parent-0", "00-" . '0' x 32 . "-$parent-01", "00-$trace-" . '0' x 16 . '-01',
            "ff-$trace-$parent-01", "00-\U$trace\E-$parent-01", "00-$trace-$parent-01-x", 'x' x 55, '') {
            my $seen = $server->call(GET => '/application/', {%as, headers => {traceparent => $wrong}}, 200)->{headers}{'x-seen-trace'};
            is($seen // '', $wrong, "\"$wrong\" is none, and left alone");
        }
        like($server->call(GET => '/application/', {%as, headers => {traceparent => "01-$trace-$parent-01-more"}}, 200)
            ->{headers}{'x-seen-trace'}, qr/^00-$trace-[0-9a-f]{16}-01$/, 'a later version is gone on with as ours');
    };
}, modules => [qw(alias dir cgid proxy proxy_http headers log_config env)], listen => ["127.0.0.1:$backend"], config => $config);
done_testing;
