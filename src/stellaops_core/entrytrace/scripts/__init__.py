"""What Ruby, Perl and PHP processes load."""
