# Crm::Sheet - spreadsheets for tests: CSV, and XLSX as small as it may be.
package Crm::Sheet;
use strict;
use warnings;
use IO::Compress::Zip ();

# CSV (RFC 4180) of ROWS, array references of texts; bytes.
sub csv {
    my @rows = @_;
    my $text = join '', map { join(',', map { my $cell = $_ // ''; $cell =~ s/"/""/g;
        $cell =~ /[",\r\n]/ ? "\"$cell\"" : $cell } @$_) . "\r\n" } @rows;
    utf8::encode($text) if utf8::is_utf8($text);
    return $text;
}

# A ZIP archive of NAME => BYTES, in this order.
sub zip {
    my @parts = @_;
    my $bytes = '';
    my $zip;
    while (my ($name, $content) = splice @parts, 0, 2) {
        $zip ? $zip->newStream(Name => $name) : ($zip = IO::Compress::Zip->new(\$bytes, Name => $name));
        $zip->print($content);
    }
    $zip->close or die $IO::Compress::Zip::ZipError;
    return $bytes;
}

my $main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
my $office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

# XLSX whose sheets (NAME => XML of <sheetData>'s content) are these; PROLOG stands before each.
sub xlsx_of {
    my ($prolog, @sheets) = @_;
    my (@parts, $list, $relations);
    for my $i (1 .. @sheets / 2) {
        my ($name, $xml) = splice @sheets, 0, 2;
        $list .= qq(<sheet name="$name" sheetId="$i" r:id="r$i"/>);
        $relations .= qq(<Relationship Id="r$i" Type="$office/worksheet" Target="worksheets/sheet$i.xml"/>);
        push @parts, "xl/worksheets/sheet$i.xml" => qq($prolog<worksheet xmlns="$main"><sheetData>$xml</sheetData></worksheet>);
    }
    my $package = 'http://schemas.openxmlformats.org/package/2006/relationships';
    return zip(
        '_rels/.rels' => qq(<Relationships xmlns="$package"><Relationship Id="r1" Type="$office/officeDocument" Target="xl/workbook.xml"/></Relationships>),
        'xl/workbook.xml' => qq(<workbook xmlns="$main" xmlns:r="$office"><sheets>$list</sheets></workbook>),
        'xl/_rels/workbook.xml.rels' => qq(<Relationships xmlns="$package">$relations</Relationships>), @parts);
}

# The XML of ROWS: texts, or [true] for a boolean.
sub rows_xml {
    my @rows = @_;
    return join '', map { '<row>' . join('', map { cell($_) } @$_) . '</row>' } @rows;
}

sub cell {
    my ($value) = @_;
    return '<c t="b"><v>' . ($value->[0] ? 1 : 0) . '</v></c>' if ref $value;
    my $text = $value // '';
    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/&/&amp;/g;
    $text =~ s/</&lt;/g;
    return qq(<c t="inlineStr"><is><t xml:space="preserve">$text</t></is></c>);
}

sub xlsx { my @rows = @_; return xlsx_of('', Sheet1 => rows_xml(@rows)) }

1;
