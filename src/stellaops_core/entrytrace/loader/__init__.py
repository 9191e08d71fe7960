"""The dynamic linker."""
