"""The bill of materials and its formats, one file each."""
