# Crm::Records - the records of the CRM as tests of lists know them: one row an entity.
#
# table and how many rows of others its columns refer to; path, where {lead} is a lead's id; search: what
# search= looks in, and `through` of the customer; sort: what orders take; filter: what filters take, by
# type; `few`: filters by what few records share, for which no index has the default order.
package Crm::Records;
use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(kinds operators choices);

my %times = (created_at => 'time', updated_at => 'time', created_by => 'integer');
my %place = (city => 'text', state => 'text', country => 'text', zip_code => 'text', is_active => 'boolean');

my %kinds = (
    customers => {table => 'customer', path => 'customers', search => [qw(name email phone company city state country)],
        sort => [qw(name email company created_at updated_at)], few => [qw(name email phone company)],
        filter => {id => 'uuid', name => 'text', email => 'text', phone => 'text', company => 'text', %place, %times}},
    leads => {table => 'lead', refers => {customer => 'customer'}, path => 'leads', search => [qw(name email phone status)],
        through => [qw(name email)], sort => [qw(name email status created_at updated_at)], few => [qw(name email phone)],
        filter => {id => 'uuid', name => 'text', email => 'text', phone => 'text', status => 'choice', source => 'text',
            customer => 'uuid', is_active => 'boolean', %times}},
    'call-summaries' => {table => 'call_summary', refers => {lead => 'lead'}, path => 'leads/{lead}/call-summaries', search => ['summary'],
        sort => [qw(call_time created_at updated_at)], few => [],
        filter => {id => 'uuid', call_time => 'time', call_outcome => 'choice', %times}},
    branches => {table => 'branch', path => 'branches', search => [qw(name code city state country manager_name manager_email)],
        sort => [qw(name code created_at updated_at)], few => [qw(name code)],
        filter => {id => 'uuid', name => 'text', code => 'text', manager_name => 'text', manager_email => 'text', %place, %times}},
    categories => {table => 'category', refers => {parent => 'category'}, path => 'categories', search => [qw(name code description)],
        sort => [qw(name code created_at updated_at)], few => [qw(name code)],
        filter => {id => 'uuid', name => 'text', code => 'text', parent => 'uuid', is_active => 'boolean', %times}},
    products => {table => 'product', refers => {category => 'category'}, path => 'products', search => [qw(name sku description)],
        sort => [qw(name sku price created_at updated_at)], few => [qw(name sku price)],
        filter => {id => 'uuid', name => 'text', sku => 'text', price => 'decimal', currency => 'choice', category => 'uuid',
            is_active => 'boolean', %times}},
);

my @ordered = qw(eq gte lte gt lt in isnull);
my %operators = (text => [qw(eq in contains isnull)], choice => [qw(eq in isnull)], uuid => [qw(eq in isnull)],
    boolean => [qw(eq isnull)], time => \@ordered, integer => \@ordered, decimal => \@ordered);

my %choices = (status => [qw(new contacted open interested not_interested follow_up)],
    currency => [qw(EUR USD JPY)], call_outcome => [qw(scheduled_meeting sent_info ended_call thanked_ended follow_up not_contacted)]);

# All of them, in the order in which they refer to each other: [name, description].
sub kinds { return map { [$_, $kinds{$_}] } 'customers', 'leads', 'call-summaries', 'branches', 'categories',
    'products' }

# What a filter on a field of TYPE can be.
sub operators { return @{$operators{$_[0]}} }

# The values of the field of that name.
sub choices { return @{$choices{$_[0]}} }

1;
